"""Screenshots as pixels, so that tests can count colours and compare pictures without any library of images."""

from __future__ import annotations

import struct
import zlib

from playwright.sync_api import Page

_ROUNDED = 8
"""Of 255, by which one edge is drawn lighter or darker from one picture to the next."""


def pixels(page: Page, selector: str) -> list[bytes]:
    """Return the pixels of one element's screenshot, three bytes each, without alpha."""
    return _read(page.locator(selector).screenshot())


def inside(page: Page, selector: str, edge: int = 4) -> list[bytes]:
    """Return the pixels of one element in the window without its edge of so many px, where corners are round."""
    box = page.locator(selector).bounding_box()
    if box is None:
        raise ValueError(f"{selector} is not shown")
    x, y, width, height = (box[key] for key in ("x", "y", "width", "height"))
    clip = {"x": x + edge, "y": y + edge, "width": width - 2 * edge, "height": height - 2 * edge}
    return _read(page.screenshot(clip=clip))  # type: ignore[arg-type]  # the four keys of FloatRect


def _read(png: bytes) -> list[bytes]:
    at, width, depth, data = 8, 0, 3, b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, depth = struct.unpack(">I", body[:4])[0], {2: 3, 6: 4}[body[9]]
        data += body if kind == b"IDAT" else b""
        at += length + 12
    rows = _unfiltered(zlib.decompress(data), width * depth, depth)
    return [row[n : n + 3] for row in rows for n in range(0, width * depth, depth)]


def apart(one: list[bytes], other: list[bytes]) -> int:
    """Return how many pixels differ by more than the rounding of edges; all of them where the sizes differ."""
    if len(one) != len(other):
        return max(len(one), len(other))
    pairs = ((a, b) for a, b in zip(one, other, strict=True) if a != b)
    return sum(any(abs(x - y) > _ROUNDED for x, y in zip(a, b, strict=True)) for a, b in pairs)


def _unfiltered(raw: bytes, stride: int, depth: int) -> list[bytes]:
    """Undo the filters of PNG, row by row (PNG specification, 9.2)."""
    rows, above = [], bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        kind, row = raw[start], bytearray(raw[start + 1 : start + 1 + stride])
        for n in range(stride):
            left, up = row[n - depth] if n >= depth else 0, above[n]
            corner = above[n - depth] if n >= depth else 0
            row[n] = (row[n] + _predicted(kind, left, up, corner)) & 0xFF
        rows.append(bytes(row))
        above = row
    return rows


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    linear = left + up - corner
    return min((left, up, corner), key=lambda each: abs(linear - each))

"""Sizes and times as people write and read them."""

from __future__ import annotations

import re

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
TIB = 1024 * GIB

_UNITS = {"B": 1, "KIB": KIB, "MIB": MIB, "GIB": GIB, "TIB": TIB, "KB": KIB, "MB": MIB, "GB": GIB, "TB": TIB}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$")


def parse_bytes(text: str) -> int:
    """Return the bytes that `text` ("8 GiB", "512 MB") means; binary units, as Hyper-V Manager counts.

    Raises ValueError where number or unit cannot be read.
    """
    match = _SIZE.match(text)
    factor = _UNITS.get(match.group(2).upper()) if match else None
    if match is None or factor is None:
        raise ValueError(f"{text!r} is no size; write a number and a unit, such as '8 GiB' or '512 MiB'")
    return int(float(match.group(1)) * factor)


_BITS = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([GM])bit/s\s*$")


def parse_bits(text: str) -> float:
    """Return the bytes a second that `text` ("25 Gbit/s", "800 Mbit/s") means.

    Raises ValueError where number or unit cannot be read.
    """
    match = _BITS.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no bandwidth; write a number and a unit, such as '25 Gbit/s'")
    # Networks are named in decimal bits, files counted in binary bytes.
    return float(match.group(1)) * (1e9 if match.group(2) == "G" else 1e6) / 8


_SPAN = re.compile(r"^\s*(\d{1,6})\s*(s|min|h)?\s*$")
_SECONDS = {None: 1, "s": 1, "min": 60, "h": 3600}


def parse_seconds(text: str) -> int:
    """Return the seconds that `text` ("15 min", "90 s", "2 h", "0") means.

    Raises ValueError where number or unit cannot be read.
    """
    match = _SPAN.match(text)
    if match is None:
        raise ValueError(
            f"{text!r} is no span of time; write a number and a unit, such as '15 min' or '90 s'"
        )
    return int(match.group(1)) * _SECONDS[match.group(2)]


def format_bytes(count: int) -> str:
    """Return `count` bytes as a person reads them: "1.5 GiB"."""
    for unit, factor in (("TiB", TIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count >= factor:
            return f"{count / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} B"


def format_seconds(seconds: float) -> str:
    """Return a span as a person reads it: "40 s", "2 min 10 s", "12 min", "3 h 05 min"."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return f"{whole} s"
    if minutes < 10:  # noqa: PLR2004 - ten minutes is where seconds stop mattering
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"  # noqa: PLR2004


def counted(number: int, what: str, several: str | None = None) -> str:
    """Return `1 machine`, `2 machines`; `several`: what stands in place of `what` and an s, as in `2 machines are`."""
    return f"{number} {what if number == 1 else several or f'{what}s'}"

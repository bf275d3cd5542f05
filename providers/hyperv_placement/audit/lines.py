"""Lines of a chained log as bytes: JSON objects, each with the hash of the one before. Pure but for the streams it is given.

`prev` is the SHA-256 of the bytes of the last line, without its line end. A line that begins a log has an empty one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from hyperv_placement.model import strict_json

LONGEST = 1 << 20
"""Bytes of a line: a machine with 64 disks, whose paths have 1,000 characters each, needs an eighth of that."""
PREV = "prev"
GAP, CHAINED, ROTATED = "gap", "chained", "rotated"
"""Events of the log itself: bytes before it are no line; the log had no hashes before it; it continues another file."""
_CHUNK = 1 << 16
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLine:
    """A line as it stands in a file."""

    content: bytes
    """At most LONGEST bytes of it, without its end."""
    digest: str
    """SHA-256 of all of it, without its end, in hexadecimal."""
    size: int
    """Bytes, without its end."""
    ended: bool
    """Whether a line end follows."""

    @property
    def entry(self) -> Mapping[str, Any] | None:
        """The JSON object that it is; None where it is none, or too long to be one of ours."""
        return None if self.size > LONGEST else entry_in(self.content)

    @property
    def chained(self) -> Mapping[str, Any] | None:
        """The object, where it has a hash of the line before; else None."""
        entry = self.entry
        return entry if entry is not None and isinstance(entry.get(PREV), str) else None


def entry_in(content: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object that bytes are; None where they are none."""
    try:
        loaded = strict_json.loads(content)
    except (ValueError, RecursionError):
        return None
    return loaded if isinstance(loaded, dict) else None


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def encoded(entry: Mapping[str, Any], prev: str) -> bytes:
    """Return an entry as a line without its end: ASCII, so that no control character and no other line end is in it.

    Halves of characters, as variables and names of files may have, become U+FFFD: readers take none. Raises ValueError
    where it is longer than LONGEST.
    """
    rest = {key: value for key, value in entry.items() if key != PREV}
    text = _HALF.sub("\ufffd", json.dumps({PREV: prev, **rest}, ensure_ascii=False))
    line = json.dumps(json.loads(text)).encode("ascii")
    if len(line) > LONGEST:
        raise ValueError(f"a line of {len(line)} bytes is longer than the {LONGEST} that readers take")
    return line


def raw_lines(stream: BinaryIO) -> Iterator[RawLine]:
    """Yield the lines of a file, the last one also where it has no end; of a long one no more than a part is kept."""
    hashed, kept, size = hashlib.sha256(), bytearray(), 0
    while chunk := stream.read(_CHUNK):
        *ends, rest = chunk.split(b"\n")
        for part in ends:
            hashed.update(part)
            kept += part[: max(LONGEST - len(kept), 0)]
            whole = size + len(part)
            yield RawLine(content=bytes(kept), digest=hashed.hexdigest(), size=whole, ended=True)
            hashed, kept, size = hashlib.sha256(), bytearray(), 0
        hashed.update(rest)
        kept += rest[: max(LONGEST - len(kept), 0)]
        size += len(rest)
    if size:
        yield RawLine(content=bytes(kept), digest=hashed.hexdigest(), size=size, ended=False)


class Junk:
    """Lines in a row that are none of the log: a killed process or a full disk has torn them."""

    def __init__(self) -> None:
        """None yet."""
        self.count = 0
        self.size = 0
        """Bytes, without line ends."""
        self._first = ""
        self._hashed = hashlib.sha256()

    def add(self, line: RawLine) -> None:
        """Take one more."""
        self.count += 1
        self.size += line.size
        self._first = self._first or line.digest
        self._hashed.update(line.digest.encode("ascii"))

    @property
    def digest(self) -> str:
        """SHA-256 of the line in hexadecimal; of several that of their hashes in a row."""
        return self._first if self.count == 1 else self._hashed.hexdigest()


def whole_digest(stream: BinaryIO, size: int | None = None) -> str:
    """Return the SHA-256 of the first `size` bytes of a file, or of all of it; its place is left as it was."""
    place = stream.tell()
    stream.seek(0)
    hashed, left = hashlib.sha256(), size
    while chunk := stream.read(_CHUNK if left is None else min(_CHUNK, left)):
        hashed.update(chunk)
        left = None if left is None else left - len(chunk)
    stream.seek(place)
    return hashed.hexdigest()

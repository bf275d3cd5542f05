"""Lines of a chained log as bytes: JSON objects, each with the hash of the line before. Reads only the streams that it is given.

`prev` is the SHA-256 of the bytes of the last line, without its line end. The first line of a log has an empty one.
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
"""Bytes of a line: a machine with 64 disks whose paths have 1,000 characters each needs an eighth of this."""
PREV = "prev"
GAP, CHAINED, ROTATED = "gap", "chained", "rotated"
"""Events about the log itself: the bytes before it are not a line; the log had no hashes before it; it continues another file."""
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
        """The line's JSON object; None where it is not an object, or is too long to be one of ours."""
        return None if self.size > LONGEST else entry_in(self.content)

    @property
    def chained(self) -> Mapping[str, Any] | None:
        """The line's object if it carries the hash of the line before, otherwise None."""
        entry = self.entry
        return entry if entry is not None and isinstance(entry.get(PREV), str) else None


def entry_in(content: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object in these bytes, or None."""
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

    Lone surrogates, which variables and file names may hold, become U+FFFD: JSON readers refuse them. Raises
    ValueError where it is longer than LONGEST.
    """
    rest = {key: value for key, value in entry.items() if key != PREV}
    text = _HALF.sub("\ufffd", json.dumps({PREV: prev, **rest}, ensure_ascii=False))
    line = json.dumps(json.loads(text)).encode("ascii")
    if len(line) > LONGEST:
        raise ValueError(f"a line of {len(line)} bytes is longer than the {LONGEST} that readers accept")
    return line


def raw_lines(stream: BinaryIO) -> Iterator[RawLine]:
    """Yield the lines of a file, including an unfinished last one; of an overlong line only its beginning is kept."""
    hashed, kept, size = hashlib.sha256(), bytearray(), 0
    while chunk := stream.read(_CHUNK):
        *ends, rest = chunk.split(b"\n")
        for part in ends:
            hashed.update(part)
            # All of it is hashed and only LONGEST bytes are kept: a log without line ends must not fill the memory.
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
    """Consecutive lines that are not log entries: a killed process or a full disk has torn them."""

    def __init__(self) -> None:
        self.count = 0
        self.size = 0
        """Bytes, without line ends."""
        self._first = ""
        self._hashed = hashlib.sha256()

    def add(self, line: RawLine) -> None:
        """Add a line."""
        self.count += 1
        self.size += line.size
        self._first = self._first or line.digest
        # Hashes of the lines, not their bytes: of an overlong line only the beginning is kept.
        self._hashed.update(line.digest.encode("ascii"))

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: of the line, or of the concatenated hashes of several lines."""
        return self._first if self.count == 1 else self._hashed.hexdigest()


def whole_digest(stream: BinaryIO, size: int | None = None) -> str:
    """Return the SHA-256 of the first `size` bytes of a file, or of all of it; the file position stays where it was."""
    place = stream.tell()
    stream.seek(0)
    hashed, left = hashlib.sha256(), size
    while chunk := stream.read(_CHUNK if left is None else min(_CHUNK, left)):
        hashed.update(chunk)
        left = None if left is None else left - len(chunk)
    stream.seek(place)
    return hashed.hexdigest()

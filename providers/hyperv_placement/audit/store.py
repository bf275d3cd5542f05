"""The files of one log: the one that is written, and those that were put away when they were full."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from hyperv_placement.system.files import draft

from .access import WAIT, WAIT_AGAIN, appending, one_writer, reading, reading_ours
from .lines import CHAINED, GAP, ROTATED, Junk, RawLine, digest, encoded, raw_lines, whole_digest
from .reading import Entry, put_away, read

FULL = 16 << 20
"""Bytes of a file, after which another one is begun: some ten thousand moves."""
_SHARE = 4
"""A new file begins with a quarter of that at most."""
_TAIL = 1 << 16
"""Bytes at a file's end among which its last line is looked for before the whole is read."""

Stamp = Callable[[], Mapping[str, Any]]
"""Returns the fields that each line has: time, who, ..."""
Carry = Callable[[Iterable[Entry]], Iterable[Entry]]
"""Returns which entries of a log its next file must have as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How a file ends."""

    last: str = ""
    """Hash of the last line of the log; empty where there is none."""
    junk: Junk
    """What stands after that line."""
    lead: bytes = b""
    """What comes before the next line: a line end where the last one has none."""


class Journal:
    """One log. Any number of threads and processes may append; who reads needs no lock."""

    def __init__(self, path: Path, *, stamp: Stamp, carry: Carry, full: int = FULL) -> None:
        """Files and folder are made at the first line. `full`: bytes after which another file is begun."""
        self.path = path
        self._stamp = stamp
        self._carry = carry
        self._full = full
        self._lock = threading.Lock()
        self._wait = WAIT

    def append(self, entry: Entry) -> bytes:
        """Append an entry, which is on the disk when this returns; return its line.

        Raises OSError, and ValueError where it is too long.
        """
        with self._lock:
            # Else each line of a run would wait for a process that hangs.
            wait, self._wait = self._wait, WAIT_AGAIN
            with one_writer(self.path, wait):
                self._wait = WAIT
                return self._appended(entry)

    def _appended(self, entry: Entry) -> bytes:
        """Write an entry, into another file where this one is full."""
        line = self._written({**self._stamp(), **entry}, may_put_away=True)
        if line is None:
            with suppress(OSError):  # then the file grows: a line that is written counts for more
                self._put_away()
            line = self._written({**self._stamp(), **entry}, may_put_away=False)
        return line or b""

    def _written(self, entry: Entry, *, may_put_away: bool) -> bytes | None:
        """Write it with what has to come before; None where the file is too full for that."""
        if not os.path.lexists(self.path) and (old := put_away(self.path)):
            self._continue(old[-1])
        with appending(self.path) as file:
            size = os.fstat(file.fileno()).st_size
            end = _end_of(file)
            before = self._mending(file, size, end)
            lines = _linked([*before, entry], end.last)
            text = end.lead + b"".join(lines)
            if may_put_away and size and size + len(text) > self._full:
                _write(file, end.lead + b"".join(lines[:-1]))
                return None
            _write(file, text)
            return lines[-1].removesuffix(b"\n")

    def _mending(self, file: BinaryIO, size: int, end: _End) -> list[Entry]:
        """Return the entries that must come first: what stands there is torn, or has no hashes."""
        if not end.junk.count:
            return []
        if not end.last and not put_away(self.path):
            reported = {"bytes": size, "whole": whole_digest(file)}
            return [{**self._stamp(), "event": CHAINED, **reported}]
        torn = {"bytes": end.junk.size, "torn": end.junk.digest, **({} if end.lead else {"ended": True})}
        return [{**self._stamp(), "event": GAP, **torn}]

    def _put_away(self) -> None:
        """Give the file a number, and begin another one. Raises OSError."""
        old = put_away(self.path)
        number = int(old[-1].name.rpartition(".")[2]) + 1 if old else 1
        place = self.path.with_name(f"{self.path.name}.{number:06d}")
        self.path.rename(place)
        self._continue(place)

    def _continue(self, old: Path) -> None:
        """Begin a file that says which one it continues, with what must stand in it as well; whole or not at all."""
        with reading_ours(old) as file:
            size, whole, end = os.fstat(file.fileno()).st_size, whole_digest(file), _end_of(file)
        first = {**self._stamp(), "event": ROTATED, "file": old.name, "bytes": size, "whole": whole}
        with draft(self.path) as fresh:
            fresh.write(b"".join(_linked([first, *self._carried(old)], end.last)))
            fresh.keep()

    def _carried(self, old: Path) -> list[Entry]:
        """Return what must stand in the next file, as far as a quarter of it holds that: the newest."""
        room, kept = self._full // _SHARE, list[Entry]()
        for entry in reversed(list(self._carry(each for each in read(self.path) if each is not None))):
            carried = {**entry, "carried": old.name}
            try:
                room -= len(encoded(carried, digest(b"")))
            except ValueError:
                continue  # it was as long as a line may be
            if room < 0:
                break
            kept.append(carried)
        return kept[::-1]


def _linked(entries: Iterable[Entry], prev: str) -> list[bytes]:
    """Return entries as lines, each with the hash of the one before. Raises ValueError where one is too long."""
    lines = []
    for entry in entries:
        line = encoded(entry, prev)
        prev = digest(line)
        lines.append(line + b"\n")
    return lines


def _end_of(file: BinaryIO) -> _End:
    """Read how a file ends; the whole file where it does not end in a line of ours."""
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(size - _TAIL, 0))
    # What begins before the place that is read has another hash: the first part counts only at the file's beginning.
    lines = list(raw_lines(file))[0 if start == 0 else 1 :]
    if lines and lines[-1].chained is not None:
        return _ending(lines[-1:])
    file.seek(0)
    return _ending(raw_lines(file))


def _ending(lines: Iterable[RawLine]) -> _End:
    last, junk, ended = "", Junk(), True
    for line in lines:
        ended = line.ended
        if line.chained is None:
            junk.add(line)
        else:
            last, junk = line.digest, Junk()
    return _End(last=last, junk=junk, lead=b"" if ended else b"\n")


def _write(file: BinaryIO, content: bytes) -> None:
    """Write at the end, and wait until the disk has it. Raises OSError, and takes back then what a full disk has taken of it."""
    descriptor, left = file.fileno(), memoryview(content)
    size = os.fstat(descriptor).st_size
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(
            OSError
        ):  # a file to which one can only append keeps it: a torn line, which the next one records
            os.ftruncate(descriptor, size)
        raise


def opened(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the files of a log, the oldest first, by name, each open while it is the last that was yielded. Raises OSError."""
    for each in (*put_away(path), path):
        with suppress(FileNotFoundError), reading(each) as file:
            yield each.name, file

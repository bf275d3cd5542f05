"""The files of one log: the current one, and those rotated away when they were full."""

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
"""Bytes after which a new file is begun: some ten thousand moves."""
_SHARE = 4
"""At most a quarter of a new file is carried over from the last one."""
_TAIL = 1 << 16
"""Bytes at a file's end that are searched for its last line before the whole file is read."""

Stamp = Callable[[], Mapping[str, Any]]
"""Returns the fields of every line: time, who, ..."""
Carry = Callable[[Iterable[Entry]], Iterable[Entry]]
"""Returns the entries of a log that its next file must repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How a file ends."""

    last: str = ""
    """Hash of the last line of the log; empty where there is none."""
    junk: Junk
    """The bytes after that line."""
    lead: bytes = b""
    """What to write before the next line: a line end if the last line has none."""


class Journal:
    """One log. Any number of threads and processes may append; reading needs no lock."""

    def __init__(self, path: Path, *, stamp: Stamp, carry: Carry, full: int = FULL) -> None:
        """Files and folder are created with the first line. `full`: bytes after which a new file is begun."""
        self.path = path
        self._stamp = stamp
        self._carry = carry
        self._full = full
        self._lock = threading.Lock()
        self._wait = WAIT

    def append(self, entry: Entry) -> bytes:
        """Append an entry and flush it to the disk; return its line. Raises OSError, and ValueError where it is too long."""
        with self._lock:
            # Otherwise each line of a run would wait for the process that hangs.
            wait, self._wait = self._wait, WAIT_AGAIN
            with one_writer(self.path, wait):
                self._wait = WAIT
                line = self._written({**self._stamp(), **entry}, may_put_away=True)
                if line is None:  # this file is full
                    with suppress(OSError):  # then the file exceeds its size: writing the line matters more
                        self._put_away()
                    line = self._written({**self._stamp(), **entry}, may_put_away=False)
                return line or b""

    def _written(self, entry: Entry, *, may_put_away: bool) -> bytes | None:
        """Write an entry with what has to come before it; None where the file has no room for that."""
        # A process was killed after it had put the old file away and before it had begun this one.
        if not os.path.lexists(self.path) and (old := put_away(self.path)):
            self._continue(old[-1])
        with appending(self.path) as file:
            size = os.fstat(file.fileno()).st_size
            end = _end_of(file)
            before = self._mending(file, size, end)
            lines = _linked([*before, entry], end.last)
            text = end.lead + b"".join(lines)
            # A file that is empty is never put away: a line longer than a whole file has to stand somewhere.
            if may_put_away and size and size + len(text) > self._full:
                _write(file, end.lead + b"".join(lines[:-1]))
                return None
            _write(file, text)
            return lines[-1].removesuffix(b"\n")

    def _mending(self, file: BinaryIO, size: int, end: _End) -> list[Entry]:
        """Return the entries that must come first: the log's end is torn, or has no hashes."""
        if not end.junk.count:
            return []
        # Lines without hashes are an earlier version's, in the first file only: one hash covers them all.
        if not end.last and not put_away(self.path):
            reported = {"bytes": size, "whole": whole_digest(file)}
            return [{**self._stamp(), "event": CHAINED, **reported}]
        torn = {"bytes": end.junk.size, "torn": end.junk.digest, **({} if end.lead else {"ended": True})}
        return [{**self._stamp(), "event": GAP, **torn}]

    def _put_away(self) -> None:
        """Rename the file to its number and begin a new one. Raises OSError."""
        old = put_away(self.path)
        number = int(old[-1].name.rpartition(".")[2]) + 1 if old else 1
        place = self.path.with_name(f"{self.path.name}.{number:06d}")
        # Between the two there is no current file: whoever writes next finds that, and begins it (`_written`).
        self.path.rename(place)
        self._continue(place)

    def _continue(self, old: Path) -> None:
        """Begin a file that names the one it continues and repeats what it must; written whole or not at all."""
        with reading_ours(old) as file:
            size, whole, end = os.fstat(file.fileno()).st_size, whole_digest(file), _end_of(file)
        first = {**self._stamp(), "event": ROTATED, "file": old.name, "bytes": size, "whole": whole}
        # As a draft: a kill leaves either no next file or a whole one, never one that has forgotten its carried lines.
        with draft(self.path) as fresh:
            fresh.write(b"".join(_linked([first, *self._carried(old)], end.last)))
            fresh.keep()

    def _carried(self, old: Path) -> list[Entry]:
        """Return what the next file must repeat, the newest first, as far as a quarter of the file has room."""
        room, kept = self._full // _SHARE, list[Entry]()
        for entry in reversed(list(self._carry(each for each in read(self.path) if each is not None))):
            carried = {**entry, "carried": old.name}
            try:
                room -= len(encoded(carried, digest(b"")))
            except ValueError:
                continue  # it is as long as a line may be
            if room < 0:
                break
            kept.append(carried)
        return kept[::-1]


def _linked(entries: Iterable[Entry], prev: str) -> list[bytes]:
    """Return entries as lines, each with the hash of the line before. Raises ValueError where one is too long."""
    lines = []
    for entry in entries:
        line = encoded(entry, prev)
        prev = digest(line)
        lines.append(line + b"\n")
    return lines


def _end_of(file: BinaryIO) -> _End:
    """Read how a file ends; read all of it if its last bytes hold no entry."""
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(size - _TAIL, 0))
    # A line that begins before the part that is read would get a wrong hash: the first one counts only at the file's beginning.
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
    """Append and flush to the disk. Raises OSError, after taking back what a full disk has taken of the line."""
    descriptor, left = file.fileno(), memoryview(content)
    size = os.fstat(descriptor).st_size
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):  # an append-only file keeps it: a torn line, which the next line records
            os.ftruncate(descriptor, size)
        raise


def opened(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the files of a log by name, oldest first; each is closed when the next one is asked for. Raises OSError."""
    for each in (*put_away(path), path):
        with suppress(FileNotFoundError), reading(each) as file:
            yield each.name, file

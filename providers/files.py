"""Files of this computer, written so that nobody finds half of one: whole or not at all, or a line at a time."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PRIVATE = 0o600
_BINARY = getattr(os, "O_BINARY", 0)
"""Windows alone has it: without it, line ends are changed on their way."""
_LONGEST = 40
"""Characters of a file's name that stand in the name of its draft: of 255 bytes, which most systems allow."""
_STREAMS = (1, 2)
DRAFTS = ".*.tmp"
"""What the names of drafts fit: who is killed while he writes one leaves it behind."""


class Draft:
    """A file beside another one, which takes its place or goes."""

    def __init__(self, path: Path, place: Path) -> None:
        """Write at `path` what shall stand at `place`; the two are in one folder."""
        self.path = path
        self.place = place

    def write(self, content: str | bytes) -> None:
        """Replace what the draft holds, and wait until the disk has it. Raises OSError."""
        with self.path.open("wb") as file:
            file.write(_encoded(content))
            file.flush()
            os.fsync(file.fileno())

    def keep(self) -> None:
        """Put the draft in the place of what stands there, at once. Raises OSError."""
        self.path.replace(self.place)

    def keep_as_new(self) -> None:
        """Put the draft where nothing stands. Raises FileExistsError where something does, OSError."""
        self.place.open("x").close()  # the name is ours from here on
        self.keep()


@contextmanager
def draft(place: Path, *, mode: int = _PRIVATE) -> Iterator[Draft]:
    """Lend a draft of the file at `place`, or of the one that a link there names; it is removed unless it is kept.

    `mode`: of the draft, less what the umask takes. Raises OSError.
    """
    real = Path(os.path.realpath(place))
    path = real.with_name(f".{real.name[:_LONGEST]}.{secrets.token_hex(8)}.tmp")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode))
    try:
        yield Draft(path, real)
    finally:
        with suppress(OSError):
            path.unlink()


def write_whole(path: Path, text: str | bytes, *, mode: int | None = _PRIVATE) -> None:
    """Write a file at once or not at all; a link stays, and what it names is written. Raises OSError.

    `mode`: of the file, less what the umask takes; None: that of the file which is replaced. What is no regular file, as
    a pipe or a device, is written to and not replaced; so is the file that is the output of this very process.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    if found is not None and (stream := _stream(found)) is not None:
        _write_on(stream, _encoded(text))
    elif found is not None and not stat.S_ISREG(found.st_mode):
        with path.open("wb", buffering=0) as file:
            _write_all(file.fileno(), _encoded(text))
    else:
        with draft(path, mode=0o666 if mode is None else mode) as fresh:
            fresh.write(text)
            if mode is None and found is not None:
                fresh.path.chmod(stat.S_IMODE(found.st_mode))
            fresh.keep()


def append_line(path: Path, text: str) -> None:
    """Append a line, which begins on a new one where the file ends in a torn one; folders are made. Raises OSError.

    It is one write, so that lines of several processes do not mix; where the disk is full, its beginning may stay.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, _PRIVATE)
    try:
        begun = "\n" if _is_torn(descriptor) else ""
        _write_all(descriptor, _encoded(f"{begun}{text}\n"))
    finally:
        os.close(descriptor)


def _encoded(content: str | bytes) -> bytes:
    """Return bytes; what is no character of Unicode, as in a name that a system cannot decode, stays readable."""
    return content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")


def _stream(found: os.stat_result) -> int | None:
    """Return the stream of this process that leads to that very file, as /dev/stdout does; None where none does."""
    if not found.st_ino:
        return None  # Windows numbers no device
    for stream in _STREAMS:
        with suppress(OSError):
            if os.path.samestat(os.fstat(stream), found):
                return stream
    return None


def _write_on(stream: int, content: bytes) -> None:
    """Write after what was printed there before."""
    for printed in (sys.stdout, sys.stderr):
        if printed is not None:
            printed.flush()
    _write_all(stream, content)


def _write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _is_torn(descriptor: int) -> bool:
    """Say whether the file ends within a line."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or os.lseek(descriptor, 0, os.SEEK_END) == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"

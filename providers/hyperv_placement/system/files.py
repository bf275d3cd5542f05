"""Files of this computer: written whole, never through other users' links, and read up to a limit.

What is written is whole or not there, or a line at a time. A link on the way is followed where this user or the
system's administrator has made it, and a link to the file itself where nobody else may put things where it leads.
Only regular files up to an expected size are read: nothing waits for a pipe, or reads a device without an end.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath

from hyperv_placement.system.values import check_name, is_device

from . import ForeignError, Place, belongings, place_of, private_folder

_PRIVATE = 0o600
_BINARY = getattr(os, "O_BINARY", 0)
"""Exists on Windows only, where line ends would be translated without it."""
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""Exists on POSIX only, where opening a pipe would wait for its writer."""
_LONGEST = 40
"""Characters of a file's name that its draft's name repeats; most systems allow names of 255 bytes."""
_PART = 1 << 20
"""Bytes per read."""
_STREAMS = (1, 2)
DRAFTS = ".*.tmp"
"""Pattern of draft names: a process that is killed while writing leaves its draft behind."""


class Draft:
    """A file written beside another one, which it replaces or is removed."""

    def __init__(self, place: Place, name: str, made: os.stat_result) -> None:
        """`name`: the draft in the folder of `place`; `made`: its stat when it was created."""
        self.path = place.folder / name
        self.place = place.path
        self._at, self._name, self._made = place, name, made

    def write(self, content: str | bytes) -> None:
        """Write the draft's content and flush it to the disk. Raises OSError."""
        with self._opened(os.O_WRONLY) as descriptor:
            os.ftruncate(descriptor, 0)
            _write_all(descriptor, _encoded(content))
            os.fsync(descriptor)  # before the rename: a crash must not leave the new name with no content

    def keep(self, *, mode: int | None = None) -> None:
        """Replace the target by the draft, atomically; `mode`: None keeps the draft's own. Raises OSError."""
        if mode is not None:
            with self._opened(os.O_RDONLY) as descriptor:
                set_mode(descriptor, mode)
        self._at.replace(self._at.name, self._name)

    def keep_as_new(self) -> None:
        """Move the draft to the target if nothing is there. Raises OSError, FileExistsError."""
        # O_EXCL claims the name: rename() alone would replace what somebody else has put there meanwhile.
        os.close(self._at.open(self._at.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        self.keep()

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        """Open the draft if it is still the file that was created. Raises ForeignError, OSError."""
        descriptor = self._at.open(self._name, flags | _BINARY)
        try:
            if not os.path.samestat(os.fstat(descriptor), self._made):
                raise ForeignError(self.path, "another file has taken its place meanwhile")
            yield descriptor
        finally:
            os.close(descriptor)


@contextmanager
def draft(place: Path, *, mode: int = _PRIVATE) -> Iterator[Draft]:
    """Yield a draft for the file at `path`, or for the file that a link there names; it is removed unless kept.

    `mode`: of the draft, less what the umask takes. Raises OSError; ForeignError where the link is not ours to
    follow.
    """
    with place_of(place) as at:
        at.check_link()
        name = f".{at.name[:_LONGEST]}.{secrets.token_hex(8)}.tmp"
        descriptor = at.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
        made = os.fstat(descriptor)
        os.close(descriptor)
        try:
            yield Draft(at, name, made)
        finally:
            with suppress(OSError):
                at.remove(name)


def write_whole(path: Path, text: str | bytes, *, mode: int | None = _PRIVATE) -> None:
    """Write a file whole or not at all; a link stays, and its target is written. Raises OSError.

    `mode`: of the file, less what the umask takes; None: that of the file which is replaced, where it is ours. A pipe
    or a device is written to rather than replaced; so is the file to which this process's own output goes. Raises
    ForeignError where a link, a pipe or a device is another user's.
    """
    check_name(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    if found is not None and (stream := _stream(found)) is not None:
        # Replaced, the file would lose what this process has printed there, and all that it prints later.
        _write_on(stream, _encoded(text))
    elif found is not None and not stat.S_ISREG(found.st_mode):
        # A rename would put a file in the place of the pipe or device, and its reader would wait for ever.
        _write_into(path, _encoded(text))
    else:
        with draft(path, mode=0o666 if mode is None else mode) as fresh:
            fresh.write(text)
            fresh.keep(mode=mode_of(path) if mode is None and found is not None else None)


def mode_of(path: Path) -> int | None:
    """Return a file's mode for its successor; None where another user chose it. Raises OSError."""
    return stat.S_IMODE(path.stat().st_mode) if belongings(path).trusted else None


def append_line(path: Path, text: str) -> None:
    """Append a line, after a line end if the file ends in a torn line. Raises OSError, ForeignError.

    Folder and file are created private, or made so. It is a single write, so that lines of several processes do not
    mix; on a full disk part of the line may stay.
    """
    private_folder(path.parent)
    append_within(path, text, sys.maxsize)


def append_within(path: Path, text: str, limit: int) -> bool:
    """Append a line in one write, in a folder that is there; the file is closed to others. Raises OSError, ForeignError.

    Returns False, with nothing written, where the file would become larger than `limit` bytes.
    """
    with place_of(path) as place:
        place.check_link()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY | _NO_WAIT
        descriptor = place.open(place.name, flags, _PRIVATE)
        try:
            _close_to_others(descriptor, place.path)
            line = _encoded(f"{text}\n")
            if os.fstat(descriptor).st_size + len(line) > limit:
                return False
            _write_all(descriptor, (b"\n" if _is_torn(descriptor) else b"") + line)
            return True
        finally:
            os.close(descriptor)


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the content of a regular file of at most `limit` bytes. Raises OSError, whose `strerror` says why not.

    Never waits: a pipe, a device, a socket or a folder is refused before it is read.
    """
    check_name(path)
    if os.name == "nt" and is_device(PureWindowsPath(path)):
        raise OSError(errno.EINVAL, "Windows treats that name as a device", str(path))
    _check_regular(path.stat(), path)  # opening a device may already have an effect
    descriptor = os.open(path, os.O_RDONLY | _BINARY | _NO_WAIT)
    try:
        return read_open(descriptor, path, limit)
    finally:
        os.close(descriptor)


def read_own(path: Path, limit: int) -> bytes:
    """Return the content of a file of ours. Raises as `read_bounded`, and ForeignError where another user wrote it or could have.

    For files that this program wrote for itself: file, folder and each link on the path must belong to this user or
    the administrator, and others must not be able to write there.
    """
    with place_of(path) as place:
        place.belongings().check(place.folder)
        descriptor = place.open(place.name, os.O_RDONLY | _BINARY | _NO_WAIT)
        try:
            # Of the open descriptor, so that nobody can exchange the file between the check and the reading.
            _check_regular(os.fstat(descriptor), path)
            belongings(descriptor).check(place.path)
            return read_open(descriptor, path, limit)
        finally:
            os.close(descriptor)


def read_open(descriptor: int, path: Path, limit: int) -> bytes:
    """Return the content of the regular file at a descriptor, as `read_bounded` does; `path`: for errors."""
    found = os.fstat(descriptor)
    _check_regular(found, path)
    parts = []
    # The size alone does not decide: the file may grow, and files of /proc have none. So one byte more is asked for.
    left = 0 if found.st_size > limit else limit + 1
    while left and (part := os.read(descriptor, min(left, _PART))):
        parts.append(part)
        left -= len(part)
    if not left:
        units = ((20, "MiB"), (10, "KiB"))
        most = next((f"{limit >> bits} {name}" for bits, name in units if limit >> bits), f"{limit} bytes")
        raise OSError(errno.EFBIG, f"it is larger than {most}, more than such a file may have", str(path))
    return b"".join(parts)


def remove(path: Path) -> None:
    """Remove a file or a link (not its target), if it exists.

    Raises OSError, and ForeignError where a link on the path is another user's.
    """
    with place_of(path, follow=False) as place, suppress(FileNotFoundError):
        place.remove(place.name)


def check_single(descriptor: int, path: Path) -> None:
    """Raise ForeignError where an open file has a second hard link: lines appended to it would show up there too."""
    if os.fstat(descriptor).st_nlink > 1:
        raise ForeignError(path, f"{path} has another name as well (a hard link): copy it, and remove it")


def expanded(path: Path) -> Path:
    """Return the path with `~` expanded. Raises OSError where the home folder is unknown."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        why = "whose home folder ~ means is unknown; write the full path"
        raise OSError(errno.ENOENT, why, str(path)) from error


def set_mode(descriptor: int, mode: int) -> None:
    """Set an open file's mode where the system has modes. Raises OSError."""
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, mode)


def _write_into(path: Path, content: bytes) -> None:
    """Write to a pipe or a device of this user or of the system; opening a pipe waits for its reader."""
    belongings(path).check_owner(path)
    with place_of(path) as place:
        place.check_link()
        descriptor = place.open(place.name, os.O_WRONLY | _BINARY)
        try:
            # Once more, of what is open now: the name may lead elsewhere since it was looked at above.
            belongings(descriptor).check_owner(path)
            _write_all(descriptor, content)
        finally:
            os.close(descriptor)


def _close_to_others(descriptor: int, path: Path) -> None:
    """Remove other users' access to an existing file. Raises ForeignError where the file is theirs."""
    found = belongings(descriptor)
    found.check_owner(path)
    check_single(descriptor, path)
    regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    if regular and (found.others_read or found.others_write):
        set_mode(descriptor, _PRIVATE)


def _check_regular(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        kind = kinds.get(stat.S_IFMT(found.st_mode), "a device")
        raise OSError(errno.EINVAL, f"it is not a regular file but {kind}", str(path))


def _encoded(content: str | bytes) -> bytes:
    """Return bytes; lone surrogates, as in names that a system could not decode, become escapes."""
    return content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")


def _stream(found: os.stat_result) -> int | None:
    """Return the stream of this process that goes to that same file, as for /dev/stdout; None if there is none."""
    if not found.st_ino:
        return None  # on Windows st_dev and st_ino of devices are 0
    for stream in _STREAMS:
        with suppress(OSError):
            if os.path.samestat(os.fstat(stream), found):
                return stream
    return None


def _write_on(stream: int, content: bytes) -> None:
    """Write after flushing what was printed there before."""
    for printed in (sys.stdout, sys.stderr):
        if printed is not None:
            printed.flush()
    _write_all(stream, content)


def _write_all(descriptor: int, content: bytes) -> None:
    # A single write may take less than all of it (write(2)), as on a full disk.
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def _is_torn(descriptor: int) -> bool:
    """Say whether the file's last line has no line end."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode) or os.lseek(descriptor, 0, os.SEEK_END) == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"

"""How the files of a log are opened: only regular files of this user, never through a link, by one writer at a time."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hyperv_placement.system import belongings, lock_at_once, place_of, private_folder
from hyperv_placement.system.files import check_single, set_mode

_PRIVATE = 0o600
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""O_BINARY keeps Windows from translating line ends; O_NONBLOCK keeps `open` from waiting for the writer of a pipe."""
WAIT, WAIT_AGAIN = 10.0, 0.2
"""Seconds to wait for another writer, and after a wait that failed: writing a line takes milliseconds."""
_AGAIN = 0.01


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, whoever owns it. Raises OSError where it is not a regular file."""
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        _check_regular(descriptor, path)
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


@contextmanager
def reading_ours(path: Path) -> Iterator[BinaryIO]:
    """Open a file whose content we act on. Raises OSError, and ForeignError where another user wrote it or could have."""
    with place_of(path) as place:
        place.belongings().check(place.folder)
        descriptor = place.open(place.name, os.O_RDONLY | _FLAGS)
    try:
        _check_regular(descriptor, path)
        belongings(descriptor).check(path)
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


@contextmanager
def appending(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading and appending, and make it readable by its owner only. Raises OSError, ForeignError."""
    if path.is_symlink():
        raise OSError(
            errno.ELOOP, "it is a link, which cannot be rotated: link its folder instead", str(path)
        )
    with place_of(path) as place:
        descriptor = place.open(place.name, os.O_RDWR | os.O_CREAT | os.O_APPEND | _FLAGS, _PRIVATE)
    try:
        # All of it of the descriptor: the name may lead to another file by now.
        _check_regular(descriptor, path)
        found = belongings(descriptor)
        found.check_owner(path)
        check_single(descriptor, path)
        if found.others_read or found.others_write:  # an earlier version left it to the umask
            set_mode(descriptor, _PRIVATE)
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def _check_regular(descriptor: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


@contextmanager
def one_writer(path: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the log's lock, a file beside it; its folder is created, or made private.

    Raises OSError, ForeignError, and BlockingIOError where another process holds the lock for `wait` seconds.
    """
    private_folder(path.parent)
    # A file of its own: the log is renamed when it is full, and a lock would go with it.
    lock = path.with_name(f"{path.name}.lock")
    with appending(lock) as file:
        until = time.monotonic() + wait
        while not lock_at_once(file.fileno()):
            # Asked for again and again, since flock(2) has no wait with a limit.
            if time.monotonic() > until:
                raise OSError(errno.EAGAIN, f"another process holds {lock.name}", str(lock))
            time.sleep(_AGAIN)
        yield

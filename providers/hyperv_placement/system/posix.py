"""POSIX: owners, modes, and paths on which every link was made by this user or by root.

Paths are walked folder by folder with descriptors (openat(2), O_NOFOLLOW), so that what was checked is what is used:
a folder or link that is swapped in between is refused, not followed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from .values import Account, Belongings, ForeignError, check_name

assert sys.platform != "win32"  # noqa: S101 - what the type checker asks for, who reads this for Windows

import fcntl  # noqa: E402
import grp  # noqa: E402
import pwd  # noqa: E402

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", 0)
"""O_PATH opens folders that may be crossed but not listed; macOS lacks it, and needs the right to list them."""
_LINKS = 40
"""As many links as Linux follows in one path (path_resolution(7))."""
_PRIVATE = 0o700
_OTHERS = 0o077
_KERNELS = ("pipe:[", "socket:[", "anon_inode:")
"""Targets that links of /proc/self/fd show (proc_pid_fd(5)); only the kernel can follow them."""


def account() -> Account:
    """Return the account that this process runs as."""
    # The effective user: that is who owns what this process creates (credentials(7)).
    uid = os.geteuid()
    try:
        return Account(id=str(uid), name=pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Account(id=str(uid), name="")


def keep_private() -> None:
    """Make files that this process and its children create private to this user."""
    os.umask(_OTHERS)


def belongings(of: Path | int) -> Belongings:
    """Return who owns a file, by its path (a link is followed) or its descriptor. Raises OSError."""
    return _belongings(os.fstat(of) if isinstance(of, int) else of.stat())


def _belongings(found: os.stat_result) -> Belongings:
    mode = stat.S_IMODE(found.st_mode)
    group_is_ours = _is_alone_in(found.st_gid) if mode & stat.S_IRWXG else True
    others = mode & (stat.S_IRWXO if group_is_ours else stat.S_IRWXO | stat.S_IRWXG)
    return Belongings(
        owner=str(found.st_uid),
        trusted=found.st_uid in {os.geteuid(), 0},
        others_write=bool(others & (stat.S_IWGRP | stat.S_IWOTH)),
        others_read=bool(others & (stat.S_IRGRP | stat.S_IROTH)),
        sticky=stat.S_ISDIR(found.st_mode) and bool(mode & stat.S_ISVTX),
    )


def _is_alone_in(group: int) -> bool:
    """Say whether a group is root's or the user's private one.

    Most distributions create one for each user, of the user's name and without other members.
    """
    if group == 0:
        return True
    try:
        own, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    alone = set(found.gr_mem) <= {own.pw_name}
    return own.pw_gid == group and found.gr_name == own.pw_name and alone


def lock_at_once(descriptor: int) -> bool:
    """Try to lock an open file until it is closed or this process ends; return False if another process holds it. Raises OSError."""
    try:
        # flock rather than lockf: POSIX record locks end when any descriptor of the file is closed (fcntl(2)).
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Place:
    """An open folder, and the name in it that a path leads to."""

    def __init__(self, descriptor: int, folder: Path, name: str, *, linked: bool, kernels: bool) -> None:
        """`linked`: the path named a link, which leads here. `kernels`: a link that only the kernel can follow."""
        self.folder, self.name = folder, name
        self._descriptor, self._linked, self._kernels = descriptor, linked, kernels

    @property
    def path(self) -> Path:
        """The path, without links."""
        return self.folder / self.name

    def belongings(self) -> Belongings:
        """Return who owns the folder."""
        return _belongings(os.fstat(self._descriptor))

    def check_link(self) -> None:
        """Raise ForeignError where a link led here and others may create files in this folder."""
        if self._linked:
            self.belongings().check(self.folder)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Open a file of the folder, never a link, without blocking. Raises OSError."""
        follow = 0 if self._kernels else os.O_NOFOLLOW
        try:
            return os.open(name, flags | follow | os.O_CLOEXEC, mode, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:  # how O_NOFOLLOW refuses a link (open(2))
                raise ForeignError(self.folder / name, "a link has taken its place meanwhile") from error
            error.filename = str(self.folder / name)
            raise

    def make_folder(self, name: str) -> None:
        """Create a private folder in the folder. Raises OSError."""
        os.mkdir(name, _PRIVATE, dir_fd=self._descriptor)

    def replace(self, name: str, by: str) -> None:
        """Replace `name` by the folder's file `by`, atomically. Raises OSError."""
        os.replace(by, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Remove a file of the folder. Raises OSError."""
        os.unlink(name, dir_fd=self._descriptor)


@contextmanager
def place_of(path: Path, *, follow: bool = True) -> Iterator[Place]:
    """Yield the place that `path` names, or that a link there leads to.

    Raises OSError, and ForeignError where a link on the path is another user's. `follow`: False means a link at `path` itself, not its target.
    """
    place = _gone(path, follow=follow)
    try:
        yield place
    finally:
        os.close(place._descriptor)  # noqa: SLF001 - it is ours


def _gone(path: Path, *, follow: bool) -> Place:
    """Walk to `path`; the caller closes the descriptor of its last folder."""
    check_name(path)
    todo = list(reversed(path.parts or (".",)))
    # The working folder is not opened for an absolute path: it may be another user's, or gone.
    here, folder = (
        os.open(path.anchor or ".", _FOLDER),
        Path(path.anchor) if path.is_absolute() else Path.cwd(),
    )
    links, linked = 0, False
    try:
        while True:
            name = todo.pop()
            target = (
                None if name in {os.sep, ".", ".."} or not (todo or follow) else _link(name, here, folder)
            )
            if target is not None:
                links, linked = links + 1, linked or not todo
                _check_number(links, path)
                # /dev/stdout that is a pipe: its target is no path, but opening the link itself works (proc_pid_fd(5)).
                if not todo and target.startswith(_KERNELS):
                    return Place(here, folder, name, linked=False, kernels=True)
                todo += reversed(Path(target).parts or (".",))
            elif todo or name in {os.sep, ".", ".."}:
                following = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
                os.close(here)
                # pathlib joins as the system does: `/`, of a link's target, begins anew, and `.` adds nothing.
                here, folder = following, folder.parent if name == ".." else folder / name
                if not todo:
                    return Place(here, folder, ".", linked=linked, kernels=False)
            else:
                return Place(here, folder, name, linked=linked, kernels=False)
    except BaseException:
        os.close(here)
        raise


def _check_number(links: int, path: Path) -> None:
    if links > _LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _link(name: str, folder: int, where: Path) -> str | None:
    """Return the target of the link `name`; None where it is not a link or does not exist. Raises ForeignError."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISLNK(found.st_mode):
        return None
    if not _belongings(found).trusted:
        raise ForeignError(
            where / name, f"{where / name} is a link of another user ({found.st_uid}): remove it"
        )
    return os.readlink(name, dir_fd=folder)


def private_folder(path: Path) -> None:
    """Make `path` a private folder, creating what is missing above it; an existing one loses the access of others.

    Raises ForeignError where it belongs to somebody else, OSError.
    """
    if not path.is_dir():
        missing = [each for each in (path, *path.parents) if not each.exists()]
        for each in reversed(missing):
            with place_of(each) as place, suppress(FileExistsError):  # another process was faster
                place.make_folder(place.name)
    with place_of(path) as place:
        descriptor = place.open(place.name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            found = os.fstat(descriptor)
            _belongings(found).check_owner(path)
            if found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
                os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & ~_OTHERS)
            # A sticky folder, as /tmp, is shared on purpose: others could put files beside ours, so it is not private.
            replace(_belongings(os.fstat(descriptor)), sticky=False).check(path)
        finally:
            os.close(descriptor)

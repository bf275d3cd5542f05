"""Windows: owners by SID, and paths on which every link was made by this user or by an administrator.

Access lists are not evaluated: what a profile's folder inherits gives access to the user and the administrators only
(docs/files.md says what that leaves open). Unverified: nobody has run this module on Windows.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PureWindowsPath

from .values import Account, Belongings, ForeignError, check_name, is_device

assert sys.platform == "win32"  # noqa: S101 - what the type checker asks for, who reads this for POSIX

import msvcrt  # noqa: E402
from ctypes import wintypes  # noqa: E402

_ADMINISTRATORS = frozenset({
    "S-1-5-18",  # Local System
    "S-1-5-32-544",  # Administrators
    "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",  # TrustedInstaller
})  # fmt: skip
"""Learn, "Security identifiers", well-known SIDs."""
_TOKEN_QUERY, _TOKEN_USER = 0x0008, 1
_FILE_OBJECT, _OWNER = 1, 1
"""SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION (accctrl.h, winnt.h)."""
_READ_CONTROL, _SHARE_ALL, _OPEN_EXISTING = 0x00020000, 7, 3
_THE_LINK_ITSELF = 0x02200000
"""FILE_FLAG_BACKUP_SEMANTICS, for folders, and FILE_FLAG_OPEN_REPARSE_POINT (Learn, "CreateFileW")."""

_api = ctypes.WinDLL("advapi32", use_last_error=True)
_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel.GetCurrentProcess.restype = wintypes.HANDLE
_kernel.CreateFileW.restype = wintypes.HANDLE
_kernel.CloseHandle.argtypes = [wintypes.HANDLE]
_kernel.LocalFree.argtypes = [ctypes.c_void_p]


@cache
def account() -> Account:
    """Return the account that this process runs as."""
    token = wintypes.HANDLE()
    process = wintypes.HANDLE(_kernel.GetCurrentProcess())
    _done(_api.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token)))
    try:
        size = wintypes.DWORD()
        _api.GetTokenInformation(token, _TOKEN_USER, None, 0, ctypes.byref(size))
        user = ctypes.create_string_buffer(size.value)
        _done(_api.GetTokenInformation(token, _TOKEN_USER, user, size, ctypes.byref(size)))
        sid = ctypes.cast(user, ctypes.POINTER(ctypes.c_void_p))[0]
        return Account(id=_text(sid), name=_login(sid))
    finally:
        _kernel.CloseHandle(token)


def keep_private() -> None:
    """Do nothing: files in a profile's folder are the user's by inheritance, and there is no umask."""


def belongings(of: Path | int) -> Belongings:
    """Return who owns a file, by its path (a link is followed) or its descriptor. Raises OSError."""
    if isinstance(of, int):
        return _belongings(_owner_of(msvcrt.get_osfhandle(of)))
    return _owned(Path(os.path.realpath(of)))


def _owned(path: Path) -> Belongings:
    """Return who owns `path`; for a link, who owns the link itself."""
    handle = _kernel.CreateFileW(
        str(path), _READ_CONTROL, _SHARE_ALL, None, _OPEN_EXISTING, _THE_LINK_ITSELF, None
    )
    if handle == wintypes.HANDLE(-1).value:
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        return _belongings(_owner_of(handle))
    finally:
        _kernel.CloseHandle(handle)


def _belongings(owner: str) -> Belongings:
    trusted = owner == account().id or owner in _ADMINISTRATORS
    return Belongings(owner=owner, trusted=trusted, others_write=False, others_read=False)


def _owner_of(handle: int) -> str:
    owner, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
    failed = _api.GetSecurityInfo(
        wintypes.HANDLE(handle), _FILE_OBJECT, _OWNER, ctypes.byref(owner), None, None, None, ctypes.byref(descriptor)
    )  # fmt: skip
    if failed:
        raise ctypes.WinError(failed)
    try:
        return _text(owner.value)
    finally:
        _kernel.LocalFree(descriptor)


def _text(sid: int | None) -> str:
    text = wintypes.LPWSTR()
    _done(_api.ConvertSidToStringSidW(ctypes.c_void_p(sid), ctypes.byref(text)))
    try:
        return text.value or ""
    finally:
        _kernel.LocalFree(ctypes.cast(text, ctypes.c_void_p))


def _login(sid: int | None) -> str:
    r"""Return DOMAIN\name; empty where no domain controller answers."""
    name, domain = ctypes.create_unicode_buffer(257), ctypes.create_unicode_buffer(257)
    room, more, use = wintypes.DWORD(257), wintypes.DWORD(257), wintypes.DWORD()
    found = _api.LookupAccountSidW(
        None, ctypes.c_void_p(sid), name, ctypes.byref(room), domain, ctypes.byref(more), ctypes.byref(use)
    )
    return f"{domain.value}\\{name.value}" if found else ""


def _done(result: int) -> None:
    if not result:
        raise ctypes.WinError(ctypes.get_last_error())


def lock_at_once(descriptor: int) -> bool:
    """Try to lock the first byte of an open file until it is closed or this process ends; return False if another process holds it."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except PermissionError:  # Learn, "_locking": EACCES if it is locked already
        return False
    return True


class Place:
    """A folder, and the name in it that a path leads to."""

    def __init__(self, path: Path, *, linked: bool) -> None:
        """`linked`: the path named a link, which leads here."""
        self.folder, self.name = path.parent, path.name
        self._linked = linked

    @property
    def path(self) -> Path:
        """The path, without links."""
        return self.folder / self.name

    def belongings(self) -> Belongings:
        """Return who owns the folder."""
        return _owned(self.folder)

    def check_link(self) -> None:
        """Raise ForeignError where a link led here and the folder is another user's."""
        if self._linked:
            self.belongings().check(self.folder)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Open a file of the folder, never a link or a device. Raises OSError."""
        path = self.folder / name
        if path.is_symlink():
            raise ForeignError(path, "a link has taken its place meanwhile")
        if is_device(PureWindowsPath(path)):
            raise ForeignError(path, "Windows treats that name as a device")
        return os.open(path, flags | os.O_BINARY | os.O_NOINHERIT, mode)

    def make_folder(self, name: str) -> None:
        """Create a folder in the folder. Raises OSError."""
        (self.folder / name).mkdir()

    def replace(self, name: str, by: str) -> None:
        """Replace `name` by the folder's file `by`, atomically. Raises OSError."""
        (self.folder / by).replace(self.folder / name)

    def remove(self, name: str) -> None:
        """Remove a file of the folder. Raises OSError."""
        (self.folder / name).unlink()


@contextmanager
def place_of(path: Path, *, follow: bool = True) -> Iterator[Place]:
    """Yield the place that `path` names, or that a link there leads to.

    Raises OSError, and ForeignError where a link on the path is another user's. `follow`: False means a link at `path` itself, not its target.
    """
    check_name(path)
    here = path.absolute()
    for each in (*reversed(here.parents), here) if follow else reversed(here.parents):
        if _is_link(each) and not (found := _owned(each)).trusted:
            raise ForeignError(each, f"{each} is a link of another user ({found.owner}): remove it")
    real = Path(os.path.realpath(here)) if follow else Path(os.path.realpath(here.parent)) / here.name
    yield Place(real, linked=follow and _is_link(here))


def _is_link(path: Path) -> bool:
    """Say whether `path` leads elsewhere: a link, or a junction, which anybody may create."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return found.st_reparse_tag in {stat.IO_REPARSE_TAG_SYMLINK, stat.IO_REPARSE_TAG_MOUNT_POINT}


def private_folder(path: Path) -> None:
    """Create `path` and what is missing above it. Raises OSError, and ForeignError where it belongs to somebody else."""
    with place_of(path) as place:
        place.path.mkdir(parents=True, exist_ok=True)
        _owned(place.path).check_owner(path)

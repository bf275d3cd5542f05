"""What either operating system says about accounts and files, and the error for what another user controls."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from hyperv_placement import quoting


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account this process runs as, by the system's account database, never by environment variables."""

    id: str
    """The user id in decimal; on Windows the SID."""
    name: str
    """The login name; empty where the system has none for this id, as in some containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """Who owns a file or folder, and what others may do with it."""

    owner: str
    """As `Account.id`; empty where the system does not say."""
    trusted: bool
    """The owner is this user or the system's administrator."""
    others_write: bool
    """Somebody else may write it. False on Windows, where access lists are not evaluated."""
    others_read: bool
    """Somebody else may read it. False on Windows, as above."""
    sticky: bool = False
    """A folder with the sticky bit, as /tmp: everybody may create files there, and remove only their own."""

    def check(self, path: Path) -> None:
        """Raise ForeignError where somebody else could have written its content."""
        self.check_owner(path)
        if self.others_write and not self.sticky:
            raise ForeignError(path, f"others may write {path}; run {quoting.own('chmod go-w {}', path)}")

    def check_owner(self, path: Path) -> None:
        """Raise ForeignError where it belongs to somebody else."""
        if not self.trusted:
            raise ForeignError(path, f"{path} belongs to another user ({self.owner or 'unknown'})")


class ForeignError(PermissionError):
    """A file, folder or link that another user controls: it is neither read nor written."""

    def __init__(self, path: Path, why: str) -> None:
        """`why`: what is wrong with `path`, and what to do; it is the error's `strerror`."""
        super().__init__(errno.EPERM, why, str(path))


def check_name(path: Path) -> None:
    """Raise OSError for a name with a NUL, at which systems end it; Python itself raises ValueError."""
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "its name holds a NUL character", str(path).replace("\0", "\\0"))


_DEVICES = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789\u00b9\u00b2\u00b3"),
    }
)
"""Learn, "Naming Files, Paths, and Namespaces": they mean devices in every folder, whatever their extension."""


def is_device(path: PureWindowsPath) -> bool:
    r"""Say whether Windows treats a path as a device, as `CON` or `stacks\nul.yaml`, or `\\.\COM1`."""
    text = str(path)
    first = path.name.rstrip(" .").split(".", 1)[0].split(":", 1)[0].rstrip(" ")
    return first.casefold() in _DEVICES or text.startswith(("\\\\.\\", "\\\\?\\GLOBALROOT"))

"""Whether somebody else could have changed a program that is about to be started, and whether anybody has.

Windows reports neither owner nor mode this way: there the hash alone is looked at.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.install.errors import SetupError

_PART = 1 << 20
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ADMINISTRATORS = frozenset({0, 80} if sys.platform == "darwin" else {0})
"""Groups whose members may become root anyway: root's own (wheel), on macOS admin as well."""


def flaw(path: Path) -> str | None:
    """Return what lets another user change the file or folder at `path`, or exchange it; None where nobody else can."""
    if sys.platform == "win32":
        return None
    real = path.resolve()
    for each in (real, *real.parents):
        try:
            found = each.stat()
        except OSError as error:
            return f"{each} cannot be looked at: {error.strerror}"
        if found.st_uid not in {0, os.geteuid()}:
            return f"{each} belongs to another user ({found.st_uid})"
        if others_write(found):
            return f"others may write {each}: chmod go-w"
    return None


def private_folder(path: Path) -> None:
    """Make a folder for what is started later; its files are what nobody else may change. Raises SetupError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (why := flaw(path)) is not None:
        raise SetupError(f"Nothing is kept in {path}, or taken from there: {why}; then run set-up again")


def others_write(found: os.stat_result) -> bool:
    """Say whether somebody else may write a file, or put things into a folder in place of ours."""
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return False
    writable = found.st_mode & _OTHERS_WRITE
    if writable == stat.S_IWGRP and (found.st_gid in _ADMINISTRATORS or _is_private(found.st_gid)):
        return False
    return bool(writable)


def _is_private(group: int) -> bool:
    """Say whether a group is the user's private one, as most distributions give him: of his name, without other members."""
    if sys.platform == "win32":
        return True
    import grp  # noqa: PLC0415 - Windows has none
    import pwd  # noqa: PLC0415 - the same

    try:
        own, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    alone = set(found.gr_mem) <= {own.pw_name}
    return own.pw_gid == group and found.gr_name == own.pw_name and alone


def measured(path: Path) -> dict[str, Any]:
    """Return what shows whether a file was changed: its SHA-256, and what the system notes of each change. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        noted = _noted(os.fstat(file.fileno()))
        while part := file.read(_PART):
            digest.update(part)
    return {"sha256": digest.hexdigest(), "noted": noted}


def is_changed(path: Path, before: Mapping[str, Any]) -> bool:
    """Say whether a file is another one than was `measured`, or cannot be read.

    Its content is read only where the system has noted a change: the time of the last one, which no user can set back.
    """
    try:
        if before.get("noted") and _noted(path.stat()) == before["noted"]:
            return False
        return bool(measured(path)["sha256"] != before.get("sha256"))
    except OSError:
        return True


def _noted(found: os.stat_result) -> list[int]:
    """Return nothing on Windows, where `st_ctime` is when the file was made."""
    if sys.platform == "win32":
        return []
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]

"""The folder of state, which describes the estate: open to its owner alone."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

STATE = Path(".pulumi")
"""Within a project."""
_OTHERS = 0o077


def keep_private() -> None:
    """Let what this process and its children make be this user's alone, where the system has modes."""
    os.umask(_OTHERS)


def check_ours(folder: Path) -> None:
    """Leave with one line where the folder of state, or a link that stands for it, is somebody else's."""
    if sys.platform == "win32" or not os.path.lexists(folder):
        return
    try:
        link, found = folder.lstat(), folder.stat()
    except OSError as error:
        sys.exit(f"{folder} leads nowhere: {error.strerror}. Remove it, or correct where it leads")
    if not {link.st_uid, found.st_uid} <= {0, os.geteuid()}:
        sys.exit(
            f"{folder} belongs to another user, so nothing in it is read or written: remove it, or take it back"
        )


def close(folder: Path) -> None:
    """Close the folder of state, and those in it, to others, where an earlier version has left them open; say so once.

    Each would be taken for one into which others may have put things, as by a umask of 002. What is somebody else's is left, and
    each file in them is still looked at by itself.
    """
    if sys.platform == "win32":
        return
    inside: list[Path] = []
    with suppress(OSError):
        if folder.lstat().st_uid not in {0, os.geteuid()}:
            return  # a link that somebody else has made, to a folder that may have to stay open
        inside = [Path(each) for each in os.scandir(folder) if each.is_dir(follow_symlinks=False)]
    closed = [each for each in (folder, *inside) if _closed(each)]
    if closed:
        sys.stderr.write(f"{folder} was open to other users and is closed now: it tells of the estate\n")


def _closed(folder: Path) -> bool:
    """Close one folder where it is ours; say whether that was needed."""
    try:
        found = folder.stat()
        if found.st_uid != os.geteuid() or not found.st_mode & _OTHERS:
            return False
        folder.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    except OSError:
        return False
    return True

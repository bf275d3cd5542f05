"""What is made once for all labs of a user: a folder of the cache, each entry there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from .errors import DirectoryError

_OTHERS_WRITE = 0o022


def cache_folder() -> Path:
    """Return the directory's folder in the user's cache (XDG base directories), which may not exist yet."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(chosen) if Path(chosen).is_absolute() else Path.home() / ".cache"
    return base / "hyperv-placement" / "directory"


def entry(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `name` of the cache; where there is none, `make` fills an empty one first.

    Its owner alone can read it. Others who want the same meanwhile wait. Raises DirectoryError where the cache is not this
    user's alone: what lies there is run, as root.
    """
    cache = cache_folder()
    for each in (cache.parent, cache):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in (cache, cache.parent):
        found = each.stat()
        if found.st_uid not in {0, os.geteuid()} or found.st_mode & _OTHERS_WRITE:
            raise DirectoryError(
                f"{each} belongs to another user, or others may write it. Make it yours alone, or set XDG_CACHE_HOME"
            )
    whole, half = cache / name, cache / f"{name}.new"
    with (cache / f"{name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.is_dir():
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(mode=0o700)
            make(half)
            half.rename(whole)
    return whole

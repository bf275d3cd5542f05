"""What is made once for all labs of a user: a folder of the cache, each entry there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def cache_folder() -> Path:
    """Return the directory's folder in the user's cache (XDG base directories), which may not exist yet."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(chosen) if Path(chosen).is_absolute() else Path.home() / ".cache"
    return base / "hyperv-placement" / "directory"


def entry(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `name` of the cache; where there is none, `make` fills an empty one first.

    Its owner alone can read it. Others who want the same meanwhile wait.
    """
    cache = cache_folder()
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole, half = cache / name, cache / f"{name}.new"
    with (cache / f"{name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.is_dir():
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(mode=0o700)
            make(half)
            half.rename(whole)
    return whole

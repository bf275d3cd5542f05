"""The shim by which Samba's KDC finds service names that hold a space, compiled once."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from .cache import entry
from .errors import DirectoryError
from .packages import Samba

_SOURCE = Path(__file__).with_name("spn_names.c")
_LIBRARY = "spn_names.so"
_FLAGS = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror")


def ensure(samba: Samba) -> Path:
    """Return the shim as a library for LD_PRELOAD. Raises DirectoryError where it does not compile."""
    return entry(f"shim-{digest()[:12]}", lambda folder: _compile(samba, folder)) / _LIBRARY


def digest() -> str:
    """Return what changes with the shim."""
    return hashlib.sha256(_SOURCE.read_bytes() + " ".join(_FLAGS).encode()).hexdigest()


def _compile(samba: Samba, folder: Path) -> None:
    command = [samba.compiler, *_FLAGS, "-o", str(folder / _LIBRARY), str(_SOURCE), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise DirectoryError(
            f"Samba's shim does not compile ({done.stderr.strip().splitlines()[-1:]}); is libc6-dev there?"
        )

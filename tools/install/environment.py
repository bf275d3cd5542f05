"""The project's virtual environment, made from lock files with every hash checked: an operator's, and what developers need besides."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.install.errors import SetupError
from tools.install.places import (
    develop_lock_file,
    develop_stamp_file,
    import_path_file,
    lock_file,
    read_record,
    stamp_file,
    venv_folder,
    venv_python,
    write_record,
)

FORMAT = 1
"""Raised when an environment made by an older set-up will not do."""

_WHOLE = """
import csv, sys
from importlib.metadata import distributions
for distribution in distributions():
    for name, *_ in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        if not name.endswith(".pyc") and not distribution.locate_file(name).exists():
            sys.exit(f"{name} is missing")
"""
"""Run by the environment's Python: every file that pip noted is there.

`Distribution.files` would not do: from Python 3.12 on it leaves missing files out.
"""


def check_machine() -> None:
    """Raise SetupError where this Python cannot make virtual environments."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise SetupError(
                f"Python's {module} module is missing. On Debian and Ubuntu: apt install python3-venv"
            )


def stamp(lock: bytes, python: tuple[int, int]) -> dict[str, Any]:
    """Return what an environment made from this lock by this Python is stamped with."""
    return {"format": FORMAT, "lock": hashlib.sha256(lock).hexdigest(), "python": f"{python[0]}.{python[1]}"}


def flaw(project: Path) -> str | None:
    """Return why the environment has to be made (again), or None for a sound one."""
    if not venv_python(project).exists():
        return "there is none" if not venv_folder(project).exists() else "its Python is gone"
    found = read_record(stamp_file(project))
    if not found:
        return "it is half finished"
    if found != stamp(lock_file(project).read_bytes(), sys.version_info[:2]):
        return "the lock file or Python has changed"
    check = [str(venv_python(project)), "-I", "-c", _WHOLE]
    try:
        answer = subprocess.run(check, check=False, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"its Python does not run ({error})"
    lines = answer.stderr.strip().splitlines()
    return None if answer.returncode == 0 else (lines[-1] if lines else "its Python does not run")


def make(project: Path) -> None:
    """Make the environment anew, in place: its programs hold its path. The stamp comes last."""
    check_machine()
    folder = venv_folder(project)
    _remove(folder)
    _run([sys.executable, "-m", "venv", str(folder)], "make the virtual environment")
    _install(project, lock_file(project), "install the Python packages")
    write_record(stamp_file(project), stamp(lock_file(project).read_bytes(), sys.version_info[:2]))


def add_product(project: Path) -> None:
    """Let the environment's Python import the product from its sources, wherever the project's folder is or moves to."""
    file = import_path_file(project)
    # Relative: `site` takes it from the folder of the file, so that a moved or linked environment finds its own project.
    up = Path(*[".."] * len(file.parent.relative_to(project).parts))
    line = f"{(up / 'providers').as_posix()}\n"
    if not file.exists() or file.read_text(encoding="utf-8") != line:
        file.write_text(line, encoding="utf-8")


def develops(project: Path) -> bool:
    """Say whether a sound environment has the developers' packages of the present lock, too."""
    found = read_record(develop_stamp_file(project))
    return found == stamp(develop_lock_file(project).read_bytes(), sys.version_info[:2])


def add_developers(project: Path) -> None:
    """Install the developers' packages into the environment that `make` made; their stamp comes last."""
    lock = develop_lock_file(project)
    _install(project, lock, "install the developers' packages")
    write_record(develop_stamp_file(project), stamp(lock.read_bytes(), sys.version_info[:2]))


def pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for pip: the user's mirrors and proxies stay, other places to install to do not."""
    elsewhere = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH"}
    return {name: value for name, value in environ.items() if name not in elsewhere}


def _install(project: Path, lock: Path, what: str) -> None:
    pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    locked = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)]
    _run([str(venv_python(project)), *pip, *locked], what)


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, check=False, env=pip_environment(os.environ))
    if done.returncode != 0:
        raise SetupError(f"Could not {what} (exit code {done.returncode}, the reason stands above)")

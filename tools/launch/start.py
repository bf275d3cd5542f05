"""Start a program of the project in place of the wrapper that was typed."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from hyperv_placement.launch.becoming import become
from tools.install.places import lock_file, read_record, stamp_file, venv_python

PROJECT = Path(__file__).resolve().parent.parent.parent


def require_setup(project: Path) -> None:
    """Leave with one line where the environment is missing, half finished or older than its lock file."""
    lock = hashlib.sha256(lock_file(project).read_bytes()).hexdigest()
    if read_record(stamp_file(project)).get("lock") != lock or not venv_python(project).exists():
        sys.exit(f"The project is not set up. Run: make -C {project} setup")


def python_environment(project: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with the product's source root and the project first among the places to import from."""
    paths = [str(project / "providers"), str(project), *filter(None, [environ.get("PYTHONPATH")])]
    return {**environ, "PYTHONPATH": os.pathsep.join(paths)}


def run_module(module: str) -> NoReturn:
    """Run a module of the project with the words that were typed, in the folder where they were typed."""
    require_setup(PROJECT)
    # -P: a file of the user's folder must not be imported in place of ours.
    command = [str(venv_python(PROJECT)), "-P", "-m", module, *sys.argv[1:]]
    become(command, python_environment(PROJECT, os.environ))

"""Where set-up puts things: in the project, and in the user's cache folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "hyperv-placement"


def cache_folder(platform: str, environ: Mapping[str, str], home: Path) -> Path:
    """Return our folder in the user's cache, shared by all clones. `platform` as in `sys.platform`."""
    if platform == "win32":
        base = environ.get("LOCALAPPDATA")
        return Path(base or home / "AppData" / "Local") / NAME
    if platform == "darwin":
        return home / "Library" / "Caches" / NAME
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: relative paths are invalid and to be ignored.
    return (Path(base) if Path(base).is_absolute() else home / ".cache") / NAME


def venv_folder(project: Path) -> Path:
    """Return the virtual environment of the project."""
    return project / ".venv"


def venv_scripts(project: Path) -> Path:
    """Return the folder of the environment's programs."""
    return venv_folder(project) / ("Scripts" if sys.platform == "win32" else "bin")


def venv_python(project: Path) -> Path:
    """Return the environment's Python."""
    return venv_scripts(project) / program("python")


def stamp_file(project: Path) -> Path:
    """Return the file that says from what the environment was made; written last."""
    return venv_folder(project) / "placement-setup.json"


def engine_file(project: Path) -> Path:
    """Return the file that names the engine that set-up chose."""
    return venv_folder(project) / "placement-engine.json"


def lock_file(project: Path) -> Path:
    """Return the lock of what an operator's machine has."""
    return project / "requirements.txt"


def import_path_file(project: Path) -> Path:
    """Return the file that lets the environment's Python import the product from `providers/` (docs: the `site` module)."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = Path("Lib") if sys.platform == "win32" else Path("lib") / version
    return venv_folder(project) / library / "site-packages" / "hyperv_placement.pth"


def develop_lock_file(project: Path) -> Path:
    """Return the lock of what tests and checks need; it repeats the operator's."""
    return project / "requirements-dev.txt"


def develop_stamp_file(project: Path) -> Path:
    """Return the file that says which developers' lock the environment has besides; it goes with the environment."""
    return venv_folder(project) / "placement-develop.json"


def program(name: str) -> str:
    """Return a program's file name on this system."""
    return f"{name}.exe" if sys.platform == "win32" else name


def read_record(path: Path) -> dict[str, Any]:
    """Return a JSON record of ours; nothing for one that is missing or half written."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON record whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)

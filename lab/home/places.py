"""Where a lab keeps everything: the ignored folder `.lab` of the project, or LAB_HOME."""

from __future__ import annotations

import os
from pathlib import Path


def lab_home() -> Path:
    """Return the folder, which may not exist yet."""
    chosen = os.environ.get("LAB_HOME")
    return Path(chosen).resolve() if chosen else Path(__file__).resolve().parents[2] / ".lab"


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text`, readable by its owner alone from the first byte on."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)

"""Programs that answer as given, in folders that stand for places on PATH."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins on PATH are shell scripts")


def program(folder: Path, name: str, answer: str = "", *, code: int = 0) -> Path:
    """Write an executable that prints `answer` and ends with `code`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def pulumi(folder: Path, version: str, *, language_host: bool = True) -> Path:
    """Write a `pulumi` of this version, with its Python language host beside it where asked."""
    if language_host:
        program(folder, "pulumi-language-python")
    return program(folder, "pulumi", version)

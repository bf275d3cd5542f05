"""The stack file as it was declared before: another file, or the same one at a revision of git."""

from __future__ import annotations

import subprocess
from pathlib import Path

from providers.errors import PlacementError
from providers.model.stack import Stack
from providers.stackfile import load_text

_REMEDY = "Name a file, or a revision of git that is fetched: git fetch origin main, then --base origin/main"
_PATIENCE = 60
"""Seconds for git."""


def base_stack(word: str, path: Path) -> Stack | None:
    """Return what the stack file at `path` declared in the file or at the revision `word`; None where it was not there.

    Files named in it are taken relative to the folder of `path`, so that what is the same reads the same. Raises
    PlacementError where `word` is neither, and StackFileError.
    """
    file = Path(word)
    if file.is_file():
        return load_text(_content(file), path, file)
    content = _at_revision(word, path)
    return None if content is None else load_text(content, path, Path(f"{word}:{path.name}"))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlacementError(f"{file} cannot be read: {error.strerror}", remedy=_REMEDY) from error


def _at_revision(revision: str, path: Path) -> bytes | None:
    """Return the file's content then; None where the revision has no such file: the stack is new."""
    folder = path.absolute().parent
    asked = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if asked.returncode != 0:
        raise PlacementError(f"{revision!r} is neither a file nor a revision of git", remedy=_REMEDY)
    commit = asked.stdout.decode("ascii", "replace").strip()
    shown = _git(folder, "show", f"{commit}:./{path.name}")
    return shown.stdout if shown.returncode == 0 else None


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(folder), *words]
    try:
        return subprocess.run(
            command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PlacementError(f"git does not answer: {error}", remedy="Install git, or name a file") from error

"""How messages name files of this computer."""

from __future__ import annotations

import os
from pathlib import Path


def shown(path: Path) -> str:
    """Return a path as a person would write it here: without `..`, and from the current folder on where it lies below that."""
    try:
        here, plain = Path.cwd(), Path(os.path.normpath(path.absolute()))
    except OSError:  # the current folder has been removed
        return str(path)
    # Behind a link `folder/..` is another place than its spelling says.
    if ".." in path.parts and not _same_place(plain, path):
        return str(path)
    return str(plain.relative_to(here) if plain.is_relative_to(here) else plain)


def _same_place(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)

"""Revisions and places in them: whether a word is one, its tree, and the path of a file from the top of the repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hyperv_placement.errors import PlacementError

from .process import OTHERWISE, complaint, git, unreadable

_REMEDY = "Name a file, or a revision of git that is fetched: git fetch origin main, then --base origin/main"


def is_revision(word: str, folder: Path) -> bool:
    """Return whether git knows the word as a revision; without git, or outside a repository, no word is one."""
    try:
        return _tree(word, folder).returncode == 0
    except PlacementError:
        return False


def is_tracked(file: Path) -> bool:
    """Return whether git tracks the file."""
    return git(file.parent, "ls-files", "--error-unmatch", "--", file.name).returncode == 0


def named(revision: str, path: Path) -> Path:
    """Return how findings name the file at a revision."""
    return Path(f"{revision}:{path.name}")


def tree_of(revision: str, folder: Path) -> str:
    """Return the object name of a revision's tree (of a commit, or a tree itself). Raises PlacementError where there is none."""
    prefix_of(revision, folder)
    asked = _tree(revision, folder)
    if asked.returncode != 0:
        raise PlacementError(
            f"{revision!r} is neither a file nor a revision of git ({complaint(asked)})", remedy=_REMEDY
        )
    return asked.stdout.decode("ascii", "replace").strip()


def prefix_of(revision: str, folder: Path) -> str:
    """Return the path from the top of the repository to `folder`, with a slash at its end; empty at the top."""
    asked = git(folder, "rev-parse", "--show-prefix")
    if asked.returncode != 0:
        raise PlacementError(
            f"{revision!r} is not a file, and git cannot look it up as a revision: {complaint(asked)}",
            remedy=OTHERWISE,
        )
    return os.fsdecode(asked.stdout.removesuffix(b"\n"))


def paths_of(revision: str, files: Iterable[Path], folder: Path) -> dict[Path, str]:
    """Return the paths of files from the top of the repository, of those that lie in it.

    Where `folder` is, git says itself: it may have been reached through a link.
    """
    prefix, here = prefix_of(revision, folder), os.path.normpath(folder.absolute())
    found = dict[Path, str]()
    for file in files:
        entry = os.path.normpath(Path(prefix) / os.path.relpath(os.path.normpath(file.absolute()), here))
        if not entry.startswith(os.pardir):
            found[file] = Path(entry).as_posix()
    return found


def stack_names(revision: str, folder: Path) -> list[str]:
    """Return the names of the YAML files that the revision has in `folder`."""
    tree, prefix = tree_of(revision, folder), prefix_of(revision, folder)
    listed = git(folder, "ls-tree", "-z", "--full-tree", "--name-only", tree, "--", prefix)
    if listed.returncode != 0:
        raise unreadable(revision, folder, listed)
    names = [os.fsdecode(each).removeprefix(prefix) for each in listed.stdout.split(b"\0") if each]
    return [name for name in names if name.endswith(".yaml")]


def _tree(revision: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}")

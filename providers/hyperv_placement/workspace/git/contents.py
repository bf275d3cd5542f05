"""What files held at a revision. Links are followed as they led in that revision: git alone knows where."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from hyperv_placement.errors import PlacementError, StackFileError

from .process import git, unreadable
from .revisions import is_tracked, named, paths_of, prefix_of, tree_of

LARGEST = 16 * 1024 * 1024
"""Bytes of one file; what a stack file may have."""
_SUBMODULE = b"160000 "
"""Mode of the commit of another repository in the output of git-ls-tree."""


def at_revision(revision: str, path: Path) -> bytes | None:
    """Return the file's content then; None where the revision has no such file.

    Raises StackFileError where a link leads nowhere, or the file is larger than a stack file may be; PlacementError where
    git cannot give it.
    """
    path = path.absolute()
    if path.is_symlink() and not is_tracked(path):
        path = path.resolve()  # a link that git does not know stands for the file that it names
    folder = path.parent
    tree = tree_of(revision, folder)
    place = prefix_of(revision, folder) + path.name
    listed = git(folder, "ls-tree", "-z", "--full-tree", tree, "--", place)
    if listed.returncode != 0:
        raise unreadable(revision, path, listed)
    if not listed.stdout:
        return None
    kind, head, _ = _cat_file(revision, path, f"{tree}:{place}", folder, "--batch-check")
    if kind != "blob":
        raise StackFileError(f"{named(revision, path)} is a link that leads to no file of that revision")
    if _size(head) > LARGEST:
        limit = f"{LARGEST // 1024**2} MiB"
        raise StackFileError(
            f"{named(revision, path)}:1: is larger than {limit}; a stack file is a short YAML text"
        )
    return _blob(revision, path, f"{tree}:{place}", folder)


def contents(revision: str, files: Iterable[Path], folder: Path) -> dict[Path, bytes | None]:
    """Return what each file of the repository held at the revision, None where that had no such file.

    A link that leads out of the repository stands for itself, and so does what is larger than LARGEST: git's own line about it
    is the content that is compared.
    """
    if git(folder, "rev-parse", "--show-prefix").returncode != 0:
        return {}
    tree, paths = tree_of(revision, folder), paths_of(revision, files, folder)
    return {file: _content(revision, file, f"{tree}:{path}", folder) for file, path in paths.items()}


def _content(revision: str, file: Path, place: str, folder: Path) -> bytes | None:
    kind, head, rest = _cat_file(revision, file, place, folder, "--batch-check")
    if kind == "missing":
        return _submodule(place, folder)
    if kind == "blob" and _size(head) <= LARGEST:
        return _blob(revision, file, place, folder)
    # A link out of the repository, or what is too large: git's line about it is what can be compared.
    return head + b"\n" + rest


def _submodule(place: str, folder: Path) -> bytes | None:
    """Return what stands for a file of a submodule, the commit of that repository; None where the place is in none."""
    tree, _, path = place.partition(":")
    folders = [parent.as_posix() for parent in PurePosixPath(path).parents if parent.name]
    listed = git(folder, "ls-tree", "-z", "--full-tree", tree, "--", *folders)
    inside = [line for line in listed.stdout.split(b"\0") if line.startswith(_SUBMODULE)]
    return b"\n".join(inside) or None


def _blob(revision: str, path: Path, place: str, folder: Path) -> bytes:
    _, head, rest = _cat_file(revision, path, place, folder, "--batch")
    return rest[: _size(head)]


def _size(head: bytes) -> int:
    return int(head.split(b" ")[2])


def _cat_file(revision: str, path: Path, place: str, folder: Path, form: str) -> tuple[str, bytes, bytes]:
    """Return the kind of what is at a place, git's first line about it, and what follows (git-cat-file, BATCH OUTPUT).

    With --follow-symlinks that line is `OBJECT KIND SIZE`, `PLACE missing`, or `WORD SIZE` for a link that leads out of the
    tree (symlink), to nothing (dangling), in a circle (loop) or through a file (notdir).
    """
    # --batch reads a name a line (git-cat-file): the rest would be another question.
    if "\n" in place:
        raise PlacementError(f"{str(path)!r} has a line break in its name", remedy="Give it another name")
    found = git(folder, "cat-file", form, "--follow-symlinks", typed=os.fsencode(f"{place}\n"))
    head, _, rest = found.stdout.partition(b"\n")
    if found.returncode == 0 and head == os.fsencode(f"{place} missing"):
        return "missing", head, rest
    word, *more = head.split(b" ")
    if found.returncode == 0 and more[:1] in ([b"blob"], [b"tree"]):
        return more[0].decode("ascii"), head, rest
    if found.returncode == 0 and word in {b"dangling", b"symlink", b"loop", b"notdir"}:
        return word.decode("ascii"), head, rest
    raise unreadable(revision, path, found)

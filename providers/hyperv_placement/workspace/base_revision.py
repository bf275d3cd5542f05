"""The stack file as it was declared before: another file, or the same one at a revision of git."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load, load_text
from hyperv_placement.system.files import read_bounded

from .git import LARGEST, at_revision, is_revision, named

_REMEDY = "Name a file, or a revision of git that is fetched: git fetch origin main, then --base origin/main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was declared before, or why that is not known."""

    stack: Stack | None
    """Empty where the file is new. None = what stood there cannot be read as a stack file."""
    unread: str | None = None
    """Then: where that was, and the first thing wrong with it."""
    revision: str | None = None
    """Of git, where it was one; None for a file."""


def declared(path: Path, head: str | None) -> Stack:
    """Return what the file declares: as it lies there, or at the revision `head`, which is not checked out.

    Raises StackFileError, PlacementError where git cannot give it.
    """
    if head is None:
        return load(path)
    content = at_revision(head, path)
    if content is None:
        raise StackFileError(f"{named(head, path)}: there is no such file at that revision")
    return load_text(content, path, named(head, path))


def declared_before(word: str, stack: Stack) -> Before:
    """Return what the file of `stack` declared in the file or at the revision `word`.

    Files named in it are taken relative to the folder of the stack's file, so that what is the same reads the same.
    Raises PlacementError where `word` is neither or both, and where it cannot be read: that does not make the file a new one.
    """
    file = Path(word) if Path(word).is_file() else None
    if file is not None and is_revision(word, stack.path.absolute().parent):
        remedy = f"Say which: ./{word}, or {word}~0 for the revision"
        raise PlacementError(f"{word!r} is both a file and a revision of git", remedy=remedy)
    revision = word if file is None else None
    try:
        before = _loaded(word, stack.path, file)
    except StackFileError as error:
        # The change under review may be the repair: it is shown without what was before.
        first = error.message.split("\n", 1)[0]
        return Before(stack=None, unread=f"the file at {word} cannot be read: {first}", revision=revision)
    return Before(stack=before or nothing_at(stack.path), revision=revision)


def nothing_at(path: Path) -> Stack:
    """Return what a file declares that does not exist."""
    return Stack(path=path, hosts={}, vms={})


def _loaded(word: str, path: Path, file: Path | None) -> Stack | None:
    """Return the stack; None where the revision has no such file. Raises StackFileError where it does not load."""
    if file is not None:
        try:
            content = read_bounded(file, LARGEST)
        except OSError as error:
            raise PlacementError(f"{file} cannot be read: {error.strerror}", remedy=_REMEDY) from error
        return load_text(content, path, file, past=True)
    committed = at_revision(word, path)
    return None if committed is None else load_text(committed, path, named(word, path), past=True)

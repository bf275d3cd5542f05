"""What a change of a stack file changes of trust: both versions, and the files in the repository that both name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.review.changes import leaves
from hyperv_placement.planning.trust.changed import removal, trust_changes
from hyperv_placement.planning.trust.model import Aspect, Trust, TrustChange
from hyperv_placement.workspace.base_revision import Before
from hyperv_placement.workspace.git import LARGEST, contents, conversions, is_tracked

_FILES_ALONE = "Whether files that it names have another content, such as ca, is not known: they are compared between revisions of git alone"


def trust_of(before: Before, stack: Stack, head: str | None) -> Trust:
    """Return what `stack`, as it lies there or at the revision `head`, changes of trust. Raises PlacementError."""
    if before.stack is None:
        return Trust(unread=before.unread)
    files = sorted(set(_named_files(before.stack)) & set(_named_files(stack)))
    notes: tuple[str, ...] = ()
    replaced: frozenset[Path] = frozenset()
    if before.revision is not None:
        replaced = frozenset(_replaced(files, before.revision, head, stack.path.absolute().parent))
    elif files:
        notes = (_FILES_ALONE,)
    found = trust_changes(
        before.stack,
        stack,
        replaced=replaced,
        permitted=stack.policy.permits_new_host,
        now=SystemClock().utc(),
    )
    # Filters and encodings of git change what a checkout has: the bytes that were reviewed must be the bytes that are read.
    if before.revision is not None and head is not None:
        found = (
            *_converted(before.revision, head, [stack.path, *files], stack.path.absolute().parent),
            *found,
        )
    return Trust(changes=found, notes=notes)


def _converted(base: str, head: str, files: list[Path], folder: Path) -> Iterator[TrustChange]:
    """Yield that git would write other bytes than those that are reviewed, where it did not before."""
    then, now = conversions(base, files, folder), conversions(head, files, folder)
    if then != now:
        yield TrustChange(
            aspect=Aspect.PASSWORDS,
            name=".gitattributes",
            before=", ".join(then) or None,
            after=", ".join(now) or None,
        )


def trust_of_removal(before: Before) -> Trust:
    """Return what goes with a stack file that is removed."""
    return Trust(unread=before.unread) if before.stack is None else Trust(changes=removal(before.stack))


def _named_files(stack: Stack) -> Iterator[Path]:
    for entry in (*(host.connection for host in stack.hosts.values()), stack.directory):
        yield from (value for _, value in leaves("", entry) if isinstance(value, Path))


def _replaced(files: list[Path], base: str, head: str | None, folder: Path) -> Iterator[Path]:
    """Yield the files of the repository whose content is not what it was."""
    now = None if head is None else contents(head, files, folder)
    for file, old in contents(base, files, folder).items():
        # Git has never had it: a file of this computer alone is no part of the change.
        if now is None and old is None and not is_tracked(file):
            continue
        new = _read(file) if now is None else now[file]
        if not _alike(old, new) and not _leads_there(old, file):
            yield file


def _alike(old: bytes | None, new: bytes | None) -> bool:
    """Say whether two contents are one but for line ends, which git may have changed."""
    if old is None or new is None:
        return old is new
    return old.replace(b"\r\n", b"\n") == new.replace(b"\r\n", b"\n")


def _leads_there(old: bytes | None, file: Path) -> bool:
    """Say whether the file is the link out of the repository that it was (git-cat-file: `symlink SIZE`, then where to)."""
    if old is None or not old.startswith(b"symlink ") or not file.is_symlink():
        return False
    return old.split(b"\n", 1)[1].rstrip(b"\n") == os.fsencode(file.readlink())


def _read(file: Path) -> bytes | None:
    """Return the file's content, None where there is no file. Raises PlacementError where it cannot be read."""
    if not file.exists():
        return None
    try:
        # A pipe or a device would hang the run, or never end.
        if not file.is_file():
            raise PlacementError(f"{file} is not a regular file", remedy="Name one in the stack file")
        with file.open("rb") as opened:
            # One byte more than git is asked for, so that what is too large differs from what fits.
            return opened.read(LARGEST + 1)
    except OSError as error:
        raise PlacementError(
            f"{file} cannot be read: {error.strerror}",
            remedy="Make it readable, or name another in the stack file",
        ) from error

"""Stack files by themselves: whether each can be read, whether two declare one machine, and what they change of trust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.trust.model import Trust
from hyperv_placement.stackfile.overlap import declared_twice
from hyperv_placement.workspace.base_revision import declared, declared_before, nothing_at
from hyperv_placement.workspace.git import at_revision, stack_names
from hyperv_placement.workspace.stacks import STACKS, stack_files

from .hold import held
from .trust import trust_of, trust_of_removal

_READERS = 8
"""Stacks whose shared state is asked at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of one file."""

    found: Stack | PlacementError | None
    """None: the file is removed."""
    trust: Trust | None = None
    """What it changes of trust; None where nothing was compared."""
    holds: tuple[Finding, ...] = ()
    """Of a file that could be read: what is held, and what of that is not known."""


def files_of(folder: Path, base: str | None, head: str | None) -> list[Path]:
    """Return the stack files that there are in `folder`, at the revision `head`, and those that there were at `base`."""
    names = (
        {path.name for path in stack_files(folder.parent)} if head is None else set(stack_names(head, folder))
    )
    if base is not None:
        names |= set(stack_names(base, folder))
    return [folder / name for name in sorted(names) if not name.startswith("Pulumi.")]


def check(paths: Iterable[Path], base: str | None, head: str | None) -> Mapping[Path, Checked]:
    """Return what came of each file, as it lies there or at the revision `head`, compared with `base` where that is given."""
    checked = {path: _checked(path, base, head) for path in paths}
    stacks = {path: each.found for path, each in checked.items() if isinstance(each.found, Stack)}
    # Two stacks that declare one machine would move it to and fro; neither file shows that by itself. A file that lies beside
    # those that are asked about comes first, so that it is theirs that is wrong.
    for file, error in declared_twice({**_beside(checked, head), **stacks}).items():
        if file in checked:
            checked[file] = replace(checked[file], found=error)
    # Where a backend is far, the state of each stack is asked by an engine of its own.
    with ThreadPoolExecutor(_READERS) as pool:
        holds = dict(zip(stacks, pool.map(held, stacks.values()), strict=True))
    return {path: replace(each, holds=holds.get(path, ())) for path, each in checked.items()}


def _beside(paths: Iterable[Path], head: str | None) -> dict[Path, Stack]:
    """Return the other stacks of the projects whose files are checked; one that cannot be read is an error where it is checked itself."""
    asked = {path.absolute() for path in paths}
    found: dict[Path, Stack] = {}
    for folder in dict.fromkeys(path.parent for path in paths if path.absolute().parent.name == STACKS):
        for other in files_of(folder, None, head):
            if other.absolute() not in asked:
                with suppress(PlacementError):
                    found[other] = declared(other, head)
    return found


def _checked(path: Path, base: str | None, head: str | None) -> Checked:
    try:
        if base is not None and not _is_there(path, head):
            # With the file goes its guard, which then holds nothing back any more: a change of trust like any other.
            before = declared_before(base, nothing_at(path))
            if before.stack is None or before.stack.hosts:
                return Checked(found=None, trust=trust_of_removal(before))
        stack = declared(path, head)
        if base is None:
            return Checked(found=stack)
        return Checked(found=stack, trust=trust_of(declared_before(base, stack), stack, head))
    except PlacementError as error:
        return Checked(found=error)


def _is_there(path: Path, head: str | None) -> bool:
    return path.exists() if head is None else at_revision(head, path) is not None

"""The other stacks of a project, read by themselves: their files beside this one, and what their last runs have kept here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.siblings import Sibling, SiblingEntry, Siblings
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load
from hyperv_placement.stackfile.addresses import authority
from hyperv_placement.stackfile.overlap import declared_twice

from .stacks import stack_files


def read_siblings(stack: Stack, project: Path, kept: Callable[[str], Kept]) -> Siblings:
    """Return what every other stack file of the project declares; one that cannot be read is in `unread`. No host is asked.

    `kept`: what the last run of a stack has kept here; it may raise PlacementError.
    """
    read: list[Sibling] = []
    unread: dict[str, str] = {}
    for path in stack_files(project):
        if path.name == stack.path.name:
            continue
        try:
            read.append(_sibling(load(path), stack, kept(path.stem)))
        except PlacementError as error:
            unread[path.stem] = str(error).splitlines()[0]
    return Siblings(read=tuple(read), unread=unread)


def also_declared(stack: Stack, project: Path) -> tuple[str, ...]:
    """Return the machines of a stack file of the project that another one declares as well, a line each with where."""
    others: dict[Path, Stack] = {}
    for path in stack_files(project):
        if path.name != stack.path.name:
            with suppress(PlacementError):  # one that cannot be read is an error where it is checked itself
                others[path] = load(path)
    found = declared_twice({**others, stack.path: stack}).get(stack.path)
    return tuple(str(found).splitlines()) if found is not None else ()


def _sibling(other: Stack, stack: Stack, kept: Kept) -> Sibling:
    name = other.path.stem
    theirs = {authority(host.endpoint) for host in other.hosts.values()}
    return Sibling(
        stack=name,
        entries=tuple(
            SiblingEntry(
                stack=name, label=spec.label, name=spec.name, id=spec.id or kept.machines.get(spec.label),
                path=other.path, line=spec.line,
            )
            for spec in other.vms.values()
        ),
        hosts=frozenset(key for key, host in stack.hosts.items() if authority(host.endpoint) in theirs),
        places=kept.places,
        at=kept.at,
    )  # fmt: skip

"""A more even map proposed as an edit of the stack file: found by the hosts or a recorded inventory, written only where asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.guard import Occasion
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.proposal import Base, Review
from hyperv_placement.planning.rebalancing.proposing import Rebalancing, Repinned, Within, rebalanced
from hyperv_placement.planning.review.causes import causes
from hyperv_placement.planning.review.changes import changes
from hyperv_placement.planning.schedule.peaks import rooms
from hyperv_placement.planning.steps import steps_of
from hyperv_placement.stackfile.editing import Editor
from hyperv_placement.stackfile.rewriting import rewriting
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.inventory_file import read
from hyperv_placement.workspace.stacks import PROJECT

from .doctor.foreseen import as_reported, foreseen
from .drain import read_whole


class RebalanceError(PlacementError):
    """The proposal cannot be written; the stack file stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal, and the change of the file that it is."""

    found: Rebalancing
    diff: str
    """Unified, of the stack file; empty where nothing gains enough."""
    written: bool
    inventory: Inventory
    before: Stack
    """As it was declared when the proposal was made."""


def rebalance(stack: Stack, within: Within, recorded: Path | None = None, *, write: bool = False) -> Proposed:
    """Propose a more even map, and write it into the stack file where `write` says so. Nothing is moved.

    `recorded`: an inventory to judge by, in place of the hosts. Raises PlacementError, the file as it was.
    """
    strange = sorted((within.hosts or frozenset()) - stack.hosts.keys())
    if strange:
        near = NearNames(stack.hosts).question(strange[0])
        raise RebalanceError(
            f"{', '.join(strange)} is no host of {stack.path}", remedy=f"{near}Name keys under hosts:"
        )
    known = kept_of(stack, PROJECT)
    inventory, moment = read_whole(stack, known, recorded)
    found = rebalanced(stack, inventory, within, known, Occasion(read=moment))
    diff = _written(stack, found, moment, write=write) if found.entries else ""
    return Proposed(found=found, diff=diff, written=write and bool(diff), inventory=inventory, before=stack)


def as_review(proposed: Proposed, recorded: Path | None) -> Review:
    """Return the proposal as the page of a review shows one."""
    found, inventory, clock = proposed.found, proposed.inventory, SystemClock()
    moment = read(recorded).read if recorded is not None else None
    name = (
        f"{proposed.before.path.name} as it was"
        if proposed.written
        else f"{proposed.before.path.name} as it is"
    )
    before = proposed.before.at(moment or clock.utc())
    changed, earlier = changes(before, found.stack), steps_of(before, inventory, found.plan.known)
    return Review(
        base=Base(name=name, changes=changed, causes=causes(earlier, found.plan)),
        stack=found.stack,
        inventory=inventory,
        plan=found.plan,
        rooms=rooms(found.stack, inventory, found.plan),
        recorded=moment,
        asked=clock.utc() if moment is None else None,
        age=None if moment is None else clock.utc() - moment,
        diagnoses=foreseen(found.stack, as_reported(inventory, moment or clock.utc()), found.plan),
    )


def _written(stack: Stack, found: Rebalancing, moment: datetime, *, write: bool) -> str:
    """Return the change of the file, made where `write` says so, once it loads as proposed."""
    with rewriting(stack, RebalanceError) as change:
        _edit(change.editor, found.entries)
        change.proven(found.stack, "Write the hosts that are proposed by hand", moment=moment)
        if write:
            change.keep()
    return change.difference()


def _edit(editor: Editor, entries: Iterable[Repinned]) -> None:
    for each in entries:
        path = ("vms", each.label)
        if editor.has(*path, "host"):
            editor.overwrite(str(each.target), *path, "host")
        elif editor.scalar(*path) is not None:  # an entry of which nothing is said
            editor.overwrite({"host": str(each.target)}, *path)
        else:
            editor.put(str(each.target), *path, "host")

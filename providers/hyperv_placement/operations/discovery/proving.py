"""A draft is proven before it is written: the text loads, and against what the hosts showed nothing would move."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.plan import plan

from .machines import Draft, Extent, Seen, draft
from .roots import Roots
from .text import Preface, Written, written
from .unseen import unseen

Load = Callable[[str], Stack]
"""From a text to what it declares; raises StackFileError."""
_LINE = re.compile(r":([0-9]+): ")


class NotDeclarableError(PlacementError):
    """What the hosts show cannot be said in a stack file without something moving."""

    remedy = "Run again with --debug and report the text"


def prove(
    preface: Preface, seen: tuple[Seen, ...], kept: Roots, inventories: Iterable[Inventory], load: Load
) -> tuple[Written, Draft]:
    """Return the text that declares as much of `seen` as leaves everything where it is, and what it says.

    A machine whose declaration does not load, or would move something, is declared with less, down to nothing; why stands
    beside it. Raises NotDeclarableError where what is wrong is no machine's.
    """
    readings = tuple(inventories)
    nowhere = unseen((each.vm.id for each in seen), readings)
    complete = all(inventory.complete for inventory in readings)
    while True:
        made = replace(draft(seen, kept, complete=complete), unseen=nowhere)
        text = written(preface, made)
        wrong = _wrong(text, readings, load)
        if not wrong:
            return text, made
        reasons = {entry.vm: wrong[entry.label.key] for entry in made.entries if entry.label.key in wrong}
        # Each round declares less of somebody, so that this ends.
        seen = tuple(
            each.at_most(Extent(max(0, each.extent - 1)), reasons[each.vm.id])
            if each.vm.id in reasons
            else each
            for each in seen
        )


def _wrong(text: Written, inventories: tuple[Inventory, ...], load: Load) -> dict[str, str]:
    """Return, by label, why a machine cannot be declared as it is in `text`."""
    try:
        stack = load(text.text)
    except StackFileError as error:
        return _unloadable(text, error)
    found: dict[str, str] = {}
    for inventory in inventories:
        # By the plan of every run, so that what is proven here is what the first `up` does.
        planned = plan(stack, inventory)
        for step in planned.steps:
            if step.standing != Standing.IN_PLACE or step.move is not None or step.findings:
                found[step.label] = "; ".join(each.text for each in step.findings) or "more would move it"
        forbidden = [each for each in planned.findings if each.refuses]
        # Less of a machine may settle it; where no machine is to blame nothing would.
        if forbidden and not found:
            raise NotDeclarableError("\n".join(str(each) for each in forbidden), detail=text.text)
    return found


def _unloadable(text: Written, error: StackFileError) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in error.message.splitlines():
        place = _LINE.search(line)
        label = text.labels.get(int(place[1])) if place else None
        if place is None or label is None:
            raise NotDeclarableError(line, detail=text.text) from error
        found[label] = line[place.end() :]
    return found

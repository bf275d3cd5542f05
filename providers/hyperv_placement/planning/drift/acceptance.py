"""What a stack file that accepts drift would do: to the machines accepted, and to all others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.difference import differences, observed
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.steps import steps_of


def still_elsewhere(
    accepted: Stack, inventory: Inventory, labels: Collection[str], known: Kept = NOTHING_KEPT
) -> Mapping[str, str]:
    """Return, by label, what of the machines of `labels` would still differ from `accepted`; machines in place are left out.

    `known`: the identities that the drift report went by.
    """
    steps = {step.label: step for step in steps_of(accepted, inventory, known)}
    left = {label: "; ".join(_remaining(steps[label])) for label in labels}
    return {label: f"{label} would still not be as declared: {text}" for label, text in left.items() if text}


def disturbances(
    before: Stack, after: Stack, inventory: Inventory, labels: Collection[str], known: Kept = NOTHING_KEPT
) -> Iterator[str]:
    """Yield a line for each thing that `after` would do to machines outside `labels` and `before` would not.

    A machine that `before` would move the same way does not count; one that would go elsewhere does.
    """
    # Two whole plans: one machine that stays may leave another without room or seat.
    was, now = plan(before, inventory, known), plan(after, inventory, known)
    steps = {step.label: step for step in was.steps}
    for step in now.steps:
        if step.label not in labels and step.vm is not None:
            yield from _disturbed(steps[step.label], step, step.vm)
    # What stopped the run before is not the doing of what is accepted.
    if not was.refusals:
        yield from (f"nothing could start any more: {each.text}" for each in now.refusals)


def _remaining(step: Step) -> Iterator[str]:
    if step.vm is not None:
        yield from (
            f"{change.property} {change.actual}, declared {change.wanted}"
            for change in differences(step.placement, observed(step.vm))
        )
    yield from (each.text for each in step.findings if each.refuses)


def _disturbed(was: Step, now: Step, vm: VirtualMachine) -> Iterator[str]:
    move = now.move
    if move is not None and (was.move is None or _way(was.move) != _way(move)):
        goes = (
            f"from {vm.host} to {move.destination}" if move.changes_host else f"to other folders on {vm.host}"
        )
        yield f"{now.label} would then go {goes} ({now.reason})"
    elif now.standing == Standing.REFUSED != was.standing:
        refused = " | ".join(each.text for each in now.findings if each.refuses)
        yield f"{now.label} would then be refused: {refused}"


def _way(move: Move) -> tuple[object, ...]:
    return move.moves, move.destination, move.roots, move.disks, move.frozen

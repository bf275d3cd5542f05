"""Which moves of a plan come from a change of the stack file, and which were due before it: drift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Placement, Plan, Standing, Step
from hyperv_placement.planning.machine.legs import compared, end_of

_Target = tuple[VmId, tuple[tuple[str, str], ...]]
"""A machine, and where it is to be: host, every folder, every file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """The moves of a plan by what made them."""

    changed: tuple[int, ...]
    """Numbers, in the schedule, of moves that the stack file before the change would not have ordered."""
    drift: tuple[int, ...]
    """Numbers of those that were due before: somebody has moved something, or an earlier run was not finished."""
    settled: tuple[str, ...]
    """Labels of machines that were due to move before and now stay, or are no longer declared."""


def causes(before: Sequence[Step], after: Plan) -> Causes:
    """Return where the moves of `after` come from; `before`: the steps by the previous file, in the same estate.

    A parking move is drift if all moves that wait for it are.
    """
    moves = after.schedule.moves
    due = {_target(step.move.vm.id, end_of(step.move)) for step in before if step.move is not None}
    drift = {
        number
        for number, each in enumerate(moves)
        if not each.aside and _target(each.move.vm.id, each.placement) in due
    }
    waiting: dict[int, set[int]] = {}
    for number, each in enumerate(moves):
        for first in each.after:
            waiting.setdefault(first, set()).add(number)
    for number in range(len(moves) - 1, -1, -1):  # a move that waits has a higher number
        if moves[number].aside and waiting.get(number, {number}) <= drift:
            drift.add(number)
    return Causes(
        changed=tuple(number for number in range(len(moves)) if number not in drift),
        drift=tuple(sorted(drift)),
        settled=tuple(_settled(before, after)),
    )


def _settled(before: Sequence[Step], after: Plan) -> Iterator[str]:
    stays = {step.vm_id for step in after.steps if step.standing == Standing.IN_PLACE}
    declared = {step.vm_id for step in after.steps}
    for step in before:
        gone = step.vm_id in stays or step.vm_id not in declared
        if step.move is not None and gone:
            yield step.label


def _target(vm: VmId, placement: Placement) -> _Target:
    return vm, tuple(compared(placement))

"""Machines that move one at a time: none starts while somebody else moves another one of them."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Stack

from .file_names import refuse


def in_turn(
    steps: tuple[Step, ...], stack: Stack, inventory: Inventory, outside: tuple[Step, ...] = ()
) -> tuple[Step, ...]:
    """Return `steps`, refused where a machine would start beside one with which it takes turns and that others move.

    Those that this run moves or follows take turns by their places in the schedule. `outside`: machines that are no part of it,
    for whose migrations it does not wait, whoever began them.
    """
    if not stack.one_at_a_time:
        return steps
    others = (*(step for step in steps if not step.under_way), *outside)
    ids = {step.label: step.vm.id for step in others if step.vm is not None}
    return tuple(
        refuse(step, taken)
        if step.standing == Standing.MOVE
        and not step.under_way
        and (taken := turn_taken(step.label, stack, inventory, ids)) is not None
        else step
        for step in steps
    )


def turn_taken(label: str, stack: Stack, inventory: Inventory, ids: Mapping[str, VmId]) -> Finding | None:
    """Return that another machine, of those with which `label` takes turns, is on its way; `ids`: those to look for."""
    for turns in stack.one_at_a_time:
        for other in turns.labels if label in turns.labels else ():
            found = inventory.job_of(ids[other]) if other != label and other in ids else None
            if found is not None and not found[1].only_prepares:
                return Finding.refusal(
                    "turn-taken",
                    f"{label} is not moved while {other} is on its way on {found[0].name}: of {' and '.join(turns.labels)}"
                    " one moves at a time",
                    "Run again when that migration has ended",
                )
    return None

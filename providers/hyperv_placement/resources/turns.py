"""Machines that move one at a time, right before a start: what hosts show at that moment counts, of machines that others move too."""

from __future__ import annotations

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.planning.checks.file_names import refuse
from hyperv_placement.planning.checks.turns import turn_taken

from .fleet import Fleet


def in_turn_now(fleet: Fleet, step: Step, inventory: Inventory) -> Step:
    """Return `step`, refused while somebody else moves a machine with which it takes turns.

    Those that this run moves wait for each other in admission.
    """
    if step.move is None or step.standing != Standing.MOVE or step.under_way:
        return step
    others = {
        label for turns in fleet.stack.one_at_a_time if step.label in turns.labels for label in turns.labels
    }
    known = {
        label: fleet.stack.vms[label].id or fleet.kept(label)
        for label in sorted(others)
        if not fleet.run_order.legs(label)
    }
    ids = {label: machine for label, machine in known.items() if machine is not None}
    taken = turn_taken(step.label, fleet.stack, inventory, ids)
    return step if taken is None else refuse(step, taken)

"""Machines of a plan that stay though they are declared elsewhere: the room that they do not free explains who waits for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Stack

from .build import problem_instance
from .fitting import End
from .stuck import Idle


def idle(stack: Stack, inventory: Inventory, plan: Plan) -> Mapping[str, Idle]:
    """Return, by label, the machines that `plan` does not move, with what their moves would free."""
    refused = [step for step in plan.steps if step.standing == Standing.REFUSED and step.move is not None]
    outside = [step for step in plan.outside if step.move is not None]
    if not refused and not outside:
        return {}
    # As the moves that they would be: room is counted as it is for those that go.
    going = tuple(replace(step, standing=Standing.MOVE) for step in (*refused, *outside))
    problem = problem_instance(stack, inventory, replace(plan, steps=going, outside=())).problem
    changes = End.of(problem).changes
    apart = {step.label for step in outside}
    return {
        machine.key: Idle(
            frees={pool: amount for pool, amount in changes[machine.key].items() if amount > 0},
            way=f"{problem.hosts[machine.start.host]} -> {problem.hosts[machine.goal.host]}",
            outside=machine.key in apart,
        )
        for machine in problem.machines
    }


def only(plan: Plan, labels: Collection[str]) -> Plan:
    """Return `plan` with those of its machines alone moving; the others stay where they are."""
    steps = tuple(
        step
        if step.label in labels or step.standing != Standing.MOVE
        else replace(step, standing=Standing.REFUSED)
        for step in plan.steps
    )
    return replace(plan, steps=steps)

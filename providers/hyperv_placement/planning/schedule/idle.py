"""Machines of a plan that stay though they are declared elsewhere: the room that they do not free explains who waits for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack

from .build import problem_instance
from .fitting import End
from .holdings import Holdings
from .stuck import Idle

_HOMELESS = frozenset(("no-host-fits", "no-host-found"))
"""Findings of a machine for which no host was found: the host of its move is only a stand-in."""


def idle(stack: Stack, inventory: Inventory, plan: Plan) -> Mapping[str, Idle]:
    """Return, by label, the machines that `plan` does not move, with what their moves would free."""
    left = [step for step in plan.steps if step.left_out and step.vm is not None]
    going = [step for step in (*left, *plan.outside) if step.move is not None]
    found = _with_moves(stack, inventory, plan, going) if going else {}
    still = [step for step in left if step.move is None and _leads_away(step)]
    if still:
        found |= _without_moves(stack, inventory, plan, still)
    return found


def _with_moves(stack: Stack, inventory: Inventory, plan: Plan, going: Sequence[Step]) -> dict[str, Idle]:
    # As the moves that they would be: room is counted as it is for those that go.
    steps = tuple(replace(step, standing=Standing.MOVE) for step in going)
    problem = problem_instance(stack, inventory, replace(plan, steps=steps, outside=())).problem
    changes = End.of(problem).changes
    apart = {step.label for step in plan.outside}
    nowhere = {step.label for step in going if any(each.id in _HOMELESS for each in step.findings)}
    return {
        machine.key: Idle(
            frees={pool: amount for pool, amount in changes[machine.key].items() if amount > 0},
            way=""
            if machine.key in nowhere
            else f"{problem.hosts[machine.start.host]} -> {problem.hosts[machine.goal.host]}",
            outside=machine.key in apart,
        )
        for machine in problem.machines
    }


def _without_moves(stack: Stack, inventory: Inventory, plan: Plan, still: Sequence[Step]) -> dict[str, Idle]:
    """Return machines of which it is not known what they would hold elsewhere: their going frees what they hold now."""
    holdings, found = Holdings(stack, inventory, plan), dict[str, Idle]()
    for step in still:
        if step.vm is None or step.vm.host not in holdings.facts:
            continue
        frees: dict[int, int] = {}
        for holding in holdings.place(step.label, step.vm).holdings:
            if holding.amount:
                frees[holding.pool] = frees.get(holding.pool, 0) + holding.amount
        moved = step.standing == Standing.MOVED_BY_OTHERS
        way = "" if moved or step.placement.host is None else f"{step.vm.host} -> {step.placement.host}"
        found[step.label] = Idle(frees=frees, way=way, by_others=moved)
    return found


def _leads_away(step: Step) -> bool:
    """Say whether a machine that has no move would leave its host."""
    if step.standing == Standing.MOVED_BY_OTHERS:
        return True
    return step.vm is not None and step.placement.host not in {None, step.vm.host}


def only(plan: Plan, labels: Collection[str]) -> Plan:
    """Return `plan` with those of its machines alone moving; the others stay where they are."""
    steps = tuple(
        step
        if step.label in labels or step.standing != Standing.MOVE
        else replace(step, standing=Standing.REFUSED)
        for step in plan.steps
    )
    return replace(plan, steps=steps)

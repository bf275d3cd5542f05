"""Read, compare, plan: the one way from a stack file to a plan, for the program and every report."""

from __future__ import annotations

from providers.hyperv.estate import Estate
from providers.model.estate import Inventory
from providers.model.plan import Plan, Standing
from providers.model.stack import Stack
from providers.planning import plan

_DOUBTFUL = {Standing.MISSING, Standing.AMBIGUOUS}


def compare(stack: Stack, estate: Estate) -> tuple[Inventory, Plan]:
    """Sweep the hosts and plan. A machine counts as missing or double only after a second full sweep.

    A sweep is not atomic: a machine that changes hosts meanwhile can be in neither reading, or in both.
    """
    inventory = estate.sweep()
    first = plan(stack, inventory)
    if not any(step.standing in _DOUBTFUL for step in first.steps):
        return inventory, first
    inventory = estate.sweep()
    return inventory, plan(stack, inventory)

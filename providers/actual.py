"""Read, compare, plan: the one way from a stack file to a plan, for the program and every report."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from providers.errors import PlacementError
from providers.hyperv.estate import Estate
from providers.model.estate import Inventory, VirtualMachine
from providers.model.names import VmId
from providers.model.plan import Plan, Standing
from providers.model.stack import Stack
from providers.planning import plan

_DOUBTFUL = {Standing.MISSING, Standing.AMBIGUOUS}
_READERS = 16
"""Machines whose disks are read at once."""


def compare(stack: Stack, estate: Estate) -> tuple[Inventory, Plan]:
    """Sweep the hosts and plan. A machine counts as missing or double only after a second full sweep.

    A sweep is not atomic: a machine that changes hosts meanwhile can be in neither reading, or in both. Sizes and
    parents of disks cost calls of their own: they are read for the machines that will move, and looked at again.
    """
    inventory = estate.sweep()
    first = plan(stack, inventory)
    if any(step.standing in _DOUBTFUL for step in first.steps):
        inventory = estate.sweep()
        first = _twice_missing(first, plan(stack, inventory))
    movers = [move.vm for move in first.moves if move.copies_storage]
    if not movers:
        return inventory, first
    inventory = _with(inventory, _details(estate, movers))
    return inventory, plan(stack, inventory)


def _twice_missing(first: Plan, second: Plan) -> Plan:
    """Return `second`; what is missing only there is unknown: its host may just have come back."""
    before = {step.label: step.standing for step in first.steps}
    steps = tuple(
        replace(step, standing=Standing.UNKNOWN)
        if step.standing == Standing.MISSING and before[step.label] != Standing.MISSING
        else step
        for step in second.steps
    )
    return replace(second, steps=steps)


def _details(estate: Estate, movers: list[VirtualMachine]) -> Mapping[VmId, VirtualMachine]:
    def read(vm: VirtualMachine) -> VirtualMachine:
        try:
            return estate.with_details(vm)
        except PlacementError:
            return vm  # its host has fallen silent since the sweep: the move itself will say so

    with ThreadPoolExecutor(_READERS) as pool:
        return {vm.id: vm for vm in pool.map(read, movers)}


def _with(inventory: Inventory, details: Mapping[VmId, VirtualMachine]) -> Inventory:
    hosts = {
        name: replace(
            host,
            vms=tuple(
                found if (found := details.get(vm.id)) and found.host == vm.host else vm for vm in host.vms
            ),
        )
        for name, host in inventory.hosts.items()
    }
    return replace(inventory, hosts=hosts)

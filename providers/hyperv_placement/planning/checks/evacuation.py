"""Machines that would leave a host in maintenance and find no place: refused one by one, each with what every other host lacks for it."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.allowed import allowed
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.machine.wanted_move import order

from .move import refusals

_LEAVING = {Standing.IN_PLACE, Standing.MOVE, Standing.REFUSED}
_SHOWN = 8
"""Hosts whose lack is said."""


def without_place(step: Step, end: HostName, stack: Stack, inventory: Inventory) -> Step:
    """Return `step`, refused with what every other host lacks, where its host must be empty and none takes it.

    `end`: the host that was chosen for it; its own where none is left, another one that refuses it where all do.
    """
    vm = step.vm
    if vm is None or vm.host not in stack.maintenance or step.standing not in _LEAVING:
        return step
    ways = [name for name in allowed(stack, step.label, vm) if name != vm.host]
    if end != vm.host and (
        step.standing != Standing.REFUSED or step.label in stack.guard.protected or len(ways) == 1
    ):
        return step
    lacks = [f"{name}: {_lack(step.label, vm, name, stack, inventory)}" for name in ways[:_SHOWN]]
    lacks = lacks or ["its entry, rules, and hosts that are away or held leave none"]
    more = f"; and {len(ways) - _SHOWN} more" if len(ways) > _SHOWN else ""
    finding = Finding.refusal(
        "maintenance-no-place",
        f"{step.label} is to leave {vm.host}, which is in maintenance, and no host was found for it ({'; '.join(lacks)}{more})",
        "Make room, or the place that lacks, on one of them, name more hosts (to: of the maintenance, or host: of the machine), or shut it down",
    )
    kept = tuple(each for each in step.findings if not each.refuses)
    return replace(step, standing=Standing.REFUSED, move=None, findings=(*kept, finding))


def _lack(label: str, vm: VirtualMachine, name: HostName, stack: Stack, inventory: Inventory) -> str:
    source, host = inventory.hosts[vm.host], inventory.hosts.get(name)
    if host is None:
        return "it does not respond"
    spec, target = stack.vms[label], stack.hosts[name]
    located = locate(spec, vm, target)
    move = order(vm, replace(located.placement, host=name), source, host)
    against = refusals(move, source.facts, host.facts, target) if move is not None else ()
    found = [each.text for each in (*located.findings, *against) if each.refuses or each.is_transient]
    return ", ".join(found) or "it would have room for it alone, and other machines take that"

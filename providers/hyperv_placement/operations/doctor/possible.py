"""Which moves a stack file could ever need: from where each machine is, to each host that it may be on."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.planning.machine.identify import NotFound, behind_silence, identify


def possible_moves(
    stack: Stack, inventory: Inventory, known: Kept
) -> Iterator[tuple[VmSpec, VirtualMachine, HostName]]:
    """Yield each declared machine that was found with each other host that it may be on."""
    behind = behind_silence(known, stack, inventory)
    for spec in stack.vms.values():
        found = identify(spec, inventory, known.machines.get(spec.label), behind)
        if isinstance(found, NotFound):
            continue
        for host in spec.hosts:
            if host != found.host and host in stack.hosts:
                yield spec, found, host


def possible_sources(stack: Stack, inventory: Inventory, known: Kept) -> list[HostName]:
    """Return the hosts that a machine could leave."""
    return list(dict.fromkeys(vm.host for _, vm, _ in possible_moves(stack, inventory, known)))


def possible_pairs(stack: Stack, inventory: Inventory, known: Kept) -> list[tuple[HostName, HostName]]:
    """Return source and destination of every move that the stack file could need, later ones of a choice included."""
    pairs = {(vm.host, host): None for _, vm, host in possible_moves(stack, inventory, known)}
    for spec in stack.vms.values():
        # A choice may send the machine on from where it goes first, in a later run.
        pairs |= {(one, other): None for one in spec.hosts for other in spec.hosts if one != other}
    return [pair for pair in pairs if pair[0] in stack.hosts and pair[1] in stack.hosts]

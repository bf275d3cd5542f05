"""Checks of the NUMA nodes of a destination that lets no machine span them: memory must be free in one node, not in all together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hyperv_placement import quoting
from hyperv_placement.model.estate import HostFacts, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.memory import needed_mib
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.model.units import MIB, format_bytes

_SPANNING = quoting.powershell("Set-VMHost -NumaSpanningEnabled $true")


def fits(needed: int, nodes: int, free: Iterable[int]) -> bool:
    """Say whether `free` MiB of physical nodes hold `needed` MiB in `nodes` equal parts, each within one node.

    Several parts may lie in one node: that they may not is published nowhere.
    """
    part = -(-needed // nodes)
    return sum(max(0, each) // part for each in free) >= nodes


def numa_room(vm: VirtualMachine, destination: HostFacts, target: HostSpec) -> Iterator[Finding]:
    """Yield a finding where no NUMA node has the memory, and the host takes it from one alone (NumaSpanningEnabled, win32)."""
    needed = needed_mib(vm)
    if not needed or destination.numa_spanning is not False:
        return
    if not destination.numa_free_mib or vm.numa_nodes is None:
        yield Finding.warning(
            "numa-unread",
            f"{target.name} takes the memory of a machine from one NUMA node (NUMA spanning is off), and"
            f" {'what its nodes have free' if vm.numa_nodes is not None else f'how many nodes {vm.name} has'} could not be read",
            f"If the move fails because memory is missing, choose another host, or allow spanning there: {_SPANNING}",
        )
        return
    if fits(needed, vm.numa_nodes, destination.numa_free_mib):
        return
    part = format_bytes(-(-needed // vm.numa_nodes) * MIB)
    free = ", ".join(format_bytes(max(0, each) * MIB) for each in destination.numa_free_mib)
    text = f"{vm.name} needs {part} of memory in one NUMA node, for NUMA spanning is off on {target.name}, whose nodes have {free} free"
    if _never(needed, vm.numa_nodes, destination):
        yield Finding.refusal(
            "numa-node-too-small",
            text,
            f"Choose another host, give the machine less, or allow spanning there: {_SPANNING}, and restart its Virtual Machine"
            " Management service",
        )
    else:
        # No topic of room: the schedule counts a host's memory as one pool, and answers nothing of its nodes.
        yield Finding.warning("numa-short-now", text, "The move waits until a node has room")


def _never(needed: int, nodes: int, destination: HostFacts) -> bool:
    """Say whether no node can ever have the room: each is at most what it has free now and all that is in use on the host."""
    if destination.memory_mib is None or destination.memory_free_mib is None:
        return False
    in_use = destination.memory_mib - destination.memory_free_mib
    return not fits(needed, nodes, (each + in_use for each in destination.numa_free_mib or ()))

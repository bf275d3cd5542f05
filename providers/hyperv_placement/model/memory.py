"""What a machine takes of hosts' memory: of the one that it is on, and of one that it goes to. The one rule for all who count."""

from __future__ import annotations

from .estate import VirtualMachine, VmState

_IN_MEMORY = frozenset({VmState.RUNNING, VmState.PAUSED, VmState.OTHER})


def in_memory(vm: VirtualMachine) -> bool:
    """Say whether the machine holds memory of its host, or may."""
    return vm.state in _IN_MEMORY


def held_mib(vm: VirtualMachine) -> int | None:
    """Return the MiB that the machine has of its host now, and that come free when it leaves; None where that is not known.

    With dynamic memory that is what is assigned to it; where that could not be read, what it starts with.
    """
    if not in_memory(vm):
        return 0
    return vm.memory_mib if vm.memory_assigned_mib is None else vm.memory_assigned_mib


def needed_mib(vm: VirtualMachine) -> int | None:
    """Return the MiB that must be free on a host that the machine goes to, or starts on; None where that is not known.

    Of dynamic memory the larger of what it has now and what it starts with, its minimum included: a guess. What it has now is
    carried over; that its destination does not ask for what a start needs is published nowhere, and after a restart there it
    does.
    """
    if not in_memory(vm) or vm.memory_mib is None:
        return None if in_memory(vm) else 0
    return max(vm.memory_mib, vm.memory_assigned_mib or 0)


def shown_mib(vm: VirtualMachine) -> int | None:
    """Return the MiB to show beside the machine: what it has now, and while it is off what it starts with."""
    return held_mib(vm) if in_memory(vm) else vm.memory_mib

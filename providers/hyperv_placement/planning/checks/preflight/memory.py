"""Whether a machine holds memory of its host."""

from __future__ import annotations

from hyperv_placement.model.estate import VirtualMachine, VmState

_IN_MEMORY = frozenset({VmState.RUNNING, VmState.PAUSED, VmState.OTHER})


def in_memory(vm: VirtualMachine) -> bool:
    """Say whether the machine holds memory of its host, or may."""
    return vm.state in _IN_MEMORY

"""The two kinds of findings, in few words."""

from __future__ import annotations

from hyperv_placement.model.estate import VirtualMachine, VmState
from hyperv_placement.model.plan import Finding, Severity

_IN_MEMORY = frozenset({VmState.RUNNING, VmState.PAUSED, VmState.OTHER})


def refusal(text: str, remedy: str) -> Finding:
    """Return a finding that keeps the move from starting."""
    return Finding(severity=Severity.REFUSAL, text=text, remedy=remedy)


def warning(text: str, remedy: str = "") -> Finding:
    """Return a finding that is only told."""
    return Finding(severity=Severity.WARNING, text=text, remedy=remedy)


def in_memory(vm: VirtualMachine) -> bool:
    """Say whether the machine holds memory of its host, or may."""
    return vm.state in _IN_MEMORY


def passing(text: str) -> Finding:
    """Return a warning of room that lacks now and that others may free."""
    return Finding(
        severity=Severity.WARNING, text=text, remedy="The move waits until there is room", passing=True
    )

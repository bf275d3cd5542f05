"""Checks whether the destination's processors have the features that the guest uses (Msvm_CompatibilityVector page)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from hyperv_placement import quoting
from hyperv_placement.model.estate import HostFacts, Vector, VmState
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move

_COMPARE: Mapping[int, Callable[[int, int], bool]] = {
    0: lambda vm, host: vm == host,
    1: lambda vm, host: vm & host == host,
    2: lambda vm, host: vm & host == vm,
    3: lambda vm, host: vm & host == 0,
    4: lambda vm, host: vm > host,
    5: lambda vm, host: vm >= host,
    6: lambda vm, host: vm < host,
    7: lambda vm, host: vm <= host,
    8: lambda vm, host: host != 0 and vm % host == 0,
    9: lambda vm, host: vm != 0 and host % vm == 0,
}
"""CompareOperation -> whether the machine's value fits the host's."""


def fits(vm: tuple[Vector, ...], host: tuple[Vector, ...]) -> bool | None:
    """Say whether a machine with these vectors runs on a host with those; None where some have no counterpart."""
    offered = {vector.id: vector.value for vector in host}
    known = [
        _COMPARE[vector.operation](vector.value, offered[vector.id])
        for vector in vm
        if vector.id in offered and vector.operation in _COMPARE
    ]
    if not all(known):
        return False
    # A vector without a counterpart proves nothing: then nobody says that it fits.
    return True if known and len(known) == len(vm) else None


def processor(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield why the destination's processors do not fit the machine, or may not; one that is off runs on any."""
    vm = move.vm
    if vm.state == VmState.OFF:
        return
    # Processor compatibility mode works within one maker alone (its page on learn.microsoft.com).
    if source.processor and destination.processor and source.processor != destination.processor:
        yield Finding.refusal(
            "processor-maker",
            f"{vm.name} runs on processors of {source.processor}, {move.destination} has {destination.processor}",
            "Shut the machine down to move it: never across makers while it runs or is saved",
        )
        return
    fit = None if vm.vectors is None or destination.vectors is None else fits(vm.vectors, destination.vectors)
    if fit is False:
        yield Finding.refusal(
            "processor-features",
            f"{vm.name} uses features of the processors of {move.source} that {move.destination} lacks",
            _cure(move),
        )
    elif fit is None and (
        source.processor_model is None or source.processor_model != destination.processor_model
    ):
        yield Finding.warning(
            "processor-unknown",
            f"Whether the processors of {move.destination} fit {vm.name} could not be read (unverified)",
            f"On {source.full_name}, run {quoting.powershell('Compare-VM')}",
        )


def _cure(move: Move) -> str:
    limited = move.vm.devices is not None and move.vm.devices.processor_limited
    if limited:
        return "Shut the machine down to move it, or choose a host with newer processors"
    # By its GUID: a name would be a pattern, and two machines may have the same.
    limiting = quoting.powershell(
        "Get-VM -Id {} | Set-VMProcessor -CompatibilityForMigrationEnabled $true", move.vm.id
    )
    return f"Shut it down, run {limiting} and start it again; or move it while it is off"

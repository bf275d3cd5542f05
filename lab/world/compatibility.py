"""What a host can take: configuration versions, processor features, devices that are another host's own."""

from __future__ import annotations

from dataclasses import dataclass

from . import texts
from .objects import DVD, OFF, LabHost, LabVm

SERVER_2025 = 26100
_VERSIONS = {
    9600: ("5.0",),
    14393: ("5.0", "6.2", "7.0", "7.1", "8.0"),
    17763: ("5.0", "6.2", "7.0", "7.1", "8.0", "8.1", "8.2", "8.3", "9.0"),
    20348: ("8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0"),
    SERVER_2025: ("8.0", "8.1", "8.2", "8.3", "9.0", "9.1", "9.2", "9.3", "10.0", "10.5", "11.0", "12.0"),
}
"""Build -> versions (page "Upgrade virtual machine version in Hyper-V")."""
FEATURES, EXTENDED_STATE, CACHE_LINE = 1, 2, 3  # Msvm_CompatibilityVector.VectorId (VmMigration.cs sample)
EQUAL, SUBSET = 0, 2  # CompareOperation: the machine's value on the left, the host's on the right
_BITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One Msvm_CompatibilityVector."""

    id: int
    operation: int
    value: int


def supported_versions(host: LabHost) -> tuple[str, ...]:
    """Return the configuration versions that a host takes, the newest last."""
    known = max((build for build in _VERSIONS if build <= host.build), default=min(_VERSIONS))
    return tuple(host.versions) or _VERSIONS[known]


def default_version(host: LabHost) -> str:
    """Return the version of a machine that was made a while ago: 9.0 where the host takes it, else its newest."""
    versions = supported_versions(host)
    return "9.0" if "9.0" in versions else versions[-1]


def host_vectors(host: LabHost) -> tuple[Vector, ...]:
    """Return what the host's processor offers. Which operation stands with each vector is a guess."""
    return _vectors(host.processor_generation)


def vm_vectors(vm: LabVm) -> tuple[Vector, ...]:
    """Return what the machine's guest has seen of its processor; of one that is off, what it is set to."""
    return _vectors(1 if vm.processor_limited else vm.processor_generation)


def _vectors(generation: int) -> tuple[Vector, ...]:
    features = (1 << (_BITS * generation)) - 1
    return (
        Vector(id=FEATURES, operation=SUBSET, value=features),
        Vector(id=EXTENDED_STATE, operation=SUBSET, value=(1 << (generation + 1)) - 1),
        Vector(id=CACHE_LINE, operation=EQUAL, value=8),
    )


def incompatibility(vm: LabVm, source: LabHost, destination: LabHost) -> str | None:
    """Return why the destination cannot take the machine, in VMMS' words, or None."""
    if vm.version not in supported_versions(destination):
        return texts.version(vm)
    if vm.enabled_state != OFF and not _runs_on(vm, source, destination):
        return texts.processor(vm, destination)
    if vm.assigned_devices:
        return texts.ASSIGNED_DEVICE.format(vm=vm.name, what="PCI Express device")
    if vm.gpu_partitions and destination.build < SERVER_2025:
        return texts.ASSIGNED_DEVICE.format(vm=vm.name, what="GPU partition")
    drive = next((disk.path for disk in vm.disks if disk.kind == DVD and disk.path), None)
    return None if drive is None else texts.PHYSICAL_DVD.format(path=drive)


def _runs_on(vm: LabVm, source: LabHost, destination: LabHost) -> bool:
    """Never across vendors, and only with all that the guest has seen (processor compatibility mode page)."""
    if source.processor_vendor != destination.processor_vendor:
        return False
    offered = {vector.id: vector.value for vector in host_vectors(destination)}
    return all(
        vector.value & offered[vector.id] == vector.value
        if vector.operation == SUBSET
        else vector.value == offered[vector.id]
        for vector in vm_vectors(vm)
    )

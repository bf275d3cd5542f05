"""Devices of the host that are assigned to a machine, and stay behind when it moves."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model.estate import HostFacts, VmState
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move

SERVER_2025 = 26100
"""Build since which machines with partitions of a GPU can be migrated (GPU partitioning page)."""

_CLASSES = "Msvm_PciExpressSettingData and Msvm_GpuPartitionSettingData"


def devices(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield a finding for each device that the machine would lose."""
    vm = move.vm
    if vm.devices is None:
        yield Finding.warning(
            "devices-unread",
            f"Which devices of {move.source} are assigned to {vm.name} could not be read (unverified)",
            f"Let the account read {_CLASSES} of root/virtualization/v2 there",
        )
        return
    if vm.devices.assigned:
        yield _assigned(move)
    if vm.devices.gpu_partitions:
        yield _gpu(move, source, destination)


def _assigned(move: Move) -> Finding:
    """Machines with assigned devices are not migrated (discrete device assignment page)."""
    what = f"{move.vm.name} has a PCI Express device of {move.source} assigned to it"
    if move.vm.state == VmState.OFF:
        return Finding.warning(
            "device-assigned",
            f"{what}; how it moves while it is off is unverified",
            _without(
                quoting.powershell(
                    "Get-VM -Id {} | Get-VMAssignableDevice | Remove-VMAssignableDevice", move.vm.id
                )
            ),
        )
    return Finding.refusal(
        "device-assigned",
        what,
        _without(
            quoting.powershell(
                "Get-VM -Id {} | Get-VMAssignableDevice | Remove-VMAssignableDevice", move.vm.id
            )
        ),
    )


def _without(line: quoting.Command) -> str:
    """Return how to take a device from a machine, with the condition: its guest loses it."""
    return f"Leave it where it is. Only where its guest can do without, and with the machine off: {line}"


def _gpu(move: Move, source: HostFacts, destination: HostFacts) -> Finding:
    what = f"{move.vm.name} has a partition of a GPU of {move.source}"
    builds = [facts.build for facts in (source, destination) if facts.build is not None]
    # The older of the two decides: both ends take part in the migration.
    if builds and min(builds) < SERVER_2025:
        return Finding.refusal(
            "gpu-partition",
            f"{what}, which does not migrate before Windows Server 2025",
            _without(
                quoting.powershell(
                    "Get-VM -Id {} | Get-VMGpuPartitionAdapter | Remove-VMGpuPartitionAdapter", move.vm.id
                )
            ),
        )
    return Finding.warning(
        "gpu-partition",
        f"{what}: whether {move.destination} has one like it is unverified",
        "Check GPU model, driver and partition count on both",
    )

"""Resource pools of a host: one for each kind of resource, the primordial one (Msvm_ResourcePool page).

Their ids, and which kinds a host has beside those of the settings, are guesses.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from hyperv_placement.wsman import Instance
from lab.wmi.view import View, instance

from .allocation import (
    CONTROLLER_IDE,
    CONTROLLER_SCSI,
    DISK_DRIVE,
    DVD_DRIVE,
    ETHERNET_CONNECTION,
    ETHERNET_PORT,
    MEDIUM,
    MEMORY,
    PROCESSOR,
)

_KINDS = {
    "Memory": MEMORY,
    "Emulated IDE Controller": CONTROLLER_IDE,
    "Synthetic SCSI Controller": CONTROLLER_SCSI,
    "Synthetic Ethernet Port": ETHERNET_PORT,
    "Ethernet Connection": ETHERNET_CONNECTION,
    "Synthetic DVD Drive": DVD_DRIVE,
    "Synthetic Disk Drive": DISK_DRIVE,
    "Physical Disk Drive": DISK_DRIVE,
    "Virtual Hard Disk": MEDIUM,
    "Virtual CD/DVD Disk": MEDIUM,
}
"""ResourceSubType without `Microsoft:Hyper-V:` -> ResourceType."""


def pools(view: View) -> Iterator[Instance]:
    """Yield a pool for each kind but processors; how much of memory is given away, in MiB."""
    for subtype, kind in _KINDS.items():
        memory = kind == MEMORY
        used = sum(vm.memory_in_use_mib for vm in view.host.vms()) if memory else 0
        yield _pool(
            "Msvm_ResourcePool", subtype, kind, "byte * 2^20" if memory else "count",
            capacity=view.host.memory_mib if memory else None, reserved=used if memory else None,
        )  # fmt: skip


def processor_pools(view: View) -> Iterator[Instance]:
    """Yield the pool of processors, in thousandths of a percent of each."""
    yield _pool(
        "Msvm_ProcessorPool", "Processor", PROCESSOR, "percent / 1000",
        capacity=view.host.processors * 100_000, reserved=0,
    )  # fmt: skip


def _pool(
    class_name: str, subtype: str, kind: int, units: str, *, capacity: int | None, reserved: int | None
) -> Instance:
    identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"pool {subtype}")).upper()
    return instance(
        class_name,
        {
            "AllocationUnits": units,
            "Capacity": capacity,
            "Caption": "Resource Pool",
            "ConsumedResourceUnits": units,
            "CurrentlyConsumedResource": reserved,
            "Description": "Microsoft Resource Pool",
            "ElementName": "Primordial",
            "InstanceID": f"Microsoft:{identity}\\Root",
            "MaxConsumableResource": capacity,
            "PoolID": "",
            "Primordial": True,
            "Reserved": reserved,
            "ResourceSubType": f"Microsoft:Hyper-V:{subtype}",
            "ResourceType": kind,
        },
    )

"""Msvm_MemorySettingData: what each machine is to get."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import View

from .allocation import MEMORY, allocation
from .holders import holders, templates

_CLASS = "Msvm_MemorySettingData"
_DEVICE = "4764334D-E001-4176-82EE-5594EC9B530E"  # the memory device of every machine (os-win vmutils)
_UNITS = "byte * 2^20"


def memory(view: View) -> Iterator[Instance]:
    """Yield a row for each machine and checkpoint, in MiB, and the templates.

    With dynamic memory Reservation is the least, Limit the most, VirtualQuantity what it starts with
    (Msvm_MemorySettingData page).
    """
    for holder in holders(view):
        vm = holder.vm
        yield _row(view, f"{holder.prefix}\\{_DEVICE}", vm.memory_mib).replace(
            DynamicMemoryEnabled=vm.dynamic_memory,
            Limit=vm.memory_maximum_mib or vm.memory_mib,
            Reservation=vm.memory_minimum_mib or vm.memory_mib,
        )
    for name in templates(_DEVICE):
        yield _row(view, name, 1024)


def _row(view: View, instance_id: str, mib: int) -> Instance:
    """Static memory: Reservation = Limit = VirtualQuantity (r4sd/terraform-provider-hyperv)."""
    values: dict[str, Value] = {
        "AllocationUnits": _UNITS,
        "DynamicMemoryEnabled": False,
        "HugePagesEnabled": False,
        "InstanceID": instance_id,
        "IsVirtualized": True,
        "Limit": mib,
        "MaxMemoryBlocksPerNumaNode": 65536,
        "Reservation": mib,
        "SgxEnabled": False,
        "SgxLaunchControlDefault": "",
        "SgxSize": 0,
        "SwapFilesInUse": False,
        "TargetMemoryBuffer": 20,
        "VirtualQuantity": mib,
        "VirtualQuantityUnits": _UNITS,
        "Weight": 5000,
    }
    return allocation(_CLASS, MEMORY, "Memory", view.texts["memory"], **values)

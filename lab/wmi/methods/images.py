"""Msvm_ImageManagementService: what a virtual disk is, and how big its file is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hyperv_placement.model import winpath
from hyperv_placement.model.units import GIB, MIB
from lab.storage.files import PathRefusedError
from lab.wmi import embedded
from lab.wmi.view import instance
from lab.world import LabDisk, LabVm
from lab.world.objects import PAUSED, RUNNING, VHD

from .call import Call, Outputs

_FILE_NOT_FOUND = 32779  # ReturnValue "File Not Found" (Msvm_ImageManagementService pages)
_DYNAMIC, _DIFFERENCING, _VHDX = 3, 4, 3  # Type and Format (Msvm_VirtualHardDiskSettingData page)
PARENT_BYTES = GIB
"""The size that the lab reports for a parent that nothing attaches."""
_SECTOR, _PHYSICAL_SECTOR, _BLOCK = 512, 4096, 32 * MIB


def setting_data(call: Call) -> Outputs:
    """Describe a virtual disk; that it answers 0 at once and not with a job is a guess."""
    call.expect("Path")
    found = _find(call)
    if found is None:
        return {"SettingData": None, "Job": None, "ReturnValue": _FILE_NOT_FOUND}
    _, disk = found
    text = embedded.write(
        instance(
            "Msvm_VirtualHardDiskSettingData",
            {
                "BlockSize": _BLOCK,
                "ElementName": winpath.base_name(disk.path),
                "Format": _VHDX,
                "InstanceID": f"Microsoft:{disk.disk_id}",
                "LogicalSectorSize": _SECTOR,
                "MaxInternalSize": disk.virtual_bytes,
                "ParentPath": disk.parent_path or "",
                "Path": disk.path,
                "PhysicalSectorSize": _PHYSICAL_SECTOR,
                "Type": _DIFFERENCING if disk.parent_path else _DYNAMIC,
                "VirtualDiskId": disk.disk_id,
            },
        )
    )
    return {"SettingData": text, "Job": None, "ReturnValue": 0}


def state(call: Call) -> Outputs:
    """Report the size of a virtual disk's file in bytes, and whether it is in use."""
    call.expect("Path")
    found = _find(call)
    if found is None:
        return {"State": None, "Job": None, "ReturnValue": _FILE_NOT_FOUND}
    vm, disk = found
    text = embedded.write(
        instance(
            "Msvm_VirtualHardDiskState",
            {
                "Alignment": 1,
                "FileSize": disk.size_bytes,
                "FragmentationPercentage": 0,
                "InUse": vm is not None and vm.enabled_state in (RUNNING, PAUSED),
                "MinInternalSize": disk.virtual_bytes,
                "PhysicalSectorSize": _PHYSICAL_SECTOR,
                "Timestamp": call.reader.world.clock.now(),
            },
        )
    )
    return {"State": text, "Job": None, "ReturnValue": 0}


def _find(call: Call) -> tuple[LabVm | None, LabDisk] | None:
    """Return the disk at `Path` as this host sees it, if its file is there.

    Paths are compared by the file they lead to: a share is the same at every host, `D:` is not. Of a file that belongs
    to no machine, as what a move has left, the lab knows its name and the size of its stand-in.
    """
    path, world = call.text("Path"), call.reader.world
    if not path:
        return None
    try:
        real = world.files.real(call.reader.host.name, path)
    except PathRefusedError:
        return None
    if not real.exists():
        return None
    of_machines = (
        (vm, disk)
        for vm, disk in _disks(call)
        if winpath.same(disk.path, path) and world.files.real(vm.host, disk.path) == real
    )
    return next(of_machines, None) or (None, _of_nobody(path, real.stat().st_size))


def _of_nobody(path: str, size: int) -> LabDisk:
    return LabDisk(
        controller="scsi", controller_id="", controller_number=0, location=0, path=path, size_bytes=size
    )


def _disks(call: Call) -> Iterator[tuple[LabVm, LabDisk]]:
    """Yield the disks of machines, then the parents that nothing attaches."""
    found: list[tuple[LabVm, LabDisk]] = []
    for vm in call.reader.world.vms():
        frozen = [disk for checkpoint in vm.checkpoints for disk in checkpoint.disks]
        found += [(vm, disk) for disk in (*vm.disks, *frozen) if disk.kind == VHD]
    yield from found
    for vm, disk in found:
        if disk.parent_path is not None:
            yield vm, replace(disk, path=disk.parent_path, parent_path=None, size_bytes=PARENT_BYTES)

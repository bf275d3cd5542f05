"""Msvm_StorageAllocationSettingData: the files in the drives, of machines and of their checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import View
from lab.world import LabDisk
from lab.world.objects import FILELESS, FLOPPY, ISO, VHD

from .allocation import MEDIUM, allocation
from .holders import Holder, holders, templates

_CLASS = "Msvm_StorageAllocationSettingData"
_DRIVE_CLASS = "Msvm_ResourceAllocationSettingData"
_TEMPLATE = "7A2B4C7E-6D60-4B0B-8F3A-0E6D5C4B3A22"  # guess: the ids of these templates were not published
_SUBTYPES = {
    VHD: ("Virtual Hard Disk", "hard-disk-image"),
    ISO: ("Virtual CD/DVD Disk", "iso-image"),
    FLOPPY: ("Virtual Floppy Disk", "floppy-image"),
}
"""Kind -> subtype (Msvm_StorageAllocationSettingData page, HostResource) and key of its text."""
_DISK_FIXED: dict[str, Value] = {
    "Access": 3,
    "CachingMode": 0,
    "IOPSAllocationUnits": "",
    "IOPSLimit": 0,
    "IOPSReservation": 0,
    "IgnoreFlushes": False,
    "StorageQoSPolicyID": "",
    "VirtualResourceBlockSize": 0,
    "Weight": 100,
    "WriteHardeningMethod": 0,
}


def media(view: View) -> Iterator[Instance]:
    """Yield virtual disks and ISOs, those of checkpoints under the checkpoint's GUID, and the templates.

    While a checkpoint exists the machine's own row names the `.avhdx` (r4sd/go-wsman hyperv/storage.go).
    """
    for holder in holders(view):
        for disk in holder.disks:
            if disk.kind not in FILELESS:
                yield _medium(view, holder, disk)
    for name in templates(_TEMPLATE):
        yield allocation(
            _CLASS,
            MEDIUM,
            "Virtual Hard Disk",
            view.texts["hard-disk-image"],
            **_DISK_FIXED,
            InstanceID=name,
            PersistentReservationsSupported=False,
        )


def _medium(view: View, holder: Holder, disk: LabDisk) -> Instance:
    """Return a file's row; its slot stands in the drive's AddressOnParent, where libvirt reads it."""
    subtype, title = _SUBTYPES[disk.kind]
    return allocation(
        _CLASS,
        MEDIUM,
        subtype,
        view.texts[title],
        **_DISK_FIXED,
        HostResource=(disk.path,),
        InstanceID=holder.medium(disk),
        Parent=view.path(_DRIVE_CLASS, InstanceID=holder.drive(disk)),
        PersistentReservationsSupported=disk.shared,
    )

"""Msvm_ResourceAllocationSettingData: controllers, drives and pass-through disks."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance
from lab.wmi.view import View
from lab.world import LabDisk
from lab.world.objects import (
    DVD,
    FILELESS,
    FLOPPY,
    FLOPPY_CONTROLLER_ID,
    IDE_CONTROLLER_ID,
    ISO,
    PASS_THROUGH,
)

from . import serial
from .allocation import (
    CONTROLLER_IDE,
    CONTROLLER_SCSI,
    DISK_DRIVE,
    DISKETTE_DRIVE,
    DVD_DRIVE,
    allocation,
)
from .holders import Holder, holders, templates

_CLASS = "Msvm_ResourceAllocationSettingData"
_TEMPLATE = "5B5D8C3A-1F7E-4B0E-9F57-6A5B1E6D2A11"  # guess: the ids of these templates were not published


def devices(view: View) -> Iterator[Instance]:
    """Yield controllers and drives of machines, planned machines and checkpoints, and the templates."""
    for holder in holders(view):
        yield from _controllers(view, holder)
        for disk in holder.disks:
            if disk.kind != FLOPPY:
                yield _drive(view, holder, disk)
    yield from serial.older_ports(view)
    for name in templates(_TEMPLATE):
        yield allocation(
            _CLASS, DISK_DRIVE, "Synthetic Disk Drive", view.texts["disk-drive"], InstanceID=name
        )


def _controllers(view: View, holder: Holder) -> Iterator[Instance]:
    """Yield both IDE controllers and the floppy drive of generation 1, and the SCSI controllers."""
    if holder.vm.generation == 1:
        for number in range(2):
            yield allocation(
                _CLASS,
                CONTROLLER_IDE,
                "Emulated IDE Controller",
                f"{view.texts['ide']} {number}",
                Address=str(number),
                InstanceID=f"{holder.prefix}\\{IDE_CONTROLLER_ID}\\{number}",
            )
        yield _diskette_drive(view, holder)
    found = {holder.controller(disk) for disk in holder.disks if disk.controller == "scsi"}
    idle = {f"{holder.prefix}\\{guid}\\0" for guid in holder.vm.idle_controllers}
    for controller in sorted(found | idle):
        # By it a guest finds the controller on its bus (Msvm_ResourceAllocationSettingData page); that it is the
        # GUID in the InstanceID is a guess.
        yield allocation(
            _CLASS,
            CONTROLLER_SCSI,
            "Synthetic SCSI Controller",
            view.texts["scsi"],
            InstanceID=controller,
            VirtualSystemIdentifiers=(f"{{{controller.split(chr(92))[1]}}}",),
        )


def _diskette_drive(view: View, holder: Holder) -> Instance:
    """Return the drive that every machine of generation 1 has; its subtype is libvirt's (hyperv_driver.c)."""
    controller = f"{holder.prefix}\\{FLOPPY_CONTROLLER_ID}\\0"
    return allocation(
        _CLASS,
        DISKETTE_DRIVE,
        "Synthetic Diskette Drive",
        view.texts["diskette-drive"],
        AddressOnParent="0",
        InstanceID=f"{controller}\\0\\D",
        Parent=view.path(_CLASS, InstanceID=controller),
    )


def _drive(view: View, holder: Holder, disk: LabDisk) -> Instance:
    """Return a drive; a pass-through disk names the host's own disk (Msvm_ResourceAllocationSettingData page)."""
    kind, subtype, title = DISK_DRIVE, "Synthetic Disk Drive", view.texts["disk-drive"]
    if disk.kind == ISO:
        kind, subtype, title = DVD_DRIVE, "Synthetic DVD Drive", view.texts["dvd-drive"]
    elif disk.kind == DVD:
        own = (
            "Physical" if disk.path else "Synthetic"
        )  # the subtype of a host's own drive: the XDE tools' constants
        kind, subtype, title = DVD_DRIVE, f"{own} DVD Drive", view.texts["dvd-drive"]
    elif disk.kind == PASS_THROUGH:
        subtype, title = "Physical Disk Drive", view.texts["physical-drive"]
    return allocation(
        _CLASS,
        kind,
        subtype,
        title,
        AddressOnParent=str(disk.location),
        HostResource=(disk.path,) if disk.kind in FILELESS and disk.path else None,
        InstanceID=holder.drive(disk),
        Parent=view.path(_CLASS, InstanceID=holder.controller(disk)),
    )

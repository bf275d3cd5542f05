"""What a machine has of devices while it is up: controllers, drives, displays, ports. Settings of them stand elsewhere.

Values beside names are the defaults of the classes' pages (desktop-src/HyperV_v2). Guesses: that the devices are there
while the machine has memory and not otherwise, and their ids where nobody published them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hyperv_placement.model.units import MIB
from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import View, instance
from lab.world import LabDisk, LabVm
from lab.world.objects import (
    COM_PORTS,
    DVD,
    FLOPPY_CONTROLLER_ID,
    IDE_CONTROLLER_ID,
    ISO,
    PASS_THROUGH,
    UP,
    VHD,
)

from . import serial
from .holders import Holder

_FIRST, _SECOND = 1, 2
_MEMORY = "4764334D-E001-4176-82EE-5594EC9B530E"  # as in the InstanceID of its settings
_PROCESSOR = "B637F346-6A0E-4DEC-AF52-BD70CB80A21D"
_BLOCK = MIB  # BlockSize of Msvm_Memory (its page)
_PROCESSORS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A device that every machine of some generations has."""

    class_name: str
    text: str
    description: str
    parts: tuple[str, ...] = ()
    """Ends of its ids where they are known; otherwise one is made up."""
    generations: tuple[int, ...] = (_FIRST, _SECOND)

    def rows(self, view: View) -> Iterator[Instance]:
        """Yield those of each machine that is up."""
        for vm in up(view):
            if vm.generation in self.generations:
                for part in self.parts or (f"{_id(vm, self.class_name)}\\0",):
                    yield device(view, vm, self.class_name, self.text, self.description, part)


KINDS = (
    Kind(
        class_name="Msvm_Keyboard",
        text="keyboard",
        description="Microsoft Virtual Keyboard",
        generations=(_FIRST,),
    ),
    Kind(
        class_name="Msvm_SyntheticKeyboard",
        text="keyboard",
        description="Microsoft Synthetic Keyboard",
        generations=(_SECOND,),
    ),
    Kind(
        class_name="Msvm_Ps2Mouse",
        text="mouse",
        description="Microsoft Emulated Mouse",
        generations=(_FIRST,),
    ),
    Kind(class_name="Msvm_SyntheticMouse", text="mouse", description="Microsoft Synthetic Mouse"),
    Kind(
        class_name="Msvm_S3DisplayController",
        text="display",
        description="Microsoft Emulated Display Controller",
        generations=(_FIRST,),
    ),
    Kind(
        class_name="Msvm_SyntheticDisplayController",
        text="display",
        description="Microsoft Synthetic Display Controller",
    ),
    Kind(class_name="Msvm_VideoHead", text="video-head", description="Microsoft Virtual Video Head"),
    Kind(
        class_name="Msvm_SerialController",
        text="serial-controller",
        description="Microsoft Virtual Serial Controller",
        parts=(serial.CONTROLLER,),
    ),
    Kind(
        class_name="Msvm_SerialPort",
        text="serial-port",
        description="Microsoft Virtual Serial Port",
        parts=tuple(f"{serial.CONTROLLER}\\{number}" for number in range(COM_PORTS)),
    ),
    Kind(
        class_name="Msvm_DisketteController",
        text="diskette-controller",
        description="Microsoft Virtual Diskette Controller",
        parts=(f"{FLOPPY_CONTROLLER_ID}\\0",),
        generations=(_FIRST,),
    ),
    Kind(
        class_name="Msvm_DisketteDrive",
        text="diskette-drive",
        description="Microsoft Virtual Diskette Drive",
        parts=(f"{FLOPPY_CONTROLLER_ID}\\0\\0\\D",),
        generations=(_FIRST,),
    ),
)


def up(view: View) -> Iterator[LabVm]:
    """Yield the machines of the host that have their devices now."""
    return (vm for vm in view.host.vms() if vm.enabled_state in UP)


def device(
    view: View, vm: LabVm, class_name: str, text: str, description: str, part: str, **values: Value
) -> Instance:
    """Return a device's row: keys, names, and what all of them share."""
    title = view.texts[text]
    return instance(
        class_name,
        {
            "Caption": title,
            "CreationClassName": class_name,
            "Description": description,
            "DeviceID": f"Microsoft:{vm.id}\\{part}",
            "ElementName": title,
            "EnabledDefault": 2,
            "HealthState": 5,
            "Name": title,
            "OperationalStatus": (2,),
            "RequestedState": 12,
            "Status": "OK",
            "StatusDescriptions": (view.texts["ok"],),
            "SystemCreationClassName": "Msvm_ComputerSystem",
            "SystemName": vm.id,
            **values,
        },
    )


def ide_controllers(view: View) -> Iterator[Instance]:
    """Yield both of each machine of generation 1."""
    for vm in up(view):
        for number in range(2 if vm.generation == _FIRST else 0):
            yield device(
                view, vm, "Msvm_IDEController", "ide", "Microsoft Virtual IDE Controller",
                f"{IDE_CONTROLLER_ID}\\{number}",
            )  # fmt: skip


def scsi_controllers(view: View) -> Iterator[Instance]:
    """Yield each, with drives or without."""
    for vm in up(view):
        used = [disk.controller_id for disk in vm.disks if disk.controller == "scsi"]
        for found in dict.fromkeys((*used, *vm.idle_controllers)):
            yield device(
                view, vm, "Msvm_SCSIProtocolController", "scsi", "Microsoft Virtual SCSI Controller", f"{found}\\0"
            )  # fmt: skip


def disk_drives(view: View) -> Iterator[Instance]:
    """Yield the drives of hard disks, the host's own disks among them."""
    return _drives(
        view,
        "Msvm_DiskDrive",
        "disk-drive",
        "Microsoft Virtual Hard Drive",
        lambda disk: disk.kind in {VHD, PASS_THROUGH},
    )


def dvd_drives(view: View) -> Iterator[Instance]:
    """Yield the DVD drives, with a medium or without."""
    return _drives(
        view,
        "Msvm_DVDDrive",
        "dvd-drive",
        "Microsoft Virtual DVD Drive",
        lambda disk: disk.kind in {ISO, DVD},
    )


def _drives(
    view: View, class_name: str, text: str, description: str, wanted: Callable[[LabDisk], bool]
) -> Iterator[Instance]:
    for vm in up(view):
        for disk in filter(wanted, vm.disks):
            yield device(view, vm, class_name, text, description, _part(vm, disk, "D"))


def logical_disks(view: View) -> Iterator[Instance]:
    """Yield what is in the drives: a virtual disk with its size in blocks."""
    block = 512
    for vm in up(view):
        for disk in vm.disks:
            if disk.kind == VHD:
                yield device(
                    view, vm, "Msvm_LogicalDisk", "hard-disk-image", "Microsoft Virtual Hard Disk", _part(vm, disk, "L"),
                    BlockSize=block, NumberOfBlocks=disk.virtual_bytes // block,
                    ConsumableBlocks=disk.virtual_bytes // block,
                )  # fmt: skip


def memory(view: View) -> Iterator[Instance]:
    """Yield the memory that each machine has now, in blocks of a MiB."""
    for vm in up(view):
        blocks = vm.memory_now_mib or vm.memory_mib
        yield device(
            view, vm, "Msvm_Memory", "memory", "Microsoft Virtual Memory", _MEMORY,
            BlockSize=_BLOCK, NumberOfBlocks=blocks, ConsumableBlocks=blocks, EndingAddress=blocks * _BLOCK // 1024 - 1,
        )  # fmt: skip


def processors(view: View) -> Iterator[Instance]:
    """Yield the virtual processors of each machine, as many as its settings say."""
    for vm in up(view):
        for number in range(_PROCESSORS):
            yield device(
                view, vm, "Msvm_Processor", "processor", "Microsoft Virtual Processor", f"{_PROCESSOR}\\{number}",
                LoadPercentage=0,
            )  # fmt: skip


def ethernet_ports(view: View) -> Iterator[Instance]:
    """Yield the network adapters, with the address that their settings name."""
    for vm in up(view):
        for nic in vm.nics:
            yield device(
                view, vm, "Msvm_SyntheticEthernetPort", "network-adapter", "Microsoft Synthetic Ethernet Port", nic.id,
                PermanentAddress="00155D" + nic.id.replace("-", "")[:6], EnabledState=2, Speed=10**10,
            )  # fmt: skip


def _part(vm: LabVm, disk: LabDisk, end: str) -> str:
    r"""Return a drive's or medium's part of the id, as in the InstanceID of its settings: `<controller>\0\<slot>\D`."""
    holder = Holder(vm.id, vm, tuple(vm.disks))
    row = holder.drive(disk) if end == "D" else holder.medium(disk)
    return row.removeprefix(f"{holder.prefix}\\")


def _id(vm: LabVm, class_name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{vm.id}/{class_name}")).upper()

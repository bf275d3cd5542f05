"""The drives of a machine that is built: their slots, their controllers, and what checkpoints make of their files."""

from __future__ import annotations

import random
import re
import uuid
from datetime import timedelta

from hyperv_placement.model import winpath
from hyperv_placement.model.units import GIB
from lab.world import LabCheckpoint, LabClock, LabDisk, LabVm
from lab.world.objects import DVD, FLOPPY, FLOPPY_CONTROLLER_ID, IDE_CONTROLLER_ID, ISO, VHD

from .spec import DiskSpec, VmSpec

_CHECKPOINT_SIZE = GIB
_FIXED_CONTROLLERS = {"ide": IDE_CONTROLLER_ID, "floppy": FLOPPY_CONTROLLER_ID}
_FLOPPY = [("floppy", 0, 0)]
_IDE = [("ide", number, place) for number in range(2) for place in range(2)]
_SCSI = [("scsi", number, place) for number in range(4) for place in range(64)]
_IDE_AND_SCSI = _IDE + _SCSI


def guid(rng: random.Random) -> str:
    """Return a GUID by chance."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()


class SlotError(Exception):
    """A disk has no slot; the text is the rest of a finding."""


def drives(vm: VmSpec, rng: random.Random) -> list[LabDisk]:
    """Return the machine's drives, each in its slot; a SCSI controller gets its GUID with its first drive."""
    controllers: dict[tuple[str, int], str] = {}
    found = []
    for disk, (kind, number, location) in zip(vm.disks, slots(vm), strict=True):
        if (kind, number) not in controllers:
            controllers[kind, number] = _FIXED_CONTROLLERS.get(kind) or guid(rng)
        found.append(
            LabDisk(
                controller=kind,
                controller_id=controllers[kind, number],
                controller_number=number,
                location=location,
                path=disk.path,
                kind=disk.kind,
                shared=disk.shared,
                size_bytes=disk.size_bytes if disk.kind in (VHD, FLOPPY) else 0,
                parent_path=disk.parent,
                virtual_bytes=disk.virtual_bytes if disk.kind == VHD else 0,
                disk_id=guid(rng),
            )
        )
    return found


def idle_controllers(vm: VmSpec, rng: random.Random) -> list[str]:
    """Return the GUIDs of the SCSI controllers that hold nothing."""
    used = {number for kind, number, _ in slots(vm) if kind == "scsi"}
    return [guid(rng) for number in range(vm.scsi_controllers) if number not in used]


def slots(vm: VmSpec) -> list[tuple[str, int, int]]:
    """Return controller, number and location of each disk: its own, or the next that is free. Raises SlotError."""
    chosen = [None if disk.slot is None else _slot(disk.slot, disk, vm) for disk in vm.disks]
    taken = {slot for slot in chosen if slot is not None}
    if len(taken) < sum(slot is not None for slot in chosen):
        raise SlotError("a slot is taken twice")
    found = []
    for disk, slot in zip(vm.disks, chosen, strict=True):
        free = slot or next((each for each in _allowed(disk, vm) if each not in taken), None)
        if free is None:
            raise SlotError(f"there is no slot left for '{disk.path}'")
        taken.add(free)
        found.append(free)
    return found


def _slot(text: str, disk: DiskSpec, vm: VmSpec) -> tuple[str, int, int]:
    found = re.fullmatch(r"(ide|scsi|floppy)-([0-9])-([0-9]{1,2})", text)
    slot = None if found is None else (found[1], int(found[2]), int(found[3]))
    if slot not in _allowed(disk, vm):
        raise SlotError(
            f"no '{disk.kind}' of generation {vm.generation} has the slot '{text}'; write 'scsi-0-0' .. or 'ide-0-0' .."
        )
    return slot


def _allowed(disk: DiskSpec, vm: VmSpec) -> list[tuple[str, int, int]]:
    """Return the slots for such a drive: DVD drives of generation 1 are IDE, and generation 2 has nothing else than SCSI."""
    if disk.kind == FLOPPY:
        return _FLOPPY
    if vm.generation != 1:
        return _SCSI
    return _IDE if disk.kind in (ISO, DVD) else _IDE_AND_SCSI


def add_checkpoint(machine: LabVm, name: str, rng: random.Random, clock: LabClock) -> None:
    """Freeze the present disks and go on in differencing files, as Hyper-V names them."""
    frozen = [disk for disk in machine.disks if disk.kind == VHD]
    machine.checkpoints.append(
        LabCheckpoint(
            id=guid(rng),
            name=name,
            created=clock.now() - timedelta(days=1),
            disks=list(frozen),
            parent=machine.checkpoints[-1].id if machine.checkpoints else None,
        )
    )
    machine.disks = [_next_file(disk, rng) if disk in frozen else disk for disk in machine.disks]


def _next_file(disk: LabDisk, rng: random.Random) -> LabDisk:
    stem = winpath.base_name(disk.path).rsplit(".", 1)[0].split("_")[0]
    return LabDisk(
        controller=disk.controller,
        controller_id=disk.controller_id,
        controller_number=disk.controller_number,
        location=disk.location,
        path=winpath.join(winpath.parent(disk.path), f"{stem}_{guid(rng)}.avhdx"),
        size_bytes=_CHECKPOINT_SIZE,
        parent_path=disk.path,
        virtual_bytes=disk.virtual_bytes,
        disk_id=disk.disk_id,
    )

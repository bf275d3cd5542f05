"""The drives of a machine that is built: their slots, their controllers, and what checkpoints make of their files."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

from hyperv_placement.model import winpath
from hyperv_placement.model.units import GIB
from lab.world import LabCheckpoint, LabClock, LabDisk, LabVm
from lab.world.objects import IDE_CONTROLLER_ID, VHD

from .spec import DiskSpec

_CHECKPOINT_SIZE = GIB


def guid(rng: random.Random) -> str:
    """Return a GUID by chance."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()


def disk_of(
    disk: DiskSpec, machine: LabVm, controllers: dict[tuple[str, int], str], rng: random.Random
) -> LabDisk:
    """Return the disk in its slot; a SCSI controller gets its GUID with its first disk."""
    kind, number, location = _slot(disk, machine)
    if (kind, number) not in controllers:
        controllers[kind, number] = IDE_CONTROLLER_ID if kind == "ide" else guid(rng)
    return LabDisk(
        controller=kind,
        controller_id=controllers[kind, number],
        controller_number=number,
        location=location,
        path=disk.path,
        kind=disk.kind,
        shared=disk.shared,
        size_bytes=disk.size_bytes if disk.kind == VHD else 0,
        parent_path=disk.parent,
        virtual_bytes=disk.virtual_bytes if disk.kind == VHD else 0,
        disk_id=guid(rng),
    )


def _slot(disk: DiskSpec, machine: LabVm) -> tuple[str, int, int]:
    if disk.slot is not None:
        controller, *place = disk.slot.split("-")
        return controller, int(place[0]), int(place[1])
    taken = {known.slot for known in machine.disks}
    kind = "ide" if machine.generation == 1 else "scsi"
    free = ((number, place) for number in range(4) for place in range(2 if kind == "ide" else 64))
    number, location = next(pair for pair in free if f"{kind}-{pair[0]}-{pair[1]}" not in taken)
    return kind, number, location


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

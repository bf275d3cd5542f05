"""Which disk a key of the stack file means: a file's name, or its place, as `SCSI 0:1` or `SCSI 3F2A1B2C:1`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.slots import ONLY, place_of, slot_parts
from hyperv_placement.model.stack import StorageSpec

_GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PLACE = re.compile(
    rf"(?P<kind>scsi|ide)-(?:(?P<number>[0-9]{{1,3}})|(?P<guid>{_GUID}|[0-9a-f]{{8}}))-(?P<slot>[0-9]{{1,3}})"
)
DISK_FILES = (".vhdx", ".vhd", ".vhds", ".avhdx", ".avhd")
"""Endings of virtual hard disk files."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A controller and slot as a key writes them; `guid`: the controller's, whole or its first group, in lower case."""

    kind: str
    number: str | None
    guid: str | None
    slot: str

    @property
    def counts(self) -> bool:
        """Whether it identifies a SCSI controller by its number."""
        return self.kind == "scsi" and self.number is not None


def hard_disks(vm: VirtualMachine) -> list[Disk]:
    """Return the virtual hard disks, which a stack file can name."""
    return [disk for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK]


def frozen_in(slot: str, vm: VirtualMachine) -> list[Disk]:
    """Return the disks of checkpoints in a slot."""
    return [disk for disk in vm.frozen if disk.slot == slot]


class DiskKeys:
    """Every key by which the virtual hard disks of one machine can be named."""

    def __init__(self, vm: VirtualMachine) -> None:
        """Index the disks once: a machine may have hundreds, and a key for each."""
        self._disks = hard_disks(vm)
        self._several = has_several_controllers(vm)
        self._named: dict[str, list[Disk]] = {}
        for disk in self._disks:
            files = (disk, *frozen_in(disk.slot, vm))
            for name in {winpath.comparable_name(winpath.base_name(file.path)) for file in files}:
                self._named.setdefault(name, []).append(disk)

    def meant(self, key: str) -> list[Disk]:
        """Return the disks that a key names: by controller and slot, otherwise by file name.

        A checkpoint gives a disk a new `.avhdx` file: the name of the file before it names the disk, too. With
        several SCSI controllers `SCSI 1:0` names no disk.
        """
        spoken = _spoken(key)
        at_place = [] if spoken is None else [disk for disk in self._disks if self._is_at(spoken, disk)]
        return at_place or self._named.get(winpath.comparable_name(key), [])

    def _is_at(self, spoken: _Spoken, disk: Disk) -> bool:
        if spoken.guid is None:
            here = disk.slot == f"{spoken.kind}-{spoken.number}-{spoken.slot}"
            return here and not (spoken.counts and self._several)
        # A controller's GUID is part of its disks' InstanceID; no row tells the number that Hyper-V Manager shows (ADR 0025).
        place = place_of(disk.instance_id)
        if place is None or not place.on_scsi or spoken.kind != "scsi":
            return False
        return place.slot == spoken.slot and place.controller.casefold().startswith(spoken.guid)


def matching_disks(key: str, vm: VirtualMachine) -> list[Disk]:
    """Return the virtual hard disks that a key of the stack file names (`DiskKeys.meant`)."""
    return DiskKeys(vm).meant(key)


def slot_key(key: str) -> str:
    """Return a key such as `SCSI 0:1` in the form of `Disk.slot`, `scsi-0-1`."""
    return key.strip().casefold().replace(" ", "-").replace(":", "-")


def key_of(disk: Disk, vm: VirtualMachine) -> str:
    """Return a key that means `disk` and no other: its file name if that is unique, otherwise its controller and slot.

    For a disk with checkpoints the name is that of the first file of its chain.
    """
    first = next(iter(frozen_in(disk.slot, vm)), disk)
    name = winpath.base_name(first.path)
    return name if matching_disks(name, vm) == [disk] else place_key(disk)


def place_key(disk: Disk) -> str:
    """Return a disk's controller and slot as people write them: `SCSI 0:1`, with several SCSI controllers `SCSI 3F2A1B2C:1`."""
    try:
        kind, controller, slot = slot_parts(disk.slot)
    except ValueError:  # not a slot of any form that Hyper-V has
        return disk.slot
    return f"{kind} {controller}:{slot}".upper()


def key_findings(storage: StorageSpec, vm: VirtualMachine, label: str) -> Iterator[Finding]:
    """Yield a refusal for each key that does not mean exactly one disk, and for each that probably means another one."""
    spoken: dict[str, str] = {}
    keys = DiskKeys(vm)
    for key, location in storage.disks.items():
        found = keys.meant(key)
        if len(found) == 1:
            # A file name and a slot may name one disk: of two places for it the first would win, silently.
            first = spoken.setdefault(found[0].slot, key)
            if first != key:
                yield Finding.refusal(
                    "disk-key-twice",
                    f"{label}: disks {first!r} and {key!r} are one disk, {found[0].path}",
                    "Remove one of the two",
                )
            # The key probably does not mean the disk that its writer had in mind.
            for other in _others_named(location, found[0], keys):
                yield Finding.refusal(
                    "disk-takes-anothers-name",
                    f"{label}: disk {key!r} is {found[0].path}, declared as {location}; {winpath.base_name(location)} is the"
                    f" name of another disk of {vm.name}, {other.path}",
                    f"Write '{key_of(other, vm)}' if that one is meant, otherwise choose another file name",
                )
        elif (place := _spoken(key)) is not None and place.counts and has_several_controllers(vm):
            yield _counted(key, vm, label)
        else:
            yield _unknown(key, found, vm, label)


def strange_places(wanted: Placement, vm: VirtualMachine, label: str) -> Iterator[Finding]:
    """Yield a refusal where `wanted` names slots that the machine's disks no longer have.

    Adding a second SCSI controller renames the slots of all disks: they then go by controller GUIDs.
    """
    if not wanted.disks:
        return
    have = {disk.slot for disk in hard_disks(vm)}
    paths = {winpath.comparable(disk.path) for disk in vm.disks}
    for slot, path in sorted(wanted.disks.items()):
        # A disk that already is where it was to be needs no slot: only the name of the slot has changed.
        if slot not in have and winpath.comparable(path) not in paths:
            yield Finding.refusal(
                "disk-slot-gone",
                f"{label}: {path} was to be the file of the disk in {slot}, and {vm.name} has none there now",
                "Its controllers or disks were changed meanwhile: run again",
            )


def _spoken(key: str) -> _Spoken | None:
    found = _PLACE.fullmatch(slot_key(key))
    return None if found is None else _Spoken(found["kind"], found["number"], found["guid"], found["slot"])


def has_several_controllers(vm: VirtualMachine) -> bool:
    """Say whether slots of `vm` go by GUIDs of several SCSI controllers, or by numbers from an older state."""
    # One SCSI controller can only be number 0; of several no row of the host gives the numbers (ADR 0025).
    on_scsi = (disk.slot for disk in vm.disks if disk.slot.startswith("scsi-"))
    return any(slot_parts(slot)[1] != ONLY for slot in on_scsi)


def _counted(key: str, vm: VirtualMachine, label: str) -> Finding:
    spoken = _spoken(key)
    slot = spoken.slot if spoken else ""
    meant = [disk for disk in hard_disks(vm) if disk.slot.endswith(f"-{slot}")] or hard_disks(vm)
    return Finding.refusal(
        "disk-key-counts-controllers",
        f"{label}: the stack file names disk {key!r}, and {vm.name} has several SCSI controllers, whose numbers its host"
        " does not report: which disk that is is not known",
        f"Write instead {_keys(meant, vm)}",
    )


def _unknown(key: str, found: list[Disk], vm: VirtualMachine, label: str) -> Finding:
    have = ", ".join(f"{winpath.base_name(disk.path)} ({disk.slot})" for disk in vm.disks) or "none"
    what = "has no such disk" if not found else f"has {len(found)} disks of that name"
    meant = found or hard_disks(vm)
    remedy = f"Write instead {_keys(meant, vm)}" if meant else "Remove that key"
    return Finding.refusal(
        "disk-key-unknown",
        f"{label}: the stack file names disk {key!r}, the machine {what}; it has {have}",
        remedy,
    )


def _keys(disks: Iterable[Disk], vm: VirtualMachine) -> str:
    """Return the keys to choose from, each with its file."""
    return ", or ".join(f"'{key_of(disk, vm)}' for {disk.path}" for disk in disks)


def _others_named(location: str, disk: Disk, keys: DiskKeys) -> list[Disk]:
    """Return the other disks that already have the file name that is declared for `disk`."""
    wanted = winpath.base_name(location)
    named = keys.meant(wanted) if winpath.has_ending(wanted, DISK_FILES) else []
    return [] if disk in named else named

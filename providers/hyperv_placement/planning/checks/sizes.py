"""What a move copies beside the files of its disks, what it leaves behind, and which sizes are unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, Inventory, ParentFile, VirtualMachine, Volume
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move, ParentCopy
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.units import format_bytes

from .preflight.room import volume_of


def stay_behind(move: Move) -> tuple[Disk, ...]:
    """Return the disks whose old files stay at the source when a move has ended, as its options say.

    AvoidRemovingVHDs: none is removed. RetainVhdCopiesOnSource: read-only ones stay, and disks of checkpoints are
    read-only (win32 page of Msvm_VirtualSystemMigrationSettingData; parents are no files of the machine).
    """
    if not move.copies_storage:
        return ()
    copied = {
        disk.instance_id
        for disk in move.all_disks
        if move.changes_host or not winpath.same(disk.source, disk.target)
    }
    if move.options.avoid_removing_vhds:
        return tuple(disk for disk in (*move.vm.disks, *move.vm.frozen) if disk.instance_id in copied)
    if move.options.retain_vhd_copies_on_source:
        return tuple(disk for disk in move.vm.frozen if disk.instance_id in copied)
    return ()


def copied_parents(move: Move) -> tuple[ParentCopy, ...]:
    """Return the parents that a move copies beside its disks, each once; they stay at the source as well."""
    if move.options.parents != "copy" or not move.copies_storage:
        return ()
    above = {disk.instance_id: disk.above for disk in (*move.vm.disks, *move.vm.frozen)}
    found: dict[str, ParentCopy] = {}
    for disk in move.all_disks:
        for parent in above.get(disk.instance_id, ()):
            target = winpath.join(winpath.parent(disk.target), winpath.base_name(parent.path))
            # Two disks of one parent in one folder share the copy: by the target, not by the source, it is one file.
            copy = ParentCopy(source=parent.path, target=target, size_bytes=parent.counted_bytes)
            found.setdefault(winpath.comparable(target), copy)
    return tuple(found.values())


_REMEDY = "Try Get-VHD on that file; a start refuses what cannot be examined"


def leaves_files(options: MigrationOptions, vm: VirtualMachine) -> bool:
    """Say whether moves by these options leave files where the machine was: then it cannot step aside and come back."""
    kept = options.avoid_removing_vhds or (options.retain_vhd_copies_on_source and vm.frozen)
    copied = options.parents == "copy" and any(disk.above for disk in (*vm.disks, *vm.frozen))
    return bool(kept) or copied


def left_behind(moves: Iterable[Move]) -> Iterator[Finding]:
    """Yield a warning for each move that frees less at its source than it takes along."""
    for move in moves:
        if count := sum(disk.counted_bytes for disk in stay_behind(move)):
            option = (
                "avoid_removing_vhds" if move.options.avoid_removing_vhds else "retain_vhd_copies_on_source"
            )
            text = f"{move.vm.name} leaves {format_bytes(count)} of files at {move.source} ({option}), which count as taken"
            yield Finding.warning("files-left-behind", text)


def unsized(move: Move, inventory: Inventory) -> Iterator[Finding]:
    """Yield a warning for each file that is copied and whose size is not known, and what it is counted as."""
    for name, path, target, largest in _unsized(move):
        text = f"{move.vm.name}: the size of {name} ({path}) could not be read"
        if largest is not None:
            yield Finding.warning(
                "size-unread",
                f"{text}: it counts as {format_bytes(largest)}, the largest that it may have",
                _REMEDY,
            )
        else:
            facts = inventory.hosts[move.destination].facts
            volume = volume_of(target, facts.volumes or ()) if facts else None
            room = (
                f"how much room it takes at {target}"
                if volume is None
                else f"how much room {volume.path} of {move.destination} has after it"
            )
            yield Finding.warning("size-unread", f"{text}: {room} is not known", _REMEDY)


def of_unknown_size(move: Move) -> bool:
    """Say whether a move copies a file whose size and largest size are both unknown."""
    return any(largest is None for *_, largest in _unsized(move))


def volumes_unknown(move: Move, volumes: Iterable[Volume]) -> set[str]:
    """Return the volumes of the destination to which a move copies files of unknown size."""
    known = tuple(volumes)
    held = (volume_of(target, known) for *_, target, largest in _unsized(move) if largest is None)
    return {volume.path for volume in held if volume is not None}


def _unsized(move: Move) -> Iterator[tuple[str, str, str, int | None]]:
    """Yield name, path, new path and largest size of each file that is copied and whose size could not be read."""
    if not move.copies_storage or move.vm.switches is None:
        return  # nothing that only a move asks was read
    disks = {disk.instance_id: disk for disk in (*move.vm.disks, *move.vm.frozen)}
    for moving in move.all_disks:
        disk = disks[moving.instance_id]
        if disk.size_bytes is None and disk.kind == DiskKind.VIRTUAL_HARD_DISK:
            yield f"disk {disk.slot}", disk.path, moving.target, disk.max_bytes
    if move.options.parents == "copy":
        attached = {winpath.comparable(disk.path) for disk in disks.values()}
        for moving in move.all_disks:
            for parent in parents_of(disks[moving.instance_id], attached):
                if parent.size_bytes is None:
                    yield f"the parent of disk {moving.slot}", parent.path, moving.target, parent.max_bytes


def parents_of(disk: Disk, attached: Collection[str]) -> tuple[ParentFile, ...]:
    """Return the parents of a disk that go along with it; one without a size where they were not read.

    `attached`: paths, in comparable form, of the machine's own disks.
    """
    # Where the chain was not read, the parent that the disk itself names is all that is known of it.
    if disk.above or disk.parent_path is None or winpath.comparable(disk.parent_path) in attached:
        return disk.above
    return (ParentFile(path=disk.parent_path),)

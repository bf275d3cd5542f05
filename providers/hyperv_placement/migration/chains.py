"""The files that a moving disk depends on: every parent goes along, or nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hyperv_placement import quoting
from hyperv_placement.errors import MoveRefusedError
from hyperv_placement.hyperv.images import LONGEST
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, VirtualMachine
from hyperv_placement.model.move import DiskMove, Move, ParentCopy
from hyperv_placement.planning.machine.wanted_move import on_shared_storage


def with_parents(move: Move, detailed: VirtualMachine, read: Callable[[str], Disk]) -> Move:
    """Return `move` with the details of its disks, and with the parents that nothing attaches.

    `read` examines a file at the source by its path. Raises MoveRefusedError where a disk cannot be examined, or has
    a parent that neither the machine nor one of its checkpoints attaches and that was not chosen to be copied.
    """
    files = {disk.instance_id: disk for disk in (*detailed.disks, *detailed.frozen)}
    attached = {winpath.comparable(disk.path) for disk in files.values()}
    copies: dict[str, ParentCopy] = {}
    for moving in move.all_disks:
        disk = _examined(move, files[moving.instance_id])
        for copy in _above(move, disk, moving, attached, read):
            # Several disks may have one parent, which is copied once.
            first = copies.setdefault(winpath.comparable(copy.source), copy)
            if not winpath.same(first.target, copy.target):
                raise MoveRefusedError(
                    f"{move.vm.name}: {copy.source} is the parent of disks that go to different folders",
                    remedy="Let them go to one folder",
                )
    found = tuple(copies.values())
    _check_targets(move, found)
    return replace(move, vm=detailed, parents=found)


def check_shared(move: Move, detailed: VirtualMachine, read: Callable[[str], Disk]) -> None:
    """Raise MoveRefusedError where a disk that stays on shared storage depends on a file that only one host sees."""
    for disk in (*detailed.disks, *detailed.frozen):
        found = disk
        for _ in range(LONGEST):
            path = found.parent_path
            if path is None:
                break
            if not on_shared_storage(path):
                raise MoveRefusedError(
                    f"{_where(move, disk.slot, disk.path)} is a differencing disk of {path}, which {move.destination}"
                    " does not see",
                    remedy=f"Put {path} where both hosts see it, on the same share; a merge would write into it, and other disks may have it as"
                    " their parent",
                )
            found = _examined(move, replace(read(path), slot=disk.slot))


def strays(move: Move, after: VirtualMachine, read: Callable[[str], Disk]) -> list[str]:
    """Return, in words, which disks of the moved machine have a parent that is neither its own nor one that was copied.

    `after`: with details; `read` examines a file at the destination.
    """
    own = {winpath.comparable(disk.path) for disk in (*after.disks, *after.frozen)}
    copied = {winpath.comparable(parent.target) for parent in move.parents}
    found = [
        f"the parent {parent.target} is not there"
        for parent in move.parents
        if read(parent.target).size_bytes is None
    ]
    moving = {disk.instance_id for disk in move.all_disks}
    stay = {
        winpath.comparable(disk.parent_path)
        for disk in (*move.vm.disks, *move.vm.frozen)
        if disk.parent_path is not None and disk.instance_id not in moving
    }
    found += [
        f"its disk {disk.slot} ({disk.path}) has the parent {disk.parent_path}"
        for disk in (*after.disks, *after.frozen)
        if disk.parent_path is not None and winpath.comparable(disk.parent_path) not in own | copied | stay
    ]
    return found


def _above(
    move: Move, disk: Disk, moving: DiskMove, attached: set[str], read: Callable[[str], Disk]
) -> Iterator[ParentCopy]:
    """Yield the parents above `disk` up to the first that is attached: that one has an entry of its own."""
    for _ in range(LONGEST):
        path = disk.parent_path
        if path is None or winpath.comparable(path) in attached:
            return
        if move.options.parents != "copy":
            raise MoveRefusedError(
                f"{_where(move, moving.slot, disk.path)} is a differencing disk of {path}",
                remedy=f"Choose parents: copy under migration. A merge writes into {path}, which other disks may have as their parent",
            )
        disk = _examined(move, replace(read(path), slot=moving.slot))
        target = winpath.join(winpath.parent(moving.target), winpath.base_name(path))
        yield ParentCopy(source=path, target=target, size_bytes=disk.size_bytes or 0)
    raise MoveRefusedError(f"{_where(move, moving.slot, moving.source)} has more than {LONGEST} parents")


def _check_targets(move: Move, copies: tuple[ParentCopy, ...]) -> None:
    """Refuse a parent that would be copied onto itself or onto a disk that moves."""
    taken = {winpath.comparable(disk.target) for disk in move.all_disks}
    for copy in copies:
        # On a share, and where the machine stays on its host, equal paths are one file.
        stays = winpath.is_unc(copy.target) or not move.changes_host
        if winpath.comparable(copy.target) in taken or (stays and winpath.same(copy.source, copy.target)):
            raise MoveRefusedError(
                f"{move.vm.name}: the parent {copy.source} would become {copy.target}, which is taken",
                remedy="Choose another folder for the disk",
            )
        taken.add(winpath.comparable(copy.target))


def _examined(move: Move, disk: Disk) -> Disk:
    if disk.size_bytes is None:
        raise MoveRefusedError(
            f"{_where(move, disk.slot, disk.path)} cannot be examined by {move.source}: its size and parent are"
            " unknown",
            remedy=f"Run again, in case it has moved since; else, on {move.source}, try {quoting.powershell('Get-VHD')}",
        )
    return disk


def _where(move: Move, slot: str, path: str) -> str:
    return f"{move.vm.name}: disk {slot} ({path})"

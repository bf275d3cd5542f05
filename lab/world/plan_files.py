"""Which files a migration moves, and why VMMS would not move them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hyperv_placement.model import winpath
from hyperv_placement.model.move import Moves
from lab.storage.files import PathRefusedError

from . import room, texts
from .jobs import FileMove, MigrationRequest, Work
from .objects import DVD, FLOPPY, ISO, PASS_THROUGH, LabDisk, LabHost, LabRoots, LabVm
from .world import World


class RefusedMoveError(Exception):
    """VMMS fails the job early, for the causes in `lines`."""

    def __init__(self, *lines: str, injected: bool = False) -> None:
        """Keep the causes, outermost first; `injected`: a fault of the lab is behind it, not the caller."""
        super().__init__(*lines)
        self.lines = lines
        self.injected = injected


def configuration_files(vm: LabVm, roots: LabRoots) -> list[str]:
    r"""Return the paths of the machine's own files under `roots`: `<root>\Virtual Machines\<GUID>.vmcx` .."""
    files = [
        winpath.join(roots.config, "Virtual Machines", f"{vm.id}.{ending}") for ending in ("vmcx", "vmrs")
    ]
    files += [
        winpath.join(roots.checkpoints, "Snapshots", f"{checkpoint.id}.vmcx") for checkpoint in vm.checkpoints
    ]
    if roots.guest_state is not None:
        files.append(winpath.join(roots.guest_state, "Virtual Machines", f"{vm.id}.vmgs"))
    return files


def plan_files(
    world: World, source: LabHost, vm: LabVm, request: MigrationRequest, destination: LabHost, work: Work
) -> None:
    """Fill `work` with the files to move, the new paths and the memory to set aside.

    Raises RefusedMoveError where VMMS would fail the job.
    """
    if request.destination is not None:
        work.memory_mib = vm.memory_in_use_mib
        work.numa = room.numa_place(destination, world.state.jobs, vm) or []
    if request.moves == Moves.HOST:
        _check_shared_files(world, source, vm, destination)
        return
    _check_movable(vm, request)
    work.roots = roots = replace(work.roots, guest_state=work.roots.guest_state or vm.roots.guest_state)
    for folder in (roots.checkpoints, roots.paging):
        if not _sees(world, destination, folder):
            raise RefusedMoveError(texts.no_volume(folder))
    files = [
        FileMove(source=old, target=new, size_bytes=0)
        for old, new in zip(configuration_files(vm, vm.roots), configuration_files(vm, roots), strict=True)
    ]
    for disk in vm.disks:
        target = request.disks.get(disk.slot)
        if disk.kind == DVD:
            continue
        if disk.kind in (ISO, FLOPPY) or target is None:
            _check_stays(world, vm, disk, request, destination)
            continue
        work.disks[disk.slot] = target
        files.append(_disk_move(disk, target, request))
    files += _frozen_moves(vm, request, work)
    files += _unmanaged_moves(world, source, request)
    work.parents = {winpath.comparable(file.source): file.target for file in files}
    _check_parents(world, source, vm, destination, work)
    work.moves = _moves(world, source, destination, files)


def _frozen_moves(vm: LabVm, request: MigrationRequest, work: Work) -> list[FileMove]:
    """Return the moves of checkpoints' disks.

    To another host all must be named, as the Hyper-V module does (decompiled); that the job fails else is a guess.
    """
    files = []
    for checkpoint in vm.checkpoints:
        for disk in checkpoint.disks:
            key = f"{checkpoint.id}/{disk.slot}"
            target = request.frozen.get(key)
            if target is not None:
                work.frozen[key] = target
                move = _disk_move(disk, target, request)
                move.keep_source = move.keep_source or request.options.retain_copies
                files.append(move)
            elif request.moves == Moves.HOST_AND_STORAGE:
                raise RefusedMoveError(texts.CHECKPOINTS.format(vm=vm.name))
    return files


def _unmanaged_moves(world: World, source: LabHost, request: MigrationRequest) -> list[FileMove]:
    """Return the moves of files that nothing attaches; they stay at the source unless they are to be removed."""
    files = []
    for path, target in request.unmanaged.items():
        if not _real(world, source, path).exists():
            raise RefusedMoveError(texts.cannot_open(path))
        keep = not request.options.remove_unmanaged or request.options.avoid_removing
        files.append(
            FileMove(
                source=path,
                target=target,
                size_bytes=0,
                keep_source=keep,
                keep_target=request.options.avoid_removing,
            )
        )
    return files


def _check_parents(world: World, source: LabHost, vm: LabVm, destination: LabHost, work: Work) -> None:
    """Fail where a disk that moves would not find its parent: neither moved along nor the same file there (guess)."""
    moving = {disk.path for disk in vm.disks if disk.slot in work.disks}
    for checkpoint in vm.checkpoints:
        moving |= {disk.path for disk in checkpoint.disks if f"{checkpoint.id}/{disk.slot}" in work.frozen}
    attached = {winpath.comparable(disk.path) for disk in room.disks_of(vm)}
    for disk in room.disks_of(vm):
        parent = disk.parent_path
        if disk.path not in moving or parent is None or winpath.comparable(parent) in work.parents:
            continue
        same = _real(world, source, parent) == _real(world, destination, parent)
        if not same or winpath.comparable(parent) not in attached:
            raise RefusedMoveError(texts.DIFFERENCING.format(path=disk.path, parent=parent))


def _disk_move(disk: LabDisk, target: str, request: MigrationRequest) -> FileMove:
    keep = request.options.avoid_removing
    return FileMove(
        source=disk.path,
        target=target,
        size_bytes=disk.size_bytes,
        overwrite=request.options.overwrite,
        keep_source=keep,
        keep_target=keep,
    )


def _check_shared_files(world: World, source: LabHost, vm: LabVm, destination: LabHost) -> None:
    """Fail unless every file is the same file at both hosts.

    How VMMS words a host-only move of local files is a guess: the destination finds nothing to open. That
    it would open whatever lies under that path there, stale copy or not, is the danger; here it never does.
    """
    frozen = [disk.path for checkpoint in vm.checkpoints for disk in checkpoint.disks]
    files = frozen + [disk.path for disk in vm.disks if disk.kind != DVD] + configuration_files(vm, vm.roots)
    for path in files:
        if _real(world, source, path) != _real(world, destination, path) or not _sees(
            world, destination, path
        ):
            raise RefusedMoveError(texts.incompatible(vm, destination), texts.cannot_open(path))


def _check_movable(vm: LabVm, request: MigrationRequest) -> None:
    """Fail for what no storage migration can move; a disk that stays on its host is in nobody's way."""
    if vm.replication_mode:
        raise RefusedMoveError(texts.REPLICATED.format(vm=vm.name))
    for disk in vm.disks:
        if request.moves == Moves.STORAGE and disk.slot not in request.disks:
            continue
        if disk.kind == PASS_THROUGH:
            raise RefusedMoveError(texts.PHYSICAL_DISK.format(path=disk.path))
        if disk.shared:
            raise RefusedMoveError(texts.SHARED_DISK.format(path=disk.path))


def _check_stays(
    world: World, vm: LabVm, disk: LabDisk, request: MigrationRequest, destination: LabHost
) -> None:
    """Fail where a medium that is not to move cannot be opened at the destination.

    A disk left out of a request to move host and storage is not moved, as where storage moves alone; that the job then
    fails is a guess.
    """
    if request.moves != Moves.HOST_AND_STORAGE:
        return
    here, there = _real(world, world.hosts[vm.host], disk.path), _real(world, destination, disk.path)
    if disk.kind == ISO and not there.exists():
        raise RefusedMoveError(texts.bad_medium(vm, disk.path))
    if disk.kind == FLOPPY and not there.exists():  # guess: as an ISO image fails, in the words for any file
        raise RefusedMoveError(texts.incompatible(vm, destination), texts.cannot_open(disk.path))
    if disk.kind not in (ISO, FLOPPY) and (here != there or not _sees(world, destination, disk.path)):
        raise RefusedMoveError(texts.incompatible(vm, destination), texts.cannot_open(disk.path))


def _moves(world: World, source: LabHost, destination: LabHost, files: list[FileMove]) -> list[FileMove]:
    """Return the files that really change place, having checked that there is room for them."""
    moves: list[FileMove] = []
    wanted: dict[str, int] = {}
    for file in files:
        new = file.target
        place = room.place_of(destination, world.shares, new)
        if place is None:
            raise RefusedMoveError(texts.no_volume(new))
        here, there = _real(world, source, file.source), _real(world, destination, new)
        if here == there and winpath.same(file.source, file.target):
            continue
        if here == there:  # guess: by another name of its share or volume a file is in its own way
            raise RefusedMoveError(texts.file_exists(new))
        if any(winpath.same(new, move.target) for move in moves):
            raise RefusedMoveError(texts.file_exists(new))
        if there.exists():
            _check_overwriting(world, destination, file)
        wanted[place.path] = wanted.get(place.path, 0) + file.size_bytes
        if wanted[place.path] > (world.volume_free(destination.name, new) or 0):
            raise RefusedMoveError(texts.no_space(new))
        moves.append(file)
    return moves


def _check_overwriting(world: World, destination: LabHost, file: FileMove) -> None:
    """Fail for a file that lies there already, unless it may be replaced and nobody has it.

    That a disk of another machine is not overwritten whatever the option says is a guess.
    """
    if not file.overwrite:
        raise RefusedMoveError(texts.file_exists(file.target))
    there = _real(world, destination, file.target)
    for vm in world.vms():
        if any(
            disk.kind != PASS_THROUGH and _real(world, world.hosts[vm.host], disk.path) == there
            for disk in room.disks_of(vm)
        ):
            raise RefusedMoveError(texts.in_use(file.target))


def _sees(world: World, host: LabHost, path: str) -> bool:
    return room.place_of(host, world.shares, path) is not None


def _real(world: World, host: LabHost, path: str) -> Path:
    try:
        return world.files.real(host.name, path)
    except PathRefusedError as error:
        raise RefusedMoveError(f"'{path}': {error}") from error

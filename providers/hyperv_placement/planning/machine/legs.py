"""One leg of a machine's route: its whole end placement, and in what two orders for it differ.

Compares what the schedule booked with what would be ordered: schedules are made of these ends, and starts are refused
by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hyperv_placement.errors import PlanError
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, Inventory, Roots, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.planning.machine.wanted_move import order


def after(move: Move) -> VirtualMachine:
    """Return the machine as it will be when a move has ended."""
    moved = targets(move)
    return replace(
        move.vm,
        host=HostName(move.destination),
        roots=move.roots,
        disks=_at(moved, move.vm.disks),
        frozen=_at(moved, move.vm.frozen),
    )


def _at(moved: Mapping[str, str], disks: Iterable[Disk]) -> tuple[Disk, ...]:
    return tuple(
        replace(disk, path=moved[disk.instance_id]) if disk.instance_id in moved else disk for disk in disks
    )


def whole(vm: VirtualMachine) -> Placement:
    """Return where a machine is, with every folder and file that a move could take elsewhere."""
    return _whole(vm, vm.host, vm.roots, {})


def end_of(move: Move) -> Placement:
    """Return the whole placement at the end of a move."""
    return _whole(move.vm, HostName(move.destination), move.roots, targets(move))


def targets(move: Move) -> Mapping[str, str]:
    """Return InstanceID -> path at the end, of the disks that a move takes along."""
    return {disk.instance_id: disk.target for disk in move.all_disks}


def _whole(vm: VirtualMachine, host: HostName, roots: Roots, moved: Mapping[str, str]) -> Placement:
    # Without a copy of the machine: large estates have tens of thousands of ends.
    return Placement(
        host=host,
        config=roots.config,
        checkpoints=roots.checkpoints,
        paging=roots.paging,
        guest_state=roots.guest_state,
        disks={
            disk.slot: moved.get(disk.instance_id, disk.path)
            for disk in vm.disks
            if disk.kind == DiskKind.VIRTUAL_HARD_DISK
        },
        frozen={disk.instance_id: moved.get(disk.instance_id, disk.path) for disk in vm.frozen},
    )


def refitted(wanted: Placement, before: VirtualMachine, now: VirtualMachine) -> Placement:
    """Return a placement that was made for the files of `before` for those that the machine has now.

    A backup or the like puts other files into slots when it begins and when it ends: each goes to the folder that was meant for
    the file in its slot. A file that was to keep its name keeps the one that it has now; no file gets the name of one that is gone.
    """
    then, files = ({disk.slot: disk.path for disk in vm.disks} for vm in (before, now))
    disks = {
        slot: winpath.join(winpath.parent(path), winpath.base_name(files[slot]))
        if slot in files and winpath.same_name(winpath.base_name(path), winpath.base_name(then.get(slot, "")))
        else path
        for slot, path in wanted.disks.items()
    }
    return replace(wanted, disks=disks, frozen={})


def compared(placement: Placement) -> Iterator[tuple[str, str]]:
    """Yield the parts of a placement by name, in a stable order, with paths normalised so that they compare as text."""
    yield "host", placement.host or ""
    for name, path in sorted({**_folders(placement), **_files(placement)}.items()):
        yield name, "" if path is None else winpath.comparable(path)


def onward(vm: VirtualMachine, end: Placement, inventory: Inventory) -> Move:
    """Return the move that takes a machine to a whole placement, as a start would order it.

    Raises PlanError if there is none or it would end elsewhere: then the schedule booked what cannot be ordered.
    """
    target = HostName(end.host or vm.host)
    move = order(vm, end, inventory.hosts[vm.host], inventory.hosts[target])
    if move is None:
        raise PlanError(
            f"{vm.name}: a move from {vm.host} to {target} is scheduled, and there is nothing to order"
        )
    # Fails here rather than at the start: what was booked is compared with the very order that a start would make.
    apart = list(_apart(end, end_of(move)))
    if apart:
        raise PlanError(f"{vm.name}: a move from {vm.host} to {target} is scheduled, and {apart[0]}")
    return move


def departures(booked: Move, live: Move, *, renamed: bool = False) -> Iterator[str]:
    """Yield, in words, each difference between the order that would be given now and the one that was scheduled.

    A disk's present file counts as well as its target: a checkpoint taken meanwhile puts another file in its slot. `renamed`:
    a backup or the like was waited for, that puts other files into slots when it begins and when it ends: then the folder of
    each file counts, and no file of a checkpoint.
    """
    if booked.moves != live.moves:
        yield f"it would be {_articled(live)}, {_articled(booked)} was planned"
    if renamed:
        yield from _apart(_by_folder(end_of(booked)), _by_folder(end_of(live)))
        return
    yield from _apart(end_of(booked), end_of(live))
    then, now = whole(booked.vm), whole(live.vm)
    for name, before in _files(then).items():
        path = _files(now).get(name)
        if path is not None and not winpath.same(path, before):
            yield f"{name} is {path}, it was {before}"


def _articled(move: Move) -> str:
    return f"{'an' if move.described.startswith('o') else 'a'} {move.described}"


def _by_folder(end: Placement) -> Placement:
    return replace(end, disks={slot: winpath.parent(path) for slot, path in end.disks.items()}, frozen={})


def _apart(booked: Placement, live: Placement) -> Iterator[str]:
    if booked.host != live.host:
        yield f"it would go to {live.host}, {booked.host} was planned"
    for name, folder in _folders(booked).items():
        there = _folders(live)[name]
        # A folder that was not known when the move was planned is no difference: the new host may report what the old one did not.
        if folder is not None and (there is None or not winpath.same(folder, there)):
            yield f"its {name} would be {there or 'nowhere'}, {folder} was planned"
    then, now = _files(booked), _files(live)
    for name in {**then, **now}:
        if name not in now:
            yield f"{name} ({then[name]} as planned) is gone"
        elif name not in then:
            yield f"{name} ({now[name]}) was not there"
        elif not winpath.same(then[name], now[name]):
            yield f"{name} would become {now[name]}, {then[name]} was planned"


def _folders(placement: Placement) -> Mapping[str, str | None]:
    return {
        "configuration": placement.config,
        "checkpoint folder": placement.checkpoints,
        "paging folder": placement.paging,
        "guest state": placement.guest_state,
    }


def _files(placement: Placement) -> dict[str, str]:
    disks = {f"disk {slot}": path for slot, path in placement.disks.items()}
    return {**disks, **{f"a checkpoint's disk {id_}": path for id_, path in placement.frozen.items()}}

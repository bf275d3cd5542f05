"""Checks whether the destination has room: what can never fit is refused, what is short now is waited for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import HostFacts, VirtualMachine, Volume
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.memory import held_mib, in_memory, needed_mib
from hyperv_placement.model.move import Move
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.model.units import MIB, format_bytes
from hyperv_placement.planning.machine.wanted_move import CLUSTER_STORAGE

NEEDS_RIGHT = (
    "The account needs the right to read root/cimv2 there; until then the host itself says what does not fit"
)


def memory_room(vm: VirtualMachine, destination: HostFacts, target: HostSpec) -> Iterator[Finding]:
    """Yield a finding where the destination lacks memory for the machine."""
    if not in_memory(vm):
        return
    wanted = needed_mib(vm)
    if wanted is None:
        yield Finding.refusal(
            "memory-unread", f"How much memory {vm.name} has could not be read", "Run again"
        )
        return
    if not vm.memory_certain:
        yield Finding.warning(
            "memory-dynamic-unread",
            f"{vm.name} has dynamic memory, and how much it has now could not be read (unverified)",
        )
    if destination.memory_mib is None or destination.memory_free_mib is None:
        yield Finding.warning(
            "memory-free-unread", f"How much memory {target.name} has free could not be read", NEEDS_RIGHT
        )
        return
    if wanted <= target.reserve.left_of_memory(min(destination.memory_mib, destination.memory_free_mib)):
        return
    needed = f"{format_bytes(wanted * MIB)} of memory{_as_dynamic(vm, wanted)}"
    # Against all memory first: what can never fit is refused, what is only taken now is waited for.
    if wanted > target.reserve.left_of_memory(destination.memory_mib):
        has = format_bytes(destination.memory_mib * MIB)
        yield Finding.refusal(
            "memory-too-little",
            f"{vm.name} needs {needed}, and {target.name} has {has} in all{_kept(target.reserve)}",
            "Choose a larger host, or give the machine less",
        )
    else:
        free = format_bytes(max(0, destination.memory_free_mib) * MIB)
        yield Finding.warning(
            "memory-short-now",
            f"{vm.name} needs {needed}, and {target.name} has {free} free now{_kept(target.reserve)}",
            "The move waits until there is room",
            topic=Topic.ROOM,
        )


def _as_dynamic(vm: VirtualMachine, wanted: int) -> str:
    """Return why a machine with dynamic memory counts with more than it has now."""
    held = held_mib(vm)
    if held is None or held >= wanted:
        return ""
    return f" (what its start takes; it has {format_bytes(held * MIB)} now)"


def _kept(reserve: Reserve) -> str:
    if not reserve.memory_mib:
        return ""
    return f", less its reserve of {format_bytes(reserve.memory_mib * MIB)}"


def disk_room(move: Move, destination: HostFacts, target: HostSpec) -> Iterator[Finding]:
    """Yield a finding where the destination lacks disk space for the files that are copied to it.

    Unknown amounts count as nothing: sizes that could not be read, and shares, whose space no host reports. A cluster's
    shared volume only warns: how thin it is provisioned is unverified.
    """
    if destination.volumes is None:
        yield Finding.warning(
            "volumes-unread",
            f"Which volumes {target.name} has, and what is free there, could not be read",
            NEEDS_RIGHT,
        )
        return
    roots = move.roots
    folders = (path for path in (roots.config, roots.checkpoints, roots.paging, roots.guest_state) if path)
    # Once each: the folders of a machine are mostly one.
    paths = dict.fromkeys((*folders, *(disk.target for disk in move.all_disks)))
    places = winpath.mounted((volume.path, volume) for volume in destination.volumes)
    held = {path: winpath.deepest(winpath.comparable(path), places) for path in paths}
    nowhere = {
        winpath.comparable(winpath.start(path)): path
        # Reversed, so that of the paths on one drive the first is named.
        for path, volume in reversed(held.items())
        if volume is None and not winpath.is_unc(path)
    }
    for path in nowhere.values():  # one for each drive that is not there
        yield Finding.refusal(
            "volume-missing",
            f"{move.vm.name} is to have {path}, and {target.name} has no such volume",
            "Declare a place that exists there (storage: in the stack file)",
        )
    sizes = {disk.instance_id: disk.counted_bytes for disk in (*move.vm.disks, *move.vm.frozen)}
    coming: dict[str, int] = {}
    for disk in move.all_disks:
        if (volume := held[disk.target]) is not None:
            coming[volume.path] = coming.get(volume.path, 0) + sizes.get(disk.instance_id, 0)
    for volume in destination.volumes:
        yield from _volume(move, volume, coming.get(volume.path, 0), target)


def _volume(move: Move, volume: Volume, wanted: int, target: HostSpec) -> Iterator[Finding]:
    if not wanted or wanted <= target.reserve.left_on(volume):
        return
    needs = f"{move.vm.name} needs {format_bytes(wanted)} on {volume.path} of {target.name}"
    free = f"{needs}, which has {format_bytes(max(0, volume.free_bytes))} free now"
    if winpath.is_inside(CLUSTER_STORAGE, volume.path):
        yield Finding.warning("volume-short-on-cluster", free)
    elif wanted > volume.capacity_bytes - target.reserve.on(volume):
        yield Finding.refusal(
            "volume-too-small",
            f"{needs}, which has {format_bytes(volume.capacity_bytes)} in all",
            "Declare a larger volume",
        )
    else:
        yield Finding.warning(
            "volume-short-now", free, "The move waits until there is room", topic=Topic.ROOM
        )


def volume_of(path: str, volumes: Iterable[Volume]) -> Volume | None:
    """Return the volume that holds `path`: the one mounted deepest above it; None for a share."""
    places = winpath.mounted((volume.path, volume) for volume in volumes)
    return winpath.deepest(winpath.comparable(path), places)

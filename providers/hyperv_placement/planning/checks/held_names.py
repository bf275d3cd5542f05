"""The names that machines hold: one file has one owner, so a path on a host is a thing that one machine holds.

Only disks count, those of checkpoints included: configuration and guest state are files that a machine's GUID names,
so equal roots do not collide. An ISO is read by many machines, and belongs to none.
"""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.adoption import host_named
from hyperv_placement.model.estate import UNKNOWN_CLUSTER, Disk, DiskKind, Host, Inventory, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.planning.checks.sizes import copied_parents, stay_behind
from hyperv_placement.planning.machine.wanted_move import CLUSTER_STORAGE, on_loopback

Key = tuple[str, str]
"""Where a path is one file (on a host, in a cluster, or for everybody on a share), and the path in comparable form."""


def key_of(path: str, host: Host) -> Key:
    """Return which file a path is, as seen from `host`: on a share one for all, on a cluster's volume one for its nodes."""
    name = winpath.comparable(path)
    if winpath.is_unc(path):
        return host.name if on_loopback(path) else "", name
    cluster = None if host.facts is None else host.facts.cluster
    # C:\ClusterStorage is one folder for all nodes of a cluster, and an ordinary one on a host without.
    if cluster not in {None, UNKNOWN_CLUSTER} and winpath.is_inside(CLUSTER_STORAGE, path):
        return f"cluster {cluster}", name
    return host.name, name


def held_now(vm: VirtualMachine, host: Host) -> Iterator[tuple[Key, str]]:
    """Yield the files that a machine has on `host`, its own, with their paths."""
    for disk in files_of(vm):
        yield key_of(disk.path, host), disk.path


def held_after(move: Move, destination: Host) -> Iterator[tuple[Key, str]]:
    """Yield the files that a machine has when `move` has ended, with their paths: parents that are copied, too."""
    targets = {disk.instance_id: disk.target for disk in move.all_disks}
    for disk in files_of(move.vm):
        path = targets.get(disk.instance_id, disk.path)
        yield key_of(path, destination), path
    yield from ((key_of(parent.target, destination), parent.target) for parent in copied_parents(move))


def left_at(move: Move, source: Host) -> Iterator[tuple[Key, str]]:
    """Yield the files of a machine that stay where they are when `move` has ended, as its options say."""
    yield from ((key_of(disk.path, source), disk.path) for disk in stay_behind(move))


def files_of(vm: VirtualMachine) -> Iterator[Disk]:
    """Yield the disks that are files of its own: no pass-through disk, no ISO, and none that machines share."""
    return (
        disk
        for disk in (*vm.disks, *vm.frozen)
        if disk.kind == DiskKind.VIRTUAL_HARD_DISK and not disk.shared
    )


def being_made(inventory: Inventory) -> Iterator[tuple[Key, VmId]]:
    """Yield the files that migrations make which run now, as far as their jobs report it, each with its machine."""
    foreign = {id(job) for _, job, _ in inventory.foreign_jobs()}
    facts = {name: host.facts for name, host in inventory.hosts.items() if host.facts is not None}
    for name, host in inventory.hosts.items():
        for job in host.jobs:
            if id(job) in foreign:
                continue
            # A job without a destination moves storage on its own host.
            end = name if job.destination is None else host_named(job.destination, facts)
            if end is not None and not job.only_prepares:
                there = inventory.hosts[end]
                yield from ((key_of(path, there), job.vm_id) for path in job.new_paths if path)

"""How much room there is: memory, disk and migration slots, with what running jobs have set aside."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hyperv_placement.model import winpath

from .jobs import LabJob
from .objects import FILELESS, LabDisk, LabHost, LabShare, LabVm, LabVolume
from .spelling import plain

Place = LabVolume | LabShare
NUMA_MOST_MIB = 65536
"""MaxMemoryBlocksPerNumaNode of every machine, in MiB."""


# Each look at the room goes over every path, and there are few: without this a big estate crawls.
_inside = functools.lru_cache(maxsize=1 << 16)(winpath.is_inside)
_is_unc = functools.lru_cache(maxsize=1 << 14)(winpath.is_unc)


def memory_free_mib(host: LabHost, jobs: Iterable[LabJob]) -> int:
    """Return what the host could still give: its memory less its own, its machines' and what is set aside."""
    in_use = sum(vm.memory_in_use_mib for vm in host.vms())
    aside = sum(
        job.work.memory_mib for job in jobs if job.work and not job.work.switched and job.target == host.name
    )
    return host.memory_mib - host.reserved_mib - in_use - aside


def numa_free_mib(host: LabHost, jobs: Iterable[LabJob]) -> list[int]:
    """Return what each NUMA node of the host could still give; less than nothing where machines span nodes."""
    free = [(host.memory_mib - host.reserved_mib) // host.numa_nodes] * host.numa_nodes
    held = [(vm.memory_in_use_mib, vm.numa) for vm in host.vms()]
    held += [
        (job.work.memory_mib, job.work.numa)
        for job in jobs
        if job.work and not job.work.switched and job.target == host.name
    ]
    for mib, nodes in held:
        parts = nodes or [0]
        for node in parts:
            free[node % host.numa_nodes] -= mib // len(parts)
    return free


def numa_place(host: LabHost, jobs: Iterable[LabJob], vm: LabVm) -> list[int] | None:
    """Return the node for each part of the machine's memory: the one with most free; None where spanning is off and none has room.

    A machine with dynamic memory has one part ("Hyper-V Virtual NUMA Overview"), another as many as its largest node wants.
    """
    free = numa_free_mib(host, jobs)
    parts = 1 if vm.dynamic_memory else max(1, -(-vm.memory_mib // NUMA_MOST_MIB))
    found = []
    for _ in range(parts):
        node = max(range(host.numa_nodes), key=lambda each: free[each])
        free[node] -= vm.memory_in_use_mib // parts
        found.append(node)
    return None if not host.numa_spanning and min(free) < 0 else found


def place_of(host: LabHost, shares: Sequence[LabShare], path: str) -> Place | None:
    """Return the volume or share that holds `path` as `host` sees it; None where it sees no such place."""
    path = plain(host, shares, path)
    if _is_unc(path):
        return next(
            (s for s in shares if _inside(s.path, path) and host.name in s.hosts),
            None,
        )
    holders = [volume for volume in host.volumes.values() if _inside(volume.path, path)]
    return max(holders, key=lambda volume: len(volume.path), default=None)


def free_bytes(
    hosts: Mapping[str, LabHost], shares: Sequence[LabShare], jobs: Iterable[LabJob], host: str, path: str
) -> int | None:
    """Return the free bytes where `path` lies as `host` sees it, less what jobs have set aside there."""
    place = place_of(hosts[host], shares, path)
    if place is None:
        return None
    return (
        place.capacity_bytes
        - place.used_bytes
        - place.filled_bytes
        - _occupied(hosts, shares, jobs, host, place)
    )


def _occupied(
    hosts: Mapping[str, LabHost],
    shares: Sequence[LabShare],
    jobs: Iterable[LabJob],
    host: str,
    place: Place,
) -> int:
    """Return the bytes of machines' files at `place`, those on their way to it included."""
    viewers = _viewers(hosts, host, place)
    files = {
        plain(viewer, shares, disk.path).casefold(): disk.size_bytes
        for viewer in viewers
        for vm in viewer.vms()
        for disk in disks_of(vm)
        if _same_place(place_of(viewer, shares, disk.path), place)
    }
    coming = sum(
        move.size_bytes
        for job in jobs
        if job.work and not job.work.switched
        for move in job.work.moves
        for arrival in (hosts[job.target or job.host],)
        if arrival in viewers and _same_place(place_of(arrival, shares, move.target), place)
    )
    return sum(files.values()) + coming


def _viewers(hosts: Mapping[str, LabHost], host: str, place: Place) -> list[LabHost]:
    """Return the hosts that see the same place: one for a local volume."""
    if isinstance(place, LabShare):
        return [hosts[name] for name in place.hosts]
    if place.cluster:
        return [other for other in hosts.values() if other.cluster == place.cluster]
    return [hosts[host]]


def _same_place(one: Place | None, other: Place) -> bool:
    return one is not None and one.path == other.path


def disks_of(vm: LabVm) -> Iterator[LabDisk]:
    """Yield the machine's disk files, those of its checkpoints included."""
    yield from (disk for disk in vm.disks if disk.kind not in FILELESS)
    for checkpoint in vm.checkpoints:
        yield from checkpoint.disks


def excesses(
    hosts: Mapping[str, LabHost], shares: Sequence[LabShare], jobs: Sequence[LabJob]
) -> Iterator[tuple[str, str]]:
    """Yield (what, who) for each bound that is exceeded now, and each machine that is not on one host."""
    for host in hosts.values():
        yield from _host_excesses(hosts, shares, jobs, host)
    for share in shares:
        if (free_bytes(hosts, shares, jobs, share.hosts[0], share.path) or 0) < 0:
            yield f"{share.path} holds more than it can", ""
    counts: dict[str, list[str]] = {job.vm: [] for job in jobs if not job.vm_deleted}
    for host in hosts.values():
        for vm in host.vms():
            counts.setdefault(vm.id, []).append(host.name)
    for vm_id, places in counts.items():
        if len(places) != 1:
            yield f"{vm_id} is realized on {len(places)} hosts ({', '.join(places)})", _asker(jobs, vm_id)


def _host_excesses(
    hosts: Mapping[str, LabHost], shares: Sequence[LabShare], jobs: Sequence[LabJob], host: LabHost
) -> Iterator[tuple[str, str]]:
    works = [job.work for job in jobs if job.work]
    askers = ", ".join(
        sorted({job.owner for job in jobs if job.running and host.name in (job.host, job.target)})
    )
    if sum(work.live_at.count(host.name) for work in works) > host.max_live:
        yield f"{host.name} runs more live migrations than {host.max_live}", askers
    if sum(work.storage_at.count(host.name) for work in works) > host.max_storage:
        yield f"{host.name} runs more storage migrations than {host.max_storage}", askers
    if memory_free_mib(host, jobs) < 0:
        yield f"{host.name} has given more memory than it has", askers
    for volume in host.volumes.values():
        if (free_bytes(hosts, shares, jobs, host.name, volume.path) or 0) < 0:
            yield f"{volume.path} of {host.name} holds more than it can", askers


def _asker(jobs: Iterable[LabJob], vm_id: str) -> str:
    return next((job.owner for job in reversed(list(jobs)) if job.vm == vm_id), "")

"""Looks for what moves have left behind: planned copies at every host, and the files that our audit log names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv import inventory as reading
from hyperv_placement.hyperv.estate import WORKERS, Estate
from hyperv_placement.hyperv.images import has_disk
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory, Roots
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.planning.drift import LeftBehind, LeftFile, PlannedCopy


def look_for(estate: Estate, inventory: Inventory, files: Iterable[LeftFile]) -> LeftBehind:
    """Return what is there yet, of hosts that answered the sweep. Hosts are only read, and not at all where the sweep shows nothing."""
    unread: dict[HostName, str] = {}
    planned = _planned(estate, inventory, unread)
    used = {
        (name, winpath.comparable(disk.path))
        for name, host in inventory.hosts.items()
        for vm in host.vms
        for disk in (*vm.disks, *vm.frozen)
    }
    # What a machine of that host has now is no leftover, whoever brought it there.
    found = [
        file
        for file in files
        if file.host in inventory.hosts and (file.host, winpath.comparable(file.path)) not in used
    ]
    there = tuple(file for file in found if _is_there(estate, file, unread))
    return LeftBehind(planned=planned, files=there, unread=unread)


def _planned(estate: Estate, inventory: Inventory, unread: dict[HostName, str]) -> tuple[PlannedCopy, ...]:
    """Return the planned systems of realized machines that stay planned while no job of the machine runs anywhere.

    One of a migration that runs has a job, read after it; one whose migration has just ended is gone at the second look.
    """
    known = {vm.id for vm in inventory.vms()}
    seen = {(host.name, vm) for host in inventory.hosts.values() for vm in host.planned if vm in known}
    if not seen:
        return ()
    busy: set[VmId] = set()
    for host in inventory.hosts:
        try:
            busy |= {job.vm_id for job in reading.read_jobs(estate.client(host))}
        except PlacementError as error:
            unread[host] = str(error)
            return ()  # what runs there is not known, so nothing is known to be left
    second = _read(estate, sorted({host for host, _ in seen}), unread)
    left = sorted((host, vm) for host, vm in seen if vm in second.get(host, ()) and vm not in busy)
    return tuple(
        PlannedCopy(host=host, vm_id=vm, roots=_folders(estate, host, vm, unread)) for host, vm in left
    )


def _folders(estate: Estate, host: HostName, vm: VmId, unread: dict[HostName, str]) -> Roots | None:
    try:
        return reading.read_planned_roots(estate.client(host), vm)
    except PlacementError as error:
        unread[host] = str(error)
        return None


def _read(
    estate: Estate, hosts: list[HostName], unread: dict[HostName, str]
) -> Mapping[HostName, tuple[VmId, ...]]:
    def one(host: HostName) -> tuple[VmId, ...] | PlacementError:
        try:
            return reading.read_planned(estate.client(host))
        except PlacementError as error:
            return error

    with ThreadPoolExecutor(min(WORKERS, len(hosts))) as pool:
        found = dict(zip(hosts, pool.map(one, hosts), strict=True))
    unread |= {host: str(vms) for host, vms in found.items() if isinstance(vms, PlacementError)}
    return {host: vms for host, vms in found.items() if not isinstance(vms, PlacementError)}


def _is_there(estate: Estate, file: LeftFile, unread: dict[HostName, str]) -> bool:
    try:
        return has_disk(estate.client(file.host), file.path)
    except PlacementError as error:
        unread[file.host] = str(error)
        return False

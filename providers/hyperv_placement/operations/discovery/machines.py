"""How much of each machine is declared, so that nothing would move: as much as its host and its kind allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from hyperv_placement import quoting
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, Inventory, VirtualMachine
from hyperv_placement.model.names import HostName, VmId, natural
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.planning.machine.computers import REPLICAS
from hyperv_placement.planning.machine.disk_keys import hard_disks

from .labels import Label, labels
from .roots import Home, Roots, find_roots, is_own
from .storage import folders, storage_of, undeclarable
from .unseen import Unseen


class Extent(IntEnum):
    """What of a machine is declared; the smaller, the less could ever move."""

    NOTHING = 0
    """It is left out."""
    WATCHED = 1
    """An empty entry: adopted, and nothing of it is managed."""
    HOST = 2
    STORAGE = 3
    """Host and files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A machine with what may be said of it."""

    vm: VirtualMachine
    extent: Extent
    remark: str = ""
    """Why no more is declared, or what else to know."""

    def at_most(self, extent: Extent, remark: str) -> Seen:
        """Return it with less declared, and why."""
        return self if self.extent <= extent else replace(self, extent=extent, remark=remark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A machine as the stack file will have it."""

    vm: VmId
    label: Label
    host: HostName
    extent: Extent
    storage: StorageSpec | None
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All that a stack file says of machines, and of the roots that their declarations name."""

    entries: tuple[Entry, ...]
    """By host, then by name."""
    roots: Roots
    left_out: tuple[Seen, ...]
    unseen: tuple[Unseen, ...] = ()
    """Machines that no host has and some host's jobs or an earlier reading name."""


def judged(inventory: Inventory) -> tuple[Seen, ...]:
    """Return every machine with as much of it as can be declared with nothing moving, and why it is no more."""
    # A replica has its primary's GUID, and is no second machine of it.
    twice = Counter(vm.id for vm in inventory.vms() if vm.replication_mode not in REPLICAS)
    attached = Counter(_place(vm, disk) for vm in inventory.vms() for disk in hard_disks(vm))
    jobs = {job.vm_id for host in inventory.hosts.values() for job in host.jobs}
    found = []
    for vm in inventory.vms():
        vtpm = "virtual TPM: other hosts take it with allow_vtpm only" if vm.vtpm else ""
        seen = Seen(vm=vm, extent=Extent.STORAGE, remark=vtpm)
        for extent, why in _limits(vm, jobs):
            seen = seen.at_most(extent, why)
        if any(attached[_place(vm, disk)] > 1 for disk in hard_disks(vm)):
            seen = seen.at_most(Extent.HOST, "a disk of it is attached twice: its storage cannot be moved")
        if vm.replication_mode in REPLICAS:
            seen = seen.at_most(Extent.NOTHING, "a replica: only its primary is ever placed")
        elif twice[vm.id] > 1:
            seen = seen.at_most(
                Extent.NOTHING,
                f"{vm.id} was seen {twice[vm.id]} times: run again, or see {quoting.own('bin/placement doctor')} once the file is written",
            )
        found.append(seen)
    return tuple(found)


def draft(seen: tuple[Seen, ...], kept: Roots, *, complete: bool = True) -> Draft:
    """Return what is written of these machines. `kept`: roots that have names already. `complete`: whether every host was read."""
    ordered = sorted(seen, key=lambda each: (natural(each.vm.host), natural(each.vm.name), each.vm.id))
    declared = [each for each in ordered if each.extent > Extent.NOTHING]
    # Replicas are no namesakes: no entry can mean one.
    real = [each.vm for each in seen if each.vm.replication_mode not in REPLICAS]
    keys = labels((each.vm for each in declared), real, complete=complete)
    homes = (
        Home(host=each.vm.host, label=keys[each.vm.id].key, folder=folder)
        for each in declared
        if each.extent == Extent.STORAGE
        for folder in folders(each.vm)
    )
    roots = find_roots(homes, kept)
    return Draft(
        entries=tuple(_entry(each, keys[each.vm.id], roots.get(each.vm.host, {})) for each in declared),
        roots=roots,
        left_out=tuple(each for each in ordered if each.extent == Extent.NOTHING),
    )


def _entry(seen: Seen, label: Label, roots: Mapping[str, str]) -> Entry:
    by_path = {winpath.comparable(path): name for name, path in roots.items()}

    def named(folder: str) -> str:
        name = by_path.get(winpath.comparable(winpath.parent(folder)))
        return name if name is not None and is_own(folder, label.key) else folder

    storage = storage_of(seen.vm, named) if seen.extent == Extent.STORAGE else None
    return Entry(
        vm=seen.vm.id, label=label, host=seen.vm.host, extent=seen.extent, storage=storage, remark=seen.remark
    )


def _limits(vm: VirtualMachine, jobs: set[VmId]) -> Iterator[tuple[Extent, str]]:
    """Yield what keeps a declaration from being kept, the strictest first."""
    # Unknown counts as clustered: a cluster places its roles itself.
    if vm.clustered is not False:
        reason = vm.cluster_unread.why if vm.cluster_unread else "the cluster did not answer"
        known = (
            "a role of a failover cluster, which places it" if vm.clustered else f"may be clustered: {reason}"
        )
        yield Extent.WATCHED, f"{known}: watched, not managed"
    if vm.id in jobs:
        yield Extent.WATCHED, "was being moved when this was written: declare its host once it rests"
    if vm.replication_mode:
        yield Extent.HOST, f"replicated (ReplicationMode {vm.replication_mode}): it cannot be moved"
    if vm.special_checkpoints:
        yield Extent.HOST, "checkpoints of a backup or a replica: its storage cannot be moved"
    if any(disk.kind == DiskKind.PASS_THROUGH for disk in vm.disks):
        yield Extent.HOST, "pass-through disk: its storage cannot be moved"
    if any(disk.shared for disk in vm.disks):
        yield Extent.HOST, "shared disk: its storage cannot be moved"
    if why := undeclarable(vm):
        yield Extent.HOST, why


def _place(vm: VirtualMachine, disk: Disk) -> tuple[str, str]:
    # A share is one place for all hosts; D: is another on each.
    return "" if winpath.is_unc(disk.path) else vm.host, winpath.comparable(disk.path)

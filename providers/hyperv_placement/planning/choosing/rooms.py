"""What there is of each pool for machines with a choice, and what each of them would hold where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import UNKNOWN_CLUSTER, Disk, HostFacts, Inventory, VirtualMachine
from hyperv_placement.model.memory import held_mib, in_memory, needed_mib
from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import MIB
from hyperv_placement.planning.checks.preflight.room import volume_of
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.machine.wanted_move import CLUSTER_STORAGE

from .problem import Holds, Shape

UNKNOWN = 1 << 80
"""Room of what could not be read: a start is judged when it is known."""
Kind = tuple[tuple[str, ...], tuple[tuple[str, str], ...], str | None]
"""What decides where a machine's files lie on a host: its volumes, its named roots, its cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a machine, where it is now and where it would be."""

    disk: Disk | None
    """None for a parent that is copied."""
    path: str
    size: int
    copied: bool


class Rooms:
    """The pools of an estate: memory and volumes of each host, in the order of hosts; rules and names are added behind them."""

    def __init__(self, stack: Stack, inventory: Inventory, found: Mapping[str, VirtualMachine]) -> None:
        self.stack = stack
        self.found = found
        self.hosts = sorted(stack.hosts)
        self.number = {name: number for number, name in enumerate(self.hosts)}
        self.facts: dict[HostName, HostFacts | None] = {
            name: host.facts if (host := inventory.hosts.get(name)) else None for name in self.hosts
        }
        self.pools: list[Pool] = []
        self.room: list[int] = []
        self.base: list[int] = []
        self.kinds: list[int] = []
        self._kinds: dict[Kind, int] = {}
        self._known: dict[tuple[str, int], Shape] = {}
        self._slots: dict[tuple[int, str], int | None] = {}
        self.comes: set[int] = set()
        """Pools to which a machine without a choice comes."""
        for name in self.hosts:
            self._add_host(name)

    def _add_host(self, name: HostName) -> None:
        facts, spec = self.facts[name], self.stack.hosts[name]
        free = facts.memory_free_mib if facts else None
        self.base.append(
            self.add(Pool.memory(name), UNKNOWN if free is None else spec.reserve.left_of_memory(free))
        )
        volumes = (facts.volumes or ()) if facts else ()
        for volume in volumes:
            self.add(Pool.on_volume(name, volume.path), spec.reserve.left_on(volume))
        kind = (
            tuple(volume.path for volume in volumes),
            tuple(sorted(spec.storage.items())),
            facts.cluster if facts else None,
        )
        self.kinds.append(self._kinds.setdefault(kind, len(self._kinds)))

    def one_of_each_kind(self, names: Iterable[HostName]) -> Iterable[HostName]:
        """Return one host of each kind among `names`: on all hosts of a kind the files of a machine lie alike."""
        return {
            self.kinds[self.number[name]]: name for name in sorted(names, reverse=True) if name in self.number
        }.values()

    def add(self, pool: Pool, room: int) -> int:
        """Return the number of a new pool."""
        self.pools.append(pool)
        self.room.append(room)
        return len(self.pools) - 1

    def add_seats(self, rule: int, line: int) -> int:
        """Return the first of the pools of a rule (apart): one for each host, in their order."""
        first = len(self.pools)
        for name in self.hosts:
            self.add(Pool.seat(name, rule=rule, line=line), 1)
        return first

    def take(self, holds: Holds, *, sign: int = 1, comes: bool = False) -> None:
        """Take what is held out of the room; `sign=-1` gives it back."""
        for pool, amount in holds:
            self.room[pool] -= sign * amount
            if comes and amount:
                self.comes.add(pool)

    def now(self, vm: VirtualMachine) -> Holds:
        """Return what a machine holds where it is now: pool and amount."""
        if vm.host not in self.number:
            return ()
        host = self.number[vm.host]
        memory = held_mib(vm) or 0 if in_memory(vm) else 0
        held = {self.base[host]: memory} if memory else {}
        for each in (*vm.disks, *vm.frozen):
            self._put(held, host, each.path, each.counted_bytes)
        return tuple(sorted(held.items()))

    def there(self, label: str, host: int) -> Holds:
        """Return what a machine holds on another host than its own."""
        shape, base = self.shape(label, host), self.base[host]
        return tuple((base + slot, amount) for slot, amount in shape.holds)

    def shape(self, label: str, host: int) -> Shape:
        """Return what a machine holds on another host than its own, by slots, and the bytes that go there."""
        key = (label, self.kinds[host])
        if key not in self._known:
            self._known[key] = self._shape(label, host)
        return self._known[key]

    def at_home(self, label: str) -> tuple[Holds, int]:
        """Return what a machine holds on its host with its files as declared, what stays of the old ones included, and the bytes copied."""
        vm = self.found[label]
        if vm.host not in self.number:
            return (), 0
        host = self.number[vm.host]
        memory = held_mib(vm) or 0 if in_memory(vm) else 0
        held = {self.base[host]: memory} if memory else {}
        copied = 0
        keeps = self.stack.vms[label].migration.avoid_removing_vhds
        for file in self.files(label, vm.host):
            self._put(held, host, file.path, file.size)
            copied += file.size if file.copied else 0
            if file.copied and keeps and file.disk is not None:
                self._put(held, host, file.disk.path, file.size)
        return tuple(sorted(held.items())), copied

    def left(self, label: str) -> Holds:
        """Return what a machine that goes to another host leaves on the volumes of its own, by its options."""
        vm, options = self.found[label], self.stack.vms[label].migration
        if vm.host not in self.number:
            return ()
        files = (*vm.disks, *vm.frozen) if options.avoid_removing_vhds else vm.frozen
        if not (options.avoid_removing_vhds or options.retain_vhd_copies_on_source):
            return ()
        held: dict[int, int] = {}
        for disk in files:
            self._put(held, self.number[vm.host], disk.path, disk.counted_bytes)
        return tuple(sorted(held.items()))

    def files(self, label: str, name: HostName) -> list[File]:
        """Return where each file of a machine would be on a host, with the parents that would be copied beside them."""
        spec, vm = self.stack.vms[label], self.found[label]
        placed = self._placed(label, vm, name)
        files = []
        paths = [(disk, placed.get(disk.slot, disk.path)) for disk in vm.disks]
        paths += [(disk, _beside(disk, vm, placed)) for disk in vm.frozen]
        for disk, path in paths:
            copied = not self._one_file(disk.path, path, vm.host, name)
            files.append(File(disk=disk, path=path, size=disk.counted_bytes, copied=copied))
        if name != vm.host and spec.migration.parents == "copy" and any(each.copied for each in files):
            parents = {
                winpath.join(winpath.parent(each.path), winpath.base_name(parent.path)): parent.counted_bytes
                for each in files
                for parent in (each.disk.above if each.disk else ())
            }
            files += [File(disk=None, path=path, size=size, copied=True) for path, size in parents.items()]
        return files

    @cached_property
    def _clusters(self) -> Mapping[HostName, str | None]:
        return {
            name: facts.cluster if facts and facts.cluster != UNKNOWN_CLUSTER else None
            for name, facts in self.facts.items()
        }

    def _one_file(self, old: str, new: str, source: HostName, name: HostName) -> bool:
        """Say whether both paths are one file: on one host, on a share, or on a volume of the hosts' one cluster."""
        if not winpath.same(old, new):
            return False
        if source == name or winpath.is_unc(old):
            return True
        cluster = self._clusters.get(source)
        return (
            cluster is not None
            and cluster == self._clusters.get(name)
            and winpath.is_inside(CLUSTER_STORAGE, old)
        )

    def _shape(self, label: str, host: int) -> Shape:
        vm, name = self.found[label], self.hosts[host]
        held = {0: needed_mib(vm) or 0} if in_memory(vm) else {}
        files = self.files(label, name)
        for file in files:
            slot = self._slot(host, file.path)
            if slot is not None and file.size:
                held[slot] = held.get(slot, 0) + file.size
        copied = sum(file.size for file in files if file.copied)
        return Shape(holds=tuple(sorted(held.items())), cost=(held_mib(vm) or 0) * MIB + copied)

    def _put(self, held: dict[int, int], host: int, path: str, size: int) -> None:
        slot = self._slot(host, path)
        if slot is not None and size:
            pool = self.base[host] + slot
            held[pool] = held.get(pool, 0) + size

    def _slot(self, host: int, path: str) -> int | None:
        """Return which volume of a host, from 1, a path is on; None for shares and volumes of a cluster, whose room is not counted."""
        key = (self.kinds[host], winpath.parent(path))
        if key not in self._slots:
            self._slots[key] = self._looked_up(self.hosts[host], path)
        return self._slots[key]

    def _looked_up(self, name: HostName, path: str) -> int | None:
        facts = self.facts[name]
        volumes = (facts.volumes or ()) if facts else ()
        volume = volume_of(path, volumes)
        if volume is None or winpath.is_unc(path):
            return None
        if self._clusters[name] is not None and winpath.is_inside(CLUSTER_STORAGE, path):
            return None
        return 1 + next(number for number, each in enumerate(volumes) if each is volume)

    def _placed(self, label: str, vm: VirtualMachine, name: HostName) -> Mapping[str, str]:
        spec = self.stack.vms[label]
        if spec.storage is None or name not in self.stack.hosts:
            return {}
        return locate(spec, vm, self.stack.hosts[name]).placement.disks


def merged(parts: Iterable[Holds]) -> Holds:
    """Return several holdings as one."""
    held: dict[int, int] = {}
    for part in parts:
        for pool, amount in part:
            held[pool] = held.get(pool, 0) + amount
    return tuple(sorted(held.items()))


def _beside(frozen: Disk, vm: VirtualMachine, placed: Mapping[str, str]) -> str:
    """Return where a checkpoint's disk goes: beside the disk in its slot if that leaves its folder."""
    own = next((disk for disk in vm.disks if disk.slot == frozen.slot), None)
    target = placed.get(frozen.slot)
    if own is None or target is None or winpath.same(winpath.parent(own.path), winpath.parent(target)):
        return frozen.path
    return winpath.join(winpath.parent(target), winpath.base_name(frozen.path))

"""The choice of hosts that a stack file leaves, as a problem of pools: machines with several hosts, rules, memory, volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, HostFacts, Inventory, VirtualMachine
from hyperv_placement.model.memory import held_mib, in_memory, needed_mib
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Choice
from hyperv_placement.model.pool import Pool
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.model.units import MIB
from hyperv_placement.planning.checks.held_names import Key, files_of, held_now, key_of
from hyperv_placement.planning.checks.move import refusals
from hyperv_placement.planning.checks.preflight.room import volume_of
from hyperv_placement.planning.checks.waiting import waited_for
from hyperv_placement.planning.machine.allowed import Group, allowed, groups
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.machine.wanted_move import order

from .placing import choose
from .problem import AssignmentProblem, Option, Unit

UNKNOWN = 1 << 80
"""Room of what could not be read: a start is judged when it is known."""


def chosen(
    stack: Stack, inventory: Inventory, found: Mapping[str, VirtualMachine]
) -> tuple[Mapping[str, HostName], Choice | None]:
    """Return the host of every machine in `found` (label -> machine), the only one allowed or the one chosen, and how good that choice is.

    Fewest bytes first, then the best balance; a machine that may stay stays, unless a rule forbids it. If no choice
    keeps the rules, nothing moves for them: the plan reports that they do not hold.
    """
    return _ProblemBuilder(stack, inventory, found).solve()


@dataclass(slots=True)
class _Pools:
    numbers: dict[Pool, int] = field(default_factory=dict)
    room: list[int] = field(default_factory=list)
    seats: set[int] = field(default_factory=set)

    def number(self, pool: Pool, room: int = 0) -> int:
        if pool not in self.numbers:
            self.numbers[pool] = len(self.room)
            self.room.append(room)
        return self.numbers[pool]


class _ProblemBuilder:
    def __init__(self, stack: Stack, inventory: Inventory, found: Mapping[str, VirtualMachine]) -> None:
        self._stack = stack
        self._inventory = inventory
        self._found = found
        self._pools = _Pools()
        self._hosts = sorted(stack.hosts)
        self._shared: frozenset[str] = frozenset()
        self._attached_twice: frozenset[Key] = frozenset()
        self._facts: dict[HostName, HostFacts | None] = {
            name: host.facts if (host := inventory.hosts.get(name)) else None for name in self._hosts
        }

    def solve(self) -> tuple[dict[str, HostName], Choice | None]:
        everybody = groups(self._stack, self._found)
        open_ = [group for group in everybody if len(group.hosts) > 1]
        ends = {
            label: group.hosts[0] for group in everybody if len(group.hosts) == 1 for label in group.labels
        }
        if not open_:
            return ends, None
        self._make_room(ends)
        problem = AssignmentProblem(
            units=tuple(self._unit(group) for group in open_),
            room=tuple(self._pools.room),
            load=tuple(
                (
                    self._pools.number(Pool.memory(name)),
                    (facts.memory_mib or 1) if (facts := self._facts[name]) else 1,
                )
                for name in self._hosts
            ),
        )
        answer = choose(problem)
        for group, option in zip(open_, answer.chosen, strict=True):
            for label in group.labels:
                ends[label] = self._hosts[option.host] if option else self._fallback(label)
        machines = sum(len(group.labels) for group in open_)
        return ends, Choice(machines=machines, bytes=answer.cost, least=answer.least, proved=answer.proved)

    def _make_room(self, ends: Mapping[str, HostName]) -> None:
        """Fill the pools for machines with a choice: what is free, and what they and the leaving machines hold now."""
        for name in self._hosts:
            facts, reserve = self._facts[name], self._stack.hosts[name].reserve
            free = facts.memory_free_mib if facts else None
            self._pools.number(Pool.memory(name), UNKNOWN if free is None else reserve.left_of_memory(free))
            for volume in (facts.volumes or ()) if facts else ():
                self._pools.number(Pool.on_volume(name, volume.path), reserve.left_on(volume))
        for number, rule in enumerate(self._stack.rules):
            if rule.kind == "apart":
                self._pools.seats.update(
                    self._pools.number(Pool.seat(name, rule=number, line=rule.line), 1)
                    for name in self._hosts
                )
        # Only names that two machines have are pools: an estate without any costs nothing more (ADR 0020).
        self._shared = self._names_of_several()
        self._attached_twice = self._names_attached_twice()
        self._seat_undeclared()
        for label, vm in sorted(self._found.items()):
            if label in ends:
                # A machine that its end does not suit will be refused, and counts where it is.
                goes = ends[label] in self._facts and self._suits(label, ends[label])
                self._settled(label, vm, ends[label] if goes else vm.host)
            else:
                # What it holds now is free for the choice, so that lack of room alone makes no machine leave.
                for pool, amount in self._holds(label, vm, vm.host).items():
                    if pool not in self._pools.seats:
                        self._pools.room[pool] = max(0, self._pools.room[pool]) + amount

    def _names_of_several(self) -> frozenset[str]:
        """Return the paths, in comparable form, that disks of two machines have or are declared to have, on any host."""
        owners: dict[str, set[VmId]] = {}
        for vm in self._inventory.vms():
            for disk in files_of(vm):
                owners.setdefault(winpath.comparable(disk.path), set()).add(vm.id)
        for label, vm in self._found.items():
            hosts = self._stack.vms[label].hosts if self._stack.vms[label].storage else ()
            for path, _ in self._files(self._stack.vms[label], vm, hosts[0]) if hosts else ():
                owners.setdefault(winpath.comparable(path), set()).add(vm.id)
        return frozenset(path for path, ids in owners.items() if len(ids) > 1)

    def _names_attached_twice(self) -> frozenset[Key]:
        """Return the files that two machines already have attached: no choice of hosts changes that."""
        having: dict[Key, set[VmId]] = {}
        for host in self._inventory.hosts.values() if self._shared else ():
            for vm in host.vms:
                for key, _ in held_now(vm, host):
                    if key[1] in self._shared:
                        having.setdefault(key, set()).add(vm.id)
        return frozenset(key for key, ids in having.items() if len(ids) > 1)

    def _seat_undeclared(self) -> None:
        """Take the file names of machines that do not move."""
        known = {vm.id for vm in self._found.values()}
        for host in self._inventory.hosts.values() if self._shared else ():
            for vm in host.vms:
                for key, _ in held_now(vm, host) if vm.id not in known else ():
                    if key[1] in self._shared and key not in self._attached_twice:
                        self._pools.room[self._name(key)] -= 1

    def _name(self, key: Key) -> int:
        """Return the pool of a file's name: like a seat of a rule, one machine can have it."""
        number = self._pools.number(Pool.file_name(*key), 1)
        self._pools.seats.add(number)
        return number

    def _names(self, label: str, vm: VirtualMachine, name: HostName) -> Iterator[Key]:
        """Yield the file names that a machine would have on that host, as far as several machines have them."""
        host = self._inventory.hosts.get(name)
        if host is None or not self._shared:
            return
        placed = self._placed(self._stack.vms[label], vm, name)
        for disk in files_of(vm):
            key = key_of(placed.get(disk.slot, disk.path), host)
            if key[1] in self._shared and key not in self._attached_twice:
                yield key

    def _settled(self, label: str, vm: VirtualMachine, end: HostName) -> None:
        """Count a machine without a choice at its goal: it frees its host, fills the other and takes its seat there."""
        if end not in self._facts:
            return
        leaves = self._holds(label, vm, vm.host) if vm.host in self._facts else {}
        comes = self._holds(label, vm, end)
        left = self._left_behind(label, vm)
        for pool, amount in leaves.items():
            if end != vm.host and pool not in self._pools.seats:
                self._pools.room[pool] += amount - left.get(pool, 0)
        for pool, amount in comes.items():
            if end != vm.host or pool in self._pools.seats:
                self._pools.room[pool] -= amount

    def _unit(self, group: Group) -> Unit:
        reachable = [name for name in group.hosts if name in self._inventory.hosts]
        suiting = [name for name in reachable if all(self._suits(label, name) for label in group.labels)]
        return Unit(
            key=group.labels[0],
            options=tuple(self._option(group, name) for name in suiting or reachable or group.hosts),
        )

    def _option(self, group: Group, name: HostName) -> Option:
        held: dict[int, int] = {}
        cost = 0
        for label in group.labels:
            vm = self._found[label]
            left = self._left_behind(label, vm) if name != vm.host else {}
            for pool, amount in (*self._holds(label, vm, name).items(), *left.items()):
                held[pool] = held.get(pool, 0) + amount
            size = (held_mib(vm) or 0) * MIB + sum(d.counted_bytes for d in (*vm.disks, *vm.frozen))
            cost += 0 if name == vm.host else max(1, size)
        return Option(host=self._hosts.index(name), holds=tuple(sorted(held.items())), cost=cost)

    def _suits(self, label: str, name: HostName) -> bool:
        """Say whether a move to that host would not be refused, as far as both ends were read."""
        vm, facts = self._found[label], self._facts.get(name)
        source = self._inventory.hosts[vm.host]
        if label in self._stack.guard.protected and name != vm.host:
            return False
        if name == vm.host or facts is None or vm.switches is None:
            return True
        spec, host = self._stack.vms[label], self._stack.hosts[name]
        wanted = replace(locate(spec, vm, host).placement, host=name)
        move = order(vm, wanted, source, self._inventory.hosts[name])
        against = refusals(move, source.facts, facts, host) if move else ()
        found = waited_for(against, self._stack.wait_for_activity)
        return all(not finding.refuses for finding in found)

    def _holds(self, label: str, vm: VirtualMachine, host: HostName) -> dict[int, int]:
        """Return what a machine would hold of the pools on `host`: pool -> amount."""
        held: dict[int, int] = {}
        if in_memory(vm):
            memory = held_mib(vm) if host == vm.host else needed_mib(vm)
            held[self._pools.number(Pool.memory(host), UNKNOWN)] = memory or 0
        facts = self._facts.get(host)
        for path, size in self._files(self._stack.vms[label], vm, host):
            volume = volume_of(path, facts.volumes or ()) if facts else None
            if volume is not None and size:
                pool = self._pools.number(Pool.on_volume(host, volume.path))
                held[pool] = held.get(pool, 0) + size
        for number, rule in enumerate(self._stack.rules):
            if rule.kind == "apart" and label in rule.labels:
                held[self._pools.number(Pool.seat(host, rule=number, line=rule.line), 1)] = 1
        held |= {self._name(key): 1 for key in self._names(label, vm, host)}
        return held

    def _left_behind(self, label: str, vm: VirtualMachine) -> dict[int, int]:
        """Return what a machine that moves away leaves on the volumes of its host, by its options."""
        options, facts = self._stack.vms[label].migration, self._facts.get(vm.host)
        files = (*vm.disks, *vm.frozen) if options.avoid_removing_vhds else vm.frozen
        if not (options.avoid_removing_vhds or options.retain_vhd_copies_on_source) or facts is None:
            return {}
        held: dict[int, int] = {}
        for disk in files:
            volume = volume_of(disk.path, facts.volumes or ())
            if volume is not None:
                pool = self._pools.number(Pool.on_volume(vm.host, volume.path))
                held[pool] = held.get(pool, 0) + disk.counted_bytes
        return held

    def _files(self, spec: VmSpec, vm: VirtualMachine, host: HostName) -> list[tuple[str, int]]:
        placed = self._placed(spec, vm, host)
        disks = [(disk, placed.get(disk.slot, disk.path)) for disk in vm.disks]
        disks += [(disk, _beside(disk, vm, placed)) for disk in vm.frozen]
        copied = host != vm.host and spec.migration.parents == "copy"
        parents = {
            winpath.join(winpath.parent(path), winpath.base_name(parent.path)): parent.counted_bytes
            for disk, path in disks
            for parent in (disk.above if copied else ())
        }
        return [*((path, disk.counted_bytes) for disk, path in disks), *parents.items()]

    def _placed(self, spec: VmSpec, vm: VirtualMachine, host: HostName) -> Mapping[str, str]:
        return locate(spec, vm, self._stack.hosts[host]).placement.disks if host in self._stack.hosts else {}

    def _fallback(self, label: str) -> HostName:
        """Return a host for a machine that finds no host with room: where it is, or the first allowed one."""
        vm = self._found[label]
        hosts = allowed(self._stack, label, vm)
        return vm.host if vm.host in hosts else hosts[0]


def _beside(frozen: Disk, vm: VirtualMachine, placed: Mapping[str, str]) -> str:
    """Return where a checkpoint's disk goes: beside the disk in its slot if that leaves its folder."""
    own = next((disk for disk in vm.disks if disk.slot == frozen.slot), None)
    target = placed.get(frozen.slot)
    if own is None or target is None or winpath.same(winpath.parent(own.path), winpath.parent(target)):
        return frozen.path
    return winpath.join(winpath.parent(target), winpath.base_name(frozen.path))

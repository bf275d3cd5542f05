"""The moves of a plan as a problem of room: hosts' memory, volumes, the seats of rules; machines and their places."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from providers.model import winpath
from providers.model.estate import UNKNOWN_CLUSTER, HostFacts, Inventory, Roots, VirtualMachine
from providers.model.names import HostName
from providers.model.paces import UNLEARNT, Paces
from providers.model.plan import MigrationType, Move, Placement, Plan, ScheduledMove, Severity, Standing, Step
from providers.model.stack import Reserve, Rule, Stack, StorageSpec, VmSpec
from providers.planning.legs import after, compared, end_of, onward
from providers.planning.locate import locate
from providers.planning.order import CLUSTER_STORAGE, order
from providers.planning.preflight.findings import in_memory
from providers.planning.preflight.room import volume_of
from providers.planning.refusal import refusals
from providers.units import MIB

from .links import link, pairs, shown
from .problem import MEMORY, Holding, Machine, Place, Problem, SlotLimits

SHARES = "shares"
"""A pool without end: how much room a share has, no host tells, and a cluster's volume may be thin (unverified how)."""
_ENDLESS = 1 << 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An order, and where the machine is after it, whole."""

    move: Move
    placement: Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A problem, and what its numbers mean."""

    problem: Problem
    steps: tuple[Step, ...]
    """By machine, those that move."""
    ways: tuple[Mapping[Place, Way], ...]
    """By machine: how it comes from where it is now to a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What each move of a schedule holds before and after it, of which pools."""

    pools: tuple[str, ...]
    """Names: those of `memory_pool` and `volume_pool`, and others."""
    moves: tuple[tuple[Place, Place], ...]
    """By the number of a move: where it starts, where it ends."""


def ends_of(stack: Stack, inventory: Inventory, plan: Plan) -> Ends:
    """Return what the moves of a plan's schedule hold at both ends: the same reading by which it was made."""
    return _Builder(stack, inventory, plan, UNLEARNT, (), 0).ends()


def setting_of(
    stack: Stack,
    inventory: Inventory,
    plan: Plan,
    *,
    paces: Paces = UNLEARNT,
    parkable: Collection[str] = (),
    spots: int = 0,
) -> Setting:
    """Return the problem of room that `plan` poses; the machines of `parkable` (labels) may step aside.

    `spots`: to how many hosts each of them, those with most memory free; its own two hosts come on top.

    Only hosts whose facts are known count: what could not be read takes no machine. Machines that do not move are part
    of what is not free.
    """
    return _Builder(stack, inventory, plan, paces, parkable, spots).setting()


class _Builder:
    def __init__(
        self,
        stack: Stack,
        inventory: Inventory,
        plan: Plan,
        paces: Paces,
        parkable: Collection[str],
        spots: int,
    ) -> None:
        self._stack = stack
        self._inventory = inventory
        self._parkable = parkable
        self._plan = plan
        self._paces = paces
        self._facts = {
            name: host.facts
            for name in sorted(stack.hosts)
            if (host := inventory.hosts.get(name)) is not None and host.facts is not None
        }
        self._names: list[str] = []
        self._free: list[int] = []
        self._pools: dict[str, int] = {}
        self._numbers = {name: number for number, name in enumerate(self._facts)}
        self._spots = spots
        self._roomy = sorted(
            (name for name in self._facts if name not in stack.maintenance),
            key=lambda name: (-(self._facts[name].memory_free_mib or 0), name),
        )

    def ends(self) -> Ends:
        self._fill()
        return Ends(
            pools=tuple(self._names),
            moves=tuple(self._both(each) for each in self._plan.schedule.moves),
        )

    def _both(self, each: ScheduledMove) -> tuple[Place, Place]:
        vm = each.move.vm
        start, end = self._place(each.label, vm), self._place(each.label, after(each.move))
        return self._begun(vm, start, end), end

    def _begun(self, vm: VirtualMachine, start: Place, end: Place) -> Place:
        """Return `start`; of a machine on its way with what it needs at its destination, which is its own already."""
        if self._inventory.job_of(vm.id) is None:
            return start
        return replace(start, holdings=start.holdings | end.holdings)

    def _fill(self) -> None:
        self._pool(SHARES, _ENDLESS)
        for name, facts in self._facts.items():
            reserve = self._stack.hosts[name].reserve
            free = facts.memory_free_mib
            self._pool(memory_pool(name), _ENDLESS if free is None else free - reserve.memory_mib)
            for volume in facts.volumes or ():
                kept = kept_of(reserve, volume.capacity_bytes)
                self._pool(volume_pool(name, volume.path), volume.free_bytes - kept)
        for rule in self._stack.rules:
            if rule.kind == "apart":
                self._seats(rule)

    def setting(self) -> Setting:
        self._fill()
        moving = sorted(
            (
                step
                for step in self._plan.steps
                if step.standing == Standing.MOVE
                and step.move is not None
                and {step.move.source, step.move.destination} <= self._facts.keys()
            ),
            key=lambda step: step.label,
        )
        ways = [self._ways(step) for step in moving]
        machines = [self._machine(step, own) for step, own in zip(moving, ways, strict=True)]
        problem = Problem(
            pools=tuple(self._names),
            free=tuple(self._free),
            links=tuple(link(self._stack, self._paces, name) for name in self._facts),
            paces=pairs(self._paces, tuple(self._facts)),
            shown=shown(self._stack, self._paces, tuple(self._facts)),
            limits=tuple(_limits(facts) for facts in self._facts.values()),
            machines=tuple(machines),
            hosts=tuple(self._facts),
        )
        return Setting(problem=problem, steps=tuple(moving), ways=tuple(ways))

    def _pool(self, name: str, free: int) -> int:
        """Return the pool of that name; of one that several hosts tell of, the least that any of them sees free."""
        number = self._pools.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
            self._free.append(free)
        self._free[number] = min(self._free[number], free)
        return number

    def _seats(self, rule: Rule) -> None:
        """Make a pool for each host: one machine of the rule, or as many as are there now or in the end anyhow."""
        now: dict[HostName, int] = {}
        then: dict[HostName, int] = {}
        for step in self._plan.steps:
            if step.label in rule.labels and step.vm is not None:
                end = step.move.destination if step.move and step.standing == Standing.MOVE else step.vm.host
                now[step.vm.host] = now.get(step.vm.host, 0) + 1
                then[end] = then.get(end, 0) + 1
        for host in self._facts:
            seats = max(1, now.get(host, 0), then.get(host, 0))
            self._pool(_seat_name(rule, host), seats - now.get(host, 0))

    def _machine(self, step: Step, ways: Mapping[Place, Way]) -> Machine:
        vm = _moving(step).vm
        goal, *parking = ways
        start = self._place(step.label, vm)
        return Machine(key=step.label, start=self._begun(vm, start, goal), goal=goal, parking=tuple(parking))

    def _ways(self, step: Step) -> dict[Place, Way]:
        """Return the way to the declared place first, then those to places where the machine may step aside."""
        move = _moving(step)
        ways = {self._place(step.label, after(move)): Way(move=move, placement=end_of(move))}
        if step.label in self._parkable and self._inventory.job_of(move.vm.id) is None:
            for way in self._aside(step.label, move):
                ways.setdefault(self._place(step.label, after(way.move)), way)
        return ways

    def _parking(self, label: str) -> list[HostName]:
        """Return the hosts with most memory free to which a machine may step aside: none that is emptied, or no place for it.

        What holds in the end holds on the way: `within` may be a matter of licences.
        """
        within = [set(r.hosts) for r in self._stack.rules if r.kind == "within" and label in r.labels]
        fitting = (name for name in self._roomy if all(name in hosts for hosts in within))
        return sorted(islice(fitting, self._spots))

    def _aside(self, label: str, move: Move) -> Iterator[Way]:
        """Yield ways out of the way: to another host with all paths kept, or to a named root, its own host's too."""
        spots = self._parking(label)
        if move.type == MigrationType.VIRTUAL_SYSTEM_AND_STORAGE:
            for name in spots:
                if name not in (move.source, move.destination):
                    yield from self._way(move, Placement(host=name))
        near = dict.fromkeys((move.source, move.destination, *spots))
        for name in near if move.copies_storage else ():
            if not move.changes_host and name != move.source:
                continue
            host = self._stack.hosts[name]
            for root in sorted(host.storage):
                there = StorageSpec(config=root, checkpoints=root, paging=root, all_disks=root)
                spec = VmSpec(label=label, name=move.vm.name, hosts=(name,), storage=there)
                located = locate(spec, move.vm, host)
                if not located.findings:
                    yield from self._way(move, located.placement)

    def _way(self, move: Move, placement: Placement) -> Iterator[Way]:
        """Yield the way to a placement that a start would accept, and from which it would accept the way on."""
        aside = order(
            move.vm,
            placement,
            self._inventory.hosts[move.source],
            self._inventory.hosts[_target(move, placement)],
        )
        end = end_of(move)
        if aside is None or list(compared(end_of(aside))) == list(compared(end)):
            return
        aside = replace(aside, options=move.options)
        on = replace(onward(after(aside), end, self._inventory), options=move.options)
        if self._accepted(aside) and self._accepted(on):
            yield Way(move=aside, placement=end_of(aside))

    def _accepted(self, move: Move) -> bool:
        source, destination = self._inventory.hosts[move.source], self._inventory.hosts[move.destination]
        found = refusals(move, source.facts, destination.facts, self._stack.hosts[move.destination])
        return all(finding.severity != Severity.REFUSAL for finding in found)

    def _place(self, label: str, vm: VirtualMachine) -> Place:
        """Return what a machine holds where it is."""
        held = []
        if in_memory(vm):
            memory = vm.memory_mib or 0
            pool = self._pools[memory_pool(vm.host)]
            held.append(Holding(pool=pool, amount=memory, thing=MEMORY, transfer=memory * MIB))
        held += [
            self._file(vm.host, disk.path, "disk", disk.size_bytes or 0) for disk in (*vm.disks, *vm.frozen)
        ]
        held += [self._file(vm.host, path, kind, 0) for kind, path in _folders(vm.roots)]
        held += [
            Holding(pool=self._pools[_seat_name(rule, vm.host)], amount=1, thing=f"seat on {vm.host}")
            for rule in self._stack.rules
            if rule.kind == "apart" and label in rule.labels
        ]
        return Place(host=self._numbers[vm.host], holdings=frozenset(held))

    def _file(self, host: HostName, path: str, kind: str, size: int) -> Holding:
        scope, pool = self._where(host, path)
        return Holding(
            pool=self._pools[pool], amount=0 if pool == SHARES else size,
            thing=f"{kind} {scope}|{winpath.comparable(path)}", transfer=size, file=True,
        )  # fmt: skip

    def _where(self, host: HostName, path: str) -> tuple[str, str]:
        """Return which file a path is, as seen from `host` (whose, if not everybody's), and the pool of its room."""
        facts = self._facts[host]
        if facts.cluster not in {None, UNKNOWN_CLUSTER} and winpath.is_inside(CLUSTER_STORAGE, path):
            return f"cluster {facts.cluster}", SHARES
        volume = None if winpath.is_unc(path) else volume_of(path, facts.volumes or ())
        return ("", SHARES) if volume is None else (host, volume_pool(host, volume.path))


def _folders(roots: Roots) -> Iterator[tuple[str, str]]:
    """Yield the folders of a machine; what they hold beside disks is small, and no host tells how much."""
    yield "configuration", roots.config
    yield "checkpoints", roots.checkpoints
    yield "paging", roots.paging
    if roots.guest_state:
        yield "guest state", roots.guest_state


def _target(move: Move, placement: Placement) -> HostName:
    return HostName(placement.host or move.source)


def _moving(step: Step) -> Move:
    if step.move is None:
        raise ValueError(f"{step.label} does not move")
    return step.move


def memory_pool(host: HostName) -> str:
    """Return the name of the pool of a host's memory, in MiB."""
    return f"memory of {host}"


def volume_pool(host: HostName, path: str) -> str:
    """Return the name of the pool of a host's volume, in bytes."""
    return f"{path} of {host}"


def _seat_name(rule: Rule, host: HostName) -> str:
    return f"a seat on {host} by the rule in line {rule.line}"


def kept_of(reserve: Reserve, capacity: int) -> int:
    """Return the bytes of a volume that stay free."""
    return max(reserve.disk_bytes, int(capacity * reserve.disk_percent / 100))


def _limits(facts: HostFacts) -> SlotLimits:
    """Return a host's limits; one that lets nothing in is refused by the preflight, which says so."""
    settings = facts.migration
    live = min(settings.max_live, facts.cluster_migrations or settings.max_live)
    return SlotLimits(live=max(1, live), storage=max(1, settings.max_storage))

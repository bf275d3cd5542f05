"""Hosts as values: what they show, what a move does to them, and what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from hyperv_placement.clock import Clock
from hyperv_placement.errors import (
    MigrationFailedError,
    MigrationStalledError,
    MigrationStartError,
    MoveRefusedError,
    PlacementError,
    VerificationError,
)
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.admission import Facts
from hyperv_placement.migration.mover import Arrived, MoveContext, Movers, Retry, Started
from hyperv_placement.migration.needs import Needs, Slot
from hyperv_placement.model.estate import Host, HostFacts, Inventory, UnreachableHost, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.stack import Stack
from tests.estates import facts, job

SECONDS = 10.0
"""That a move takes."""
UNSEEN = 25.0
"""That a job takes which nobody follows any more."""
QUEUE = Slot(name="stand-in", active=lambda _: 0, limit=lambda facts: facts.migration.max_live)
"""What a host takes of moves at once, by the mover of this world alone."""


class Fate(Enum):
    """What becomes of an order."""

    MOVES = "it moves"
    REFUSED = "the host refuses it"
    FAILS = "its job fails"
    UNVERIFIED = "it arrives, and the hosts do not show it in time"
    LOST = "it goes on where nobody follows it any more"
    TAKEN = "somebody has moved the machine away just before"


@dataclass(slots=True, kw_only=True)
class World:
    """The estate. `violations`: what no run may do to it."""

    memory: Mapping[HostName, int]
    """MiB of each host."""
    vms: dict[VmId, VirtualMachine]
    fates: dict[str, list[Fate]] = field(default_factory=dict)
    """By name of the machine, one for each order."""
    silent: list[frozenset[HostName]] = field(default_factory=list)
    """Hosts that do not answer, sweep by sweep; then all do."""
    arriving: dict[VmId, tuple[VirtualMachine, float | None]] = field(default_factory=dict)
    """Machines under way, and when their jobs end where nobody follows them (None: somebody does)."""
    sweeps: int = 0
    """How often all hosts were read."""
    orders: list[tuple[str, HostName, HostName]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def free(self, host: HostName) -> int:
        """Return the memory that is not taken, in MiB: a machine under way takes it at both ends."""
        there = [*self.vms.values(), *(vm for vm, _ in self.arriving.values())]
        return self.memory[host] - sum(vm.memory_mib or 0 for vm in there if vm.host == host)

    def facts(self, host: HostName, now: float) -> HostFacts:
        """Return what a host shows of itself."""
        with self.lock:
            self._settle(now)
            return replace(
                facts(host, memory_mib=self.memory[host], memory_free_mib=self.free(host)),
                jobs=self._jobs(host), read_at=now,
            )  # fmt: skip

    def host(self, name: HostName, now: float) -> Host:
        """Return what a host shows of all."""
        with self.lock:
            self._settle(now)
            vms = tuple(vm for vm in self.vms.values() if vm.host == name)
            return Host(name=name, vms=vms, jobs=self._jobs(name), facts=self.facts(name, now))

    def _jobs(self, host: HostName) -> tuple[Any, ...]:
        return tuple(
            replace(job(1, f"{vm.host}.lab.example"), id=f"JOB-{vm.id}", vm_id=vm.id)
            for vm, _ in self.arriving.values()
            if self.vms[vm.id].host == host
        )

    def sweep(self, now: float) -> Inventory:
        """Return what the hosts show that answer this time."""
        with self.lock:
            self.sweeps += 1
            silent = self.silent.pop(0) if self.silent else frozenset()
            return Inventory(
                hosts={name: self.host(name, now) for name in self.memory if name not in silent},
                unreachable={name: UnreachableHost(name=name, reason="timed out") for name in silent},
            )

    def _settle(self, now: float) -> None:
        """End the jobs that nobody follows, in their time."""
        for id_, (_, until) in list(self.arriving.items()):
            if until is not None and until <= now:
                self._arrive(id_)

    def _arrive(self, id_: VmId) -> VirtualMachine:
        vm, _ = self.arriving.pop(id_)
        self.vms[id_] = vm
        return vm

    def order(self, move: Move) -> Fate:
        """Take an order. Raises PlacementError where the host does not."""
        with self.lock:
            fates = self.fates.get(move.vm.name, [])
            fate = fates.pop(0) if fates else Fate.MOVES
            self.orders.append((move.vm.name, move.source, move.destination))
            vm = self.vms[move.vm.id]
            if fate is Fate.TAKEN:
                room = [h for h in self.memory if h != vm.host and self.free(h) >= (vm.memory_mib or 0)]
                self.vms[vm.id] = replace(vm, host=room[0]) if room else vm
            if self.vms[vm.id].host != move.source:
                raise MoveRefusedError(f"{vm.name} is no longer on {move.source}")
            if fate is Fate.REFUSED:
                raise MigrationStartError(f"{move.source} refused to move {vm.name}", return_value=32773)
            if vm.id in self.arriving:
                self.violations.append(f"{vm.name} was ordered twice")
            if move.changes_host and self.free(move.destination) < (vm.memory_mib or 0):
                self.violations.append(
                    f"{vm.name} was started to {move.destination}, which has no room for it"
                )
            targets = {disk.instance_id: disk.target for disk in move.disks}
            disks = tuple(replace(d, path=targets.get(d.instance_id, d.path)) for d in vm.disks)
            self.arriving[vm.id] = (replace(vm, host=move.destination, roots=move.roots, disks=disks), None)
            return fate

    def adopt(self, id_: VmId) -> bool:
        """Follow a job that runs; say whether there is one."""
        with self.lock:
            if id_ not in self.arriving:
                return False
            self.arriving[id_] = (self.arriving[id_][0], None)
            return True

    def end(self, move: Move, fate: Fate, now: float) -> VirtualMachine:
        """End a job that was followed, and return the machine. Raises PlacementError."""
        with self.lock:
            if fate is Fate.FAILS:
                del self.arriving[move.vm.id]
                raise MigrationFailedError(f"{move.vm.name} failed: General access denied error")
            if fate is Fate.LOST:
                self.arriving[move.vm.id] = (self.arriving[move.vm.id][0], now + UNSEEN)
                raise MigrationStalledError(f"{move.vm.name}: no progress")
            vm = self._arrive(move.vm.id)
            if fate is Fate.UNVERIFIED:
                raise VerificationError(f"{move.vm.name} is not as ordered")
            return vm


class Values(Estate):
    """Reads a world as an estate reads hosts."""

    def __init__(self, world: World, stack: Stack, clock: Clock) -> None:
        """Dial nobody."""
        super().__init__(stack.hosts, clock=clock)
        self._world = world
        self._clock = clock

    def read(
        self,
        detail: Detail | Mapping[HostName, Detail],  # noqa: ARG002 - as estates read; values show all in any detail
        found: Inventory | None = None,
    ) -> Inventory:
        """Read all, or return what was read."""
        return found or self._world.sweep(self._clock.now())

    def read_host(
        self, name: HostName, detail: Detail, found: Host | None = None, facts: HostFacts | None = None
    ) -> Host:
        """Read one host, in any detail."""
        del detail, found, facts  # values show all
        return self._world.host(name, self._clock.now())

    def facts(self, host: HostName) -> HostFacts:
        """Read what decides of a start."""
        return self._world.facts(host, self._clock.now())

    def room(self, host: HostName, *, arriving: bool) -> HostFacts:  # noqa: ARG002 - values show all
        """Read what decides of a start."""
        return self.facts(host)

    def with_details(self, vm: VirtualMachine) -> VirtualMachine:
        """Return it as it is."""
        return vm

    def with_vectors(self, vm: VirtualMachine, facts: HostFacts) -> VirtualMachine:  # noqa: ARG002 - the same
        """Return it as it is."""
        return vm


@dataclass(slots=True)
class ValuesMover:
    """Carries out one move in a world of values: it knows no job, no host service, and takes slots of its own kind."""

    world: World
    context: MoveContext
    fate: Fate = Fate.MOVES

    def running(self) -> Started | None:
        """Adopt what is under way."""
        return Started(adopted=True) if self.world.adopt(self.context.move.vm.id) else None

    def arrived(self) -> VirtualMachine | None:
        """Leave that to the order: the world refuses one for a machine that has gone."""

    def needs(self) -> Needs:
        """Return the memory that the machine takes, and places in the queue of the world."""
        move = self.context.move
        memory = move.vm.memory_mib or 0 if move.changes_host else 0
        hosts = tuple(dict.fromkeys((move.source, move.destination)))
        return Needs(hosts=hosts, destination=move.destination, slots=(QUEUE,), memory_mib=memory)

    def prepare(self) -> Needs:
        """Ask nothing more."""
        return self.needs()

    def start(self, facts: Facts) -> Started:  # noqa: ARG002 - the world looks for itself
        """Order it."""
        self.fate = self.world.order(self.context.move)
        return Started(begun=self.context.clock.now())

    def follow(self) -> None:
        """Let the time pass that every move takes."""
        self.context.clock.wait(SECONDS)

    def verify(self) -> Arrived:
        """Return the machine at its destination."""
        return Arrived(vm=self.world.end(self.context.move, self.fate, self.context.clock.now()))

    def given_up(self, error: PlacementError) -> None:
        """Leave nothing behind that could be cleared up."""

    def retry(self, error: PlacementError, attempt: int) -> Retry | None:
        """Try nothing twice."""


def movers(world: World) -> Movers:
    """Return what has every move carried out in a world."""
    return lambda _move, _facts: lambda context: ValuesMover(world, context)

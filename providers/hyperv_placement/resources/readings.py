"""What was read of a stack's hosts in this run, and how old that may be for what: one reading serves all that wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model.estate import Host, HostFacts, Inventory, VirtualMachine
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.planning.machine.computers import showing_the_same
from hyperv_placement.workspace.handoff import HandedOff, Handoff

Reading = TypeVar("Reading")
UNDER_WAY_MAX_AGE_S = 60.0
"""Seconds for which a sweep that shows a job of a machine may serve to follow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """An inventory and when it was read, in the clock's seconds."""

    inventory: Inventory
    begun: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A host read with what moves ask of it, and when."""

    host: Host
    begun: float

    def reports(self, vm: VmId) -> bool:
        """Say whether it shows what a move asks of this machine."""
        return any(each.id == vm and each.switches is not None for each in self.host.vms)

    def serves(self, oldest: float, after: float | None) -> bool:
        """Judged by when it was asked for: each that has waited for a slow host would read it once more, one after the other."""
        return self.begun >= oldest and (after is None or self.begun > after)


class _Latest(Generic[Reading]):
    """The latest of readings that one thread at a time makes, for all that wait for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = False
        self.last: Reading | None = None

    def get(self, serves: Callable[[Reading], bool], read: Callable[[Reading | None], Reading]) -> Reading:
        """Return the latest where it `serves`, or read; `read` is given the latest. Whoever waits is looked after at each end.

        With a lock alone, one that came later could begin the next reading before those looked whom this one serves.
        """
        with self._changed:
            while self.last is None or not serves(self.last):
                if not self._under_way:
                    self._under_way = True
                    break
                self._changed.wait()
            else:
                return self.last
        found = self.last
        try:
            found = read(self.last)
            return found
        finally:
            with self._changed:
                self.last, self._under_way = found, False
                self._changed.notify_all()


class Readings:
    """The readings of one stack's hosts. Any number of threads may ask for one."""

    def __init__(self, estate: Estate, clock: Clock, handoff: Handoff | None) -> None:
        """Begin with none. `handoff`: where the program may have left its sweep, or will look for ours."""
        self._estate = estate
        self._clock = clock
        self._handoff = handoff
        self._sweeps: _Latest[Sweep] = _Latest()
        self._ends: dict[HostName, _Latest[Close]] = {name: _Latest() for name in estate.specs}
        self._telling_apart = threading.Lock()
        self._distinguished: Sweep | None = None

    def sweep(self, *, max_age: float | None = None, after: float | None = None) -> Sweep:
        """Return a sweep no older than `max_age` seconds, and begun later than `after`; any, where neither is given."""
        return self._sweep(None if max_age is None else self._clock.now() - max_age, after)

    def for_order(self, vm: VmId, asked: float | None = None) -> Sweep:
        """Return a sweep that an order for a machine may go by: a young one, or the last one where that shows a job of the machine.

        A job that runs is followed, not started, by what is read of it anew: another sweep of many hosts before would only keep it
        waiting. `asked`: since when one is waited for; None: now.
        """
        asked = self._clock.now() if asked is None else asked
        known = self._sweep(asked - UNDER_WAY_MAX_AGE_S)
        return known if known.inventory.job_of(vm) is not None else self._sweep(asked - START_MAX_AGE_S)

    def _sweep(self, oldest: float | None, after: float | None = None) -> Sweep:
        def serves(sweep: Sweep) -> bool:
            """Judged by when it was asked for: who has waited for a slow sweep must not start another one."""
            return (after is None or sweep.begun > after) and (oldest is None or sweep.begun >= oldest)

        def read(last: Sweep | None) -> Sweep:
            handed = self._from_program() if last is None else None
            if handed is not None and serves(handed):
                return handed
            return self._swept(first=last is None and handed is None)

        return self._sweeps.get(serves, read)

    def _swept(self, *, first: bool) -> Sweep:
        """Sweep; the first one, made before the program runs, is the program's too."""
        begun, date = self._clock.now(), self._clock.utc()
        inventory = self._estate.read(Detail.PLACEMENT)
        if first and self._handoff is not None:
            self._handoff.leave(HandedOff(inventory=inventory, begun=date))
        return Sweep(inventory=inventory, begun=begun)

    def _from_program(self) -> Sweep | None:
        """Return the program's sweep in this process's clock, None where there is none."""
        now = self._clock.utc()
        handed = self._handoff.take(now) if self._handoff is not None else None
        if handed is None:
            return None
        return Sweep(
            inventory=handed.inventory, begun=self._clock.now() - (now - handed.begun).total_seconds()
        )

    def ends(
        self, found: Inventory, vm: VirtualMachine, target: HostName, *, after: float | None = None
    ) -> Inventory:
        """Return `found` with what a move of `vm` to `target` asks of both, no more than a few seconds old when this was asked.

        `after`: and later than that, for what was read before shows the machine where it was. Raises PlacementError where
        one of them does not answer.
        """
        oldest = self._clock.now() - START_MAX_AGE_S
        names = [name for name in dict.fromkeys((vm.host, target)) if name in found.hosts]
        # At once: where hosts are slow, one after the other takes most of the time before a start.
        with ThreadPoolExecutor(max(1, len(names)), thread_name_prefix="end") as pool:
            reading = {
                name: pool.submit(copy_context().run, self._read_end, found.hosts[name], vm, oldest, after)
                for name in names
            }
        return replace(
            found, hosts={**found.hosts, **{name: each.result() for name, each in reading.items()}}
        )

    def _read_end(self, host: Host, vm: VirtualMachine, oldest: float, after: float | None) -> Host:
        source = vm.host == host.name

        def serves(last: Close) -> bool:
            return last.serves(oldest, after) and (not source or last.reports(vm.id))

        def read(last: Close | None) -> Close:
            # Of a host that was just read as the destination of another move the machines alone are lacking.
            young = last if last is not None and last.serves(oldest, after) else None
            begun, facts = (self._clock.now(), None) if young is None else (young.begun, young.host.facts)
            detail = Detail.MOVE if source else Detail.HOST
            return Close(host=self._estate.read_host(host.name, detail, host, facts), begun=begun)

        shown = self._ends[host.name].get(serves, read).host
        return replace(host, facts=shown.facts, vms=shown.vms)

    def last_facts(self, *hosts: HostName) -> dict[HostName, HostFacts]:
        """Return what was last read of hosts for moves, of those that were read."""
        ends = {name: self._ends[name].last for name in hosts if name in self._ends}
        return {name: end.host.facts for name, end in ends.items() if end and end.host.facts}

    def apart(self, sweep: Sweep) -> Inventory:
        """Return a sweep with the facts of hosts that show the same machines, read after it, once for all calls."""
        with self._telling_apart:
            if self._distinguished is None or self._distinguished.begun != sweep.begun:
                hosts = sorted(showing_the_same(sweep.inventory))
                self._distinguished = replace(
                    sweep, inventory=self._estate.read(dict.fromkeys(hosts, Detail.HOST), sweep.inventory)
                )
            return self._distinguished.inventory

    def is_moving(self, vm: VmId) -> bool:
        """Say whether a host has shown a migration job of the machine within the last minute."""
        return self.sweep(max_age=UNDER_WAY_MAX_AGE_S).inventory.job_of(vm) is not None

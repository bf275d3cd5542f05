"""One stack's hosts as this process sees them: connections, sweeps that many calls share, the ledger of moves."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hyperv_placement.clock import Clock, SystemClock
from hyperv_placement.directory.second_hop import DirectorySecondHop
from hyperv_placement.errors import (
    PlacementError,
    PolicyError,
    StackFileError,
    VmAmbiguousError,
    VmMissingError,
    VmUnknownError,
)
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.migration.admission import Admission
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.migration.failure_guard import FailureGuard
from hyperv_placement.migration.migrate import Moved, migrate, mover_for
from hyperv_placement.migration.mover import Collaborators, Movers
from hyperv_placement.migration.second_hop import SecondHop
from hyperv_placement.model.estate import Host, Inventory, VirtualMachine
from hyperv_placement.model.guard import Limit
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.model.unreachable import who
from hyperv_placement.planning.machine.computers import showing_the_same
from hyperv_placement.planning.machine.identify import NotFound, behind_silence, identify
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.handoff import HandedOff, Handoff, engine_started, run_of
from hyperv_placement.workspace.identities import Identities, identities_path
from hyperv_placement.workspace.stacks import stack_path

from .run_audit import audit_of
from .run_order import RunOrder
from .schedule_arrival import Arrival

if TYPE_CHECKING:
    from hyperv_placement.directory.client import DirectoryClient

YOUNG = 5.0
"""Seconds for which a sweep may serve the start of a move; what decides is read again, live, before each start."""
UNDER_WAY = 60.0
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
        """Say whether it tells what a move asks of this machine."""
        return any(each.id == vm and each.switches is not None for each in self.host.vms)


class Fleet:
    """The hosts of one stack. Any number of threads may use it; one sweep serves all that wait for it."""

    def __init__(  # noqa: PLR0913 - what a run of a stack is made of, the last ones named at the call
        self,
        stack: Stack,
        clock: Clock,
        audit: Path,
        handoff: Handoff | None = None,
        allowed: frozenset[Limit] = frozenset(),
        *,
        estate: Estate | None = None,
        movers: Movers = mover_for,
        identities: Path | None = None,
    ) -> None:
        """Connect to nothing yet. `audit`: file to which starts and ends of moves are appended.

        `identities`: file that keeps which machines are managed; by default beside that folder.

        `handover`: where the program of this run may have left its sweep, or will look for ours. `allowed`: which
        limits of the guard somebody has allowed for this run. `estate`: what reads the hosts, where it
        is not what they ask for. `movers`: decides what carries out a move.
        """
        self.stack = stack
        self.clock = clock
        self.estate = estate or Estate(stack.hosts, clock=clock)
        self.admission = Admission(self.estate, clock=clock)
        self.audit = audit_of(stack, audit, clock)
        self.identities = Identities(
            identities or identities_path(audit.parent.parent.parent, stack.path.stem), clock
        )
        self.estate.expect(self.identities.kept().hosts)
        self.failure_guard = FailureGuard(stack.guard, file=stack.path.name, clock=clock, allowed=allowed)
        self.directory = _directory(stack, clock)
        self.second_hop: SecondHop | None = (
            DirectorySecondHop(stack, self.estate, self.directory, clock) if self.directory else None
        )
        self._shared = Collaborators(
            estate=self.estate,
            clock=clock,
            admission=self.admission,
            audit=self.audit,
            second_hop=self.second_hop,
            failure_guard=self.failure_guard,
        )
        self._movers = movers
        self._close: dict[HostName, Close] = {}
        self._looking = {name: threading.Lock() for name in stack.hosts}
        self._sweeping = threading.Lock()
        self._telling_apart = threading.Lock()
        self._distinguished: Sweep | None = None
        self._last: Sweep | None = None
        self._handoff = handoff
        self._remembering = threading.Lock()
        self._reported_by_state: set[str] = set()
        self.run_order = RunOrder(clock)
        self.arrival = Arrival(self.run_order, clock, handoff, planned=self.audit.go_by)

    def remember(self, past: Sequence[PastMove]) -> None:
        """Leave past moves for the program, which plans by them; without them it plans by what is declared."""
        if past and self._handoff is not None:
            with self._remembering:
                self._handoff.leave_past(past)

    def reported_by_state(self, label: str, machine: VmId) -> None:
        """Leave which machine state has under a key for the program, which plans by it."""
        self._reported_by_state.add(label)
        if self._handoff is not None:
            with self._remembering:
                self._handoff.leave_identity(label, machine, self.clock.utc())

    def plans_by_state(self, label: str) -> bool:
        """Say whether the program knows which machine state has under a key: by this run's readings, or by those of the last."""
        return label in self._reported_by_state or self.kept(label) is not None

    def kept(self, label: str) -> VmId | None:
        """Return the machine of a key in the last run, as far as that is known here."""
        return self.identities.kept().machines.get(label)

    def sweep(self, *, max_age: float | None = None, after: float | None = None) -> Sweep:
        """Return a sweep no older than `max_age` seconds, and begun later than `after`; any, where neither is given."""
        asked = self.clock.now()
        oldest = None if max_age is None else asked - max_age
        with self._sweeping:
            if self._last is None:
                self._last = self._from_program()
            if self._last is None or not _serves(self._last, oldest, after):
                self._last = self._swept(first=self._last is None)
            return self._last

    def _swept(self, *, first: bool) -> Sweep:
        """Sweep; the first one, made before the program runs, is the program's too."""
        begun, date = self.clock.now(), self.clock.utc()
        inventory = self.estate.read(Detail.PLACEMENT)
        if first and self._handoff is not None:
            self._handoff.leave(HandedOff(inventory=inventory, begun=date))
        return Sweep(inventory=inventory, begun=begun)

    def _from_program(self) -> Sweep | None:
        """Return the program's sweep in this process's clock, None where there is none."""
        now = self.clock.utc()
        handed = self._handoff.take(now) if self._handoff is not None else None
        if handed is None:
            return None
        return Sweep(
            inventory=handed.inventory, begun=self.clock.now() - (now - handed.begun).total_seconds()
        )

    def read_ends(
        self, found: Inventory, vm: VirtualMachine, target: HostName, *, after: float | None = None
    ) -> Inventory:
        """Return `found` with what a move of `vm` to `target` asks of both, read no more than a few seconds ago.

        `after`: and later than that, for what was read before shows the machine where it was. Raises PlacementError where
        one of them does not answer.
        """
        ends = {
            name: self._read_end(found.hosts[name], vm, after)
            for name in {vm.host, target}
            if name in found.hosts
        }
        return replace(found, hosts={**found.hosts, **ends})

    def _read_end(self, host: Host, vm: VirtualMachine, after: float | None) -> Host:
        source = vm.host == host.name
        with self._looking[host.name]:
            last = self._close.get(host.name)
            old = last is None or self.clock.now() - last.begun > YOUNG
            old = old or (last is not None and after is not None and last.begun <= after)
            if last is None or old or (source and not last.reports(vm.id)):
                begun = self.clock.now()
                last = Close(
                    host=self.estate.read_host(host.name, Detail.MOVE if source else Detail.HOST, host),
                    begun=begun,
                )
                self._close[host.name] = last
            return replace(host, facts=last.host.facts, vms=last.host.vms)

    def find(self, spec: VmSpec, known: VmId | None, *, max_age: float | None = None) -> VirtualMachine:
        """Return the machine. Gone needs two full sweeps with every host answering and no migration of it.

        Raises VmUnknownError, VmMissingError or VmAmbiguousError.
        """
        first = self.sweep(max_age=max_age)
        earlier = self._identify(spec, first.inventory, known)
        if not isinstance(earlier, NotFound):
            return earlier
        second = self.sweep(after=first.begun)
        found = self._identify(spec, second.inventory, known)
        if isinstance(found, NotFound) and found.standing == Standing.AMBIGUOUS:
            found = self._identify(spec, self._apart(second), known)
        if not isinstance(found, NotFound):
            return found
        raise _error(earlier if found.standing == Standing.MISSING else found)

    def _identify(self, spec: VmSpec, inventory: Inventory, known: VmId | None) -> VirtualMachine | NotFound:
        if not inventory.unreachable:  # the rule: a look through the whole stack for each machine is saved
            return identify(spec, inventory, known)
        stack = self.stack.on(self.clock.utc().date())
        return identify(spec, inventory, known, behind_silence(self.identities.kept(), stack, inventory))

    def _apart(self, sweep: Sweep) -> Inventory:
        """Return a sweep with the facts of hosts that show the same machines, read after it, once for all calls."""
        with self._telling_apart:
            if self._distinguished is None or self._distinguished.begun != sweep.begun:
                hosts = sorted(showing_the_same(sweep.inventory))
                self._distinguished = replace(
                    sweep, inventory=self.estate.read(dict.fromkeys(hosts, Detail.HOST), sweep.inventory)
                )
            return self._distinguished.inventory

    def is_moving(self, vm: VmId) -> bool:
        """Say whether a host has shown a migration job of the machine within the last minute."""
        return self.sweep(max_age=UNDER_WAY).inventory.job_of(vm) is not None

    def age_for(self, vm: VmId) -> float:
        """Return how old a sweep may be for an order: a job that runs is followed, not started, by what is read of it anew.

        Another sweep of many hosts before would only keep it waiting.
        """
        return UNDER_WAY if self.is_moving(vm) else YOUNG

    def move(
        self, label: str, move: Move, *, report: Callable[[Progress], None], cancelled: threading.Event
    ) -> Moved:
        """Carry out a move of the machine that is declared under `label`. Raises PlacementError."""
        ends = {name: self._close.get(name) for name in (move.source, move.destination)}
        facts = {name: end.host.facts for name, end in ends.items() if end and end.host.facts}
        return migrate(
            move,
            self._shared,
            report=report,
            cancelled=cancelled,
            rank=self.run_order.rank(label),
            mover=self._movers(move, facts),
        )

    def first(self, spec: VmSpec, known: VmId | None, *, max_age: float) -> VirtualMachine:
        """Return a machine that is about to be adopted.

        A name decides only where every host answers: one that is silent may hold the machine that is meant, and
        another one of that name would be taken for it. Raises as `find` does.
        """
        silent = self.sweep(max_age=max_age).inventory.unreachable
        if spec.id is None and known is None and silent:
            raise VmUnknownError(
                f"{spec.label} is not adopted by its name alone, for {who(silent.values())}:"
                " another machine of that name may be the one that is meant",
                remedy="Set id: (the GUID) in the stack file, or run again when every host answers",
            )
        return self.find(spec, known, max_age=max_age)


def _directory(stack: Stack, clock: Clock) -> DirectoryClient | None:
    if stack.directory is None:
        return None
    from hyperv_placement.directory.client import DirectoryClient  # noqa: PLC0415 - a fifth of a second that most stacks save

    return DirectoryClient(stack.directory, clock=clock)


def _serves(sweep: Sweep, oldest: float | None, after: float | None) -> bool:
    """Judged by when it was asked for: who has waited for a slow sweep must not start another one."""
    return (after is None or sweep.begun > after) and (oldest is None or sweep.begun >= oldest)


_ERRORS: dict[Standing, type[PlacementError]] = {
    Standing.MISSING: VmMissingError,
    Standing.AMBIGUOUS: VmAmbiguousError,
    Standing.UNKNOWN: VmUnknownError,
}


def _error(found: NotFound) -> PlacementError:
    return _ERRORS[found.standing](found.finding.text, remedy=found.finding.remedy)


class Fleets:
    """The fleets of this process, by stack: a plugin serves one stack, a test may serve several."""

    def __init__(self, project: Path, clock: Clock | None = None, *, engine: str = "") -> None:
        """`project`: the folder that holds `stacks/`. `engine`: the address of the engine that is served."""
        self._project = project
        self._engine = engine
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._fleets: dict[str, Fleet] = {}
        self._broken: dict[str, StackFileError | PolicyError] = {}
        self._reported: set[str] = set()

    def of(self, stack: str) -> Fleet:
        """Return the fleet of `stack`, reading its file at first use. Raises StackFileError or PolicyError."""
        with self._lock:
            if stack in self._broken:
                raise self._broken[stack]
            if stack not in self._fleets:
                self._fleets[stack] = self._made(stack)
            return self._fleets[stack]

    def _made(self, stack: str) -> Fleet:
        try:
            return self._loaded(stack)
        except (StackFileError, PolicyError) as error:
            self._broken[stack] = error
            raise

    def _loaded(self, stack: str) -> Fleet:
        declared = load(stack_path(stack, self._project))
        audit = audit_path(self._project, stack)
        handoff = Handoff(
            project=self._project, engine=self._engine, stack=declared, since=engine_started(), run=run_of(os.environ)
        )  # fmt: skip
        current = declared.on(self._clock.utc().astimezone(UTC).date())
        return Fleet(current, self._clock, audit, handoff, allowances(os.environ))

    def of_reader(self, stack: str) -> Fleet | None:
        """Return the fleet for reading, None where its file's errors have been told already.

        Every machine is read, but one list of errors is enough. Raises StackFileError or PolicyError the first time.
        """
        try:
            return self.of(stack)
        except (StackFileError, PolicyError):
            with self._lock:
                reported = stack in self._reported
                self._reported.add(stack)
            if reported:
                return None
            raise


@cache
def fleets() -> Fleets:
    """Return the fleets of this process: the engine starts it in the project's folder, its address the last argument."""
    return Fleets(Path(), engine=sys.argv[-1])

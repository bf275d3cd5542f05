"""What a run of one stack is made of: its hosts and what was read of them, who takes part, and what carries out a move."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hyperv_placement.clock import Clock
from hyperv_placement.directory.delegation_of_moves import DirectorySecondHop
from hyperv_placement.errors import (
    PlacementError,
    VmAmbiguousError,
    VmMissingError,
    VmUnknownError,
)
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.migration.admission import Admission
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.failure_guard import FailureGuard
from hyperv_placement.migration.interruption import Interruption
from hyperv_placement.migration.known_delegation import SecondHop
from hyperv_placement.migration.migrate import Moved, migrate, mover_for
from hyperv_placement.migration.mover import Collaborators, Expected, Movers
from hyperv_placement.migration.seats import Most, seats_of
from hyperv_placement.migration.start_window import ANY_TIME, StartWindow
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.guard import Limit
from hyperv_placement.model.identity import Home, Kept
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import ScheduledMove, Standing
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.model.throughput import NOBODY, PastMove
from hyperv_placement.model.unreachable import who
from hyperv_placement.planning.checks.windows import windows_of
from hyperv_placement.planning.machine.home import returning
from hyperv_placement.planning.machine.identify import NotFound, behind_silence, identify
from hyperv_placement.planning.machine.way_back import ways_back
from hyperv_placement.tracing import span
from hyperv_placement.workspace.handoff import Handoff
from hyperv_placement.workspace.identities import Identities, identities_path

from .readings import Readings, Sweep
from .run_order import RunOrder
from .schedule_arrival import Arrival
from .watching import SharedWatch

if TYPE_CHECKING:
    from hyperv_placement.directory.client import DirectoryClient


class Fleet:
    """The hosts of one stack. Any number of threads may use it."""

    def __init__(  # noqa: PLR0913 - what a run of a stack is made of, the last ones named at the call
        self,
        stack: Stack,
        clock: Clock,
        audit: AuditLog,
        handoff: Handoff | None = None,
        allowed: frozenset[Limit] = frozenset(),
        *,
        estate: Estate | None = None,
        movers: Movers = mover_for,
        identities: Path | None = None,
        watch: SharedWatch | None = None,
    ) -> None:
        """Hosts are dialled when they are read. `audit`: takes starts and ends of moves.

        `watch`: reads the state that the stack shares with other computers; None where it shares none.

        `identities`: file that keeps which machines are managed; by default beside its folder.

        `handoff`: where the program of this run may have left its sweep, or will look for ours. `allowed`: which
        limits of the guard somebody has allowed for this run. `estate`: what reads the hosts, where it
        is not what they ask for. `movers`: decides what carries out a move.
        """
        self.stack = stack
        self.clock = clock
        self.watch = watch
        self.estate = estate or Estate(stack.hosts, clock=clock)
        most = Most(stack)
        self.admission = Admission(self.estate, clock=clock, most=lambda: most.at(clock.utc()))
        self.audit = audit
        self.identities = Identities(
            identities or identities_path(audit.path.parent.parent.parent, stack.path.stem), clock
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
        self.readings = Readings(self.estate, clock, handoff)
        self._handoff = handoff
        self._remembering = threading.Lock()
        self._reported_by_state: set[str] = set()
        self._homes: dict[VmId, Home | None] = {}
        self.run_order = RunOrder(clock)
        self.arrival = Arrival(self.run_order, clock, handoff, planned=self.audit.go_by)

    def remember(self, past: Sequence[PastMove]) -> None:
        """Leave past moves for the program, which plans by them; without them it plans by what is declared."""
        if past and self._handoff is not None:
            with self._remembering:
                # Who it was is nothing that a plan goes by.
                self._handoff.leave_past([replace(each, by=NOBODY) for each in past])

    def reported_by_state(self, label: str, machine: VmId, home: Home | None = None) -> None:
        """Leave which machine state has under a key, and where it goes back to, for the program, which plans by it."""
        self._reported_by_state.add(label)
        self._homes[machine] = home
        if self._handoff is not None:
            with self._remembering:
                self._handoff.leave_identity(label, machine, self.clock.utc(), home)

    def plans_by_state(self, label: str) -> bool:
        """Say whether the program knows which machine state has under a key: by this run's readings, or by those of the last."""
        return label in self._reported_by_state or self.kept(label) is not None

    def with_homes(self, label: str, vm: VirtualMachine) -> Stack:
        """Return the stack with where a machine, or its files, go back to, as the program had it from state or the last run."""
        # State's word counts, also that there is none (`known_to_state`).
        home = self._homes[vm.id] if vm.id in self._homes else self.identities.kept().homes.get(vm.id)
        stack, kept = self.stack, self.identities.kept()
        if kept.ways_back:
            stack = replace(stack, ways_back=ways_back(stack, {label: vm}, kept))
        if home is None:
            return stack
        return replace(stack, homes=returning(stack, {label: vm}, Kept(homes={vm.id: home})))

    def kept(self, label: str) -> VmId | None:
        """Return the machine of a key in the last run, as far as that is known here."""
        return self.identities.kept().machines.get(label)

    def find(
        self, spec: VmSpec, known: VmId | None, *, max_age: float | None = None, sweep: Sweep | None = None
    ) -> VirtualMachine:
        """Return the machine. Gone needs two full sweeps with every host answering and no migration of it.

        `sweep`: the first of them, where it is at hand. Raises VmUnknownError, VmMissingError or VmAmbiguousError.
        """
        first = sweep or self.readings.sweep(max_age=max_age)
        earlier = self._identify(spec, first.inventory, known)
        if not isinstance(earlier, NotFound):
            return earlier
        second = self.readings.sweep(after=first.begun)
        found = self._identify(spec, second.inventory, known)
        if isinstance(found, NotFound) and found.standing == Standing.AMBIGUOUS:
            found = self._identify(spec, self.readings.apart(second), known)
        if not isinstance(found, NotFound):
            return found
        raise _error(earlier if found.standing == Standing.MISSING else found)

    def _identify(self, spec: VmSpec, inventory: Inventory, known: VmId | None) -> VirtualMachine | NotFound:
        if not inventory.unreachable:  # the rule: a look through the whole stack for each machine is saved
            return identify(spec, inventory, known)
        stack = self.stack.at(self.clock.utc())
        return identify(spec, inventory, known, behind_silence(self.identities.kept(), stack, inventory))

    def move(
        self,
        label: str,
        move: Move,
        *,
        report: Callable[[Progress], None],
        cancelled: threading.Event,
        stop: Interruption | None = None,
        planned: ScheduledMove | None = None,
    ) -> Moved:
        """Carry out a move of the machine that is declared under `label`. Raises PlacementError.

        `planned`: as the plan has it; None where it has none.
        """
        estimated, expected = (0.0, None) if planned is None else (planned.seconds, _expected(planned))
        facts = self.readings.last_facts(move.source, move.destination)
        with span("move", vm=move.vm.name, id=move.vm.id, **_way(move)) as note:
            if planned is not None:
                note(bytes=planned.bytes, seconds_planned=planned.seconds, pause_planned=planned.blackout)
            moved = migrate(
                move,
                self._shared,
                report=report,
                cancelled=cancelled,
                stop=stop,
                rank=self.run_order.rank(label),
                start_window=self._start_window(label, move, estimated),
                held=partial(self._check_held, label, move),
                seats=seats_of(self.stack, label, move),
                mover=self._movers(move, facts),
                expected=expected,
            )
            # Of an order that somebody else gave nobody here knows how long it took.
            note(result="moved", **({} if moved.seconds is None else {"seconds": moved.seconds}))
        return moved

    def _check_held(self, label: str, move: Move) -> None:
        if self.watch is not None:
            self.watch.check(label, move)

    def _start_window(self, label: str, move: Move, estimated: float) -> StartWindow:
        if self.failure_guard.allows("window"):
            return ANY_TIME
        windows = windows_of(self.stack, label, move.source, move.destination)
        return StartWindow(windows=windows, seconds=estimated) if windows.scopes else ANY_TIME

    def first(self, spec: VmSpec, known: VmId | None, *, max_age: float) -> VirtualMachine:
        """Return a machine that is about to be adopted.

        A name decides only where every host answers: one that is silent may hold the machine that is meant, and
        another one of that name would be taken for it. Raises as `find` does.
        """
        silent = self.readings.sweep(max_age=max_age).inventory.unreachable
        if spec.id is None and known is None and silent:
            raise VmUnknownError(
                f"{spec.label} is not adopted by its name alone, for {who(silent.values())}:"
                " another machine of that name may be the one that is meant",
                remedy="Set id: (the GUID) in the stack file, or run again when every host answers",
            )
        return self.find(spec, known, max_age=max_age)


def _way(move: Move) -> dict[str, str | list[str]]:
    """Return what a span says of a move: hosts, kind, and each path that changes."""
    roots = [
        (old, new) for old, new in ((move.vm.roots.config, move.roots.config),) if not winpath.same(old, new)
    ]
    paths = [
        *roots,
        *(
            (each.source, each.target)
            for each in move.all_disks
            if not winpath.same(each.source, each.target)
        ),
    ]
    return {
        "from": move.source,
        "to": move.destination,
        "kind": move.moves.value,
        "paths": [f"{old} -> {new}" for old, new in paths],
    }


def _expected(planned: ScheduledMove) -> Expected:
    return Expected(way=planned.move, bytes=planned.bytes, pause=planned.blackout)


def _directory(stack: Stack, clock: Clock) -> DirectoryClient | None:
    if stack.directory is None:
        return None
    from hyperv_placement.directory.client import DirectoryClient  # noqa: PLC0415 - a fifth of a second that most stacks save

    return DirectoryClient(stack.directory, clock=clock)


_ERRORS: dict[Standing, type[PlacementError]] = {
    Standing.MISSING: VmMissingError,
    Standing.AMBIGUOUS: VmAmbiguousError,
    Standing.UNKNOWN: VmUnknownError,
}


def _error(found: NotFound) -> PlacementError:
    return _ERRORS[found.standing](found.finding.text, remedy=found.finding.remedy)

"""What carries out a move: the seam between the run of a move and one way to bring a machine to its place.

`migrate` runs a move: it adopts or starts, waits for room, keeps the audit log and the guard, follows, verifies, and
tries again. It knows no job, no migration service and no cluster. What it asks of whatever brings the machine there is
the protocol `Mover`, one object a move:

    running -> follow -> verify                       somebody's order does it already: it is adopted
    arrived                                           somebody has done it: nothing is ordered
    prepare -> (room) start -> follow -> verify       ours; a failure goes through given_up and retry, and back to start

The migration by a host's own service (`host_migration`) is the first. Another one brings what it takes of hosts with
it, as `Needs`: slots that say themselves how many of them a host has, memory, and space on volumes. Admission counts
those of all movers in one ledger.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from hyperv_placement.clock import Clock
from hyperv_placement.errors import AuditLostError, InterruptedRunError, PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.migration.known_delegation import SecondHop
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, VmId

from .admission import Admission, Facts
from .audit import AuditLog
from .failure_guard import FailureGuard
from .interruption import Interruption
from .leftovers import Left
from .needs import Needs, Seat
from .start_window import ANY_TIME, StartWindow

_log = logging.getLogger(__name__)
START_MAX_AGE_S = 5.0
"""Seconds for which a reading of a host may serve the start of a move; what decides is read again, live, before each start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collaborators:
    """What all moves of a run share."""

    estate: Estate
    clock: Clock
    admission: Admission
    audit: AuditLog
    second_hop: SecondHop | None = None
    failure_guard: FailureGuard | None = None
    shortened: set[tuple[VmId, HostName, HostName]] = field(default_factory=set)
    """Moves of this run, by machine, source and destination, whose order was sent once more with the short text of its settings."""


def named(move: Move) -> str:
    """Return the machine and where it goes, as messages name them."""
    way = f"{move.source} -> {move.destination}" if move.changes_host else f"storage on {move.source}"
    return f"{move.vm.name} ({way})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the plan has said of a move, for the line of its end."""

    way: Move
    """The move that was planned: of another way it says nothing."""
    bytes: int
    """What is copied: files, and memory of a machine that runs."""
    pause: float
    """Seconds for which the machine stands still, estimated."""

    def record(self, made: Move) -> dict[str, object]:
        """Return what the audit log keeps of it; nothing where another move was made."""
        if (self.way.source, self.way.destination, self.way.moves) != (
            made.source,
            made.destination,
            made.moves,
        ):
            return {}
        return {"bytes": self.bytes, "pause_estimated": round(self.pause, 2)}


@dataclass(slots=True, kw_only=True)
class MoveRecord:
    """The lines of one move in the audit log."""

    audit: AuditLog
    move: Move
    report: Callable[[Progress], None]
    expected: Expected | None = None
    """What was planned of it; None where no plan has it."""
    lost: str = ""
    """Why a line of the move is not in the audit log; empty where all are."""

    def note(
        self, event: str, *, job: str = "", result: str = "", more: Mapping[str, object] | None = None
    ) -> str | None:
        """Append a line, and warn where that cannot be done; return why."""
        _log.info("%s: %s%s", named(self.move), event, f": {result}" if result else "")
        trouble = self.audit.note(event, self.move, job=job, result=result, more=more)
        self.lost = trouble or self.lost
        if news := self.audit.news():
            self.report(Progress(phase=news, warns=True))
        return trouble

    def announce(self, event: str, *, result: str = "") -> None:
        """Append what is about to be ordered. Raises AuditRefusedError where that cannot be written, and must be."""
        self.audit.check(self.move.vm.name, self.note(event, result=result))

    def measured(self, seconds: float | None) -> dict[str, object]:
        """Return what its last line keeps of its size and time; nothing of what is not known. `seconds`: from order to proof."""
        taken = {} if seconds is None else {"seconds": round(seconds, 1)}
        return {**taken, **(self.expected.record(self.move) if self.expected is not None else {})}

    def check_complete(self, what: str) -> None:
        """Raise AuditLostError, naming `what` is done, where the log must have all lines and lacks one."""
        if self.lost and self.audit.required:
            raise AuditLostError(
                f"{what} is done, and not all of it is in the audit log: {self.lost}",
                remedy="Make the log writable: the next run notes how it ended",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveContext:
    """One move of a run, and all that whoever carries it out works with."""

    shared: Collaborators
    move: Move
    record: MoveRecord
    report: Callable[[Progress], None]
    cancelled: threading.Event
    """Set: nothing more is ordered."""
    stop: Interruption
    """What else is asked of the run that is to end."""
    asked: float
    """When this move was asked for, by the clock; what it was judged by was read before."""
    rank: float = 0.0
    """When it is planned to start; of two moves that wait for the same room, the earlier one gets it."""
    start_window: StartWindow = ANY_TIME
    """When it may start."""
    held: Callable[[], None] = lambda: None
    """Raises MoveRefusedError where somebody has held the machine, or its destination, since the plan."""
    seats: tuple[Seat, ...] = ()
    """What it is one of, of which only so many are on their way at once."""

    @property
    def estate(self) -> Estate:
        """The hosts of the stack."""
        return self.shared.estate

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        return self.shared.clock

    @property
    def named(self) -> str:
        """The machine and where it goes, as messages name them."""
        return named(self.move)

    def check_permitted(self) -> None:
        """Raise PlacementError where nothing may be started any more: by the audit log, the guard, the move's windows, or a hold."""
        self.shared.audit.check(self.move.vm.name)
        self.start_window.check(self.move, self.clock.utc())
        self.held()
        if self.shared.failure_guard is not None:
            self.shared.failure_guard.check(self.move)

    def may_start(self) -> bool:
        """Say whether neither the audit log nor the guard stands against a start."""
        try:
            self.check_permitted()
        except PlacementError:
            return False
        return True

    def check_cancelled(self) -> None:
        """Raise InterruptedRunError where the run was interrupted before anything was started."""
        if self.cancelled.is_set():
            raise InterruptedRunError(
                f"{self.move.vm.name} was not started: the run was interrupted", remedy=""
            )

    def seated(self, needs: Needs) -> Needs:
        """Return what the move takes, with its seats, of which no mover knows."""
        return replace(needs, seats=self.seats)

    def failed(self, error: PlacementError) -> None:
        """Count a failure of the move against the guard."""
        if self.shared.failure_guard is not None:
            self.shared.failure_guard.failed(self.move, error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A move under way."""

    job_id: str = ""
    """What the audit log keeps of the job that does it; empty without one."""
    adopted: bool = False
    """Whether somebody else, or an earlier run, gave the order."""
    begun: float | None = None
    """When the order was sent, by the clock; None where it was not this process that did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A machine that is proven to be where its move was to take it."""

    vm: VirtualMachine
    warnings: tuple[str, ...] = ()
    """What an operator should know all the same: the words of the job, what is left behind."""
    left: Left = field(default_factory=Left)

    def record(self) -> dict[str, object]:
        """Return what the audit log keeps of it beside the result; nothing where all went as it should."""
        left: dict[str, object] = {"files": list(self.left.files), "planned": self.left.planned}
        return {
            **({"warnings": list(self.warnings)} if self.warnings else {}),
            **({"left": left} if self.left else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """That another attempt of a failed move may succeed."""

    seconds: float = 0.0
    """How long to wait before it."""
    reason: str = ""
    """What is waited for."""


class Mover(Protocol):
    """Carries out one move. What goes wrong is raised as a PlacementError."""

    def running(self) -> Started | None:
        """Return what does this move already, None where nothing does. Raises MovedByOthersError where the machine goes elsewhere."""

    def needs(self) -> Needs:
        """Return what a move that runs takes of its hosts, as far as that can be read while it runs."""

    def arrived(self) -> VirtualMachine | None:
        """Return the machine where somebody has brought it to its place since the plan."""

    def prepare(self) -> Needs:
        """Ask all that can be asked before there is room, and return what the move takes of its hosts.

        Raises MoveRefusedError where the move would fail.
        """

    def start(self, facts: Facts) -> Started:
        """Give the order, by facts that were just read and show room. Raises PlacementError where nothing was started.

        The rules that protect machines are asked once more, by what the hosts show now.
        """

    def follow(self) -> None:
        """Return when what was started, or adopted, has ended, well or not. Raises MigrationStalledError or InterruptedRunError."""

    def verify(self) -> Arrived:
        """Return the machine where the hosts show what was ordered; nothing else is success. Raises PlacementError."""

    def given_up(self, error: PlacementError) -> None:
        """Clear up what a failed attempt of ours has made, if it is still ours; trouble with that is added to `error`."""

    def retry(self, error: PlacementError, attempt: int) -> Retry | None:
        """Return how another attempt may succeed after `attempt` of them; None where trying again does not help.

        Only where the hosts show the machine as it was. Raises PlacementError with what is known of the cause.
        """


OpenMover = Callable[[MoveContext], Mover]
"""Makes what carries out one move."""
Movers = Callable[[Move, Facts], OpenMover]
"""Decides which mover serves a move, by the move as it was planned and by the facts of its hosts."""

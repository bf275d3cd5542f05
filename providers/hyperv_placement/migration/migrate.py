"""One move from admission to proof: adopt or start, follow, verify."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hyperv_placement import quoting
from hyperv_placement.clock import Clock
from hyperv_placement.codes.catalogue import lost_a_slot
from hyperv_placement.errors import (
    AuditLostError,
    InterruptedRunError,
    MigrationFailedError,
    MoveRefusedError,
    PlacementError,
    StageFailedError,
)
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.jobs import Follower, Outcome, patience
from hyperv_placement.hyperv.machine_rows import system_reference
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.winrm.faults import AbsentFaultError

from . import orders
from .admission import Admission, Facts
from .audit import AuditLog
from .both_ends import Ends
from .chains import check_shared, with_parents
from .ending import LEFTOVER, Arrived, Ending
from .failure_guard import FailureGuard
from .needs import needs_of
from .second_hop import Delegation, SecondHop, is_refused, pauses
from .start import Started, Starter
from .verify import deviations

_log = logging.getLogger(__name__)
_PURGE = quoting.powershell("klist purge -li 0x3e7")
"""Has a host ask for new tickets: 0x3e7 is the session of its system account (klist page)."""
KNOWN_MAX_AGE_S = 5.0
"""For so long a whole reading of both ends shows that nobody moves the machine, as long as a sweep serves the start of a move."""
ATTEMPTS = 5
"""Starts of one move in one run; each but the first only after a proven failure that trying again can cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A machine that has moved."""

    vm: VirtualMachine
    """As its destination shows it."""
    seconds: float | None
    """From the order until it was verified; None where somebody else gave the order."""
    warnings: tuple[str, ...] = ()
    """What was reported of its end, each a line."""


def migrate(  # noqa: PLR0913 - what a move touches, each named at the call
    estate: Estate,
    move: Move,
    *,
    report: Callable[[Progress], None],
    cancelled: threading.Event,
    clock: Clock,
    admission: Admission,
    audit: AuditLog,
    second_hop: SecondHop | None = None,
    rank: float = 0.0,
    failure_guard: FailureGuard | None = None,
) -> Moved:
    """Carry out `move` and return the machine as its destination shows it afterwards, and the time that it took.

    `rank`: when it is planned to start; of two that wait for the same room, the earlier one gets it.

    A running job with the same target is adopted. An accepted order is never sent again, except after its job was
    read as ended in a failure that trying again can cure, with the machine unmoved on both hosts. Raises
    PlacementError: refused, no room, moved by others, failed, stalled, interrupted, or not verified.
    """
    if cancelled.is_set():
        raise InterruptedRunError(f"{move.vm.name} was not started: the run was interrupted", remedy="")
    with admission.taking_part(move):
        migration = _Migration(
            estate=estate, move=move, report=report, cancelled=cancelled, clock=clock, admission=admission,
            audit=audit, second_hop=second_hop, rank=rank, failure_guard=failure_guard, begun=clock.now(),
        )  # fmt: skip
        try:
            return migration.run()
        except PlacementError as error:
            migration.note_failure(error)
            if error.may_still_run:
                admission.lost_sight(move)
            raise


@dataclass(slots=True, kw_only=True)
class _Migration:
    estate: Estate
    move: Move
    report: Callable[[Progress], None]
    cancelled: threading.Event
    clock: Clock
    admission: Admission
    audit: AuditLog
    second_hop: SecondHop | None
    rank: float
    failure_guard: FailureGuard | None
    begun: float
    """When this move was asked for; what it is judged by was read before."""
    sized: Move | None = None
    """The move with the sizes of its disks."""
    lost: str = ""
    """Why a line of it is not in the audit log; empty where all are."""

    def run(self) -> Moved:
        if not self._rests():
            if (running := self._starter().running()) is not None:
                self.sized = self._examined()
                self.admission.adopt(self.move, needs_of(self.sized))
                return self._timed(running)
            if self.move.changes_host and (arrived := self._arrived()) is not None:
                return Moved(vm=arrived, seconds=None)
        self._permitted()
        self.sized = detailed = self._detailed()
        self._check_options(detailed)
        self._check_delegation()
        self._clear_stage()
        patience = self._patience()
        for attempt in itertools.count(1):
            started = None
            try:
                started = self._started(detailed)
                return self._timed(started)
            except (MigrationFailedError, StageFailedError) as error:
                if started is not None:
                    self._unstage(started, error)
                adopted = started is not None and started.adopted
                if adopted or not self._cured(error, attempt, patience):
                    raise
        raise AssertionError("the last attempt raises")

    def _timed(self, started: Started) -> Moved:
        arrived = self._finish(started)
        seconds = None if started.begun is None else self.clock.now() - started.begun
        return Moved(vm=arrived.vm, seconds=seconds, warnings=arrived.warnings)

    def note_failure(self, error: PlacementError) -> None:
        """Count it, before the room is given back to another move."""
        if self.failure_guard is not None:
            self.failure_guard.failed(self.move, error)

    def _permitted(self) -> None:
        """Raise MoveRefusedError where nothing may be started any more."""
        self.audit.check(self.move.vm.name)
        if self.failure_guard is not None:
            self.failure_guard.check(self.move)

    def _check_delegation(self) -> None:
        """Refuse a move of which the directory says that its source may not act at its destination."""
        found = self.second_hop.delegation(self.move, fresh=False) if self.second_hop else None
        if found is not None and found.against:
            raise MoveRefusedError(
                f"{self.move.vm.name} ({self._way}) would fail with 0x8009030E: {found.against}",
                remedy=found.remedy,
            )

    def _patience(self) -> Iterator[float]:
        """Yield the seconds to wait before each further attempt that a ticket cache makes necessary."""
        begun, most = self.clock.now(), self.second_hop.wait if self.second_hop else 0.0
        for pause in pauses():
            left = begun + most - self.clock.now()
            if left <= 0:
                return
            yield min(pause, left)

    def _cured(
        self, error: MigrationFailedError | StageFailedError, attempt: int, patience: Iterator[float]
    ) -> bool:
        """Say whether trying again can help, after waiting for it where time is what helps. Raises PlacementError.

        The room of the failed attempt is given back meanwhile.
        """
        if is_refused(error.codes):
            pause = self._until_seen(error, patience)
            if pause is None or not self._settled():
                return False
            self.admission.ended(self.move)
            _log.info("%s: attempt %d is next, in %g s: %s", self._named, attempt + 1, pause, error.message)
            self._wait_for_tickets(pause)
            return True
        if attempt >= ATTEMPTS or not lost_a_slot(error.message) or not self._settled():
            return False
        _log.info("%s: attempt %d is next: %s", self._named, attempt + 1, error.message)
        self.admission.ended(self.move)
        return True

    def _until_seen(
        self, error: MigrationFailedError | StageFailedError, patience: Iterator[float]
    ) -> float | None:
        """Return how long to wait for the host to see the directory as it is, None where that would not help.

        Only where the directory has all that is needed. Raises MigrationFailedError with what it says else.
        """
        found = self.second_hop.delegation(self.move, fresh=True) if self.second_hop else None
        if found is None:
            return None
        pause = None if found.against or found.unknown else next(patience, None)
        if pause is None:
            raise _explained(error, found, self.move.source) from error
        return pause

    def _wait_for_tickets(self, pause: float) -> None:
        self.report(
            Progress(
                phase=f"waiting {pause:.0f} s: the directory allows it, {self.move.source} does not know yet (old tickets;"
                f" {_PURGE} there ends it)",
                lasting=True,
            )
        )
        if self.clock.wait(pause, self.cancelled):
            raise InterruptedRunError(
                f"{self.move.vm.name} was not started: the run was interrupted", remedy=""
            )

    def _check_options(self, detailed: Move) -> None:
        """Refuse what the source's build does not know: a host would ignore it, or say nothing helpful."""
        template = orders.template_of(self.estate, self.move)
        if missing := orders.unknown_options(detailed, template):
            raise MoveRefusedError(
                f"{self.move.vm.name}: {self.move.source} does not know {', '.join(missing)}; its build is too old for"
                " what the stack file chooses under migration",
                remedy="Take the option out for this machine, or move the machine with a newer host",
            )

    def _clear_stage(self) -> None:
        """Remove the planned machine that an earlier run of this stack has left, or that a person lets this run remove."""
        if not self.move.is_staged:
            return
        stage = self._starter().stage()
        if (found := stage.found()) is None:
            return
        ordered = self.audit.staged(self.move)
        ours = ordered is not None and winpath.same(found.config, ordered)
        allowed = self.failure_guard is not None and self.failure_guard.allows("planned")
        if ours or (allowed and found.usable):
            stage.remove()

    def _unstage(self, started: Started, error: PlacementError) -> None:
        """Remove our planned machine after a failed move into it."""
        if started.stage is not None:
            started.stage.given_up(error)

    def _starter(self) -> Starter:
        return Starter(
            estate=self.estate,
            move=self.sized or self.move,
            clock=self.clock,
            cancelled=self.cancelled,
            note=self._reported,
            announce=self._announce,
            report=self.report,
            arrived=self._ends.arrived,
            permitted=self._permitted,
            asked=self.begun,
        )

    def _rests(self) -> bool:
        """Say whether both ends have just shown the machine at its source and no migration of it.

        What has begun since is found before the order: the jobs of the machine are the first that is asked there.
        """
        move = self.move
        source, destination = (
            self.estate.known(host, max_age=KNOWN_MAX_AGE_S) for host in (move.source, move.destination)
        )
        if source is None or destination is None or move.vm.id not in source.realized:
            return False
        return all(job.vm_id != move.vm.id for job in (*source.jobs, *destination.jobs))

    def _arrived(self) -> VirtualMachine | None:
        """Return the machine where somebody has moved it to its place since the plan."""
        if inventory.has_vm(self.estate.client(self.move.source), self.move.vm.id):
            return None
        found = self.estate.read_vm(self.move.destination, self.move.vm.id)
        return None if deviations(self.move, None, found) else found

    def _examined(self) -> Move:
        """Return the move with the sizes and parents of its disks, as far as they can be read while it runs.

        Somebody else's order may take along what ours would not: which parents it leaves is not known then.
        """
        try:
            return self._detailed()
        except MoveRefusedError:
            pass
        except PlacementError:
            return self.move
        try:
            vm = self.estate.with_details(self.move.vm)
        except PlacementError:
            return self.move
        return replace(self.move, vm=replace(vm, disks=_alone(vm.disks), frozen=_alone(vm.frozen)))

    def _detailed(self) -> Move:
        """Return the move with sizes and parents of its disks: read for machines that move, so the plan has none."""
        if not self.move.copies_storage:
            detailed = self.estate.with_details(self.move.vm)
            check_shared(self.move, detailed, lambda path: self.estate.disk(self.move.source, path))
            return replace(self.move, vm=detailed)
        return with_parents(
            self.move,
            self.estate.with_details(self.move.vm),
            lambda path: self.estate.disk(self.move.source, path),
        )

    def _started(self, detailed: Move) -> Started:
        """Wait for room and start."""
        return self.admission.start(
            self.move,
            needs_of(detailed),
            self._start,
            waiting=self._waiting,
            cancelled=self.cancelled,
            rank=self.rank,
            permitted=self._permitted,
        )

    def _waiting(self, reason: str) -> None:
        _log.info("%s: waiting: %s", self._named, reason)
        self.report(Progress(phase=f"waiting: {reason}"))

    def _start(self, facts: Facts) -> Started:
        """Start, and count a failure that is final: the room is free before anybody else hears of it."""
        try:
            return self._starter().start(facts)
        except StageFailedError:
            raise  # another attempt may cure it
        except PlacementError as error:
            self.note_failure(error)
            raise

    def _finish(self, started: Started) -> Arrived:
        if started.adopted:
            self._note("adopted", job=started.job_id)
        try:
            arrived = self._ending(started).proven(self._followed(started))
        except PlacementError as error:
            self._note(_ending(error), job=started.job_id, result=str(error))
            raise
        self._note("end", job=started.job_id, result="moved", more=arrived.record())
        for warning in arrived.warnings:
            self.report(Progress(phase=warning, warns=True))
        if self.lost and self.audit.required:
            raise AuditLostError(
                f"{self._named} is done, and not all of it is in the audit log: {self.lost}",
                remedy="Make the log writable: the next run notes how it ended",
            )
        return arrived

    def _ending(self, started: Started) -> Ending:
        return Ending(
            ends=self._ends,
            way=self._named,
            audit=self.audit,
            enabled_state=started.enabled_state,
            running=lambda: self._starter().running() is not None,
            report=self.report,
            cancelled=self.cancelled,
            clock=self.clock,
        )

    def _followed(self, started: Started) -> Outcome:
        if started.job is None:
            return Outcome(state=0)
        return Follower(
            client=self.estate.client(self.move.source),
            job=started.job,
            name=self._named,
            activity=self._activity,
            report=self.report,
            cancelled=self.cancelled,
            clock=self.clock,
            quiet=patience(needs_of(self.sized or self.move).files.values()),
        ).follow()

    def _activity(self) -> int | None:
        system = system_reference(self.move.vm.id)
        try:
            status = self.estate.client(self.move.source).get(system).many("OperationalStatus")
        except AbsentFaultError:
            return None
        return int(status[1]) if len(status) > 1 else None

    @property
    def _ends(self) -> Ends:
        return Ends(estate=self.estate, move=self.sized or self.move)

    def _settled(self) -> bool:
        """Say whether both hosts show the machine as it was, with nothing of the attempt left behind."""
        begun = self.clock.now()
        while not self._ends.unmoved():
            if self.clock.now() - begun > LEFTOVER or self.clock.wait(1.0, self.cancelled):
                return False
        return True

    @property
    def _way(self) -> str:
        if not self.move.changes_host:
            return f"storage on {self.move.source}"
        return f"{self.move.source} -> {self.move.destination}"

    @property
    def _named(self) -> str:
        return f"{self.move.vm.name} ({self._way})"

    def _note(
        self, event: str, *, job: str = "", result: str = "", more: Mapping[str, object] | None = None
    ) -> str | None:
        """Append a line, and say where that cannot be done; return why."""
        _log.info("%s: %s%s", self._named, event, f": {result}" if result else "")
        trouble = self.audit.note(event, self.move, job=job, result=result, more=more)
        self.lost = trouble or self.lost
        if news := self.audit.news():
            self.report(Progress(phase=news, warns=True))
        return trouble

    def _reported(self, event: str, result: str) -> None:
        self._note(event, result=result)

    def _announce(self, event: str) -> None:
        """Note what is about to be ordered. Raises AuditRefusedError where that cannot be, and must be."""
        self.audit.check(self.move.vm.name, self._note(event))


def _alone(disks: Iterable[Disk]) -> tuple[Disk, ...]:
    """Return disks as if nobody had asked for their parents."""
    return tuple(replace(disk, parent_path=None) for disk in disks)


def _ending(error: PlacementError) -> str:
    """Return the audit log's event for a move that was followed until `error`: only what was seen to end has ended."""
    return "left" if error.may_still_run or isinstance(error, InterruptedRunError) else "end"


def _explained(
    error: MigrationFailedError | StageFailedError, found: Delegation, source: HostName
) -> MigrationFailedError:
    """Return a refused second hop's error with what the directory says, right after it."""
    if found.against:
        reported, remedy = found.against, found.remedy
    elif found.unknown:
        reported, remedy = f"what is delegated could not be read ({found.unknown})", error.remedy
    else:
        reported = f"the directory has all that is needed on {found.account}, so that {source} most likely still uses old tickets"
        remedy = f"On {source} run {_PURGE}, or wait 15 minutes, and run again"
    return MigrationFailedError(f"{error.message}: {reported}", codes=error.codes, remedy=remedy)

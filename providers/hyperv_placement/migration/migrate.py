"""One move from admission to proof, whatever carries it out: adopt or start, follow, verify, and try again."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from hyperv_placement.errors import (
    InterruptedRunError,
    MigrationFailedError,
    MoveCancelledError,
    PlacementError,
    StageFailedError,
)
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move

from .admission import Facts
from .host_migration import HostMigration
from .interruption import Interruption
from .mover import Arrived, Collaborators, Expected, MoveContext, Mover, MoveRecord, OpenMover, Started
from .needs import Needs, Seat
from .start_window import ANY_TIME, StartWindow

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A machine that has moved."""

    vm: VirtualMachine
    """As its destination shows it."""
    seconds: float | None
    """From the order until it was verified; None where somebody else gave the order."""
    warnings: tuple[str, ...] = ()
    """What was reported of its end, each a line."""
    job: str = ""
    """InstanceID of the host's job; empty where nobody saw one."""


def mover_for(_move: Move, _facts: Facts) -> OpenMover:
    """Return what serves a move, by the move and the facts of its hosts: the one place where that is decided.

    The source's migration service serves all of them; a role of a failover cluster is refused before.
    """
    return HostMigration


def migrate(  # noqa: PLR0913 - how one move of a run is let start, each named at the call
    move: Move,
    shared: Collaborators,
    *,
    report: Callable[[Progress], None],
    cancelled: threading.Event,
    stop: Interruption | None = None,
    rank: float = 0.0,
    start_window: StartWindow = ANY_TIME,
    held: Callable[[], None] = lambda: None,
    seats: tuple[Seat, ...] = (),
    mover: OpenMover = HostMigration,
    expected: Expected | None = None,
) -> Moved:
    """Carry out `move` and return the machine as its destination shows it afterwards, and the time that it took.

    `rank`: when it is planned to start; of two that wait for the same room, the earlier one gets it. `start_window`: when it
    may start, which is asked again at each start. `seats`: what it is one of, of which only so many are on their way at once.

    `held`: raises MoveRefusedError where a hold keeps it from starting, which is asked again as well. `expected`: what the
    plan has said of it, which the line of its end repeats.

    `cancelled`: nothing more is ordered once it is set; `stop`: what becomes then of what was, by default it is left to its host.

    A running job with the same target is adopted. An order is never sent again, except after its job was read as ended in
    a failure that trying again can cure, and with the short text where a host refused the whole one (`short_order`), each
    with the machine unmoved on both hosts. Raises
    PlacementError: refused, no room, moved by others, failed, stalled, interrupted, or not verified.
    """
    record = MoveRecord(audit=shared.audit, move=move, report=report, expected=expected)
    context = MoveContext(
        shared=shared,
        move=move,
        record=record,
        report=report,
        cancelled=cancelled,
        stop=stop or Interruption.of(cancelled),
        rank=rank,
        start_window=start_window,
        held=held,
        seats=seats,
        asked=shared.clock.now(),
    )
    context.check_cancelled()
    with shared.admission.taking_part(move):
        try:
            return _run(context, mover(context))
        except PlacementError as error:
            context.failed(error)
            if error.may_still_run:
                shared.admission.lost_sight(move)
            raise


def _run(context: MoveContext, mover: Mover) -> Moved:
    admission, move = context.shared.admission, context.move
    if (running := mover.running()) is not None:
        admission.adopt(move, context.seated(mover.needs()))
        return _finished(context, mover, running)
    if (there := mover.arrived()) is not None:
        return Moved(vm=there, seconds=None)
    context.check_permitted()
    needs = context.seated(mover.prepare())
    for attempt in itertools.count(1):
        started = None
        try:
            started = _started(context, mover, needs)
            return _finished(context, mover, started)
        except (MigrationFailedError, MoveCancelledError, StageFailedError) as error:
            if started is not None:
                mover.given_up(error)
            if (started is not None and started.adopted) or not _may_retry(context, mover, error, attempt):
                raise
    raise AssertionError("the last attempt raises")


def _started(context: MoveContext, mover: Mover, needs: Needs) -> Started:
    """Wait for room and start."""

    def start(facts: Facts) -> Started:
        try:
            return mover.start(facts)
        except StageFailedError:
            raise  # another attempt may cure it
        except PlacementError as error:
            context.failed(error)  # before its room is given to another move
            raise

    def waiting(reason: str) -> None:
        _log.info("%s: waiting: %s", context.named, reason)
        context.report(Progress(phase=f"waiting: {reason}"))

    return context.shared.admission.start(
        context.move,
        needs,
        start,
        waiting=waiting,
        cancelled=context.cancelled,
        rank=context.rank,
        permitted=context.check_permitted,
    )


def _finished(context: MoveContext, mover: Mover, started: Started) -> Moved:
    arrived, seconds = _arrived(context, mover, started)
    return Moved(vm=arrived.vm, seconds=seconds, warnings=arrived.warnings, job=started.job_id)


def _arrived(context: MoveContext, mover: Mover, started: Started) -> tuple[Arrived, float | None]:
    """Follow what runs to its end, write down how it ended, and return it with the seconds since its order."""
    record = context.record
    if started.adopted:
        record.note("adopted", job=started.job_id)
    try:
        with context.stop.counting():
            mover.follow()
            arrived = mover.verify()
    except PlacementError as error:
        # The audit log says that a move has ended only where its end was seen.
        seen = not (error.may_still_run or isinstance(error, InterruptedRunError))
        record.note("end" if seen else "left", job=started.job_id, result=str(error))
        raise
    seconds = None if started.begun is None else context.clock.now() - started.begun
    more = {**arrived.record(), **record.measured(seconds)}
    record.note("end", job=started.job_id, result="moved", more=more)
    for warning in arrived.warnings:
        context.report(Progress(phase=warning, warns=True))
    record.check_complete(context.named)
    return arrived, seconds


def _may_retry(context: MoveContext, mover: Mover, error: PlacementError, attempt: int) -> bool:
    """Say whether to try again, after the time that it takes; the room of the failed attempt is given back meanwhile."""
    retry = mover.retry(error, attempt)
    if retry is None:
        return False
    wait = f", in {retry.seconds:g} s" if retry.seconds else ""
    _log.info("%s: attempt %d is next%s: %s", context.named, attempt + 1, wait, error.message)
    context.shared.admission.ended(context.move)
    if retry.seconds:
        context.report(Progress(phase=f"waiting {retry.seconds:.0f} s: {retry.reason}", lasting=True))
        if context.clock.wait(retry.seconds, context.cancelled):
            context.check_cancelled()
    return True

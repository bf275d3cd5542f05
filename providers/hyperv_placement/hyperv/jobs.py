"""Follows a job by the class that its reference names, until it ends, vanishes, or falls silent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hyperv_placement.clock import Clock
from hyperv_placement.codes.catalogue import codes_in
from hyperv_placement.errors import (
    InterruptedRunError,
    JobUnknownError,
    MigrationStalledError,
    PlacementError,
    ProtocolError,
)
from hyperv_placement.model.units import MIB, format_seconds
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.faults import AbsentFaultError
from hyperv_placement.winrm.trouble import LASTING
from hyperv_placement.wsman import EndpointReference, Instance, Value, objects_in

from .cancelling import CancelRequest
from .progress import PHASES, Progress, estimate
from .rows import ENDED, SUCCEEDED, WARNED, percent_of

_log = logging.getLogger(__name__)
JOB_STARTED = 4096
"""ReturnValue: Method Parameters Checked - Job Started (win32 pages of the methods)."""
SLOWEST = 20 * MIB
"""The slowest copy, in bytes a second, that is still taken to be alive while its job reports no progress."""
QUIET_S = 15 * 60.0
"""Seconds without any progress after which following ends. The job is left alone."""
FIRST_PAUSE_S, PAUSE_SHARE, LONGEST_PAUSE_S = 0.5, 0.2, 5.0
"""Seconds between two looks: the first, then this share of the time gone by, the longest."""
_STATES = {7: "Completed", 8: "Terminated", 9: "Killed", 10: "Exception", WARNED: "CompletedWithWarnings"}
_STOPPED = frozenset({8, 9})
CANCELLED = 0x800704C7
"""ERROR_CANCELLED as an HRESULT (MS-ERREF 2.2)."""
NEARER = 0.5
"""Share of the time that seems left after which to look again: an end that nobody looks at holds the next move up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ended."""

    state: int
    """JobState; 0 where the job vanished: a host removes it five minutes after its end."""
    error_code: int = 0
    texts: tuple[str, ...] = ()
    """Every line of GetErrorEx, or else the job's own descriptions: of a failure, or of what it warns."""

    @property
    def vanished(self) -> bool:
        """Whether only the machine itself can show what became of the job."""
        return self.state == 0

    @property
    def succeeded(self) -> bool:
        """Whether the host says that it is done; the machine is read all the same."""
        # A job may be Completed and have an ErrorCode all the same: openstack/os-win takes that for a failure, too.
        return self.state in SUCCEEDED and self.error_code == 0

    @property
    def failed(self) -> bool:
        """Whether the host says that it failed; the machine is read all the same."""
        return not self.succeeded and not self.vanished

    @property
    def stopped(self) -> bool:
        """Whether the host says that somebody had it stopped: Terminated, Killed, or ERROR_CANCELLED among its texts."""
        return self.state in _STOPPED or CANCELLED in codes_in(self.texts)

    @property
    def words(self) -> str:
        """What the host says of the end, in one line."""
        if self.vanished:
            return "its job was gone before its end was read"
        reported = " | ".join(" ".join(text.split()) for text in self.texts)
        name = _STATES.get(self.state, f"JobState {self.state}")
        if self.state in SUCCEEDED and self.error_code:
            name = f"{name} with ErrorCode {self.error_code}"
            return f"{name}: {reported}" if reported else name
        return reported or f"its job ended in {name} without a word"


@dataclass(slots=True, kw_only=True)
class _JobWatch:
    """How a job has gone as long as it was followed."""

    begun: float
    moved: float
    """When it last showed any progress."""
    read: float | None = None
    """When it was last read; None before it was."""
    silence: PlacementError | None = None
    """Why it was not read just now; None where the last reading said how it is."""
    percent: int = 0
    first: int | None = None
    """Percent at the first look: an adopted job has come a part of its way before."""
    seconds_left: float | None = None
    sign: tuple[object, ...] = ()

    def note(self, row: Instance, now: float) -> None:
        self.read, self.silence = now, None
        shown = percent_of(row)
        self.percent = self.percent if shown is None else shown
        self.first = self.percent if self.first is None else self.first
        self.seconds_left = estimate(self.percent - self.first, 100 - self.percent, now - self.begun)
        sign = (row.number("JobState"), self.percent, row.properties.get("OperationalStatus"))
        if sign != self.sign:
            self.sign, self.moved = sign, now

    def seen(self, now: float) -> str:
        """Return how it was when it was last read, in words."""
        if self.read is None:
            return "it was never read"
        return f"it was at {self.percent} % when it was last read, {format_seconds(now - self.read)} ago"

    def pause(self, now: float) -> float:
        """Return the seconds until the next look: more as time goes by, fewer as the end comes nearer."""
        left = 0.0 if self.percent >= 100 else self.seconds_left  # noqa: PLR2004 - percent
        longest = LONGEST_PAUSE_S if left is None else min(LONGEST_PAUSE_S, NEARER * left)
        return max(FIRST_PAUSE_S, min(PAUSE_SHARE * (now - self.begun), longest))


def patience(sizes: Iterable[int]) -> float:
    """Return the seconds of silence that files of these sizes excuse: PercentComplete is a whole number."""
    return max(QUIET_S, 2 * sum(sizes) / 100 / SLOWEST)


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows one job of one machine."""

    client: Client
    job: EndpointReference
    name: str
    """The machine's name, for messages."""
    activity: Callable[[], int | None]
    """Returns the machine's OperationalStatus[1], the phase as the host reports it; None where there is no second status."""
    report: Callable[[Progress], None]
    cancelled: threading.Event
    """Set: it is left to its host."""
    clock: Clock
    request: CancelRequest | None = None
    """What asks the host to cancel it, once that is wanted; None where it never is."""
    quiet: float = QUIET_S
    """Seconds without progress after which following ends."""

    def follow(self) -> Outcome:
        """Return how the job ended.

        Raises InterruptedRunError when the run is cancelled, MigrationStalledError after `quiet` seconds in which it was
        read and did not move, JobUnknownError after such a silence and at once where the host refuses us; the job may go
        on in all these cases.
        """
        watch = _JobWatch(begun=self.clock.now(), moved=self.clock.now())
        while True:
            row = self._read(watch)
            if isinstance(row, Outcome):
                return row
            if row is not None:
                state = row.number("JobState") or 0
                _log.debug(
                    "%s: job %s on %s is in state %d, at %s %%",
                    self.name, self._id, self.client.host.name, state, row.text("PercentComplete"),
                )  # fmt: skip
                if state in ENDED:
                    return self._outcome(row)
                watch.note(row, self.clock.now())
                if self.request is not None:
                    self.request.look(row)
            self._say(watch)
            self._pause(watch)

    def _pause(self, watch: _JobWatch) -> None:
        now = self.clock.now()
        host = self.client.host.name
        # Looked at only after a reading, so that an end in the last quiet second is still seen.
        if now - watch.moved > self.quiet:
            if watch.silence is not None:
                raise JobUnknownError(
                    f"{self.name}: {host} no longer reports on its job ({watch.silence.message}); {watch.seen(now)},"
                    " and what it does now is not known"
                )
            raise MigrationStalledError(
                f"{self.name}: job {self._id} on {host} is at {watch.percent} %, nothing moved for"
                f" {format_seconds(now - watch.moved)}"
            )
        if self.clock.wait(watch.pause(now), self.cancelled):
            if watch.silence is not None or watch.read is None:
                raise InterruptedRunError(
                    f"{self.name} is left to {host}, which does not report on its job now; {watch.seen(now)}",
                    remedy="The next run looks for it",
                )
            raise InterruptedRunError(f"{self.name} is still moving ({watch.percent} %), left to {host}")

    @property
    def _id(self) -> str:
        return self.job.selector("InstanceID") or ""

    def _read(self, watch: _JobWatch) -> Instance | Outcome | None:
        """Return the job, an outcome where it is gone, or None where the host did not answer this time.

        Raises JobUnknownError where asking again would not help.
        """
        try:
            # InstanceID is the only key of a job (r4sd/go-wsman), whatever else the reference that came with it carries.
            row = self.client.get(EndpointReference(self.job.resource_uri, {"InstanceID": self._id}))
            for decisive in ("JobState", "ErrorCode"):
                row.number(decisive)
        except AbsentFaultError:
            return Outcome(state=0)
        except LASTING as error:
            raise self._refused(error, watch) from error
        except PlacementError as error:
            # A service that restarts may answer anything; the limit on silence ends it.
            _log.info(
                "%s: job %s on %s was not read this time: %s",
                self.name,
                self._id,
                self.client.host.name,
                error.message,
            )
            watch.silence = error
            return None
        return row

    def _refused(self, error: PlacementError, watch: _JobWatch) -> JobUnknownError:
        """Return the end of following: the cause once for each host, and in short for its other moves."""
        host, known = (
            self.client.host.name,
            f"what its job does now is not known ({watch.seen(self.clock.now())})",
        )
        if self.client.reported.first(error):
            remedy = f"{error.remedy}. {JobUnknownError.remedy}".removeprefix(". ")
            return JobUnknownError(f"{self.name}: {error.message}; {known}", remedy=remedy)
        return JobUnknownError(f"{self.name}: {host} is not asked any more, as said of another move; {known}")

    def _say(self, watch: _JobWatch) -> None:
        now = self.clock.now()
        if watch.silence is not None:
            since = now - (watch.begun if watch.read is None else watch.read)
            silent = f"{self.client.host.name} has not reported on it for {format_seconds(since)}"
            self.report(Progress(phase=silent, percent=None if watch.read is None else watch.percent))
            return
        try:
            code = self.activity()
        except PlacementError:
            code = None
        phase = PHASES.get(code or 0, "migrating")
        still = now - watch.moved
        self.report(
            Progress(phase=phase, percent=watch.percent, seconds_left=watch.seconds_left, still=still)
        )

    def _outcome(self, row: Instance) -> Outcome:
        outcome = Outcome(state=row.number("JobState") or 0, error_code=row.number("ErrorCode") or 0)
        if outcome.succeeded and outcome.state != WARNED:
            return outcome
        texts = self._errors() or tuple(
            text for name in ("ErrorDescription", "ErrorSummaryDescription") if (text := row.text(name))
        )
        return Outcome(state=outcome.state, error_code=outcome.error_code, texts=tuple(dict.fromkeys(texts)))

    def _errors(self) -> tuple[str, ...]:
        """Read GetErrorEx: an array of embedded Msvm_Error, outermost first."""
        job = EndpointReference(self.job.resource_uri, {"InstanceID": self._id})
        try:
            errors = self.client.ask(job, "GetErrorEx", {}).outputs.get("Errors")
        except PlacementError:  # how it ended is known already; only the reason stays short
            return ()
        listed = errors if isinstance(errors, tuple) else (errors,)
        return tuple(text for item in listed if (text := _message(item)))


def _message(value: Value) -> str:
    try:
        return " ".join(each.text("Message").strip() for each in objects_in(value, "Msvm_Error"))
    except ProtocolError:  # better a text that is no instance than none
        return value.strip() if isinstance(value, str) else ""

"""Follows a job by the class that its reference names, until it ends, vanishes, or falls silent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from providers.clock import Clock
from providers.errors import (
    InterruptedRunError,
    MigrationStalledError,
    PlacementError,
    ProtocolError,
)
from providers.units import MIB
from providers.wsman import EndpointReference, Instance, decode_embedded

from .client import Client
from .faults import AbsentFaultError
from .progress import PHASES, Progress, estimate
from .rows import ENDED, SUCCEEDED, WARNED

SLOWEST = 20 * MIB
"""Bytes a second that a copy makes at the least, as far as silence is judged by it."""
QUIET = 15 * 60.0
"""Seconds without any progress after which following ends. The job is left alone."""
FIRST, SHARE, LONGEST = 0.5, 0.2, 5.0
"""Seconds between two looks: the first, then this share of the time gone by, the longest."""
_STATES = {7: "Completed", 8: "Terminated", 9: "Killed", 10: "Exception", WARNED: "CompletedWithWarnings"}
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
        """Whether only the machine can tell now."""
        return self.state == 0

    @property
    def succeeded(self) -> bool:
        """Whether the host says that it is done; the machine is read all the same."""
        return self.state in SUCCEEDED and self.error_code == 0

    @property
    def failed(self) -> bool:
        """Whether the host says that it failed; the machine is read all the same."""
        return not self.succeeded and not self.vanished

    @property
    def words(self) -> str:
        """What the host says of the end, in one line."""
        told = " | ".join(" ".join(text.split()) for text in self.texts)
        name = _STATES.get(self.state, f"JobState {self.state}")
        if self.state in SUCCEEDED and self.error_code:
            name = f"{name} with ErrorCode {self.error_code}"
            return f"{name}: {told}" if told else name
        return told or f"its job ended in {name} without a word"


@dataclass(slots=True, kw_only=True)
class _Course:
    """How a job has gone as long as it was followed."""

    begun: float
    moved: float
    """When it last showed any progress."""
    percent: int = 0
    first: int | None = None
    """Percent at the first look: an adopted job has come a part of its way before."""
    seconds_left: float | None = None
    sign: tuple[object, ...] = ()

    def note(self, row: Instance, now: float) -> None:
        self.percent = row.number("PercentComplete") or 0
        self.first = self.percent if self.first is None else self.first
        self.seconds_left = estimate(self.percent - self.first, 100 - self.percent, now - self.begun)
        sign = (row.number("JobState"), self.percent, row.many("OperationalStatus"))
        if sign != self.sign:
            self.sign, self.moved = sign, now

    def pause(self, now: float) -> float:
        """Return the seconds until the next look: more as time goes by, fewer as the end comes nearer."""
        left = 0.0 if self.percent >= 100 else self.seconds_left  # noqa: PLR2004 - percent
        longest = LONGEST if left is None else min(LONGEST, NEARER * left)
        return max(FIRST, min(SHARE * (now - self.begun), longest))


def patience(sizes: Iterable[int]) -> float:
    """Return the seconds of silence that files of these sizes excuse: PercentComplete is a whole number."""
    return max(QUIET, 2 * sum(sizes) / 100 / SLOWEST)


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows one job of one machine."""

    client: Client
    job: EndpointReference
    name: str
    """The machine's name, for messages."""
    activity: Callable[[], int | None]
    """Returns the machine's OperationalStatus[1], the phase as the host reports it; None where it tells none."""
    report: Callable[[Progress], None]
    cancelled: threading.Event
    clock: Clock
    quiet: float = QUIET
    """Seconds without progress after which following ends."""

    def follow(self) -> Outcome:
        """Return how the job ended.

        Raises InterruptedRunError when the run is cancelled and MigrationStalledError after `quiet` seconds without
        progress; the job goes on in both cases. Trouble with the connection counts as no progress.
        """
        course = _Course(begun=self.clock.now(), moved=self.clock.now())
        while True:
            row = self._read()
            if isinstance(row, Outcome):
                return row
            if row is not None:
                if (row.number("JobState") or 0) in ENDED:
                    return self._outcome(row)
                course.note(row, self.clock.now())
                self._say(course)
            self._pause(course)

    def _pause(self, course: _Course) -> None:
        now = self.clock.now()
        if now - course.moved > self.quiet:
            raise MigrationStalledError(
                f"{self.name}: job {self._id} on {self.client.host.name} is at {course.percent} %, no progress for"
                f" {self.quiet / 60:.0f} min"
            )
        if self.clock.wait(course.pause(now), self.cancelled):
            raise InterruptedRunError(
                f"{self.name} is still moving ({course.percent} %), left to {self.client.host.name}"
            )

    @property
    def _id(self) -> str:
        return self.job.selector("InstanceID") or ""

    def _read(self) -> Instance | Outcome | None:
        """Return the job, an outcome where it is gone, or None where the host did not answer this time."""
        try:
            return self.client.get(EndpointReference(self.job.resource_uri, {"InstanceID": self._id}))
        except AbsentFaultError:
            return Outcome(state=0)
        except PlacementError:
            return None  # a service that restarts may answer anything; the limit on silence ends it

    def _say(self, course: _Course) -> None:
        try:
            code = self.activity()
        except PlacementError:
            code = None
        phase = PHASES.get(code or 0, "migrating")
        self.report(Progress(phase=phase, percent=course.percent, seconds_left=course.seconds_left))

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
        except PlacementError:
            return ()
        listed = errors if isinstance(errors, tuple) else (errors,)
        return tuple(text for item in listed if isinstance(item, str) and (text := _message(item)))


def _message(text: str) -> str:
    try:
        return decode_embedded(text).text("Message").strip()
    except ProtocolError:
        return text.strip()

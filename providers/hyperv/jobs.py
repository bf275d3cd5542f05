"""Follows a job by the class that its reference names, until it ends, vanishes, or falls silent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from providers.clock import Clock
from providers.errors import (
    HostUnreachableError,
    InterruptedRunError,
    MigrationStalledError,
    PlacementError,
    ProtocolError,
    WsmanFaultError,
)
from providers.wsman import EndpointReference, Instance, decode_embedded

from .client import Client
from .faults import AbsentFaultError
from .progress import PHASES, Progress, estimate
from .rows import ENDED

QUIET = 15 * 60.0
"""Seconds without any progress after which following ends. The job is left alone."""
FIRST, GROWTH, LONGEST = 0.25, 1.5, 5.0
"""Seconds between two looks: the first, how it grows, the longest."""
SUCCEEDED = frozenset({7, 32768})
"""JobState Completed and Completed with warnings (Msvm_MigrationJob page; openstack/os-win jobutils)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ended."""

    state: int
    """JobState; 0 where the job vanished: a host removes it five minutes after its end."""
    error_code: int = 0
    texts: tuple[str, ...] = ()
    """Every line of GetErrorEx, or else the job's own descriptions."""

    @property
    def vanished(self) -> bool:
        """Whether only the machine can tell now."""
        return self.state == 0

    @property
    def succeeded(self) -> bool:
        """Whether the host says that it is done; the machine is read all the same."""
        return self.state in SUCCEEDED and self.error_code == 0


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

    def follow(self) -> Outcome:
        """Return how the job ended.

        Raises InterruptedRunError when the run is cancelled and MigrationStalledError after `QUIET` seconds without
        progress; the job goes on in both cases. Trouble with the connection counts as no progress.
        """
        begun = moved = self.clock.now()
        seen: tuple[object, ...] = ()
        pause, percent = FIRST, 0
        while True:
            row = self._read()
            if isinstance(row, Outcome):
                return row
            now = self.clock.now()
            if row is not None:
                if (row.number("JobState") or 0) in ENDED:
                    return self._outcome(row)
                percent = row.number("PercentComplete") or 0
                sign = (row.number("JobState"), percent, tuple(row.many("OperationalStatus")))
                moved, seen = (now, sign) if sign != seen else (moved, seen)
                self._say(percent, now - begun)
            if now - moved > QUIET:
                raise MigrationStalledError(
                    f"{self.name}: job {self._id} on {self.client.host.name} is at {percent} %, no progress for"
                    f" {QUIET / 60:g} min"
                )
            if self.clock.wait(pause, self.cancelled):
                raise InterruptedRunError(
                    f"{self.name} is still moving ({percent} %), left to {self.client.host.name}"
                )
            pause = min(pause * GROWTH, LONGEST)

    @property
    def _id(self) -> str:
        return self.job.selector("InstanceID") or ""

    def _read(self) -> Instance | Outcome | None:
        """Return the job, an outcome where it is gone, or None where the host did not answer this time."""
        try:
            return self.client.get(EndpointReference(self.job.resource_uri, {"InstanceID": self._id}))
        except AbsentFaultError:
            return Outcome(state=0)
        except (WsmanFaultError, HostUnreachableError):
            return None

    def _say(self, percent: int, elapsed: float) -> None:
        try:
            code = self.activity()
        except PlacementError:
            code = None
        phase = PHASES.get(code or 0, "migrating")
        self.report(Progress(phase=phase, percent=percent, seconds_left=estimate(percent, elapsed)))

    def _outcome(self, row: Instance) -> Outcome:
        outcome = Outcome(state=row.number("JobState") or 0, error_code=row.number("ErrorCode") or 0)
        if outcome.succeeded:
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

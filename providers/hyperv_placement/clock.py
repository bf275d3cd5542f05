"""The only place that reads the time or waits. The clock is passed in, so that tests can move it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, date and time, and a wait that an event can end early."""

    def now(self) -> float:
        """Return monotonic seconds; only differences are meaningful."""

    def utc(self) -> datetime:
        """Return the date and time in UTC."""

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait `seconds`, or until `until` is set; return whether it is set."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return `time.monotonic()`."""
        return time.monotonic()

    def utc(self) -> datetime:
        """Return the present date and time in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait on the event, or sleep where there is none."""
        if until is None:
            time.sleep(seconds)
            return False
        return until.wait(seconds)

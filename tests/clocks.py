"""A clock that moves when somebody waits on it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class FastClock:
    """Starts at 0 and jumps ahead by each wait; an event that is set already ends the wait at once."""

    def __init__(self) -> None:
        """Begin at a fixed date."""
        self._lock = threading.Lock()
        self._now = 0.0

    def now(self) -> float:
        """Return the seconds waited so far."""
        with self._lock:
            return self._now

    def utc(self) -> datetime:
        """Return a date that moves with the seconds."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now())

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Jump ahead, unless `until` is set."""
        if until is not None and until.is_set():
            return True
        with self._lock:
            self._now += seconds
        return until is not None and until.is_set()

"""The time of the simulated world: it starts at the present and may run fast."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class LabClock(Protocol):
    """The world's time; it never runs backwards."""

    def now(self) -> datetime:
        """Return the world's date and time in UTC."""


class RunningClock:
    """A clock that runs by itself, `speed` times as fast as the machine's."""

    def __init__(self, *, start: datetime | None = None, speed: float = 1.0) -> None:
        """Start at `start`, or at the present where that is later or no start is given."""
        present = datetime.now(UTC)
        self._start = max(start, present) if start else present
        self._origin = time.monotonic()
        self.speed = speed

    def now(self) -> datetime:
        """Return the start plus `speed` times what has passed since."""
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self.speed)


class DrivenClock:
    """A clock that stands still until it is moved on, so that an instant can be an event of the world."""

    def __init__(self) -> None:
        """Start at the present."""
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        """Return where it stands."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move it on."""
        self._now += timedelta(seconds=seconds)

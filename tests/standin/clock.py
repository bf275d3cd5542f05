"""A clock for several threads: time goes on when all of them wait, to the next one's end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hyperv_placement.clock import Clock

_THREADS = ThreadPoolExecutor(16, thread_name_prefix="stand-in")
"""Kept from run to run: thousands of runs would start a dozen threads each."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiter:
    until: float
    event: threading.Event | None
    go: threading.Event = field(default_factory=threading.Event)


class Turns:
    """Seconds that pass only while everybody waits; one thread goes on at a time."""

    def __init__(self, passing: Callable[[float], None] = lambda _: None) -> None:
        """One thread is at work: the one that makes it. `passing`: called, while nobody works, before time leaves a moment."""
        self._passing = passing
        self._lock = threading.Lock()
        self._now = 0.0
        self._at_work = 1
        self._waiting: list[_Waiter] = []

    def now(self) -> float:
        """Return the seconds so far."""
        return self._now

    def utc(self) -> datetime:
        """Return a date that moves with the seconds."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._now)

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait in the clock's own time."""
        me = _Waiter(until=self._now + seconds, event=until)
        with self._lock:
            self._waiting.append(me)
            self._at_work -= 1
            self._next()
        me.go.wait()
        return until is not None and until.is_set()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Count this thread as one that waits for others, whom the clock knows."""
        with self._lock:
            self._at_work -= 1
            self._next()
        try:
            yield
        finally:
            with self._lock:
                self._at_work += 1

    def start(self, work: Callable[[], None]) -> Future[None]:
        """Have another thread of the run do something."""
        with self._lock:
            self._at_work += 1

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._at_work -= 1
                    self._next()

        return _THREADS.submit(run)

    def _next(self) -> None:
        if self._at_work or not self._waiting:
            return
        called = [each for each in self._waiting if each.event is not None and each.event.is_set()]
        nearest = called[0] if called else min(self._waiting, key=lambda each: each.until)
        if not called and nearest.until > self._now:
            self._passing(self._now)
            self._now = nearest.until
        self._waiting.remove(nearest)
        self._at_work += 1
        nearest.go.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaf:
    """A clock of which nobody is woken: a judge who does not see what comes of that sees nothing."""

    clock: Clock

    def now(self) -> float:
        """Return the seconds so far."""
        return self.clock.now()

    def utc(self) -> datetime:
        """Return a date that moves with the seconds."""
        return self.clock.utc()

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait all the seconds, whatever happens meanwhile."""
        self.clock.wait(seconds)
        return until is not None and until.is_set()

"""Calls at the end of a time, by one thread for all: a timer of its own for each request costs a thread each."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadlines:
    """What is to be called, and when, unless it is over by then."""

    def __init__(self) -> None:
        """No thread runs before something waits."""
        self._waiting: dict[object, tuple[float, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._next = math.inf
        """When the thread looks again: at the end of something that may be over by now."""
        self._thread: threading.Thread | None = None

    @contextmanager
    def call(self, seconds: float, late: Callable[[], None]) -> Iterator[None]:
        """Have `late` called in another thread after `seconds`; not any more once the block is left, but it may go on then."""
        until, token = time.monotonic() + seconds, object()
        with self._changed:
            self._waiting[token] = until, late
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif until < self._next:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._waiting.pop(token, None)

    def _watch(self) -> None:
        while True:
            for late in self._due():
                late()

    def _due(self) -> list[Callable[[], None]]:
        """Wait for the next end, and return what is to be called at it."""
        with self._changed:
            self._next = min((until for until, _ in self._waiting.values()), default=math.inf)
            if (left := self._next - time.monotonic()) > 0:
                self._changed.wait(None if self._next == math.inf else min(left, threading.TIMEOUT_MAX))
            now = time.monotonic()
            due = [token for token, (until, _) in self._waiting.items() if until <= now]
            return [self._waiting.pop(token)[1] for token in due]

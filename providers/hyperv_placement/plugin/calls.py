"""Calls in flight: each in a thread of its own, so that an interrupted run need not wait for a silent host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any, NoReturn, TypeVar

from hyperv_placement.errors import InterruptedRunError

Answer = TypeVar("Answer")
GRACE = 5.0
"""Seconds after Cancel in which calls may end by themselves: within one, unless a host is silent."""


class Calls:
    """The calls of one plugin process."""

    def __init__(self, grace: float = GRACE) -> None:
        """`grace`: seconds from `interrupt` until calls are left behind."""
        self._grace = grace
        self._lock = threading.Lock()
        self._waiting: set[SimpleQueue[Any]] = set()
        self._interrupted = False
        self._over = False

    def run(self, verb: Callable[[], Answer]) -> Answer:
        """Return what `verb` returns. Raises what it raises, InterruptedRunError where it is left behind."""
        answers: SimpleQueue[Callable[[], Answer]] = SimpleQueue()
        with self._lock:
            if self._over:
                _left_behind()
            self._waiting.add(answers)
        # A new thread does not see the caller's context, in which `resources.call.current` is.
        context = copy_context()
        threading.Thread(target=lambda: answers.put(_outcome(lambda: context.run(verb))), daemon=True).start()
        try:
            return answers.get()()
        finally:
            with self._lock:
                self._waiting.discard(answers)

    def any_runs(self) -> bool:
        """Say whether a call is in flight."""
        with self._lock:
            return bool(self._waiting)

    def interrupt(self) -> None:
        """Give the calls in flight their grace, and leave behind those that have not ended by then."""
        with self._lock:
            if self._interrupted:
                return
            self._interrupted = True
        timer = threading.Timer(self._grace, self._leave_behind)
        timer.daemon = True  # a process that ends earlier need not wait for it
        timer.start()

    def _leave_behind(self) -> None:
        with self._lock:
            self._over = True
            # A late answer of the verb itself goes to the same queue, where nobody takes it any more.
            for answers in self._waiting:
                answers.put(_left_behind)


def _outcome(verb: Callable[[], Answer]) -> Callable[[], Answer]:
    """Carry out `verb` and return what gives its answer, or raises its error, in another thread."""
    try:
        answer = verb()
    except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
        caught = error

        def fail() -> Answer:
            raise caught

        return fail
    return lambda: answer


def _left_behind() -> NoReturn:
    raise InterruptedRunError(
        "The run was interrupted while a host did not answer: what it was asked for is unknown",
        remedy="Run pulumi preview to see where the machine is; a migration that has started is adopted by the next run",
    )

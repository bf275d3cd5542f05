"""Brings the program's schedule to the plugin: asked for again until it is there, never remembered as absent."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hyperv_placement.clock import Clock
from hyperv_placement.errors import InterruptedRunError, OrderMissingError, StackFileSavedError
from hyperv_placement.model.plan import Schedule
from hyperv_placement.workspace.handoff import Handoff, Order, fingerprint

from .run_order import RunOrder

ARRIVES = 10.0
"""Seconds for which a move waits for the schedule: the program leaves it before it declares anything, so it is there."""
_AGAIN = 0.2
"""Seconds between two looks."""


class Arrival:
    """Brings one run's schedule to its order. Any number of threads may ask.

    The engine reads and compares what it knows before the program runs: what is not there then comes later.
    """

    def __init__(
        self,
        run_order: RunOrder,
        clock: Clock,
        handoff: Handoff | None,
        planned: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Without a `handoff` there is no program that leaves a schedule, and none is waited for.

        `planned`: called with the plan's hash when it comes.
        """
        self._run_order = run_order
        self._clock = clock
        self._handoff = handoff
        self._planned = planned
        self._lock = threading.Lock()
        self._order: Order | None = None
        self._asked: float | None = None
        self._reported = False
        if handoff is None:
            run_order.follow(Schedule())

    def look(self) -> bool:
        """Say whether the schedule is there, without waiting for it."""
        with self._lock:
            if self._handoff is None or self._order is not None:
                return True
            self._order = self._handoff.take_schedule()
            if self._order is None:
                return False
            self._planned(fingerprint(self._order.schedule))
            self._run_order.follow(self._order.schedule)
            return True

    def agree(self, label: str) -> None:
        """Make sure that program and plugin have read one stack file, as soon as that is known.

        Raises StackFileSavedError where they have not: what is declared is read from both.
        """
        self.look()
        # Digests of what each has read, not the file as it lies there now: what counts is what each goes by.
        handoff, order = self._handoff, self._order
        if handoff is None or order is None or order.stack == handoff.stack.digest:
            return
        if self._first():
            raise StackFileSavedError(
                f"{label} is left as it is: {handoff.stack.path} was saved while this run was starting"
            )
        raise StackFileSavedError(
            f"{label} is left as it is: {handoff.stack.path.name} was saved meanwhile", remedy=""
        )

    def wait(self, label: str, cancelled: threading.Event) -> None:
        """Return when the order of the run has its schedule.

        Raises OrderMissingError where it does not come, StackFileSavedError, or InterruptedRunError when cancelled.
        """
        with self._lock:
            # From the first that asks, for all of them: otherwise each would wait its own ten seconds.
            self._asked = self._clock.now() if self._asked is None else self._asked
            until = self._asked + ARRIVES
        while not self.look():
            if self._clock.now() > until:
                raise self._missing(label)
            if self._clock.wait(_AGAIN, cancelled):
                raise InterruptedRunError(f"{label} was not started: the run was interrupted", remedy="")
        # Only now can the two be compared: the program's digest comes with its schedule.
        self.agree(label)

    def _missing(self, label: str) -> OrderMissingError:
        if not self._first():
            return OrderMissingError(f"{label} is not started: this run has no order of its moves", remedy="")
        where = self._handoff.orders if self._handoff else None
        return OrderMissingError(
            f"{label} is not started: the order of this run's moves did not come from the program within"
            f" {ARRIVES:g} s ({where or 'the engine has no address'})"
        )

    def _first(self) -> bool:
        """Say whether it is reported for the first time: the cause is given once, the other lines are short."""
        with self._lock:
            reported, self._reported = self._reported, True
            return not reported

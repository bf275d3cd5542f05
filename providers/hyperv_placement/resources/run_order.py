"""The order of one run's moves as our process keeps it: who has gone, who is still to come, who will not come.

The states, the rules and what is hopeless are explained in run_order_states.py; who may go is decided in
run_order_decision.py. Here are the threads, the lock, and all I/O.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hyperv_placement.clock import Clock
from hyperv_placement.errors import InterruptedRunError, NoRoomError
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.plan import Schedule, ScheduledMove

from .run_order_decision import carried_out, decide, lacks_worker
from .run_order_states import Event, Machine, Run, State

EYES_OPEN_S = 1.0
"""How often a waiting thread looks whether the run is cancelled, which wakes nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run whose moves are all made."""

    seconds: float
    """Since the engine asked for the first of them."""
    estimated: float
    """By the schedule."""


Made = Callable[[ScheduledMove], bool]
"""Whether the hosts show that a move is made, by whomever."""


class RunOrder:
    """The schedule of the program, move by move. Any number of threads may use it.

    What the engine has in its run is noted from its first call on, whether the schedule is known by then or not.
    """

    def __init__(self, clock: Clock, schedule: Schedule | None = None) -> None:
        """Begin before the engine has named any machine. `schedule`: None while it is not known."""
        self._clock = clock
        self._lock = threading.Lock()
        self._run = Run(schedule=schedule or Schedule(), heard=clock.now())
        self._again = math.inf
        """When to decide again although nothing has happened until then."""
        self._calls: dict[str, threading.Event] = {}
        """By label of a machine that waits: set when there is something new for its thread."""
        self._ended = False

    def follow(self, schedule: Schedule) -> None:
        """Go by this schedule from now on: the moves of the run are asked for after it has come."""
        with self._lock:
            self._changes(replace(self._run, schedule=schedule))

    def legs(self, label: str) -> list[tuple[int, ScheduledMove]]:
        """Return a machine's moves with their numbers, one after the other; none where nothing is scheduled for it."""
        return self._run.legs(label)

    def refused(self, label: str) -> Finding | None:
        """Return why the plan as a whole does not let a machine move, where its own move does not show it."""
        return self._run.schedule.refused.get(label)

    def rank(self, label: str) -> float:
        """Return when a machine's first move that is left is planned, in seconds; without a plan it comes last."""
        run = self._run
        left = (each.start for number, each in run.legs(label) if number not in run.done)
        return min(left, default=math.inf)

    def name(self, label: str) -> None:
        """Note that the engine has this machine in its run; whether anything is ordered for it is still to come."""
        with self._lock:
            self._changes(self._run.after(label, Event.NAME))

    def unchanged(self, label: str) -> None:
        """Note that the engine will order nothing for it."""
        with self._lock:
            self._changes(self._run.after(label, Event.UNCHANGED))

    @contextmanager
    def other_work(self) -> Iterator[None]:
        """Count a call for something that is no machine: machines may be named only when it has ended."""
        with self._lock:
            self._run = replace(self._run, others=self._run.others + 1)
        try:
            yield
        finally:
            with self._lock:
                self._changes(replace(self._run, others=self._run.others - 1))

    @contextmanager
    def under_way(self, label: str) -> Iterator[None]:
        """Count the engine's order for a machine, from its arrival to its end."""
        with self._lock:
            begun = self._run.machine(label).begun
            begun = self._clock.now() if begun is None else begun
            self._changes(self._run.after(label, Event.ARRIVE, begun=begun))
        try:
            yield
        finally:
            with self._lock:
                self._changes(self._run.after(label, Event.LEAVE))

    def done(self, number: int) -> None:
        """Note that a move is made and verified."""
        with self._lock:
            self._changes(replace(self._run, done=self._run.done | {number}))

    def ended(self) -> Ended | None:
        """Return, once, how long it took until all moves were made; None before, and where there is but one."""
        with self._lock:
            run = self._run
            begun = [
                each.begun
                for label, each in run.machines.items()
                if each.begun is not None and run.schedule.legs(label)
            ]
            left = len(run.schedule.moves) - len(run.done)
            if left or self._ended or not begun or len(run.done) == 1:
                return None
            self._ended = True
            return Ended(seconds=self._clock.now() - min(begun), estimated=run.schedule.seconds)

    def wait(
        self, number: int, *, made: Made, waiting: Callable[[str], None], cancelled: threading.Event
    ) -> None:
        """Return when all that move `number` waits for is made, and those whose links it takes over have ended.

        Raises NoRoomError, naming it, where one of them failed or is no part of the run; InterruptedRunError when
        cancelled; what `made` raises.
        """
        moves = self._run.schedule.moves
        mine, said = moves[number], -1
        with self._waiting(mine.label, number) as call:
            while not cancelled.is_set():
                me, run, pause = self._my_turn(mine.label, call)
                if me.state is State.PRESENT:
                    return
                first = moves[me.waits_for]
                if me.state is State.GIVEN_UP:
                    raise _never(run, me.waits_for, number)
                if me.state is State.ASKING:
                    self._answered(mine.label, me.waits_for, made=made(first))
                    continue
                if said != me.waits_for:
                    said = me.waits_for
                    waiting(_what_for(mine, me.waits_for, first))
                self._clock.wait(pause, call)
        raise InterruptedRunError(f"{mine.label} was not started: the run was interrupted", remedy="")

    @contextmanager
    def _waiting(self, label: str, number: int) -> Iterator[threading.Event]:
        """Wait for what is before a move, and wait no longer however that ends."""
        call = threading.Event()
        with self._lock:
            self._calls[label] = call
            self._run = self._run.after(label, Event.WAIT, number=number)
            self._decide()
        try:
            yield call
        finally:
            with self._lock:
                del self._calls[label]
                if self._run.machine(label).state is not State.PRESENT:
                    self._run = self._run.after(label, Event.WITHDRAW)
                    self._decide()

    def _my_turn(self, label: str, call: threading.Event) -> tuple[Machine, Run, float]:
        """Return a machine, its run, and for how long its thread may sleep. What comes later sets `call`."""
        with self._lock:
            call.clear()
            if self._clock.now() >= self._again:
                self._decide()
            pause = min(EYES_OPEN_S, max(self._again - self._clock.now(), 0.0))
            return self._run.machine(label), self._run, pause

    def _answered(self, label: str, before: int, *, made: bool) -> None:
        with self._lock:
            known = self._run.machine(label).made
            answer: dict[str, Any] = {"made": known | {before}} if made else {"not_made": before}
            self._run = self._run.after(label, Event.ANSWERED, **answer)
            self._decide()

    def _changes(self, run: Run) -> None:
        """Note what the engine or a host has let us know, and decide anew. Under the lock."""
        self._run = replace(run, heard=self._clock.now())
        self._decide()

    def _decide(self) -> None:
        """Decide for all that wait, and wake those for whom there is something new. Under the lock."""
        decision = decide(self._run, self._clock.now())
        before, self._run = self._run, carried_out(self._run, decision)
        self._again = decision.again
        for label, call in self._calls.items():
            then, after = before.machine(label), self._run.machine(label)
            if (then.state, then.waits_for) != (after.state, after.waits_for):
                call.set()


def _never(run: Run, before: int, number: int) -> NoRoomError:
    """Return the error of move `number`, whose room `before` will not free."""
    first, mine = run.schedule.moves[before], run.schedule.moves[number]
    freed = f"{mine.label} is not started: it needs the room that {first.label} was to free"
    if before in mine.spare:
        freed = (
            f"{mine.label} is not started: a rule (n_plus_1) would not hold before {first.label} has moved"
        )
    if run.machine(first.label).state is State.LEFT:
        return NoRoomError(
            f"{freed}, and that move was not made", remedy=f"See what {first.label} says, then run again"
        )
    if lacks_worker(run, before, number):
        return NoRoomError(
            f"{freed}, which the engine does not start",
            remedy="All engine workers are waiting: set PULUMI_PARALLEL=256, as bin/pulumi does, and run again",
        )
    way = f"{first.move.source} -> {first.move.destination}"
    return NoRoomError(
        f"{freed} ({way}), which is no part of this run",
        remedy=f"Take {first.label} into the run as well (--target, --exclude), or run it whole",
    )


def _what_for(mine: ScheduledMove, number: int, first: ScheduledMove) -> str:
    if number in mine.spare:
        return (
            f"for {first.label} to have moved: a rule (n_plus_1) would not hold while both are on their way"
        )
    if number in mine.behind:
        return f"behind {first.label}, which uses the same link"
    return f"for {first.label} to {_leave(first)}"


def _leave(move: ScheduledMove) -> str:
    if move.aside:
        return f"step aside to {move.move.destination}"
    if move.move.changes_host:
        return f"leave {move.move.source}"
    return f"have its files moved on {move.move.source}"

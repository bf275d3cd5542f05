"""The order of one run's moves as our process keeps it: who has gone, who is still to come, who will not come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hyperv_placement.clock import Clock
from hyperv_placement.errors import InterruptedRunError, NoRoomError
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.plan import Schedule, ScheduledMove

POLL = 1.0
"""Seconds between two looks of a waiting move, unless a move ends; a cancelled run is noticed as fast."""
SETTLED = 8.0
"""Seconds without anything new from the engine after which a machine that it never named is no part of the run."""

STARVED = 60.0
"""Seconds without anything new, and with everybody waiting, after which the engine is taken to have no hand left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run whose moves are all made."""

    seconds: float
    """Since the engine has asked for the first of them."""
    estimated: float
    """By the schedule."""


Made = Callable[[ScheduledMove], bool]
"""Whether the hosts show that a move is made, by whomever."""


class RunOrder:
    """The schedule of the program, move by move. Any number of threads may use it.

    What the engine has in its run is noted from its first call on, whether the schedule is known by then or not. The engine orders whole moves (`depends_on`). The legs of a machine that steps aside it cannot order, and with
    `--target` or `--exclude` it starts what waits for a move that will never be made: both are seen to here.
    """

    def __init__(self, clock: Clock, schedule: Schedule | None = None) -> None:
        """Nothing has been asked for yet. `schedule`: None while it is not known."""
        self._schedule = schedule or Schedule()
        self._clock = clock
        self._lock = threading.Lock()
        self._done: set[int] = set()
        self._present: set[str] = set()
        self._left: set[str] = set()
        self._named: set[str] = set()
        self._unchanged: set[str] = set()
        self._others = 0
        self._begun: dict[str, float] = {}
        self._ended = False
        self._waiters = 0
        self._heard = clock.now()
        self._news = threading.Event()
        """Set, and replaced, when anything changes."""

    def follow(self, schedule: Schedule) -> None:
        """Go by this schedule from now on: the moves of the run are asked for after it has come."""
        with self._lock:
            self._schedule = schedule
            self._report()

    def legs(self, label: str) -> list[tuple[int, ScheduledMove]]:
        """Return a machine's moves with their numbers, one after the other; none where nothing is scheduled for it."""
        return [(number, self._schedule.moves[number]) for number in self._schedule.legs(label)]

    def refused(self, label: str) -> Finding | None:
        """Return why the plan as a whole does not let a machine move, where its own move does not show it."""
        return self._schedule.refused.get(label)

    def rank(self, label: str) -> float:
        """Return when a machine's first move that is left is planned, in seconds; without a plan it comes last."""
        with self._lock:
            return min(
                (each.start for number, each in self.legs(label) if number not in self._done),
                default=float("inf"),
            )

    def name(self, label: str) -> None:
        """Note that the engine has this machine in its run; whether anything is ordered for it is still to come."""
        with self._lock:
            self._named.add(label)
            self._unchanged.discard(label)
            self._report()

    def unchanged(self, label: str) -> None:
        """Note that the engine will order nothing for it.

        What it compares before it has named a machine are its old inputs, as it refreshes: they say nothing of this run.
        """
        with self._lock:
            if label in self._named:
                self._unchanged.add(label)
            self._report()

    @contextmanager
    def other_work(self) -> Iterator[None]:
        """Count a call for something else than a machine: machines may be named only when it has ended."""
        with self._lock:
            self._others += 1
        try:
            yield
        finally:
            with self._lock:
                self._others -= 1
                self._report()

    @contextmanager
    def under_way(self, label: str) -> Iterator[None]:
        """Count the engine's order for a machine, from its arrival to its end."""
        with self._lock:
            self._begun.setdefault(label, self._clock.now())
            self._named.add(label)
            self._present.add(label)
            self._report()
        try:
            yield
        finally:
            with self._lock:
                self._present.discard(label)
                self._left.add(label)
                self._report()

    def done(self, number: int) -> None:
        """Note that a move is made and verified."""
        with self._lock:
            self._done.add(number)
            self._report()

    def ended(self) -> Ended | None:
        """Return, once, how long it took until all moves were made; None before, and where there is but one."""
        with self._lock:
            left = len(self._schedule.moves) - len(self._done)
            begun = [at for label, at in self._begun.items() if self._schedule.legs(label)]
            if left or self._ended or not begun or len(self._done) == 1:
                return None
            self._ended = True
            return Ended(seconds=self._clock.now() - min(begun), estimated=self._schedule.seconds)

    def wait(
        self, number: int, *, made: Made, waiting: Callable[[str], None], cancelled: threading.Event
    ) -> None:
        """Return when all that move `number` waits for is made.

        Raises NoRoomError, naming it, where one of them failed or is no part of the run; InterruptedRunError when
        cancelled; what `made` raises.
        """
        with self._lock:
            self._waiters += 1
        try:
            for before in self._schedule.moves[number].after:
                self._wait_for(before, number, made, waiting, cancelled)
        finally:
            with self._lock:
                self._waiters -= 1

    def _wait_for(
        self, before: int, number: int, made: Made, waiting: Callable[[str], None], cancelled: threading.Event
    ) -> None:
        first, mine = self._schedule.moves[before], self._schedule.moves[number]
        said = False
        while not cancelled.is_set():
            with self._lock:
                news = self._news
                done, hope = before in self._done, self._hope(before, number)
            if done or (not hope and made(first)):
                return
            if not hope:
                raise self._never(first, mine)
            if not said:
                waiting(f"for {first.label} to {_leave(first)}")
                said = True
            self._clock.wait(POLL, news)
        raise InterruptedRunError(f"{mine.label} was not started: the run was interrupted", remedy="")

    def _hope(self, before: int, number: int) -> bool:
        """Say whether a move that is not made may yet be, so that `number` is to wait for it."""
        label = self._schedule.moves[before].label
        if label not in self._present and self._schedule.whole(before) and self._schedule.whole(number):
            return False  # the engine starts what waits only when it is done with it
        return self._may_come(before, set())

    def _may_come(self, number: int, seen: set[int]) -> bool:
        """Say whether a move that is not made is in hand, or the engine may still come to it.

        The engine names a machine only after all that it depends on (pulumi SDK, runtime/resource.py): as long as one of
        those may be made, its silence says nothing. `seen`: moves that have been found to have no hope.
        """
        if number in seen:
            return False
        seen.add(number)
        label = self._schedule.moves[number].label
        if label in self._present:
            return True
        if label in self._left or label in self._unchanged:
            return False
        left = (before for before in self._schedule.moves[number].after if before not in self._done)
        if any(self._may_come(before, seen) for before in left):
            return True
        silence = self._clock.now() - self._heard
        if label in self._named:
            return silence <= STARVED or self._waiters < len(self._present)
        return bool(self._others) or silence <= SETTLED

    def _never(self, first: ScheduledMove, mine: ScheduledMove) -> NoRoomError:
        """Return the error of a move whose room will not be freed."""
        freed = f"{mine.label} is not started: it needs the room that {first.label} was to free"
        if first.label in self._left:
            return NoRoomError(
                f"{freed}, and that move was not made", remedy=f"See what {first.label} says, then run again"
            )
        if first.label in self._named and first.label not in self._unchanged:
            return NoRoomError(
                f"{freed}, which the engine does not start",
                remedy="All its hands wait: set PULUMI_PARALLEL=256, as bin/pulumi does, and run again",
            )
        way = f"{first.move.source} -> {first.move.destination}"
        return NoRoomError(
            f"{freed} ({way}), which is no part of this run",
            remedy=f"Take {first.label} into the run as well (--target, --exclude), or run it whole",
        )

    def _report(self) -> None:
        self._heard = self._clock.now()
        self._news.set()
        self._news = threading.Event()


def _leave(move: ScheduledMove) -> str:
    if move.aside:
        return f"step aside to {move.move.destination}"
    if move.move.changes_host:
        return f"leave {move.move.source}"
    return f"have its files moved on {move.move.source}"

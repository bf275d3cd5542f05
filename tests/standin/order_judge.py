"""Plays a run's machines through the order of the run and judges what becomes of it: who went too early, slept on, gave up.

The engine is one of its own: it names a machine when all that it depends on is done, a moment later, and gives its order when a worker
is free. Time is virtual and passes only while everybody waits (Turns).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.resources.declare import before
from hyperv_placement.resources.run_order import RunOrder
from hyperv_placement.resources.run_order_decision import STARVED_S
from tests.estates import machine

from .clock import Turns

FOREVER = 1e6


class Fate(Enum):
    """What becomes of a machine in a run."""

    MOVES = "all its moves are made"
    FAILS = "its first move fails"
    SAME = "the engine finds it without changes, as somebody has moved it"
    OUT = "the engine leaves it out of the run"
    OUT_AND_MOVED = "the engine leaves it out, and somebody has moved it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a machine of the run does."""

    fate: Fate
    named_after: float
    """Seconds from when the engine could name it until it does."""
    lasts: float
    """Of each of its moves."""
    held_back: bool = False
    """Whether the engine names it only when the host is set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that happens in one run."""

    parts: tuple[Part, ...]
    moves: tuple[tuple[int, frozenset[int]], ...]
    """Which machine each scheduled move is of, and the moves that it comes after."""
    workers: int
    other_work: float
    """Seconds for which a host is set up, and holds back some of the machines."""
    cancelled_at: float | None = None


def schedule_of(story: Story) -> Schedule:
    """Return the schedule of a story: the legs of a machine are steps aside but the last."""
    moves = []
    for number, (who, after) in enumerate(story.moves):
        vm = machine(who, "hv1")
        move = Move(
            vm=vm, moves=Moves.HOST, source=HostName("hv1"), destination=HostName("hv2"), roots=vm.roots
        )
        moves.append(
            ScheduledMove(
                label=label_of(who),
                move=move,
                placement=Placement(host=HostName("hv2")),
                start=float(number),
                end=number + 1.0,
                after=tuple(sorted(after)),
                aside=any(later == who for later, _ in story.moves[number + 1 :]),
            )
        )
    return Schedule(moves=tuple(moves))


def label_of(who: int) -> str:
    """Return the key of a machine."""
    return f"VM{who:03d}"


class OrderJudge:
    """Plays a story through the order of a run, and finds what must not be."""

    def __init__(self, story: Story, *, heard_by: Callable[[Clock], Clock] = lambda clock: clock) -> None:
        """`heard_by`: what stands between the order and its clock, to see whether the judge sees it."""
        self.story = story
        self.schedule = schedule_of(story)
        self.clock = Turns(self._time_passes)
        self.run_order = RunOrder(heard_by(self.clock), self.schedule)
        self.cancelled = threading.Event()
        self.made = {
            number
            for number, (who, _) in enumerate(story.moves)
            if story.parts[who].fate in {Fate.SAME, Fate.OUT_AND_MOVED}
        }
        """Moves that the hosts show as made."""
        self.reported = set[int]()
        self.waiting: dict[int, str] = {}
        self.violations: list[str] = []
        self.ends: dict[str, str] = {}
        self.despaired: set[int] = set()
        self._over = {label_of(who): threading.Event() for who in range(len(story.parts))}
        self._failed: set[str] = set()
        self._workers = story.workers
        self._worker_free = threading.Event()
        self._lapse = 0.0

    def play(self) -> None:
        """Play the whole story."""
        works = [
            self.clock.start(partial(self._machine, who, part)) for who, part in enumerate(self.story.parts)
        ]
        works.append(self.clock.start(self._set_up))
        if self.story.cancelled_at is not None:
            works.append(self.clock.start(self._cancel))
        with self.clock.away():
            for work in works:
                work.result()
        for number in self.despaired & self.reported:
            self._wrong(f"move {number} was given up, and is made")

    def _cancel(self) -> None:
        self.clock.wait(self.story.cancelled_at or 0.0)
        self.cancelled.set()

    def _set_up(self) -> None:
        if self.story.other_work:
            with self.run_order.other_work():
                self.clock.wait(self.story.other_work)
            self._lapse = self.clock.now()

    def _machine(self, who: int, part: Part) -> None:
        label = label_of(who)
        self.clock.wait(who / 1000)  # no two at one moment: threads would race for it
        try:
            if part.fate not in {Fate.OUT, Fate.OUT_AND_MOVED}:
                self._in_the_run(label, part)
        finally:
            self._over[label].set()

    def _in_the_run(self, label: str, part: Part) -> None:
        depends_on = before(self.schedule).get(label, [])
        for other in depends_on:
            self.clock.wait(FOREVER, self._over[other])
        if not self._failed.isdisjoint(depends_on):
            self._failed.add(label)
            return
        held = self.story.other_work - self.clock.now() if part.held_back else 0.0
        self.clock.wait(max(0.0, held) + part.named_after)
        self.run_order.name(label)
        self._lapse = self.clock.now()
        if part.fate is Fate.SAME:
            self.run_order.unchanged(label)
            return
        while self._workers == 0:
            self._worker_free.clear()
            self.clock.wait(FOREVER, self._worker_free)
        self._workers -= 1
        try:
            with self.run_order.under_way(label):
                self._lapse = self.clock.now()
                self._legs(label, part)
        except PlacementError as error:
            self._failed.add(label)
            self.ends[label] = str(error)
        self._workers += 1
        self._worker_free.set()
        self._lapse = self.clock.now()

    def _legs(self, label: str, part: Part) -> None:
        for number, leg in self.run_order.legs(label):
            self._wait(number, leg)
            self.clock.wait(part.lasts)
            if part.fate is Fate.FAILS:
                self._failed.add(label)
                self.ends[label] = "failed"
                return
            self.made.add(number)
            self.reported.add(number)
            self.run_order.done(number)
            self._lapse = self.clock.now()
        self.ends[label] = "moved"

    def _wait(self, number: int, leg: ScheduledMove) -> None:
        asked: list[int] = []

        def is_made(each: ScheduledMove) -> bool:
            asked.append(self.schedule.moves.index(each))
            self.clock.wait(0.5)
            return asked[-1] in self.made

        self.waiting[number] = leg.label
        try:
            self.run_order.wait(number, made=is_made, waiting=lambda _: None, cancelled=self.cancelled)
        except PlacementError as error:
            if "the engine does not start" in str(error):
                self._judge_starving(leg.label)
            elif "needs the room" in str(error):
                self.despaired.add(asked[-1])
                if asked[-1] in self.made:
                    self._wrong(f"{leg.label} gives up move {asked[-1]}, which is made")
            elif not self.cancelled.is_set():
                self._wrong(str(error))
            raise
        finally:
            del self.waiting[number]
        if missing := set(leg.after) - self.made:
            self._wrong(f"{leg.label} goes before {sorted(missing)}")

    def _judge_starving(self, label: str) -> None:
        """With every worker waiting, the one that gives up lets the engine start what it has waited for."""
        if self._workers or self.clock.now() < self._lapse + STARVED_S:
            self._wrong(f"{label} says that the engine has no worker left, and it has")

    def _time_passes(self, now: float) -> None:
        if self.cancelled.is_set():
            return
        for number, label in self.waiting.items():
            if self.reported.issuperset(self.schedule.moves[number].after):
                self._wrong(f"{label} sleeps at {now}, and all before it is made")
        longest = max(part.lasts for part in self.story.parts) + self.story.other_work
        if self.waiting and now > self._lapse + STARVED_S + longest + 10:
            self._wrong(f"{sorted(self.waiting.values())} wait without end")
            self.cancelled.set()

    def _wrong(self, text: str) -> None:
        self.violations.append(text)

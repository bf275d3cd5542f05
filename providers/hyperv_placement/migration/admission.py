"""Lets moves start when both hosts have room, one at a time per host, and says why the others wait.

A ledger of the moves of this process closes the gap between reading a host's counts and starting the next move.
Facts are read live before each start, for all that start in the same half second; while a move waits, the last reading
is good until one of our moves ends, or for a few seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.errors import InterruptedRunError, NoRoomError, PlacementError
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import HostSpec, Reserve

from .needs import Needs, Running, shortage

Started = TypeVar("Started")
Facts = Mapping[HostName, HostFacts]
FRESH = 4.0
"""Seconds for which a reading that showed no room is believed."""
LIVE = 0.5
"""Seconds for which a reading that showed room is good enough to start by: what we started since is in the ledger, and
what others start in that time may cost us the race for a slot, which is run again."""
SILENT = 120.0
"""Seconds for which the host of a move out of sight may be silent before nobody waits for that move any more."""
POLL = 1.0
"""Seconds between two looks of a waiting move, unless one of ours ends; a cancelled run is noticed as fast."""
SETTLED = 10.0
"""Seconds without any start, end or newcomer after which waiting for nothing is given up."""


class FactsReader(Protocol):
    """What admission asks of an estate."""

    specs: dict[HostName, HostSpec]

    def facts(self, host: HostName) -> HostFacts:
        """Read a host's facts now."""


@dataclass(slots=True)
class _Unseen:
    """A move that nobody follows any more and whose job may still run."""

    move: Move
    """Kept, for its identity is its key."""
    looked: float
    answered: float
    """When its source last answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queued:
    """A move that waits for its start."""

    name: str
    needs: Needs
    rank: float


@dataclass(slots=True)
class _Reading:
    facts: HostFacts
    ends: int
    """How many of our moves at this host had ended when it was read."""


class Admission:
    """The gate of one process and one estate."""

    def __init__(self, estate: FactsReader, *, clock: Clock) -> None:
        """Nothing is under way yet."""
        self._estate = estate
        self._clock = clock
        self._lock = threading.Lock()
        self._doors = threading.Condition()
        self._held: set[HostName] = set()
        self._looking = threading.Lock()
        self._readings: dict[HostName, _Reading] = {}
        self._ends: dict[HostName, int] = {}
        self._running: dict[int, Running] = {}
        self._unseen: dict[int, _Unseen] = {}
        self._queue: dict[int, _Queued] = {}
        self._waiting: dict[int, int] = {}
        """Participant -> the turn at which it found no room; -1 while it has not looked."""
        self._freed = threading.Event()
        """Set when the next of our moves ends."""
        self._turn = 0
        self._turned = self._clock.now()

    @contextmanager
    def taking_part(self, move: Move) -> Iterator[None]:
        """Count `move` as one that may yet start, so that others wait for what it will free."""
        key = id(move)
        with self._lock:
            self._waiting[key] = -1
            self._next_turn()
        try:
            yield
        finally:
            if key not in self._unseen:
                self._leave(key)

    def lost_sight(self, move: Move) -> None:
        """Keep the room of `move` until its source is read and shows no job of it: it is followed no more."""
        with self._lock:
            if id(move) in self._running:
                self._unseen[id(move)] = _Unseen(
                    move=move, looked=self._clock.now(), answered=self._clock.now()
                )
                self._next_turn()

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Count one that is still being looked up, so that nobody gives up before it has come."""
        newcomer = object()
        with self._lock:
            self._waiting[id(newcomer)] = -1
            self._next_turn()
        try:
            yield
        finally:
            self._leave(id(newcomer))
            with self._lock:
                self._next_turn()  # it may come back as a move: nobody gives up in between

    def _leave(self, key: int) -> None:
        with self._lock:
            self._waiting.pop(key, None)
            self._end(key)

    def ended(self, move: Move) -> None:
        """Give back the room of a move that has ended, before another attempt of it."""
        with self._lock:
            if self._end(id(move)):
                self._waiting[id(move)] = -1

    def _end(self, key: int) -> bool:
        """Give back a move's room and wake who waits for it; whoever leaves without having run frees nothing."""
        ended = self._running.pop(key, None)
        if ended is None:
            return False
        for host in ended.needs.hosts:
            self._ends[host] = self._ends.get(host, 0) + 1
        self._next_turn()
        self._freed.set()
        self._freed = threading.Event()
        return True

    def _next_turn(self) -> None:
        self._turn += 1
        self._turned = self._clock.now()

    def adopt(self, move: Move, needs: Needs) -> None:
        """Enter a move that runs already."""
        self._enter(move, needs)

    def start(  # noqa: PLR0913 - what a start is let by, each named at the call
        self,
        move: Move,
        needs: Needs,
        starter: Callable[[Facts], Started],
        *,
        waiting: Callable[[str], None],
        cancelled: threading.Event,
        rank: float = 0.0,
        permitted: Callable[[], None] = lambda: None,
    ) -> Started:
        """Wait for room, then run `starter` with the facts that show it, and keep the room until `move` leaves.

        `rank`: of two that wait for the same room, the one with the smaller rank gets it.
        Raises NoRoomError where no move under way could make the room, InterruptedRunError when cancelled, and
        what `starter`, the reading of facts, or `permitted` raises, which is asked before each look.
        """
        with self._queued(move, needs, rank):
            said = ""
            while not cancelled.is_set():
                permitted()
                freed = self._freed
                self._look_for_the_unseen(needs)
                with self._at(needs.hosts, cancelled):
                    if cancelled.is_set():
                        break  # it may have queued at the door while the run was interrupted
                    turn = self._turn
                    reason, facts = self._look(needs)
                    reason = reason or self._first(needs, rank)
                    if reason is None:
                        return self._started(move, needs, lambda: starter(facts))  # noqa: B023 - called at once
                if reason != said:
                    waiting(reason)
                    said = reason
                self._give_up_where_hopeless(move, needs, reason, turn)
                self._clock.wait(POLL, freed)
        raise InterruptedRunError(f"{move.vm.name} was not started: the run was interrupted", remedy="")

    @contextmanager
    def _queued(self, move: Move, needs: Needs, rank: float) -> Iterator[None]:
        with self._lock:
            self._queue[id(move)] = _Queued(name=move.vm.name, needs=needs, rank=rank)
        try:
            yield
        finally:
            with self._lock:
                self._queue.pop(id(move), None)

    def _first(self, needs: Needs, rank: float) -> str | None:
        """Return who goes first: one with a smaller rank, that has room by what it last read and would lose it to `needs`."""
        with self._lock:
            running = list(self._running.values())
            ahead = [
                each
                for each in self._queue.values()
                if each.rank < rank and not set(each.needs.hosts).isdisjoint(needs.hosts)
            ]
        mine = Running(needs=needs, since=self._clock.now())
        for each in sorted(ahead, key=lambda queued: queued.rank):
            if self._takes_from(each, running, mine):
                return f"{each.name} goes first"
        return None

    def _takes_from(self, other: _Queued, running: list[Running], mine: Running) -> bool:
        known = {host: found.facts for host in other.needs.hosts if (found := self._readings.get(host))}
        if known.keys() != set(other.needs.hosts):
            return False
        reserve = self._estate.specs[other.needs.destination].reserve
        room = shortage(other.needs, known, running, reserve) is None
        return room and shortage(other.needs, known, [*running, mine], reserve) is not None

    @contextmanager
    def _at(self, hosts: tuple[HostName, ...], cancelled: threading.Event) -> Iterator[None]:
        """Hold the doors of all the hosts, or of none while one is held: a slow host delays only its own moves."""
        with self._doors:
            while not cancelled.is_set() and not self._held.isdisjoint(hosts):
                self._doors.wait(POLL)
            if cancelled.is_set():
                hosts = ()
            self._held.update(hosts)
        try:
            yield
        finally:
            with self._doors:
                self._held.difference_update(hosts)
                self._doors.notify_all()

    def _started(self, move: Move, needs: Needs, starter: Callable[[], Started]) -> Started:
        self._enter(move, needs)
        try:
            return starter()
        except BaseException as error:
            if not (isinstance(error, PlacementError) and error.may_still_run):
                self.ended(move)
            raise

    def _enter(self, move: Move, needs: Needs) -> None:
        with self._lock:
            self._running[id(move)] = Running(needs=needs, since=self._clock.now())
            self._waiting.pop(id(move), None)
            self._next_turn()

    def _look(self, needs: Needs) -> tuple[str | None, Facts]:
        """Return why to wait, or None, and the facts: those that show room were read just now."""
        reserve = self._estate.specs[needs.destination].reserve
        older = {host: self._facts(host, FRESH) for host in needs.hosts}
        if reason := self._judged(needs, older, reserve):
            return reason, older
        facts = {host: self._facts(host, LIVE) for host in needs.hosts}
        return self._judged(needs, facts, reserve), facts

    def _look_for_the_unseen(self, needs: Needs) -> None:
        """Give back the room of moves out of sight, at these hosts, whose job is gone; silence proves nothing."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._look_for(needs)
        finally:
            self._looking.release()

    def _look_for(self, needs: Needs) -> None:
        for key, unseen in list(self._unseen.items()):
            if self._clock.now() - unseen.looked < FRESH or not _meet(unseen.move, needs):
                continue
            unseen.looked = self._clock.now()
            try:
                facts = self._estate.facts(unseen.move.source)
            except PlacementError:
                continue
            unseen.answered = self._clock.now()
            if all(job.vm_id != unseen.move.vm.id for job in facts.jobs):
                with self._lock:
                    self._unseen.pop(key, None)
                self._leave(key)

    def _facts(self, host: HostName, age: float) -> HostFacts:
        """Return a reading no older than `age`, of the time since our last move at `host` ended. At its door only."""
        reading, ends = self._readings.get(host), self._ends.get(host, 0)
        known = reading is not None and reading.ends == ends
        if reading is None or not known or self._clock.now() - reading.facts.read_at > age:
            reading = _Reading(facts=self._estate.facts(host), ends=ends)
            self._readings[host] = reading
        return reading.facts

    def _judged(self, needs: Needs, facts: Facts, reserve: Reserve) -> str | None:
        with self._lock:
            running = list(self._running.values())
        return shortage(needs, facts, running, reserve)

    def _give_up_where_hopeless(self, move: Move, needs: Needs, reason: str, turn: int) -> None:
        """`turn`: the one before the look that found no room, so that a later end is looked at again."""
        with self._lock:
            self._waiting[id(move)] = turn
            alone = self._running.keys() <= self._unseen.keys() and all(
                turn == self._turn for turn in self._waiting.values()
            )
            quiet = self._clock.now() - self._turned > SETTLED
            hoped = any(
                _meet(unseen.move, needs) and self._clock.now() - unseen.answered < SILENT
                for unseen in self._unseen.values()
            )
        if alone and quiet and not hoped and not any(self._busy(host) for host in needs.hosts):
            raise NoRoomError(f"{move.vm.name} cannot start: {reason}, and no move under way could make room")

    def _busy(self, host: HostName) -> bool:
        reading = self._readings.get(host)
        if reading is None:
            return False
        settings = reading.facts.migration
        return bool(reading.facts.jobs or settings.active_live or settings.active_storage)


def _meet(move: Move, needs: Needs) -> bool:
    return not {move.source, move.destination}.isdisjoint(needs.hosts)

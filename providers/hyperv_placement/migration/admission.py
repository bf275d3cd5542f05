"""Lets moves start when both hosts have room, one at a time per host, and says why the others wait.

The states, the rules and what is hopeless are explained in admission_states.py; who may do what is decided in
admission_decision.py. Here are the threads, the lock, and all I/O.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.errors import InterruptedRunError, NoRoomError, PlacementError
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import HostSpec

from .admission_decision import carried_out, decide
from .admission_states import TAKING_ROOM, Event, Gate, Key, Participant, State
from .needs import Needs

Started = TypeVar("Started")
Facts = Mapping[HostName, HostFacts]

EYES_OPEN_S = 1.0
"""How often a waiting thread looks whether the run is cancelled, or its start no longer permitted: neither wakes it."""


class FactsReader(Protocol):
    """What admission asks of an estate."""

    @property
    def specs(self) -> Mapping[HostName, HostSpec]:
        """Return the declared hosts."""

    def facts(self, host: HostName) -> HostFacts:
        """Read a host's facts now."""

    def room(self, host: HostName, *, arriving: bool) -> HostFacts:
        """Read what decides now of one more move that leaves a host, or arrives there."""


class Admission:
    """The gate of one process and one estate. Any number of threads may use it."""

    def __init__(
        self, estate: FactsReader, *, clock: Clock, most: Callable[[], Mapping[str, int]] = dict
    ) -> None:
        """Begin with nobody; `estate` reads the hosts. `most`: how many moves of each seat may be on their way at once, now."""
        self._estate = estate
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._gate = Gate(turned=clock.now())
        self._again = math.inf
        """When to decide again although nothing has happened until then."""
        self._calls: dict[Key, threading.Event] = {}
        """By participant that has asked for a start: set when there is something new for its thread."""

    @contextmanager
    def taking_part(self, move: Move) -> Iterator[None]:
        """Count `move` as one that may yet start, so that others wait for the room that it will free."""
        self._enter(id(move), Participant(state=State.PRESENT, move=move))
        try:
            yield
        finally:
            with self._lock:
                me = self._gate.participants.get(
                    id(move)
                )  # None: lost from sight, and found ended by another thread
                if me is not None and me.state is not State.UNSEEN:
                    self._befalls(id(move), Event.LEAVE)

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Count one that is still being looked up, so that nobody gives up before it has come."""
        newcomer = object()
        self._enter(id(newcomer), Participant(state=State.EXPECTED))
        try:
            yield
        finally:
            with self._lock:
                self._befalls(id(newcomer), Event.LEAVE)

    def adopt(self, move: Move, needs: Needs) -> None:
        """Count a move that runs already."""
        with self._lock:
            self._befalls(id(move), Event.ADOPT, needs=needs, since=self._clock.now())

    def ended(self, move: Move) -> None:
        """Give back the room of a move that has ended, before another attempt of it."""
        with self._lock:
            if self._gate.participants[id(move)].state in TAKING_ROOM:
                self._befalls(id(move), Event.END)

    def lost_sight(self, move: Move) -> None:
        """Keep the room of `move` until its source is read and shows no job of it: it is followed no more."""
        with self._lock:
            if self._gate.participants[id(move)].state is State.RUNNING:
                now = self._clock.now()
                self._befalls(id(move), Event.LOSE, looked=now, answered=now)

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
        what `starter`, the reading of facts, or `permitted` raises, which is asked before each step.
        """
        key, said = id(move), ""
        with self._asking(key, needs, rank) as call:
            while not cancelled.is_set():
                permitted()
                me, facts, pause = self._my_turn(key, call)
                if me.reason not in {"", said}:
                    said = me.reason
                    waiting(said)
                match me.state:
                    case State.LOOKING:
                        self._read_hosts(key, me)
                    case State.SEEKING:
                        self._seek(key, me.seeks)
                    case State.STARTING:
                        if cancelled.is_set():
                            break
                        return self._started(key, lambda: starter(facts))  # noqa: B023 - called at once
                    case State.HOPELESS:
                        raise NoRoomError(
                            f"{move.vm.name} cannot start: {me.reason}, and no move under way could make room"
                        )
                    case _:
                        self._clock.wait(pause, call)
        raise InterruptedRunError(f"{move.vm.name} was not started: the run was interrupted", remedy="")

    @contextmanager
    def _asking(self, key: Key, needs: Needs, rank: float) -> Iterator[threading.Event]:
        """Ask for a start, and stop asking whatever happens before there is one."""
        call = threading.Event()
        with self._lock:
            self._calls[key] = call
            self._befalls(key, Event.ASK, needs=needs, rank=rank)
        try:
            yield call
        finally:
            with self._lock:
                del self._calls[key]
                match self._gate.participants[key].state:
                    case State.WAITING | State.LOOKING | State.SEEKING:
                        self._befalls(key, Event.WITHDRAW)
                    case State.STARTING:
                        self._befalls(key, Event.END)
                    case _:
                        pass

    def _my_turn(self, key: Key, call: threading.Event) -> tuple[Participant, Facts, float]:
        """Return a participant, the last facts of its hosts, and for how long it may sleep. What comes later sets `call`."""
        with self._lock:
            call.clear()
            if self._clock.now() >= self._again:
                self._decide()
            me = self._gate.participants[key]
            hosts = me.needs.hosts if me.needs is not None else ()
            read = self._gate.readings
            facts = {host: read[host].facts for host in hosts if host in read}
            return me, facts, min(EYES_OPEN_S, max(self._again - self._clock.now(), 0.0))

    def _read_hosts(self, key: Key, me: Participant) -> None:
        for host in me.look.hosts if me.look is not None else ():
            with self._lock:
                ends = self._gate.ends.get(host, 0)
                arriving = any(needs.destination == host for _, _, needs in self._gate.asking())
            facts = self._estate.room(host, arriving=arriving)
            with self._lock:
                self._gate = self._gate.read(host, facts, ends, arriving=arriving)
        with self._lock:
            self._befalls(key, Event.READ)

    def _seek(self, key: Key, lost: Key) -> None:
        """Give back the room of a move out of sight whose job is gone; silence proves nothing."""
        with self._lock:
            move = self._gate.participants[lost].move
        jobs = None
        with suppress(PlacementError):
            jobs = self._estate.facts(move.source).jobs if move is not None else None
        with self._lock:
            now = self._clock.now()
            if jobs is None:
                self._gate = self._gate.noted(lost, looked=now)
            elif move is not None and any(job.vm_id == move.vm.id for job in jobs):
                self._gate = self._gate.noted(lost, looked=now, answered=now)
            else:
                self._gate = self._gate.after(lost, Event.GONE, now)
            self._befalls(key, Event.SOUGHT, seeks=0)

    def _started(self, key: Key, starter: Callable[[], Started]) -> Started:
        """Have the order sent. The room stays taken where an order that failed may still be carried out."""
        event = Event.END
        try:
            started = starter()
            event = Event.ORDERED
        except PlacementError as error:
            if error.may_still_run:
                event = Event.ORDERED
            raise
        finally:
            with self._lock:
                self._befalls(key, event)
        return started

    def _enter(self, key: Key, newcomer: Participant) -> None:
        with self._lock:
            self._gate = self._gate.entered(key, newcomer, self._clock.now())
            self._decide()

    def _befalls(self, key: Key, event: Event, **changes: Any) -> None:
        """Note what has befallen a participant, and decide anew. Under the lock."""
        self._gate = self._gate.after(key, event, self._clock.now(), **changes)
        self._decide()

    def _decide(self) -> None:
        """Decide for everybody, and wake those for whom there is something new. Under the lock."""
        now = self._clock.now()
        self._gate = replace(self._gate, most=self._most())
        reserves = {name: host.reserve for name, host in self._estate.specs.items()}
        decision = decide(self._gate, reserves, now)
        before, self._gate = self._gate, carried_out(self._gate, decision, now)
        self._again = decision.again
        for key, call in self._calls.items():
            then, after = before.participants[key], self._gate.participants[key]
            if (then.state, then.reason) != (after.state, after.reason):
                call.set()

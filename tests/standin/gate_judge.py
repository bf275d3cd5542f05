"""Plays a history through an admission and judges what becomes of it: who started, who slept on, who gave up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from hyperv_placement.clock import Clock
from hyperv_placement.errors import MigrationStartError, MoveRefusedError, PlacementError
from hyperv_placement.migration.admission import EYES_OPEN_S, Admission, Facts, FactsReader
from hyperv_placement.migration.admission_decision import (
    LIVE_MAX_AGE_S,
    NO_ROOM_MAX_AGE_S,
    REST_S,
    SETTLED_S,
    SILENT_S,
)
from hyperv_placement.migration.needs import Needs, needs_of
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from tests.estates import machine

from .clock import Turns
from .gate_hosts import GIB, HOSTS, Fate, History, Hosts, Leg


class Phase(Enum):
    """Where a machine is, by the books of the judge."""

    EXPECTED = "expected"
    PRESENT = "present"
    ASKING = "asking"
    STARTING = "starting"
    RUNNING = "running"


@dataclass(slots=True, kw_only=True)
class Entry:
    """What the judge knows of a machine."""

    phase: Phase
    move: Move
    needs: Needs
    rank: float


class Judge:
    """Plays a history through an admission, and finds what must not be."""

    def __init__(
        self,
        history: History,
        *,
        heard_by: Callable[[Clock], Clock] = lambda clock: clock,
        read_by: Callable[[FactsReader], FactsReader] = lambda hosts: hosts,
    ) -> None:
        """`heard_by`, `read_by`: what stands between admission and clock, and hosts, to see whether the judge sees it."""
        self.history = history
        self.clock = Turns(self._time_passes)
        self.hosts = Hosts(history=history, clock=self.clock)
        self.admission = Admission(read_by(self.hosts), clock=heard_by(self.clock))
        self.cancelled = threading.Event()
        self.books: dict[int, Entry] = {}
        self.violations: list[str] = []
        self.ends: dict[int, str] = {}
        self.starts: list[int] = []
        self._changed = 0.0
        """When something last came, started or ended that admission knows of."""
        self._lapse = 0.0
        """When something last happened to the hosts."""
        self._freed: set[HostName] = set()
        """Hosts at which one of our moves ended at this moment."""

    def play(self) -> None:
        """Play the whole history."""
        events = [
            self.clock.start(partial(self._leg, number, leg))
            for number, leg in enumerate(self.history.legs, start=1)
        ]
        if self.history.cancelled_at is not None:
            events.append(self.clock.start(self._cancel))
        with self.clock.away():
            for event in events:
                event.result()

    def _cancel(self) -> None:
        self.clock.wait(self.history.cancelled_at or 0.0)
        self.cancelled.set()

    def _leg(self, number: int, leg: Leg) -> None:
        self.clock.wait(leg.arrives + number / 1000)  # no two at one moment: threads would race for it
        source, destination = HOSTS[leg.source], HOSTS[leg.destination]
        vm = machine(number, source, memory_mib=leg.memory_gib * GIB)
        move = Move(vm=vm, moves=Moves.HOST, source=source, destination=destination, roots=vm.roots)
        entry = Entry(phase=Phase.EXPECTED, move=move, needs=needs_of(move), rank=leg.rank)
        self.books[number] = entry
        self._news()
        with self.admission.expecting():
            self.clock.wait(leg.looked_up)
            self._news()
        entry.phase = Phase.PRESENT
        try:
            with self.admission.taking_part(move):
                self._attempts(number, leg, entry)
        except PlacementError as error:
            self.ends[number] = f"{type(error).__name__}: {error}"
        finally:
            del self.books[number]

    def _attempts(self, number: int, leg: Leg, entry: Entry) -> None:
        for attempt in range(2):
            try:
                self._ask(number, leg, entry, refused=leg.fate is Fate.REFUSED and attempt == 0)
                break
            except MigrationStartError:
                self.admission.ended(entry.move)
                entry.phase = Phase.PRESENT
                self.clock.wait(1.0)
        entry.phase = Phase.RUNNING
        self._news()
        self.clock.wait(leg.lasts)
        if leg.fate is Fate.LOST:
            self.hosts.unseen[number] = self.clock.now() + leg.lasts
            self.admission.lost_sight(entry.move)
            self.ends[number] = "lost"
        else:
            self.hosts.end(number, arrives=leg.fate is not Fate.FAILS)
            self._freed |= {entry.move.source, entry.move.destination}
            self.ends[number] = "moved" if leg.fate is not Fate.FAILS else "failed"
        self._news()

    def _ask(self, number: int, leg: Leg, entry: Entry, *, refused: bool) -> None:
        def permitted() -> None:
            if self.history.frozen_at is not None and self.clock.now() >= self.history.frozen_at:
                raise MoveRefusedError("nothing may start")

        def order(found: Facts) -> None:
            self._judge_start(number, entry, found)
            entry.phase = Phase.STARTING
            self.clock.wait(self.history.order_takes)
            if refused:
                self._news()
                raise MigrationStartError("refused", return_value=32775)
            self.hosts.running[number] = entry.move
            self.starts.append(number)

        entry.phase = Phase.ASKING
        self._news()
        try:
            self.admission.start(
                entry.move, entry.needs, order, waiting=lambda _: None, cancelled=self.cancelled, rank=leg.rank,
                permitted=permitted,
            )  # fmt: skip
        except PlacementError as error:
            if "no move under way could make room" in str(error):
                self._judge_despair(number, entry)
            raise

    def _news(self) -> None:
        self._changed = self._lapse = self.clock.now()

    def _judge_start(self, number: int, entry: Entry, found: Facts) -> None:
        now = self.clock.now()
        self.hosts.settle(now)
        at = {host: found[host].read_at for host in entry.needs.hosts}
        if lacking := self.hosts.shortage(entry.needs, at):
            self._wrong(f"VM{number:03d} starts: {lacking}")
        if min(at.values()) < now - LIVE_MAX_AGE_S - self.history.slack:
            self._wrong(f"VM{number:03d} starts by a reading of {min(at.values())}")
        if number in self.hosts.running:
            self._wrong(f"VM{number:03d} starts twice")
        if self.cancelled.is_set() or (self.history.frozen_at is not None and now >= self.history.frozen_at):
            self._wrong(f"VM{number:03d} starts though nothing may")
        for other in self.books.values():
            if other.phase is Phase.STARTING and not set(other.needs.hosts).isdisjoint(entry.needs.hosts):
                self._wrong(f"VM{number:03d} starts at a host that takes another order")
        self._judge_rank(number, entry, now)

    def _judge_rank(self, number: int, entry: Entry, now: float) -> None:
        """Where hosts answer at once and nobody else moves there, nobody takes the room of one that is planned earlier."""
        if not self.history.is_prompt or self.history.foreign or self.history.silences or self.hosts.unseen:
            return
        at = dict.fromkeys(HOSTS, now)
        ahead = [
            each for each in self.books.values()
            if each.phase is Phase.ASKING and each.rank < entry.rank and not self.hosts.shortage(each.needs, at)
        ]  # fmt: skip
        self.hosts.running[number] = entry.move
        lost = [each.move.vm.name for each in ahead if self.hosts.shortage(each.needs, at)]
        del self.hosts.running[number]
        if lost:
            self._wrong(f"VM{number:03d} starts before {lost}")

    def _judge_despair(self, number: int, entry: Entry) -> None:
        now = self.clock.now()
        self.hosts.settle(now)
        name = f"VM{number:03d} gives up"
        if others := {each.phase for n, each in self.books.items() if n != number} - {Phase.ASKING}:
            self._wrong(f"{name} while others are {others}")
        if now < self._changed + SETTLED_S:
            self._wrong(f"{name} at {now}, and something came at {self._changed}")
        known = now - NO_ROOM_MAX_AGE_S - REST_S - self.history.slack
        if any(each.begins <= now and each.ends > known for each in self.history.foreign):
            others_at = {
                HOSTS[each.host] for each in self.history.foreign if each.begins <= known and each.ends > now
            }
            if not others_at.isdisjoint(entry.needs.hosts):
                self._wrong(f"{name} while somebody else moves at {others_at}")
            return  # what has just changed may not be read yet
        at = dict.fromkeys(HOSTS, now)
        if room := [
            each.move.vm.name for each in self.books.values() if not self.hosts.shortage(each.needs, at)
        ]:
            self._wrong(f"{name} while there is room for {room}")
        if self.history.silences:
            return
        for lost in self.hosts.unseen:
            if not {self.hosts.running[lost].source, self.hosts.running[lost].destination}.isdisjoint(
                entry.needs.hosts
            ):
                self._wrong(f"{name} while VM{lost:03d} runs out of sight")

    def _time_passes(self, now: float) -> None:
        freed, self._freed = self._freed, set()
        last = max(self._lapse, now if self.hosts.unseen else 0.0, *self.history.moments(until=now))
        asking = {n: each for n, each in self.books.items() if each.phase is Phase.ASKING}
        if (
            asking
            and now > last + SILENT_S + SETTLED_S + 4 * self.history.slack + 10
            and not self.cancelled.is_set()
        ):
            self._wrong(f"{sorted(asking)} wait without end")
            self.cancelled.set()
        stopped = self.history.cancelled_at
        if asking and stopped is not None and now > stopped + EYES_OPEN_S + self.history.slack:
            self._wrong(f"{sorted(asking)} wait on after the cancel")
        if self.history.is_prompt and freed and not self.cancelled.is_set():
            self._judge_waking(asking, freed, now)

    def _judge_waking(self, asking: dict[int, Entry], freed: set[HostName], now: float) -> None:
        """Whoever had room when one of our moves ended has it no more: it has started, or another one took it."""
        if self.history.frozen_at is not None and now >= self.history.frozen_at:
            return
        if any(each.ends <= now < each.ends + NO_ROOM_MAX_AGE_S + REST_S for each in self.history.foreign):
            return  # that may not be read yet
        self.hosts.settle(now)
        at = dict.fromkeys(HOSTS, now)
        for number, each in asking.items():
            if not freed.isdisjoint(each.needs.hosts) and not self.hosts.shortage(each.needs, at):
                self._wrong(f"VM{number:03d} sleeps at {now}, and has room")

    def _wrong(self, text: str) -> None:
        self.violations.append(text)

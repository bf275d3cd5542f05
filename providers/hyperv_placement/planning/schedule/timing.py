"""When each leg starts and ends: as many at once as slots and room allow, and none that would leave no safe order.

A leg may overtake others of the safe order only while those before it still find their room without it (the banker's
rule), so that nothing ever gets stuck. Moves at one host share its link in equal parts, and none is faster than its
pair has been.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .budget import Budget
from .problem import LEAST, Leg, Problem

Priority = Callable[[int, Sequence[float]], tuple[float, ...]]
"""Number of a leg, and bytes that each host has yet to send and receive -> what starts first: the smallest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledLeg:
    """A leg and when it runs, in seconds from the beginning."""

    leg: Leg
    start: float
    end: float
    behind: frozenset[int] = frozenset()
    """Numbers, in the run, of legs whose link it takes over: both at once would end later."""


@dataclass(slots=True)
class _Running:
    number: int
    leg: Leg
    left: float
    """Bytes yet to be copied when `rate` was set."""
    rate: float
    since: float
    start: float
    limit: float
    """Bytes a second that it does not exceed."""
    version: int = 0


@dataclass(slots=True, kw_only=True)
class _Line:
    """One pool: what is free, and which legs will take from it or give back, in the safe order."""

    free: int
    """Free now, with running legs holding both ends."""
    settled: int
    """Free when all running legs have ended."""
    turns: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number of each leg that has not started -> what it takes and gives back, in the safe order."""

    def lets(self, number: int, takes: int, gives: int) -> bool:
        """Say whether a leg may start now, overtaking those before it in the safe order."""
        if self.free < takes:
            return False
        ahead = self.settled
        least = ahead if ahead >= takes else -1
        if least < 0:
            return False
        for other, (taken, given) in self.turns.items():
            if other == number:
                return True
            if taken and ahead - taken < takes - gives:
                return False
            ahead += given - taken
        return True


def timed(problem: Problem, legs: Sequence[Leg], priority: Priority, budget: Budget) -> list[ScheduledLeg]:
    """Return when each of `legs`, given in a safe order, runs; in the order of starts."""
    return _Run(problem, legs, priority, budget).through()


class _Run:
    """One simulation of the estate, from the first start to the last end."""

    def __init__(self, problem: Problem, legs: Sequence[Leg], priority: Priority, budget: Budget) -> None:
        self._problem = problem
        self._legs = legs
        self._priority = priority
        self._budget = budget
        self._slots = [problem.slots(leg) for leg in legs]
        self._gates = [_gates(problem, slots) for slots in self._slots]
        self._takes: list[list[tuple[int, int, int]]] = []
        """By leg: pool, what it takes of it, and what it gives back to it in the end."""
        self._open = problem.slot_limits
        self._shut = {slot for slot, left in enumerate(self._open) if left <= 0}
        self._needs = [() if leg.runs else slots for leg, slots in zip(legs, self._slots, strict=True)]
        """Slots that have to be open for its start: of a running leg none, whatever the limits say."""
        self._unstarted = set(range(len(legs)))
        self._behind: dict[int, dict[int, None]] = {}
        """Slot of a gate -> legs that pass it and have not started, wherever they are."""
        self._lines = [_Line(free=free, settled=free) for free in problem.free]
        self._around: dict[int, dict[int, None]] = {}
        """Pool -> legs that take from it and have not started."""
        self._abroad: set[int] = set()
        """Pools that legs use which have no host in common."""
        self._at: list[dict[int, None]] = [{} for _ in problem.hosts]
        """Host -> legs that have not started."""
        self._previous: dict[int, int] = {}
        """Leg -> the one of the same machine before it."""
        self._load = [0.0] * len(problem.hosts)
        self._active: list[dict[int, _Running]] = [{} for _ in problem.hosts]
        self._ends: list[tuple[float, int, int]] = []
        self._done: list[ScheduledLeg] = []
        self._over: set[int] = set()
        self._now = 0.0
        self._enter()

    def _enter(self) -> None:
        last: dict[int, int] = {}
        common: dict[int, Sequence[int]] = {}
        for number, leg in enumerate(self._legs):
            if leg.machine in last:
                self._previous[number] = last[leg.machine]
            last[leg.machine] = number
            self._takes.append([turn for turn in leg.turns if turn[1]])
            for pool, takes, gives in leg.turns:
                self._lines[pool].turns[number] = (takes, gives)
                common[pool] = [host for host in common.get(pool, leg.hosts) if host in leg.hosts]
                if takes:
                    self._around.setdefault(pool, {})[number] = None
            for slot in self._gates[number]:
                self._behind.setdefault(slot, {})[number] = None
            for host in leg.hosts:
                self._at[host][number] = None
                self._load[host] += leg.left / self._problem.links[host]
        self._abroad = {pool for pool, hosts in common.items() if not hosts}

    def through(self) -> list[ScheduledLeg]:
        """Simulate to the end."""
        self._start_among(dict.fromkeys(range(len(self._legs))))
        while self._ends:
            self._now, number, version = heapq.heappop(self._ends)
            leg = self._legs[number]
            running = self._active[leg.hosts[0]].get(number)
            # An entry of the heap is old once the share of a link has changed: the newer one has the end that counts.
            if running is None or running.version != version:
                continue
            self._end(running)
        self._done.sort(key=lambda each: (each.start, each.leg.machine))
        return self._done

    def _end(self, running: _Running) -> None:
        leg = running.leg
        self._over.add(running.number)
        self._done.append(ScheduledLeg(leg=leg, start=running.start, end=self._now))
        for slot in self._slots[running.number]:
            self._open[slot] += 1
            if self._open[slot] > 0:
                self._shut.discard(slot)
        for pool, amount in leg.releases:
            self._lines[pool].free += amount
        for host in leg.hosts:
            del self._active[host][running.number]
        self._share(leg.hosts)
        # Only legs of these hosts, pools and gates can start because of this end: the others were looked at before.
        able: dict[int, None] = {}
        for slot in self._gates[running.number]:
            able |= self._behind.get(slot, {})
        for host in leg.hosts:
            able |= self._at[host]
        for pool, _ in leg.releases:
            if pool in self._abroad:  # of another pool all legs are at one of these hosts
                able |= self._around.get(pool, {})
        self._start_among(able)

    def _start_among(self, waiting: dict[int, None]) -> None:
        unstarted, shut, needs = self._unstarted, self._shut, self._needs
        while waiting:
            self._budget.spend(len(waiting))
            # Most wait for a slot: they are left out before they are compared.
            able = [n for n in waiting if n in unstarted and shut.isdisjoint(needs[n])]
            order = able if len(able) <= 1 else sorted(able, key=self._first)
            waiting = {}
            for number in order:
                if self._may_start(number):
                    self._start(number)
                    leg = self._legs[number]
                    for pool, _ in leg.releases:  # legs behind it in the safe order depend on less room now
                        waiting |= self._around.get(pool, {})

    def _first(self, number: int) -> tuple[bool, tuple[float, ...]]:
        return not self._legs[number].runs, self._priority(number, self._load)

    def _may_start(self, number: int) -> bool:
        if number not in self._unstarted or not self._shut.isdisjoint(self._needs[number]):
            return False
        if self._legs[number].runs:  # its job has its room already
            return True
        before = self._previous.get(number)
        if before is not None and before not in self._over:
            return False
        lines = self._lines
        return all(lines[pool].lets(number, takes, gives) for pool, takes, gives in self._takes[number])

    def _start(self, number: int) -> None:
        leg = self._legs[number]
        self._unstarted.remove(number)
        for slot in self._slots[number]:
            self._open[slot] -= 1
            if self._open[slot] <= 0:
                self._shut.add(slot)
        for pool, takes, gives in leg.turns:
            line = self._lines[pool]
            del line.turns[number]
            line.free -= takes
            line.settled += gives - takes
            self._around.get(pool, {}).pop(number, None)
        for slot in self._gates[number]:
            del self._behind[slot][number]
        for host in leg.hosts:
            del self._at[host][number]
            self._load[host] -= leg.left / self._problem.links[host]
        running = _Running(
            number, leg, float(max(leg.left, LEAST)), 0.0, self._now, self._now, self._problem.limit(leg)
        )
        for host in leg.hosts:
            self._active[host][number] = running
        self._share(leg.hosts)

    def _share(self, hosts: Iterable[int]) -> None:
        """Recalculate the rates at these hosts, where a leg has started or ended."""
        links, active = self._problem.links, self._active
        for host in hosts:
            for running in active[host].values():
                rate = running.limit
                for end in running.leg.hosts:
                    rate = min(rate, links[end] / len(active[end]))
                # An unchanged rate leaves the end where it was: no new entry, or the heap would grow with every event.
                if rate != running.rate:
                    self._set_rate(running, rate)

    def _set_rate(self, running: _Running, rate: float) -> None:
        running.left = max(0.0, running.left - running.rate * (self._now - running.since))
        running.rate, running.since = rate, self._now
        running.version += 1
        heapq.heappush(self._ends, (self._now + running.left / rate, running.number, running.version))


def _gates(problem: Problem, slots: Sequence[int]) -> Sequence[int]:
    """Return those of a leg's slots that are gates: they bind wherever it is."""
    return [slot for slot in slots if slot >= 2 * len(problem.hosts)] if problem.gates else ()


def finish(run: Sequence[ScheduledLeg]) -> float:
    """Return when the last leg ends."""
    return max((each.end for each in run), default=0.0)

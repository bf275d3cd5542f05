"""When each leg runs if it has its links for itself: legs take links, slots and room in the order in which they are given.

Every schedule in which no leg slows another one down comes out of the order of its own starts, or an earlier one does:
the best of them is found by searching orders. A leg that finds no room yet waits until one before it gives some back.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .problem import LEAST, Leg, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """An order of legs, by number, as they took room in it, and when each leg starts and ends, in seconds."""

    order: list[int]
    starts: list[float]
    ends: list[float]

    @property
    def finish(self) -> float:
        """When the last leg ends."""
        return max(self.ends, default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A leg starts when another one ends, and no sooner."""

    leg: int
    ended: int
    for_room: bool
    """Whether it needs what the other gives back; otherwise it takes over its link, or is its second leg."""


class Packing:
    """The legs of a run, prepared so that thousands of orders can be tried."""

    def __init__(self, problem: Problem, legs: Sequence[Leg]) -> None:
        """Number the legs as they are given; legs of one machine keep their order in all orders."""
        self.legs = legs
        self._prepare_room(problem)
        self._prepare_links(problem)
        self.begun = [number for number, leg in enumerate(legs) if leg.runs]
        self.seconds = [max(leg.left, LEAST) / problem.rate(leg) for leg in legs]
        for number in self.begun:  # these share their links already
            at = [sum(host in legs[other].hosts for other in self.begun) for host in legs[number].hosts]
            self.seconds[number] *= max(at)
        self.previous = [-1] * len(legs)
        last: dict[int, int] = {}
        for number, leg in enumerate(legs):
            self.previous[number] = last.get(leg.machine, -1)
            last[leg.machine] = number

    def _prepare_room(self, problem: Problem) -> None:
        numbers: dict[int, int] = {}
        self.takes = [
            [(numbers.setdefault(pool, len(numbers)), amount) for pool, amount in leg.acquires]
            for leg in self.legs
        ]
        # Room that no leg takes is left out: most pools of a large estate.
        self.gives = [
            [(numbers[pool], amount) for pool, amount in leg.releases if pool in numbers] for leg in self.legs
        ]
        self.free = [problem.free[pool] for pool in numbers]

    def _prepare_links(self, problem: Problem) -> None:
        """Divide each link into lanes: as many as moves may share it at full rate, and no more than the host has slots.

        A gate is a link more, of as many lanes as it lets legs pass at once.
        """
        widths = [[max(1, int(problem.links[h] / problem.rate(leg))) for h in leg.hosts] for leg in self.legs]
        widest = [1] * len(problem.hosts)
        for leg, own in zip(self.legs, widths, strict=True):
            for host, width in zip(leg.hosts, own, strict=True):
                widest[host] = max(widest[host], width)
        self.lanes = [
            min(width, limit.live, limit.storage) for width, limit in zip(widest, problem.limits, strict=True)
        ]
        # A leg that fills the link takes all of its lanes.
        self.needs = [
            [(host, math.ceil(self.lanes[host] / width)) for host, width in zip(leg.hosts, own, strict=True)]
            for leg, own in zip(self.legs, widths, strict=True)
        ]
        self._links = len(self.lanes)
        self.lanes += [gate.limit for gate in problem.gates]
        for leg, needs in zip(self.legs, self.needs, strict=True) if problem.gates else ():
            needs += [
                (self._links + number, 1) for number, gate in enumerate(problem.gates) if gate.meets(leg)
            ]

    @cached_property
    def meeting(self) -> list[list[int]]:
        """By leg: those that use a link, a gate or room that it uses, too."""
        used = [
            {~host for host, _ in needs} | {pool for pool, _ in (*takes, *gives)}
            for needs, takes, gives in zip(self.needs, self.takes, self.gives, strict=True)
        ]
        return [
            [other for other, theirs in enumerate(used) if other != number and not own.isdisjoint(theirs)]
            for number, own in enumerate(used)
        ]

    def packed(self, order: Sequence[int], limit: float = math.inf) -> Packed | None:
        """Return when each leg runs; None if one ends after `limit`, or finds no room after all others."""
        filling = _Filling(self)
        blocked: dict[int, list[int]] = {}
        todo = list(reversed(order))
        if self.begun:
            todo = [number for number in todo if number not in self.begun]
        while todo:
            number = todo.pop()
            missing = filling.missing(number)
            if missing is not None:
                blocked.setdefault(missing, []).append(number)
                continue
            if filling.place(number) > limit:
                return None
            if blocked:
                for key in (~number, *(pool for pool, _ in self.gives[number])):
                    todo.extend(reversed(blocked.pop(key, ())))
        return None if blocked else Packed(order=filling.order, starts=filling.starts, ends=filling.ends)

    def behind(self, packed: Packed) -> list[set[int]]:
        """Return, for each leg, those whose part of a link it takes over."""
        lanes = [[(0.0, -1)] * count for count in self.lanes]
        found: list[set[int]] = [set() for _ in self.legs]
        for number in sorted(packed.order, key=lambda each: packed.starts[each]):
            for host, need in self.needs[number]:
                if host >= self._links:  # who passes a gate first is for admission to say
                    continue
                found[number] |= {owner for _, owner in lanes[host][:need]} - {-1}
                lanes[host] = sorted([*lanes[host][need:], *[(packed.ends[number], number)] * need])
        return found

    def critical(self, packed: Packed) -> list[Wait]:
        """Return, from the last end back to the first start, what each leg waited for: a run that ends earlier breaks one of these."""
        at_end: dict[float, list[int]] = {}
        for number, end in enumerate(packed.ends):
            at_end.setdefault(end, []).append(number)
        found: list[Wait] = []
        waiting = at_end[packed.finish]
        seen = set(waiting)
        while waiting:
            number = waiting.pop()
            for other in at_end.get(packed.starts[number], ()):
                wait = self._wait(number, other)
                if wait is not None:
                    found.append(wait)
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)
        return found

    def _wait(self, number: int, other: int) -> Wait | None:
        given = {pool for pool, _ in self.gives[other]}
        if any(pool in given for pool, _ in self.takes[number]):
            return Wait(leg=number, ended=other, for_room=True)
        if other == self.previous[number] or not set(self.legs[number].hosts).isdisjoint(
            self.legs[other].hosts
        ):
            return Wait(leg=number, ended=other, for_room=False)
        return None


class _Filling:
    """What is left of room and links while legs are placed one after the other."""

    __slots__ = ("_back", "_free", "_lanes", "_packing", "_ready", "_total", "ends", "order", "starts")

    def __init__(self, packing: Packing) -> None:
        count = len(packing.legs)
        self.order: list[int] = []
        self.starts, self.ends = [0.0] * count, [-1.0] * count
        self._packing = packing
        self._free, self._total = packing.free.copy(), packing.free.copy()
        """By pool: what is free at `_ready`, and what is free when all that are placed have ended."""
        self._ready = [0.0] * len(self._free)
        self._back: list[list[tuple[float, int]]] = [[] for _ in self._free]
        """By pool: when what is given back that `_free` does not include yet."""
        self._lanes = [[0.0] * count for count in packing.lanes]
        """By host: from when each lane is free, in this order."""
        for number in packing.begun:
            for pool, amount in packing.takes[number]:
                self._free[pool] -= amount
            self._put(number, 0.0)

    def missing(self, number: int) -> int | None:
        """Return the pool that has no room for a leg after all that are placed, or ~N for leg N of its machine before it."""
        before = self._packing.previous[number]
        if before >= 0 and self.ends[before] < 0:
            return ~before
        total = self._total
        for pool, amount in self._packing.takes[number]:
            if total[pool] < amount:
                return pool
        return None

    def place(self, number: int) -> float:
        """Start a leg as soon as its links, its room and its machine are free; return when it ends."""
        packing, ready, lanes = self._packing, self._ready, self._lanes
        before = packing.previous[number]
        start = self.ends[before] if before >= 0 else 0.0
        for pool, amount in packing.takes[number]:
            have, when = self._free[pool] - amount, ready[pool]
            # Who takes more than is free waits for what is given back first; nobody after it can have that sooner.
            while have < 0:
                end, given = heapq.heappop(self._back[pool])
                have += given
                if end > when:  # noqa: PLR1730 - max() takes twice as long, and this is what a search does most
                    when = end
            self._free[pool], ready[pool] = have, when
            if when > start:  # noqa: PLR1730 - the same
                start = when
        for host, need in packing.needs[number]:
            lane = lanes[host][need - 1]
            if lane > start:  # noqa: PLR1730 - the same
                start = lane
        return self._put(number, start)

    def _put(self, number: int, start: float) -> float:
        packing, total = self._packing, self._total
        self.starts[number] = start
        self.ends[number] = end = start + packing.seconds[number]
        self.order.append(number)
        for pool, amount in packing.takes[number]:
            total[pool] -= amount
        for pool, amount in packing.gives[number]:
            total[pool] += amount
            heapq.heappush(self._back[pool], (end, amount))
        for host, need in packing.needs[number]:
            lanes = self._lanes[host]
            if need == len(lanes):
                self._lanes[host] = [end] * need
            else:
                lanes[:need] = [end] * need
                lanes.sort()
        return end

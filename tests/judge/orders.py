"""Every order of every move that the documentation promises, on estates small enough for that: is there a safe one?

One move after the other is enough: of moves at the same time each only holds more.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from . import paths
from .ends import arriving, ends_of, followed, keeps_rules, moved_by_others
from .estate import Estate, Pool
from .places import (
    Place,
    allowed,
    copied_parents,
    free_pools,
    held,
    here,
    in_root,
    kept_on,
    leaves_files,
    left_behind,
)
from .spare import holds_now

STATES = 30_000
"""States that are opened before it ends without an answer."""
Step = tuple[str, Place]
"""Who goes where."""
Amounts = tuple[tuple[int, int], ...]
"""Number of a pool, and how much of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the search found."""

    steps: tuple[Step, ...] | None
    """An order in which all ends are reached; None where there is none, or none was found."""
    proved: bool
    """Whether everything was tried."""


def search(
    estate: Estate,
    left_out: frozenset[str] = frozenset(),
    *,
    states: int = STATES,
    hosts: Mapping[str, str] | None = None,
    spare: frozenset[int] = frozenset(),
) -> Answer:
    """Return an order that takes every declared machine to an end that is allowed, with all rules kept, or that there is none.

    `left_out`: machines that stay where they are, wherever they are declared. `hosts`: where machines are to end, of several
    hosts that they may be on. `spare`: numbers of rules of N + 1 that are to hold at every moment.
    """
    return _Search(estate, left_out, hosts or {}, spare).through(states)


class _Search:
    def __init__(
        self, estate: Estate, left_out: frozenset[str], hosts: Mapping[str, str], spare: frozenset[int]
    ) -> None:
        self._estate = estate
        self._spare = sorted(spare)
        left_out |= moved_by_others(estate)
        declared = [label for label in sorted(estate.entries) if label in estate.machines]
        self._ends = {
            label: [here(estate.machines[label])]
            if label in left_out
            else [end]
            if (end := followed(estate, label)) is not None
            else [end for end in ends_of(estate, label) if hosts.get(label, end.host) == end.host]
            for label in declared
        }
        self.movers = [label for label in declared if self._goes(label)]
        self._places = [list(self._places_of(label)) for label in self.movers]
        self._goals = [
            {
                n
                for n, place in enumerate(places)
                if any(place.key == end.key for end in self._ends[label]) and (n == 0 or self._comes_back(label, place))
            }
            for label, places in zip(self.movers, self._places, strict=True)
        ]  # fmt: skip
        free = free_pools(estate)
        # A machine on its way takes nothing when its job is followed: it has both ends already.
        for pool, amount in arriving(estate, estate.under_way).items():
            free[pool] = free.get(pool, 1) - amount
        self._pools: dict[Pool, int] = {}
        self._free: list[int] = []
        for pool, amount in free.items():
            self._number(pool, amount)
        self._legs: list[dict[tuple[int, int], tuple[Amounts, Amounts] | None]] = [{} for _ in self.movers]
        self._fixed = {
            label: machine.host for label, machine in estate.machines.items() if label not in self.movers
        }

    def _number(self, pool: Pool, amount: int = 1) -> int:
        if pool not in self._pools:
            self._pools[pool] = len(self._free)
            self._free.append(amount)
        return self._pools[pool]

    def _goes(self, label: str) -> bool:
        start, ends = here(self._estate.machines[label]), self._ends[label]
        entry = self._estate.entries[label]
        return any(end.key != start.key for end in ends) or (
            self._estate.bystanders and not entry.protected and not entry.held and bool(ends)
        )

    def _comes_back(self, label: str, place: Place) -> bool:
        """Say whether a place counts as an end: at home again only a bystander may be, where those are allowed."""
        return place.key != here(self._estate.machines[label]).key or self._estate.bystanders

    def _places_of(self, label: str) -> Iterator[Place]:
        """Yield where it is first, then the ends, then where it may step aside; each once."""
        machine, seen = self._estate.machines[label], set()
        for place in (here(machine), *self._ends[label], *self._aside(label)):
            away = place.host != machine.host
            # At home it has what it has now; once it has been away, what a machine needs that comes.
            for been in (True,) if away else (False,) if machine.held == machine.needed else (False, True):
                one = replace(place, been_away=been)
                if (one.key, been) not in seen:
                    seen.add((one.key, been))
                    yield one

    def _aside(self, label: str) -> Iterator[Place]:
        estate, machine, start = (
            self._estate,
            self._estate.machines[label],
            here(self._estate.machines[label]),
        )
        ends = self._ends[label]
        if leaves_files(estate, label) or label in estate.under_way:
            return
        rooted = [
            in_root(machine, label, host, root)
            for _, host in sorted(estate.hosts.items())
            for root in sorted(host.roots)
        ]
        yield from (kept_on(start, name, machine) for name in sorted(estate.hosts))
        yield from rooted
        # Paths that it has by then, taken along to any other host: those of the end, or of a root.
        for place in (*ends, *rooted):
            yield from (kept_on(place, name, machine) for name in sorted(estate.hosts))

    def through(self, states: int) -> Answer:
        """Open states, those nearest to the end first, until one is the end or none is left."""
        start = (0,) * len(self.movers)
        queue = [(self._far(start), 0, start, tuple(self._free))]
        came: dict[tuple[int, ...], tuple[int, ...] | None] = {start: None}
        opened = 0
        while queue:
            _, _, at, free = heapq.heappop(queue)
            if self._is_goal(at):
                return Answer(steps=tuple(self._way(at, came)), proved=True)
            opened += 1
            if opened > states:
                return Answer(steps=None, proved=False)
            for there, after in self._following(at, free):
                # What is left behind follows from where machines are: who leaves files moves once.
                if there not in came:
                    came[there] = at
                    heapq.heappush(queue, (self._far(there), len(came), there, after))
        return Answer(steps=None, proved=True)

    def _way(self, at: tuple[int, ...], came: Mapping[tuple[int, ...], tuple[int, ...] | None]) -> list[Step]:
        steps: list[Step] = []
        while (before := came[at]) is not None:
            number = next(n for n, (old, new) in enumerate(zip(before, at, strict=True)) if old != new)
            steps.insert(0, (self.movers[number], self._places[number][at[number]]))
            at = before
        return steps

    def _far(self, at: tuple[int, ...]) -> int:
        return sum(place not in goals for place, goals in zip(at, self._goals, strict=True))

    def _is_goal(self, at: tuple[int, ...]) -> bool:
        if self._far(at):
            return False
        hosts = {label: self._places[n][at[n]].host for n, label in enumerate(self.movers)}
        return keeps_rules(self._estate, {**self._fixed, **hosts})

    def _following(
        self, at: tuple[int, ...], free: tuple[int, ...]
    ) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        for number, start in enumerate(at):
            for end in range(len(self._places[number])):
                if end == start:
                    continue
                leg = self._leg(number, start, end)
                if leg is None:
                    continue
                takes, gives = leg
                if len(free) < len(self._free):
                    free = (*free, *self._free[len(free) :])
                if any(free[pool] < amount for pool, amount in takes):
                    continue
                after = list(free)
                for pool, amount in takes:
                    after[pool] -= amount
                for pool, amount in gives:
                    after[pool] += amount
                following = (*at[:number], end, *at[number + 1 :])
                if self._spare and not self._keeps_spare(at, free, following, tuple(after)):
                    continue
                yield following, tuple(after)

    def _keeps_spare(
        self, at: tuple[int, ...], free: tuple[int, ...], following: tuple[int, ...], after: tuple[int, ...]
    ) -> bool:
        """Say whether N + 1 holds while one machine is on its way, and when it has come."""
        number = next(n for n, (old, new) in enumerate(zip(at, following, strict=True)) if old != new)
        source, target = self._places[number][at[number]].host, self._places[number][following[number]].host
        takes = dict((self._leg(number, at[number], following[number]) or ((), ()))[0])
        taken = takes.get(self._pools["memory", target], 0)
        during = list(free)
        during[self._pools["memory", target]] -= taken
        moments = [(at, tuple(during), [(source, target, taken)]), (following, after, [])]
        return all(
            holds_now(self._estate, rule, self._hosts_at(where), self._memory(rule, left), coming)
            is not False
            for rule in self._spare
            for where, left, coming in moments
        )

    def _hosts_at(self, at: tuple[int, ...]) -> dict[str, str]:
        moved = {label: self._places[n][at[n]].host for n, label in enumerate(self.movers)}
        return {**self._fixed, **moved}

    def _memory(self, rule: int, free: tuple[int, ...]) -> dict[str, int]:
        return {name: free[self._pools["memory", name]] for name in self._estate.rules[rule].hosts}

    def _leg(self, number: int, start: int, end: int) -> tuple[Amounts, Amounts] | None:
        known = self._legs[number]
        if (start, end) not in known:
            known[start, end] = self._made(self.movers[number], number, start, end)
        return known[start, end]

    def _made(self, label: str, number: int, start: int, end: int) -> tuple[Amounts, Amounts] | None:
        estate, one, other = self._estate, self._places[number][start], self._places[number][end]
        home = estate.machines[label].host
        if one.host == other.host and one.been_away != other.been_away:
            return None
        if one.host != other.host == home and not other.been_away and estate.machines[label].held != estate.machines[label].needed:  # fmt: skip
            return None
        # Who is in place steps aside and comes back only where that is allowed.
        returns = end != 0 or end not in self._goals[number] or estate.bystanders
        if not returns or not allowed(estate, label, one, other):
            return None
        have = held(estate, label, one)
        want = {**held(estate, label, other), **copied_parents(estate, label, one, other)}
        stays = left_behind(estate, label, one, other)
        takes = [own for thing, own in want.items() if thing not in have]
        if label in estate.under_way and start == 0:
            takes = []
        gives = [own for thing, own in have.items() if thing not in want and thing not in stays]
        return self._amounts(takes), self._amounts(gives)

    def _amounts(self, pools: list[tuple[Pool, int]]) -> Amounts:
        found: dict[int, int] = {}
        for pool, amount in pools:
            number = self._number(pool)
            found[number] = found.get(number, 0) + amount
        return tuple((pool, amount) for pool, amount in found.items() if amount)


def shown(answer: Answer) -> str:
    """Return an order in words, for whoever has to mend what refused it."""
    if answer.steps is None:
        return "none" if answer.proved else "not decided"
    return "; ".join(
        f"{label} to {place.host} {', '.join(map(paths.parent, place.files))}"
        for label, place in answer.steps
    )

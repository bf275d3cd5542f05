"""The moves of a plan that can be made where not all of them can: what cannot does not stop what does not depend on it.

Machines are refused in two ways, one after the other, until the others have a safe order. What does not fit in the end
is found by sums (fitting.py), whatever the order. At a dead end the machines that wait for each other's room in a circle
are refused, as few of them as do; who waits for one that stays is found by the sums of the next round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .build import ProblemInstance
from .fitting import End
from .problem import Leg
from .sequence import DeadEnd
from .stuck import Cause, Ground, Idle, Stuck, unfitting, without_order

CIRCLES = 16
"""Circles of one dead end that are tried apart; those beyond are refused without a look at each."""
APART = 500
"""Moves beyond which a circle is tried with those alone that touch its hosts: each try orders all that it has."""
ALONE = 8
"""Machines of which each is tried as the one that stays, so that the others of its circle go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search for an order has found."""

    instance: ProblemInstance
    legs: list[Leg] | DeadEnd

    @property
    def blocked(self) -> frozenset[str]:
        """Labels of the machines that found no room."""
        legs = self.legs.blocked if isinstance(self.legs, DeadEnd) else ()
        return frozenset(self.instance.steps[leg.machine].label for leg in legs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A safe order of the machines that can go, and why the others stay."""

    instance: ProblemInstance
    legs: list[Leg]
    stuck: tuple[Stuck, ...]


Search = Callable[[frozenset[str]], Searched]
"""Searches a safe order in which the machines of these labels reach their goals, all others staying where they are."""


def largest_part(
    ground: Ground, labels: Iterable[str], search: Search, idle: Callable[[], Mapping[str, Idle]]
) -> Part:
    """Return as many of the moves as can be made. `labels`: the machines that are to move, all of them in `ground`.

    `idle`: returns the machines that the plan does not move though they are declared elsewhere; asked where somebody stays.
    """
    going, stuck = frozenset(labels), list[Stuck]()
    while True:
        staying = ground.end.staying(going)
        if staying and not stuck:
            ground = replace(ground, idle=idle())
        if staying:
            stuck += unfitting(ground, going, staying)
            ground, going = ground.with_idle(staying), going - staying
        found = search(going)
        if not isinstance(found.legs, DeadEnd):
            return _with_more(ground, going, found, stuck, search)
        if not stuck:
            ground = replace(ground, idle=idle())
        refused = _refused(ground, going, found, search)
        stuck += refused
        staying = frozenset(label for each in refused for label in each.why)
        ground, going = ground.with_idle(staying), going - staying


def _with_more(
    ground: Ground, going: frozenset[str], found: Searched, stuck: Sequence[Stuck], search: Search
) -> Part:
    """Return the part with those that fit all the same, once others stay for whom they were to make room."""
    again = _fitting_now(ground, going, stuck)
    for more in (again, *(frozenset({label}) for label in sorted(again)[:ALONE])) if again else ():
        if ground.end.short(going | more) or more <= going:
            continue
        trial = search(going | more)
        if not isinstance(trial.legs, DeadEnd):
            going, found = going | more, trial
    if isinstance(found.legs, DeadEnd):
        raise TypeError("a part has an order")
    left = (each.without(going) for each in stuck)
    return Part(instance=found.instance, legs=found.legs, stuck=tuple(each for each in left if each.why))


def _fitting_now(ground: Ground, going: frozenset[str], stuck: Sequence[Stuck]) -> frozenset[str]:
    """Return machines that stay because room was missing, and would have it now, the largest first, as long as they fit together."""
    waiting = [label for each in stuck if each.cause in {Cause.ROOM, Cause.FREED} for label in each.why]
    left = ground.end.left(going)
    return frozenset(label for label in ground.end.largest_first(waiting) if ground.end.adds(left, label))


def _refused(ground: Ground, going: frozenset[str], found: Searched, search: Search) -> list[Stuck]:
    """Return at least one machine to refuse, so that what is left comes nearer to an order."""
    circles = list(_circles(found))
    done = kept = going - found.blocked
    refused = list[Stuck]()
    for number, circle in enumerate(circles):
        if number >= CIRCLES:
            refused.append(_stuck(ground, found, circle))
            continue
        # Each by itself, with those that can go: what it cannot do then, it cannot do at all.
        trial = found if circle == found.blocked else search(kept | circle)
        if not isinstance(trial.legs, DeadEnd):
            kept |= circle
            continue
        stays = _least(ground, kept, circle, trial, search)
        refused.append(_stuck(ground, trial, stays))
        kept = (kept | circle) - stays
    if refused:
        return refused
    # All circles can be broken: one of those that wait for them is what nobody finds an order with.
    for number, label in enumerate(sorted(found.blocked.difference(*circles))):
        trial = search(kept | {label}) if number < CIRCLES else found
        if not isinstance(trial.legs, DeadEnd):
            kept |= {label}
        else:
            refused.append(_stuck(ground, trial, frozenset({label})))
    return refused or [_stuck(ground, found, found.blocked or done)]


def _stuck(ground: Ground, found: Searched, stay: frozenset[str]) -> Stuck:
    if not isinstance(found.legs, DeadEnd):
        raise TypeError("an order was found, so that nobody is stuck")
    return without_order(found.instance.problem, found.legs, stay, ground.help)


def _least(
    ground: Ground, kept: frozenset[str], circle: frozenset[str], trial: Searched, search: Search
) -> frozenset[str]:
    """Return the fewest machines whose staying lets the others go: one, as far as that is tried, otherwise the circle."""
    end = ground.end
    if len(kept) > APART:
        kept = _near(end, kept, circle)
    if len(circle) > 1 and isinstance(trial.legs, DeadEnd):
        free = trial.legs.free
        lacking = {pool for leg in trial.legs.blocked for pool, n in leg.acquires if free[pool] < n}
        # Pools of names are numbered anew in each problem: those of the trial are not looked up in the end's.
        lacking = {pool for pool in lacking if pool not in trial.instance.problem.names}
        others = {label for pool in lacking for label in end.comers(pool, kept)}
        candidates = sorted(circle | others, key=lambda label: (end.sizes[label], label))
        tried = 0
        for label in candidates:
            rest = (kept | circle) - {label}
            if label in end.certain or end.short(rest):
                continue
            if not isinstance(search(rest).legs, DeadEnd):
                return frozenset({label})
            tried += 1
            if tried >= ALONE:
                break
    stays = set(circle)
    for label in end.largest_first(circle):
        # The largest that can go all the same goes: a circle of many may have room for some of them.
        rest = kept | (circle - stays) | {label}
        if not end.short(rest) and not isinstance(search(rest).legs, DeadEnd):
            stays.remove(label)
    return frozenset(stays) or circle


def _near(end: End, kept: frozenset[str], circle: frozenset[str]) -> frozenset[str]:
    """Return those of `kept` that have to do with a circle: they come to, or leave, what its machines leave or need."""
    pools = {pool for label in circle for pool in end.changes[label]}
    return frozenset(label for label in kept if not pools.isdisjoint(end.changes[label]))


def _circles(found: Searched) -> Iterator[frozenset[str]]:
    """Yield the machines of a dead end that wait for room which only others of the same circle free, circle by circle."""
    if not isinstance(found.legs, DeadEnd):
        return
    waits = _waits_for(found.legs.blocked, found.legs.free)
    for members in _components(waits):
        if all(other in members for number in members for other in waits[number]):
            yield frozenset(found.instance.steps[number].label for number in members)


def _waits_for(blocked: Sequence[Leg], free: Sequence[int]) -> dict[int, list[int]]:
    """Return, by machine, the machines at the dead end whose leaving would free what it lacks."""
    freeing: dict[int, list[int]] = {}
    for leg in blocked:
        for pool, _ in leg.releases:
            freeing.setdefault(pool, []).append(leg.machine)
    return {
        leg.machine: sorted(
            {
                other
                for pool, amount in leg.acquires
                if free[pool] < amount
                for other in freeing.get(pool, ())
                if other != leg.machine
            }
        )
        for leg in blocked
    }


def _components(graph: dict[int, list[int]]) -> Iterator[set[int]]:
    """Yield the strongly connected components, those that lead nowhere else first (Tarjan 1972)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    pending: set[int] = set()
    for first in sorted(graph):
        if first in index:
            continue
        work = [(first, iter(graph[first]))]
        index[first] = low[first] = len(index)
        path.append(first)
        pending.add(first)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in index:
                    index[other] = low[other] = len(index)
                    path.append(other)
                    pending.add(other)
                    work.append((other, iter(graph[other])))
                    break
                if other in pending:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    members = set[int]()
                    while node not in members:
                        member = path.pop()
                        pending.remove(member)
                        members.add(member)
                    yield members

"""Orders in which machines step aside: a search over states in which nothing goes on, fewest waiting machines first."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence

from .budget import Budget
from .direct import Rank, drain, movers, ranks
from .problem import Leg, Problem, fits
from .state import State

CANDIDATES = 24
"""Ways of parking that are tried in one stuck state, cheapest first."""
BEHIND = 8
"""Of them at most so many that only make room for another one to step aside."""

COPIED = 16
"""Machines of a state that are copied in the time of one step."""

Way = tuple[int, str, int, Leg]
"""Bytes there and back, the machine's key, the number of the place: what ways are sorted by; and the leg."""


_Stuck = tuple[int, int, int, State, list[Leg]]
"""How many machines wait, bytes so far, a number of its own: what states are looked at by; the state, and who waits."""


def by_parking(problem: Problem, roots: Sequence[State], budget: Budget) -> State | None:
    """Return the state at the end of an order with machines that step aside; None where the search finds none.

    `roots`: states from which to look; who can go straight goes first, in each.
    """
    rank = next(ranks(problem))
    queue: list[_Stuck] = []
    for state in roots:
        blocked = drain(problem, state, movers(problem), rank, budget)
        if not blocked:
            return state
        queue.append((len(blocked), state.cost, len(queue), state, blocked))
    # Before anything has moved there may be room to step aside that those who move first take.
    left, cost, *_, waiting = queue[0]
    queue.append((left, cost + 1, len(queue), State(problem), waiting))
    seen = {tuple(state.at) for *_, state, _ in queue}
    heapq.heapify(queue)
    count = len(queue)
    while queue and not budget.spent:
        *_, state, waiting = heapq.heappop(queue)
        best: State | None = None
        for leg in _aside(problem, state, waiting, budget):
            budget.spend(1 + len(state.at) // COPIED)
            following = state.copy()
            following.go(leg)
            blocked = _after(problem, following, waiting, rank, budget)
            if not blocked:
                if best is None or following.cost < best.cost:
                    best = following
                continue
            key = tuple(following.at)
            if key not in seen:
                seen.add(key)
                count += 1
                heapq.heappush(queue, (len(blocked), following.cost, count, following, blocked))
        if best is not None:
            return best
    return None


def _after(problem: Problem, state: State, blocked: Sequence[Leg], rank: Rank, budget: Budget) -> list[Leg]:
    """Let the waiting machines move first and the parked ones afterwards: these would otherwise come back at once."""
    first = [leg.machine for leg in blocked if leg.machine != state.legs[-1].machine]
    drain(problem, state, first, rank, budget)
    everybody = [number for number, place in enumerate(state.at) if place != problem.machines[number].goal]
    return drain(problem, state, everybody, lambda number: (number,), budget)


def _aside(problem: Problem, state: State, blocked: Sequence[Leg], budget: Budget) -> list[Leg]:
    """Return legs that park a machine to make room for the blocked ones, cheapest in bytes there and back first.

    Where these find no room themselves, the last of them make room for them to step aside.
    """
    lacking = {pool for leg in blocked for pool, amount in leg.acquires if state.free[pool] < amount}
    short: set[int] = set()
    found = sorted(_ways(problem, state, lacking, short, budget), key=_cost)[:CANDIDATES]
    if len(found) < CANDIDATES and short - lacking:
        known = {(leg.machine, leg.target) for *_, leg in found}
        more = _ways(problem, state, short - lacking, set(), budget)
        behind = (way for way in more if (way[-1].machine, way[-1].target) not in known)
        found += sorted(behind, key=_cost)[: min(BEHIND, CANDIDATES - len(found))]
    return [leg for *_, leg in found]


def _cost(way: Way) -> tuple[int, str, int]:
    return way[:3]


def _ways(
    problem: Problem, state: State, lacking: Collection[int], short: set[int], budget: Budget
) -> Iterator[Way]:
    """Yield the ways that free some of the `lacking` pools; into `short` go the pools that others would need for it."""
    for number, machine in enumerate(problem.machines):
        here = state.at[number]
        if not machine.parking or all(holding.pool not in lacking for holding in here.holdings):
            continue
        for choice, place in enumerate(machine.parking):
            if place in (here, machine.goal):
                continue
            budget.spend()
            leg = state.to(number, place)
            if all(pool not in lacking for pool, _ in leg.releases):
                continue
            if not fits(state.free, leg):
                short |= {pool for pool, amount in leg.acquires if state.free[pool] < amount}
            elif machine.lets(here, place) and machine.lets(place, machine.goal):
                back = Leg(machine=number, source=place, target=machine.goal).transfer
                yield leg.transfer + back, machine.key, choice, leg

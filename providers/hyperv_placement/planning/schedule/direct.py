"""Orders without a detour: every machine goes to its goal as soon as it finds room, by one ranking or another."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Mapping

from .budget import Budget
from .problem import Leg, Problem
from .state import State

SHUFFLES = 6
"""Random orders that are tried after the two by size."""

_NONE: Mapping[int, Leg] = {}
Rank = Callable[[int], tuple[int, ...]]


def movers(problem: Problem) -> list[int]:
    """Return the machines that are not where they belong."""
    return [number for number, machine in enumerate(problem.machines) if not machine.in_place]


def straight(problem: Problem) -> dict[int, Leg]:
    """Return, for each machine that is not where it belongs, the leg from where it is to its goal."""
    state = State(problem)
    return {number: state.to(number, problem.machines[number].goal) for number in movers(problem)}


def ranks(problem: Problem, legs: Mapping[int, Leg]) -> Iterator[Rank]:
    """Yield rankings of `legs`, those of `straight`: those that free contested room first, those that take it last."""
    moving, legs = movers(problem), straight(problem)
    wanted = [0] * len(problem.pools)
    for leg in legs.values():
        for pool, amount in leg.acquires:
            wanted[pool] += amount
    contested = [want > free for want, free in zip(wanted, problem.free, strict=True)]
    kind = {
        number: (
            any(contested[pool] for pool, _ in leg.acquires),
            not any(contested[pool] for pool, _ in leg.releases),
        )
        for number, leg in legs.items()
    }
    size = {number: leg.transfer for number, leg in legs.items()}
    last = (True, True)  # machines that were only parked

    def by(order: Callable[[int], int]) -> Rank:
        return lambda number: (*kind.get(number, last), order(number), number)

    yield by(lambda number: -size.get(number, 0))
    yield by(lambda number: size.get(number, 0))
    for seed in range(SHUFFLES):
        source = random.Random(seed)  # noqa: S311 - an order, no secret
        mixed = {number: source.randrange(1 << 30) for number in moving}
        yield by(lambda number, mixed=mixed: mixed.get(number, 0))  # type: ignore[misc]


def drain(
    problem: Problem,
    state: State,
    numbers: Iterable[int],
    rank: Rank,
    budget: Budget,
    legs: Mapping[int, Leg] = _NONE,
) -> list[Leg]:
    """Let every machine go to its goal that finds room, and return the legs of those that do not. `legs`: those of `straight`, if they are known."""
    waiting: dict[int, list[int]] = {}
    ready = [
        (rank(number), number) for number in numbers if state.at[number] != problem.machines[number].goal
    ]
    heapq.heapify(ready)
    blocked: dict[int, Leg] = {}
    while ready:
        _, number = heapq.heappop(ready)
        known = legs.get(number)
        from_here = known is not None and known.source is state.at[number]
        leg = known if known and from_here else state.to(number, problem.machines[number].goal)
        budget.spend()
        # Waiting for the first pool that lacks room is enough: until that has room nothing else helps.
        lacking = next((pool for pool, amount in leg.acquires if state.free[pool] < amount), None)
        if lacking is not None:
            waiting.setdefault(lacking, []).append(number)
            blocked[number] = leg
            continue
        blocked.pop(number, None)
        state.go(leg)
        for pool, _ in leg.releases:
            for other in waiting.pop(pool, ()):
                heapq.heappush(ready, (rank(other), other))
    return [blocked[number] for number in sorted(blocked)]

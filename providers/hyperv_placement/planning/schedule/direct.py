"""Orders without a detour: every machine goes to its goal as soon as it finds room, by one ranking or another."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator

from .budget import Budget
from .problem import Leg, Problem
from .state import State

SHUFFLES = 6
"""Random orders that are tried after the two by size."""

Rank = Callable[[int], tuple[int, ...]]


def movers(problem: Problem) -> list[int]:
    """Return the machines that are not where they belong."""
    return [number for number, machine in enumerate(problem.machines) if not machine.in_place]


def ranks(problem: Problem) -> Iterator[Rank]:
    """Yield rankings of legs: those that free contested room first, those that take it last."""
    moving = movers(problem)
    legs = {number: problem.straight(number) for number in moving}
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


def drain(problem: Problem, state: State, numbers: Iterable[int], rank: Rank, budget: Budget) -> list[Leg]:
    """Let every machine go to its goal that finds room, and return the legs of those that do not."""
    waiting: dict[int, list[int]] = {}
    ready = [
        (rank(number), number) for number in numbers if state.at[number] != problem.machines[number].goal
    ]
    heapq.heapify(ready)
    blocked: dict[int, Leg] = {}
    while ready:
        _, number = heapq.heappop(ready)
        machine = problem.machines[number]
        started = state.at[number] is not machine.start
        leg = state.to(number, machine.goal) if started else problem.straight(number)
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

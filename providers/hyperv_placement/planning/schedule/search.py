"""The best schedule that a budget finds: a series of simulations, each with another priority of legs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from .bound import lower_bound
from .budget import Budget
from .problem import Leg, Problem
from .timing import Priority, ScheduledLeg, finish, timed

CLOSE = 1.001
"""Factor of the lower bound at which the search stops."""
ROUNDS = 256
"""Simulations at most: with few moves there are soon no others to try."""


def best(problem: Problem, legs: Sequence[Leg], budget: Budget) -> list[ScheduledLeg]:
    """Return the schedule of `legs`, a safe order, with the earliest finish; at least one is tried, however small the budget."""
    bound = lower_bound(problem, legs)
    found: list[ScheduledLeg] | None = None
    for priority in itertools.islice(_priorities(legs), ROUNDS):
        run = timed(problem, legs, priority, budget)
        if found is None or finish(run) < finish(found):
            found = run
        if finish(found) <= bound * CLOSE or budget.spent:
            break
    return found or []


def _priorities(legs: Sequence[Leg]) -> Iterator[Priority]:
    """Yield priorities: legs of the busiest host first, then the same with random weights for each leg."""
    ends = [leg.hosts for leg in legs]
    size = [leg.transfer for leg in legs]

    def busiest(number: int, load: Sequence[float]) -> tuple[float, ...]:
        loads = sorted(-load[host] for host in ends[number])
        return (*loads, -size[number], number)

    def together(number: int, load: Sequence[float]) -> tuple[float, ...]:
        return (-sum(load[host] for host in ends[number]), -size[number], number)

    yield busiest
    yield together
    # Seeds are numbers, so that equal problems get equal schedules on every computer.
    for seed in itertools.count():
        source = random.Random(seed)  # noqa: S311 - an order, no secret
        spread = (0.05, 0.15, 0.4)[seed % 3]
        weight = [1 + source.uniform(-spread, spread) for _ in legs]

        def mixed(number: int, load: Sequence[float], weight: list[float] = weight) -> tuple[float, ...]:
            loads = sorted(-load[host] * weight[number] for host in ends[number])
            return (*loads, -size[number], number)

        yield mixed

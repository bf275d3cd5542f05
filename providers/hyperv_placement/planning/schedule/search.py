"""The best schedule that a budget finds: moves that share their links first, then moves that have them for themselves."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from .budget import Budget
from .improving import improved
from .packing import Packed, Packing
from .problem import Leg, Problem
from .timing import Priority, ScheduledLeg, finish, timed

CLOSE = 1.001
"""Factor of the lower bound at which the search stops."""
ROUNDS = 48
"""Simulations with shared links at most."""
LATE = 2
"""Mixed priorities before the sum of both ends counts: on large estates, where few simulations can be afforded, that finds what the busiest end finds."""
SHARE = 0.08
"""Part of the budget that these may use."""
WIDE = 0.1
"""Part by which a schedule ends after the lower bound where the whole budget is used; the nearer it is, the less."""
WORTH = 0.995
"""Part of the finish below which moves wait for the links of others: what is gained by less is lost with the first slow move."""


def best(problem: Problem, legs: Sequence[Leg], least: float, budget: Budget) -> list[ScheduledLeg]:
    """Return the schedule of `legs`, a safe order, with the earliest finish; at least one is tried, however small the budget.

    `least`: seconds that no schedule can beat (`lower_bound`).
    """
    bound = least * CLOSE
    shared = _shared(problem, legs, bound, Budget(int(budget.left * SHARE)))
    end = finish(shared)
    if end <= bound or not bound:  # where no byte goes there is no time to be won
        return shared
    # Of files of unknown size the bound is nothing, and says nothing.
    far = (end / bound - 1) / WIDE if bound > 0 else 1.0
    steps = budget.left * (1 - SHARE) * min(1.0, far)
    packing = Packing(problem, [each.leg for each in shared])
    found = improved(packing, range(len(shared)), bound, Budget(int(steps)))
    if found is None or found.finish > end * WORTH:
        return shared
    return _in_turn(packing, found)


def _shared(problem: Problem, legs: Sequence[Leg], bound: float, budget: Budget) -> list[ScheduledLeg]:
    """Return the best of a series of simulations, each with another priority of legs."""
    found: list[ScheduledLeg] | None = None
    for priority in itertools.islice(_priorities(legs), ROUNDS):
        run = timed(problem, legs, priority, budget)
        if found is None or finish(run) < finish(found):
            found = run
        if finish(found) <= bound or budget.spent:
            break
    return found or []


def _in_turn(packing: Packing, found: Packed) -> list[ScheduledLeg]:
    """Return a run in the order of starts, each leg behind those whose links it takes over."""
    # Of two legs that start at once, the order by machine is kept in every run.
    order = sorted(found.order, key=lambda number: (found.starts[number], packing.legs[number].machine))
    place = {number: at for at, number in enumerate(order)}
    behind = packing.behind(found)
    return [
        ScheduledLeg(
            leg=packing.legs[number], start=found.starts[number], end=found.ends[number],
            behind=frozenset(place[other] for other in behind[number]),
        )
        for number in order
    ]  # fmt: skip


def _priorities(legs: Sequence[Leg]) -> Iterator[Priority]:
    """Yield priorities: legs of the busiest host first, then the same with random weights for each leg."""
    ends = [leg.hosts for leg in legs]
    size = [leg.transfer for leg in legs]

    def busiest(number: int, load: Sequence[float]) -> tuple[float, ...]:
        loads = [-load[host] for host in ends[number]]
        loads.sort()
        return (*loads, -size[number], number)

    def together(number: int, load: Sequence[float]) -> tuple[float, ...]:
        return (-sum(load[host] for host in ends[number]), -size[number], number)

    yield busiest
    # Seeds are numbers, so that equal problems get equal schedules on every computer.
    for seed in itertools.count():
        if seed == LATE:
            yield together
        source = random.Random(seed)  # noqa: S311 - an order, no secret
        spread = (0.05, 0.15, 0.4)[seed % 3]
        weight = [1 + source.uniform(-spread, spread) for _ in legs]

        def mixed(number: int, load: Sequence[float], weight: list[float] = weight) -> tuple[float, ...]:
            loads = sorted(-load[host] * weight[number] for host in ends[number])
            return (*loads, -size[number], number)

        yield mixed

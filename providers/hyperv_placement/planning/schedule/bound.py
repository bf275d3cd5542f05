"""A lower bound for the duration of any schedule."""

from __future__ import annotations

from collections.abc import Sequence

from .problem import Leg, Problem


def lower_bound(problem: Problem, legs: Sequence[Leg]) -> float:
    """Return the largest of the busiest link, the busiest host's slots and the longest chain of one machine, in seconds."""
    link = [0.0] * len(problem.hosts)
    limits = problem.slot_limits
    slot = [0.0] * len(limits)
    chain: dict[int, float] = {}
    for leg in legs:
        alone = leg.left / problem.rate(leg)
        chain[leg.machine] = chain.get(leg.machine, 0.0) + alone
        for host in leg.hosts:
            link[host] += leg.left / problem.links[host]
        for taken in problem.slots(leg):
            slot[taken] += alone
    slots = [seconds / limit for seconds, limit in zip(slot, limits, strict=True) if limit]
    return max([*link, *slots, *chain.values()], default=0.0)

"""Search of the order in which legs take links and room: legs change places in it, most often those that hold up the end.

Simulated annealing (Kirkpatrick et al. 1983), several times from the same order: at first orders that end a little later
are kept too, in the end only those that do not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .budget import Budget
from .packing import Packed, Packing, Wait

RESTARTS = 4
"""Searches with other random numbers: one in a while ends in an order from which no single change leads on."""
LONG = 20
"""Changes for each leg that one search has, or there is but one."""
HEAT = 0.06
"""Part of the finish by which a change may be worse at the beginning of a search."""
EACH = 0.05
"""Weight of the mean end of all legs beside the last one: among equal finishes, room and links come free earlier."""
ROUNDS = 40
"""Changes for each pair of legs at most: with few legs there are soon no others to try."""
FIXED = 8
"""Steps that a try costs beside those of its legs."""
BLOCKS, LONGEST = 0.3, 4
"""Share of changes that move several legs in a row, and how many at most: a chain of room goes on elsewhere as a whole."""
DIRECTED = 0.75
"""Share of the other changes that are made where legs hold up the end; the rest is made anywhere."""


def improved(packing: Packing, order: Sequence[int], bound: float, budget: Budget) -> Packed | None:
    """Return the best schedule found, from `order` on; None where that order finds no room, or there are too few steps for so many legs. Stops at `bound` seconds."""
    cost = len(order) + FIXED
    if budget.left < len(order) * cost:  # not even a change for each leg
        return None
    begun = packing.packed(order)
    if begun is None:
        return None
    restarts = RESTARTS if budget.left > RESTARTS * LONG * len(order) * cost else 1
    best, share = begun, min(budget.left // restarts, ROUNDS * len(order) ** 2 * cost)
    for seed in range(restarts):
        if best.finish > bound:
            best = min(best, _annealed(packing, begun, bound, Budget(share), seed), key=_cost)
    return best


def _annealed(packing: Packing, current: Packed, bound: float, budget: Budget, seed: int) -> Packed:
    source = random.Random(seed)  # noqa: S311 - an order, no secret
    cost, whole = len(current.order) + FIXED, max(1, budget.left)
    best, waits, near = current, packing.critical(current), packing.meeting
    while not budget.spent and best.finish > bound:
        heat = HEAT * best.finish * budget.left / whole
        found = packing.packed(_changed(current.order, waits, near, source), current.finish + heat)
        budget.spend(cost)
        if found is None or _cost(found) > _cost(current) + heat * source.random():
            continue
        current, waits = found, packing.critical(found)
        if _cost(current) < _cost(best):
            best = current
    return best


def _cost(packed: Packed) -> float:
    return packed.finish + EACH * sum(packed.ends) / len(packed.ends)


def _changed(
    order: Sequence[int], waits: Sequence[Wait], near: Sequence[Sequence[int]], source: random.Random
) -> list[int]:
    """Return `order` with a few legs in a row at another place, or one at the place of another one that it meets.

    To pass others than those changes nothing.
    """
    changed = list(order)
    if source.random() < BLOCKS:
        place, length = source.randrange(len(order)), source.randint(2, LONGEST)
        block = changed[place : place + length]
        del changed[place : place + length]
        to = source.randint(0, len(changed))
        return [*changed[:to], *block, *changed[to:]]
    leg = source.choice(order)
    if waits and source.random() < DIRECTED:
        wait = source.choice(waits)
        leg = wait.leg if source.randint(0, 1) else wait.ended
    if near[leg]:
        place, to = changed.index(leg), changed.index(source.choice(near[leg]))
        changed.insert(to, changed.pop(place))
    return changed

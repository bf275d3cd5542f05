"""Search of the order in which legs take links and room: legs change places in it, most often those that hold up the end.

Simulated annealing (Kirkpatrick et al. 1983): at first orders that end a little later are kept too, in the end only
those that do not.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .budget import Budget
from .packing import Packed, Packing, Wait

HEAT = 0.03
"""Part of the finish by which a change may be worse at the beginning of a search."""
EACH = 0.05
"""Weight of the mean end of all legs beside the last one: among equal finishes, room and links come free earlier."""
ROUNDS = 40
"""Changes for each pair of legs at most: with few legs there are soon no others to try."""
FIXED = 8
"""Steps that a try costs beside those of its legs."""
DIRECTED = 0.75
"""Share of changes that are made where legs hold up the end; the others are made anywhere."""


def improved(packing: Packing, order: Sequence[int], bound: float, budget: Budget) -> Packed | None:
    """Return the best schedule found, from `order` on; None where that order finds no room. Stops at `bound` seconds."""
    current = packing.packed(order)
    if current is None:
        return None
    source = random.Random(0)  # noqa: S311 - an order, no secret
    cost = len(current.order) + FIXED
    budget = Budget(min(budget.left, ROUNDS * len(current.order) ** 2 * cost))
    best, whole = current, max(1, budget.left)
    waits = packing.critical(current)
    while not budget.spent and best.finish > bound:
        heat = HEAT * best.finish * budget.left / whole
        changed = _changed(current.order, waits, source)
        found = packing.packed(changed, current.finish + heat)
        budget.spend(cost)
        if found is None or _cost(found) > _cost(current) + heat * source.random():
            continue
        current, waits = found, packing.critical(found)
        if _cost(current) < _cost(best):
            best = current
    return best


def _cost(packed: Packed) -> float:
    return packed.finish + EACH * sum(packed.ends) / len(packed.ends)


def _changed(order: Sequence[int], waits: Sequence[Wait], source: random.Random) -> list[int]:
    """Return `order` with one leg at another place."""
    changed, last = list(order), len(order) - 1
    if not waits or source.random() > DIRECTED:
        return _moved(changed, source.randint(0, last), source.randint(0, last))
    wait = source.choice(waits)
    ended, leg = changed.index(wait.ended), changed.index(wait.leg)
    if wait.for_room and source.randint(0, 1):
        return _moved(changed, ended, source.randint(0, ended))  # what gives the room earlier
    if wait.for_room:
        return _moved(changed, leg, source.randint(leg, last))  # what takes it later
    return _moved(changed, leg, ended) if source.randint(0, 1) else _moved(changed, ended, leg)


def _moved(order: list[int], place: int, to: int) -> list[int]:
    order.insert(to, order.pop(place))
    return order

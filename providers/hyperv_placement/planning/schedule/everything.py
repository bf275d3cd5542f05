"""Every order of single moves, over all places that a problem names: an order, or the proof that there is none.

Made small first, without losing an order: pools that can never be short do not count, of places of a machine those are
left out that another one is never worse than, and machines that share no scarce pool are looked at apart.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .board import Board, board_of, scarce_pools, together
from .budget import Budget
from .problem import Leg, Place, Problem, fits

LARGEST = 5_000
"""Ways between places, of the machines that step aside and share scarce pools, up to which they are looked at: each may cost a preflight."""

_Way = tuple[int, int, int]
"""Number of a machine on the board, place that it leaves, place that it goes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Machines that share scarce pools and for which no order was found."""

    machines: frozenset[int]
    exhausted: bool
    """Every order was looked at; False where the budget ended the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What looking at every order has found."""

    legs: tuple[Leg, ...]
    """A safe order for all machines but those that are stuck, which stay where they are."""
    stuck: tuple[Stuck, ...]


def try_everything(problem: Problem, budget: Budget) -> Tried:
    """Look at every order of single moves, those first after which fewest machines are left to move."""
    legs: list[Leg] = []
    stuck: list[Stuck] = []
    scarce = scarce_pools(problem)
    for machines in together(problem, scarce):
        own = [problem.machines[number] for number in machines]
        small = sum(len(each.places) ** 2 for each in own if each.parking) <= LARGEST
        board = board_of(problem, machines, scarce, budget) if small else None
        ways = None if board is None else _searched(board, budget)
        if board is None or ways is None:
            exhausted = board is not None and not budget.spent
            stuck.append(Stuck(machines=frozenset(machines), exhausted=exhausted))
        else:
            legs += _without_detours(problem, [board.leg(*way) for way in ways])
    return Tried(legs=tuple(legs), stuck=tuple(stuck))


def _searched(board: Board, budget: Budget) -> list[_Way] | None:
    """Return an order for the machines of a board; None where there is none, or the budget is spent."""
    start = board.start
    nodes: list[tuple[int, _Way]] = []
    """Number of the node before (-1 for the start), and the way from there."""
    queue = [(board.left(start), 0, -1, start, board.free)]
    seen = {start}
    while queue and not budget.spent:
        left, cost, node, at, free = heapq.heappop(queue)
        if not left:
            return list(_path(nodes, node))
        for way in _next(board, at, free, budget):
            number, source, target = way
            following = (*at[:number], target, *at[number + 1 :])
            if following in seen:
                continue
            seen.add(following)
            nodes.append((node, way))
            room = list(free)
            for pool, amount in board.change[number][source][target]:
                room[pool] += amount
            price = cost + board.prices[number][source][target]
            entry = (board.left(following), price, len(nodes) - 1, following, tuple(room))
            heapq.heappush(queue, entry)
    return None


def _next(board: Board, at: Sequence[int], free: Sequence[int], budget: Budget) -> Iterator[_Way]:
    """Yield the ways that find room; a single one where that cannot be wrong."""
    found = []
    for number, source in enumerate(at):
        takes, goal = board.takes[number][source], board.goals[number]
        budget.spend(len(takes))
        for target, amounts in enumerate(takes):
            if target == source or (target == 0 and not board.returns[number]):
                continue
            if all(free[pool] >= amount for pool, amount in amounts) and board.lets(number, source, target):
                # At home it holds nothing that others could lack: whatever comes later comes as well after this.
                if target == goal and board.harmless[number]:
                    yield number, source, target
                    return
                found.append((number, source, target))
    yield from found


def _path(nodes: Sequence[tuple[int, _Way]], node: int) -> Iterator[_Way]:
    ways = []
    while node >= 0:
        node, way = nodes[node]
        ways.append(way)
    yield from reversed(ways)


def _without_detours(problem: Problem, legs: Sequence[Leg]) -> list[Leg]:
    """Return an order without the stops that it can do without: a search by the number of machines makes some."""
    order = list(legs)
    at = len(order) - 1
    while at > 0:
        later = order[at]
        before = next((n for n in range(at - 1, -1, -1) if order[n].machine == later.machine), None)
        if before is not None:
            whole = Leg(machine=later.machine, source=order[before].source, target=later.target)
            rest = [*order[:before], *order[before + 1 : at], *order[at + 1 :]]
            for place in (before, at - 1):
                shorter = [*rest[:place], *([] if whole.source == whole.target else [whole]), *rest[place:]]
                if _holds(problem, shorter):
                    order, at = shorter, len(shorter)
                    break
        at -= 1
    return order


def _holds(problem: Problem, legs: Sequence[Leg]) -> bool:
    """Say whether all of `legs`, one after the other, find room and are let."""
    free = list(problem.free)
    at: dict[int, Place] = {}
    for leg in legs:
        machine = problem.machines[leg.machine]
        here = at.get(leg.machine, machine.start)
        straight = here == machine.start and leg.target == machine.goal  # that was judged with the plan
        if here != leg.source or not fits(free, leg) or not (straight or machine.lets(here, leg.target)):
            return False
        for pool, amount in leg.acquires:
            free[pool] -= amount
        for pool, amount in leg.releases:
            free[pool] += amount
        at[leg.machine] = leg.target
    return True

"""A safe order of whole legs, one after the other: every machine to its goal, some parked on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from .budget import Budget
from .direct import drain, movers, ranks
from .everything import try_everything
from .parking import by_parking
from .problem import Leg, Problem
from .state import State

STRAIGHT = 20_000
"""Steps for looking at every order without parking, where no ranking has led to one."""
PARKING = 200_000
"""Steps for a search of stops that make room for those who wait."""
EVERYTHING = 1_000_000
"""Steps for looking at every order with parking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEnd:
    """No order was found."""

    legs: tuple[Leg, ...]
    """Legs that can be done before no other can start."""
    blocked: tuple[Leg, ...]
    """Legs that find no room then."""
    free: tuple[int, ...]
    """The pools at that moment."""
    proved: bool
    """Every order was tried, so that there is none; False where the budget ended the search."""
    helps: tuple[str, ...] = ()
    """Sentences: what of the stack file would allow an order, tried out."""


def sequence(problem: Problem, budget: Budget) -> list[Leg] | DeadEnd:
    """Return a safe order in which all machines reach their goals, the cheap ways tried first."""
    found = quick(problem, budget)
    # Last, because its states grow exponentially; for a few machines it proves that there is no order.
    return found if isinstance(found, list) else every_order(problem, found, budget)


def quick(problem: Problem, budget: Budget) -> list[Leg] | DeadEnd:
    """Return a safe order, straight or by parking; where none is found so, where the first ranking got stuck: no proof."""
    moving = movers(problem)
    first: tuple[State, list[Leg]] | None = None
    for rank in ranks(problem):
        state = State(problem)
        blocked = drain(problem, state, moving, rank, budget)
        if not blocked:
            return state.legs
        first = first or (state, blocked)
        if budget.spent:
            break
    # Shown is where the first ranking got stuck: the others are reversed or shuffled.
    stuck, blocked = first or (State(problem), [])
    straight = replace(problem, machines=tuple(replace(each, parking=()) for each in problem.machines))
    tried = _within(budget, STRAIGHT, lambda part: try_everything(straight, part))
    if not tried.stuck:
        return list(tried.legs)
    # Parking only now: it copies a machine there and back, and interrupts its guest once more.
    if any(machine.parking for machine in problem.machines):
        roots = (_after(problem, tried.legs), stuck.copy())
        found = _within(budget, PARKING, lambda part: by_parking(problem, roots, part))
        if found is not None:
            return found.legs
    return DeadEnd(legs=tuple(stuck.legs), blocked=tuple(blocked), free=tuple(stuck.free), proved=False)


def every_order(problem: Problem, stuck: DeadEnd, budget: Budget) -> list[Leg] | DeadEnd:
    """Return an order of single moves if there is any, as far as the budget goes; otherwise whether all were tried.

    `stuck`: where straight moves end.
    """
    tried = _within(budget, EVERYTHING, lambda part: try_everything(problem, part))
    if not tried.stuck:
        return list(tried.legs)
    # What has an order of its own shares no room that could be short with the rest, so that it can go first.
    apart = {number for each in tried.stuck for number in each.machines}
    state = _after(problem, (*tried.legs, *(leg for leg in stuck.legs if leg.machine in apart)))
    return DeadEnd(
        legs=tuple(state.legs),
        blocked=tuple(leg for leg in stuck.blocked if leg.machine in apart),
        free=tuple(state.free),
        proved=problem.whole and all(each.exhausted for each in tried.stuck),
    )


Found = TypeVar("Found")


def _within(budget: Budget, most: int, search: Callable[[Budget], Found]) -> Found:
    """Search with a part of the budget, and take what it uses from the whole."""
    part = Budget(min(most, budget.left))
    before = part.left
    found = search(part)
    budget.spend(before - part.left)
    return found


def _after(problem: Problem, legs: Iterable[Leg]) -> State:
    state = State(problem)
    for leg in legs:
        state.go(leg)
    return state

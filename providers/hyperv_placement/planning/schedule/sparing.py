"""An order of a run's legs in which groups of hosts (n_plus_1) bear the loss of one at every moment, as far as there is one.

Looked for once it is clear which machines go, so that nothing is ever refused for it. Which leg waits for which others is
said so that it holds however long each of them takes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hyperv_placement.model.pool import Pool
from hyperv_placement.model.spare import Kept

from .budget import Budget
from .build import ProblemInstance
from .direct import movers, ranks
from .problem import Leg, Problem, fits
from .spare import Group, Watch, kept_by
from .state import State

STRAIGHT = 40_000
"""Steps for orders without stops."""
STOPS = 150_000
"""Steps for orders with stops, in each of their vocabularies."""
COPIED = 16
"""Machines of a state that are copied in the time of one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """An order, and which leg waits for which others so that groups bear a loss."""

    instance: ProblemInstance
    legs: list[Leg]
    waits: tuple[frozenset[int], ...]
    """By leg: numbers of those that must have ended before it starts, for no other reason."""
    kept: frozenset[Kept] = frozenset()
    """Rules and hosts whose loss is borne at every moment."""
    proved: bool = False
    """Whether there is no order that keeps more, as all were tried."""


Widened = Callable[[], Iterator[ProblemInstance]]
"""Yields the same moves with ever more stops; the last one, if it is marked whole, with all that are ever made."""
Groups = Callable[[ProblemInstance], tuple[Group, ...]]


def spared(instance: ProblemInstance, legs: list[Leg], wanted: Groups, widened: Widened, budget: Budget) -> Spared:  # fmt: skip
    """Return the order of the same machines that keeps all groups if one is found, otherwise one that keeps as many as are.

    `legs`: a safe order, which is kept as it is where it will do. `wanted`: returns the groups in the numbers of a problem.
    """
    found = wanted(instance)
    if not found:
        return Spared(instance=instance, legs=legs, waits=_no_waits(legs), proved=True)
    whole = _searched(instance, legs, wanted, widened, budget, frozenset(each.rule for each in found))
    if whole.kept or len(found) == 1:
        return whole
    # One after the other: those that can be kept beside those that are kept already.
    best, rules = replace(whole, proved=False), frozenset[int]()
    for group in found:
        more = _searched(instance, legs, wanted, widened, budget, rules | {group.rule})
        if more.kept:
            best, rules = replace(more, proved=False), rules | {group.rule}
    return best


def _searched(
    instance: ProblemInstance,
    legs: list[Leg],
    wanted: Groups,
    widened: Widened,
    budget: Budget,
    rules: frozenset[int],
) -> Spared:
    """Return an order that keeps these rules; with nothing kept where none is found."""
    exhausted = False
    for each in _candidates(instance, legs, widened):
        groups = tuple(
            replace(group, cautious=each.cautious) for group in wanted(each.instance) if group.rule in rules
        )
        order = each.legs
        if order is None:
            part = Budget(min(each.steps, budget.left))
            before = part.left
            order = _order(each.instance.problem, groups, part)
            budget.spend(before - part.left)
            exhausted = order is None and each.instance.problem.whole and not part.spent
        if order is not None and (waits := waits_of(each.instance.problem, order, groups, budget)) is not None:  # fmt: skip
            return Spared(
                instance=each.instance, legs=order, waits=waits, kept=kept_by(each.instance, groups)
            )
        if budget.spent:
            break
    return Spared(instance=instance, legs=legs, waits=_no_waits(legs), proved=exhausted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    instance: ProblemInstance
    legs: list[Leg] | None = None
    """An order to be judged as it is; None where one is to be found."""
    cautious: bool = False
    steps: int = STRAIGHT


def _candidates(instance: ProblemInstance, legs: list[Leg], widened: Widened) -> Iterator[_Candidate]:
    """Yield where to look, what is cheap first. A stop is made only for what is sure to need it."""
    for cautious in (True, False):
        yield _Candidate(instance=instance, legs=legs, cautious=cautious)
        yield _Candidate(instance=instance, cautious=cautious)
    for each in widened():
        yield _Candidate(instance=each, steps=STOPS)


def _no_waits(legs: Sequence[Leg]) -> tuple[frozenset[int], ...]:
    return (frozenset(),) * len(legs)


def waits_of(
    problem: Problem, legs: Sequence[Leg], groups: Iterable[Group], budget: Budget
) -> tuple[frozenset[int], ...] | None:
    """Return, by leg of a safe order, for whose ends it waits so that every group bears its losses, however long each takes.

    None where the order does not do, or the budget ends.
    """
    waits = [set[int]() for _ in legs]
    for group in groups:
        window = _Window(problem, legs, group, budget)
        for number, before in window.waits():
            waits[number] |= before
        if not window.holds or budget.spent:
            return None
    return tuple(frozenset(each) for each in waits)


class _Window:
    """The legs of an order that may be on their way at once, in any state, without a loss that is not borne."""

    def __init__(self, problem: Problem, legs: Sequence[Leg], group: Group, budget: Budget) -> None:
        self._legs = legs
        watched = [number for number, leg in enumerate(legs) if group.watches(leg)]
        # What runs already cannot wait for anything.
        self._watched = sorted(watched, key=lambda number: (not legs[number].runs, number))
        state = State(problem)
        self._cautious = Watch(group, state, budget)
        """With the legs of the window at both of their ends."""
        self._exact = Watch(group, state, budget)
        """With all legs before the newest of the window ended."""
        self.holds = True

    def waits(self) -> Iterator[tuple[int, set[int]]]:
        """Yield each leg with those that it waits for; those for which they wait are left out. `holds` says whether it can be."""
        ended = 0
        until: list[int] = []
        """By place in the order: how many of the first legs have ended when it starts."""
        for place, number in enumerate(self._watched):
            leg = self._legs[number]
            self._cautious.take(leg)
            while not self._cautious.bears_any():
                if leg.runs or ended >= place:
                    break
                self._cautious.give(self._legs[self._watched[ended]])
                ended += 1
            else:
                self._exact.go(leg)
                until.append(ended)
                yield number, self._newly(until, ended)
                continue
            if leg.runs or not self._exact.lets(leg):
                self.holds = False
                return
            self._exact.go(leg)
            until.append(ended)
            yield number, self._newly(until, ended)

    def _newly(self, until: Sequence[int], ended: int) -> set[int]:
        first = until[ended - 1] if ended else 0
        return set(self._watched[first:ended])


def _order(problem: Problem, groups: Sequence[Group], budget: Budget) -> list[Leg] | None:
    """Return a safe order in which every group bears its losses; None where none is found."""
    if not any(machine.parking for machine in problem.machines):
        for rank in ranks(problem):
            node = _Node(State(problem), [Watch(group, State(problem), budget) for group in groups])
            if not _straight(problem, node, sorted(movers(problem), key=rank), budget):
                return node.state.legs
            if budget.spent:
                return None
    return _best_first(problem, groups, budget)


@dataclass(slots=True)
class _Node:
    state: State
    watches: list[Watch]

    def lets(self, leg: Leg) -> bool:
        return fits(self.state.free, leg) and all(watch.lets(leg) for watch in self.watches)

    def after(self, leg: Leg) -> _Node:
        other = _Node(self.state.copy(), [watch.copy() for watch in self.watches])
        other.go(leg)
        return other

    def go(self, leg: Leg) -> None:
        for watch in self.watches:
            watch.go(leg)
        self.state.go(leg)


def _straight(problem: Problem, node: _Node, waiting: list[int], budget: Budget) -> list[int]:
    """Let every machine go to its goal that finds room and keeps the groups; return those that do not."""
    gone = True
    while gone and waiting:
        gone, left = False, []
        for number in waiting:
            leg = node.state.to(number, problem.machines[number].goal)
            budget.spend()
            if not budget.spent and node.lets(leg):
                node.go(leg)
                gone = True
            else:
                left.append(number)
        waiting = left
    return waiting


def _best_first(problem: Problem, groups: Sequence[Group], budget: Budget) -> list[Leg] | None:
    """Look at the orders of single moves, those first after which fewest machines are left to move."""
    node = _Node(State(problem), [Watch(group, State(problem), budget) for group in groups])
    queue: list[tuple[int, int, int, _Node]] = [(len(movers(problem)), 0, 0, node)]
    seen = {tuple(node.state.at)}
    while queue and not budget.spent:
        left, _, _, node = heapq.heappop(queue)
        if not left:
            return node.state.legs
        for leg in _next(problem, node.state, budget):
            at = (*node.state.at[: leg.machine], leg.target, *node.state.at[leg.machine + 1 :])
            if at in seen or not node.lets(leg):
                continue
            machine = problem.machines[leg.machine]
            if leg.source != machine.start or leg.target != machine.goal:
                # The way from where it is to its goal was judged with the plan.
                budget.spend()
                if not machine.lets(leg.source, leg.target):
                    continue
            seen.add(at)
            budget.spend(1 + len(at) // COPIED)
            following = node.after(leg)
            more = (leg.source == machine.goal) - (leg.target == machine.goal)
            heapq.heappush(queue, (left + more, following.state.cost, len(seen), following))
    return None


def _next(problem: Problem, state: State, budget: Budget) -> Iterator[Leg]:
    for number, machine in enumerate(problem.machines):
        here = state.at[number]
        for place in (machine.goal, *machine.parking):
            if place == here or (place == machine.start and not machine.returns):
                continue
            budget.spend()
            yield state.to(number, place)


def with_waits(problem: Problem, legs: Sequence[Leg], waits: Sequence[frozenset[int]]) -> tuple[Problem, Sequence[Leg]]:  # fmt: skip
    """Return problem and legs with each wait as a token: who is waited for gives it when it ends, who waits takes it."""
    awaited = sorted({before for each in waits for before in each})
    if not awaited:
        return problem, legs
    tokens = {leg: len(problem.pools) + number for number, leg in enumerate(awaited)}
    given = Counter(before for each in waits for before in each)
    pools = (*problem.pools, *(Pool.turn(leg) for leg in awaited))
    marked = [
        replace(
            leg,
            tokens_taken=tuple((tokens[before], 1) for before in sorted(waits[number])),
            tokens_given=((tokens[number], given[number]),) if number in tokens else (),
        )
        for number, leg in enumerate(legs)
    ]
    return replace(problem, pools=pools, free=(*problem.free, *(0 for _ in awaited))), marked

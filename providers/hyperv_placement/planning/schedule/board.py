"""Part of a problem in small numbers: machines that share scarce pools, the places that matter, what each way takes.

A pool is scarce if it could be short at all. A place is left out if another one of the machine holds no more of any
scarce pool, is reached and left with no more, and by no fewer ways: whatever is done by the one is done by the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .budget import Budget
from .problem import Holding, Leg, Machine, Place, Problem

Amounts = tuple[tuple[int, int], ...]
"""Pool of the board and amount, in the order of pools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Machines that share scarce pools with each other and with no one else."""

    problem: Problem
    machines: tuple[int, ...]
    """By the number on the board: the number in the problem."""
    places: tuple[tuple[Place, ...], ...]
    """By machine: where it may be; first where it is now."""
    goals: tuple[int, ...]
    """By machine: the number of its goal."""
    free: tuple[int, ...]
    """By pool of the board."""
    takes: tuple[tuple[tuple[Amounts, ...], ...], ...]
    """By machine, place and next place: what has to be free."""
    change: tuple[tuple[tuple[Amounts, ...], ...], ...]
    """By the same: by how much more is free afterwards."""
    prices: tuple[tuple[tuple[int, ...], ...], ...]
    """By the same: bytes that are copied."""
    returns: tuple[bool, ...]
    """By machine: whether it may come back to where it is now."""
    harmless: tuple[bool, ...]
    """By machine: whether it holds no scarce pool at its goal."""

    @property
    def start(self) -> tuple[int, ...]:
        """Where all machines are now."""
        return (0,) * len(self.machines)

    def left(self, at: Sequence[int]) -> int:
        """Return how many machines are not at their goals."""
        return sum(here != goal for here, goal in zip(at, self.goals, strict=True))

    def leg(self, number: int, source: int, target: int) -> Leg:
        """Return a way as a leg of the problem."""
        places = self.places[number]
        return Leg(machine=self.machines[number], source=places[source], target=places[target])

    def lets(self, number: int, source: int, target: int) -> bool:
        """Say whether a start would accept a way."""
        machine, places = self.problem.machines[self.machines[number]], self.places[number]
        # The way from where it is to its goal was judged with the plan.
        if source == 0 and target == self.goals[number]:
            return True
        return machine.lets(places[source], places[target])


def scarce_pools(problem: Problem) -> set[int]:
    """Return the pools that can be short: for which all that machines could ever hold at once is more than there is."""
    most = [0] * len(problem.pools)
    there = list(problem.free)
    for machine in problem.machines:
        for pool, amount in _held(machine.start).items():
            there[pool] += amount
        for pool, amount in _most(machine).items():
            most[pool] += amount
    grown = {
        place.on_arrival[0]
        for machine in problem.machines
        if machine.parking
        for place in machine.places
        if place.on_arrival is not None
    }
    return grown | {pool for pool, amount in enumerate(most) if amount > there[pool]}


def _most(machine: Machine) -> Mapping[int, int]:
    """Return, by pool, the most that a machine can hold of it on any way: what two of its places hold together."""
    kinds: dict[int, set[frozenset[Holding]]] = {}
    for place in machine.places:
        own: dict[int, set[Holding]] = {}
        for holding in place.holdings:
            own.setdefault(holding.pool, set()).add(holding)
        for pool, held in own.items():
            kinds.setdefault(pool, set()).add(frozenset(held))
    # Of the same things, as memory is on one host, there are never two.
    return {
        pool: sum(sorted(sum(holding.amount for holding in held) for held in found)[-2:])
        for pool, found in kinds.items()
    }


def _change(way: Leg) -> Mapping[int, int]:
    """Return, by pool, by how much more is free after a way."""
    change = dict(way.releases)
    for pool, amount in way.acquires:
        change[pool] = change.get(pool, 0) - amount
    return {pool: amount for pool, amount in change.items() if amount}


def _held(place: Place) -> Mapping[int, int]:
    amounts: dict[int, int] = {}
    for holding in place.holdings:
        amounts[holding.pool] = amounts.get(holding.pool, 0) + holding.amount
    return amounts


def together(problem: Problem, scarce: Collection[int]) -> list[list[int]]:
    """Return the machines that may move in groups that share scarce pools, directly or through others.

    Sorted by their first machines. Groups in which every machine is in its place are left out: there is nothing to do.
    """
    numbers = [n for n, machine in enumerate(problem.machines) if machine.parking or not machine.in_place]
    group = {number: [number] for number in numbers}
    first: dict[int, int] = {}
    for number in numbers:
        held = {h.pool for place in problem.machines[number].places for h in place.holdings if h.amount}
        for pool in sorted(held.intersection(scarce)):
            one, other = group[first.setdefault(pool, number)], group[number]
            if one is not other:
                if len(one) < len(other):
                    one, other = other, one
                one += other
                for each in other:
                    group[each] = one
    found = sorted({id(each): sorted(each) for each in group.values()}.values())
    return [each for each in found if not all(problem.machines[number].in_place for number in each)]


def board_of(problem: Problem, numbers: Sequence[int], scarce: Collection[int], budget: Budget) -> Board:
    """Return the board of machines that share scarce pools with no one else; what is asked of starts is taken from the budget."""
    held = {h.pool for n in numbers for place in problem.machines[n].places for h in place.holdings}
    pools = {pool: number for number, pool in enumerate(sorted(held.intersection(scarce)))}
    sheets = [_Sheet(problem.machines[number], pools, budget) for number in numbers]
    return Board(
        problem=problem,
        machines=tuple(numbers),
        places=tuple(sheet.places for sheet in sheets),
        goals=tuple(sheet.goal for sheet in sheets),
        free=tuple(problem.free[pool] for pool in pools),
        takes=tuple(sheet.takes for sheet in sheets),
        change=tuple(sheet.change for sheet in sheets),
        prices=tuple(sheet.prices for sheet in sheets),
        returns=tuple(problem.machines[number].returns for number in numbers),
        harmless=tuple(not any(sheet.held[sheet.goal].values()) for sheet in sheets),
    )


class _Sheet:
    """One machine on a board: its places that matter, and what its ways take."""

    def __init__(self, machine: Machine, pools: Mapping[int, int], budget: Budget) -> None:
        self._machine = machine
        self._pools = pools
        self._budget = budget
        self.places = machine.places
        self._count()
        kept = self._kept()
        if len(kept) < len(self.places):
            self.places = tuple(self.places[number] for number in kept)
            self._count()
        self.goal = self.places.index(machine.goal)

    def _count(self) -> None:
        self.held = tuple(self._of(_held(place)) for place in self.places)
        ways = tuple(
            tuple(Leg(machine=0, source=here, target=there) for there in self.places) for here in self.places
        )
        self.takes = tuple(
            tuple(tuple(self._of(dict(way.acquires)).items()) for way in ways_on) for ways_on in ways
        )
        self.prices = tuple(tuple(way.transfer for way in ways_on) for ways_on in ways)
        self.change = tuple(
            tuple(tuple(self._of(_change(way)).items()) for way in ways_on) for ways_on in ways
        )

    def _of(self, amounts: Mapping[int, int]) -> dict[int, int]:
        return {self._pools[pool]: amounts[pool] for pool in sorted(amounts) if pool in self._pools}

    def _kept(self) -> list[int]:
        kept = list(range(len(self.places)))
        for number, place in enumerate(self.places):
            if place in (self._machine.start, self._machine.goal):
                continue
            if any(self._is_no_worse(other, number, kept) for other in kept if other != number):
                kept.remove(number)
        return kept

    def _is_no_worse(self, one: int, other: int, kept: Sequence[int]) -> bool:
        """Say whether whatever can be done with the place `other` can be done with `one`."""
        home = self._machine.returns
        if (one == 0 and not home) or not _covers(self.held[other], self.held[one]):
            return False  # a machine that moves does not come back to where it was
        rest = [number for number in kept if number not in (one, other)]
        takes = self.takes
        if not all(
            _covers(dict(takes[number][other]), dict(takes[number][one]))
            and ((number == 0 and not home) or _covers(dict(takes[other][number]), dict(takes[one][number])))
            for number in rest
        ):
            return False
        if self._budget.spent:
            return False  # a place more is no loss but of steps
        self._budget.spend(2 * len(rest))
        lets, at = self._machine.lets, self.places
        return all(
            (lets(at[number], at[one]) or not lets(at[number], at[other]))
            and (lets(at[one], at[number]) or not lets(at[other], at[number]))
            for number in rest
        )


def _covers(more: Mapping[int, int], less: Mapping[int, int]) -> bool:
    return all(more.get(pool, 0) >= amount for pool, amount in less.items())

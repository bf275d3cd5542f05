"""Where the machines that must go are placed: on the emptiest host that takes them, ejecting another one if that helps."""

from __future__ import annotations

from collections.abc import Iterable

from hyperv_placement.planning.schedule.budget import Budget

from .problem import Assignment, AssignmentProblem, Option
from .staying import staying

LOOKS = 200_000
"""Options that may be looked at."""


def choose(problem: AssignmentProblem) -> Assignment:
    """Return a host for every unit that finds one: fewest bytes moved first, then an even load.

    What can stay stays. Equal problems have equal answers.
    """
    stay = staying(problem)
    board = _Board(problem)
    for number, option in stay.kept.items():
        board.put(number, option)
    budget = Budget(LOOKS)
    going = [number for number in range(len(problem.units)) if number not in stay.kept]
    # The largest first: small ones find room in what is left, large ones do not.
    for number in sorted(going, key=lambda number: (-board.weight(number), number)):
        board.settle(number, budget)
    cost = sum(
        problem.units[number].far if option is None else option.cost for number, option in enumerate(board.at)
    )
    return Assignment(chosen=tuple(board.at), cost=cost, least=stay.least)


class _Board:
    """Where each unit is, while the assignment is being built."""

    def __init__(self, problem: AssignmentProblem) -> None:
        self._problem = problem
        self._free = list(problem.room)
        self.at: list[Option | None] = [None] * len(problem.units)

    def weight(self, number: int) -> float:
        """Return the largest share of a pool that a unit asks for: the largest units are placed first."""
        room = self._problem.room
        return max(
            (
                amount / max(1, room[pool])
                for option in self._problem.units[number].options
                for pool, amount in option.holds
            ),
            default=0.0,
        )

    def put(self, number: int, option: Option) -> None:
        """Place a unit."""
        self.at[number] = option
        for pool, amount in option.holds:
            self._free[pool] -= amount

    def lift(self, number: int) -> Option | None:
        """Take a unit off the board."""
        option, self.at[number] = self.at[number], None
        if option is not None:
            for pool, amount in option.holds:
                self._free[pool] += amount
        return option

    def settle(self, number: int, budget: Budget) -> bool:
        """Find a host for a unit, at worst by moving one other unit elsewhere."""
        option = self._best(number, budget)
        if option is None:
            return self._by_ejection(number, budget)
        self.put(number, option)
        return True

    def _best(self, number: int, budget: Budget) -> Option | None:
        """Return the cheapest option with room; among equals the one on the emptiest host."""
        options = self._problem.units[number].options
        budget.spend(len(options))
        fitting = [option for option in options if self._fits(option.holds)]
        return min(fitting, key=lambda o: (o.cost, self._load(o), o.host), default=None)

    def _fits(self, holds: Iterable[tuple[int, int]]) -> bool:
        return all(self._free[pool] >= amount for pool, amount in holds)

    def _load(self, option: Option) -> float:
        pool, total = self._problem.load[option.host]
        taken = sum(amount for held, amount in option.holds if held == pool)
        return (total - self._free[pool] + taken) / max(1, total)

    def _by_ejection(self, number: int, budget: Budget) -> bool:
        """Eject the cheapest unit that makes enough room and finds another host."""
        for option in sorted(
            self._problem.units[number].options, key=lambda o: (o.cost, self._load(o), o.host)
        ):
            lacking = {pool for pool, amount in option.holds if self._free[pool] < amount}
            holding = [
                each
                for each, own in enumerate(self.at)
                if own is not None and any(pool in lacking for pool, _ in own.holds)
            ]
            for other in sorted(holding, key=lambda each: (self._problem.units[each].far, each)):
                if budget.spent:
                    return False
                before = self.lift(other)
                if before is not None and self._fits(option.holds):
                    self.put(number, option)
                    elsewhere = self._best(other, budget)
                    if elsewhere is not None:
                        self.put(other, elsewhere)
                        return True
                    # Undone exactly: the next candidate is judged by the same board.
                    self.lift(number)
                if before is not None:
                    self.put(other, before)
        return False

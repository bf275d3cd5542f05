"""Where every machine is while an order is looked for, and what is free then."""

from __future__ import annotations

from .problem import Leg, Place, Problem


class State:
    """Where each machine is, and what is free."""

    __slots__ = ("_free", "at", "cost", "legs")

    def __init__(self, problem: Problem) -> None:
        self._free = list(problem.free)
        self.at: list[Place] = [machine.start for machine in problem.machines]
        self.legs: list[Leg] = []
        self.cost = 0

    @property
    def free(self) -> list[int]:
        """What is free of each pool."""
        return self._free

    def copy(self) -> State:
        """Return a copy, to try another continuation."""
        other = object.__new__(State)
        other._free, other.at = list(self._free), list(self.at)
        other.legs, other.cost = list(self.legs), self.cost
        return other

    def go(self, leg: Leg) -> None:
        """Apply a leg."""
        for pool, amount in leg.acquires:
            self._free[pool] -= amount
        for pool, amount in leg.releases:
            self._free[pool] += amount
        self.at[leg.machine] = leg.target
        self.legs.append(leg)
        self.cost += leg.transfer

    def to(self, machine: int, place: Place) -> Leg:
        """Return the leg that takes a machine from where it is to `place`."""
        return Leg(machine=machine, source=self.at[machine], target=place)

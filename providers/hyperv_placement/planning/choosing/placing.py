"""Where the machines that must go are placed first: by preference on hosts that are not too full, ejecting another one if that helps.

Small changes of an estate are to change little of the answer, which nobody keeps: each machine prefers hosts by a hash of both
names, takes the first of them that stays below the level to which all would be filled evenly, and the large ones come first by
classes of size. None of that depends on the exact size of another machine, as long as there is room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from hyperv_placement.planning.schedule.budget import Budget

from .evenness import STEPS, level
from .problem import AssignmentProblem, Option
from .staying import Staying

LOOKS = 200_000
"""Options that may be looked at to eject others."""


def placed(problem: AssignmentProblem, stay: Staying) -> list[Option | None]:
    """Return an option for every unit that finds one: fewest bytes moved first, then an even load.

    What can stay stays. Equal problems have equal answers.
    """
    board = Board(problem)
    for number, option in stay.kept.items():
        if option.host == problem.units[number].home:
            board.put(number, option)
    for number, option in stay.kept.items():
        # Of those that copy little the solver has looked at pools that were short before: others may be now.
        if board.at[number] is None and board.fits(option.holds):
            board.put(number, option)
    budget = Budget(LOOKS)
    going = [number for number in range(len(problem.units)) if board.at[number] is None]
    board.aim(going)
    homeless = [number for number in board.in_order(going) if not board.settle(number)]
    for number in homeless:
        board.by_ejection(number, budget)
    return board.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Up to which step hosts are filled before it counts how full they are."""

    memory: int = 0
    processors: int = 0


class Board:
    """Where each unit is, while the assignment is being built."""

    def __init__(self, problem: AssignmentProblem) -> None:
        self._problem = problem
        self._free = list(problem.room)
        self.levels = Levels()
        self._busy = list(problem.even.used)
        """By host: virtual processors of machines that run there."""
        self.at: list[Option | None] = [None] * len(problem.units)

    def aim(self, going: Iterable[int]) -> None:
        """Set the levels, in steps, to which hosts are filled first: a bit above those at which all would be equally full."""
        coming, busy, hosts = 0, 0, set[int]()
        for number in going:
            unit = self._problem.units[number]
            # By class: the level is the same for a machine of a GiB more.
            coming += 1 << _class(self._memory(unit.option(unit.hosts[0])))
            busy += unit.processors
            hosts |= set(unit.hosts)
        loads = [self._problem.load[host] for host in sorted(hosts)]
        used = [
            (max(0, total - self._free[pool]), total)
            for pool, total in loads
            if self._free[pool] <= total * STEPS
        ]
        even = self._problem.even
        processors = [(self._busy[host], even.total[host]) for host in sorted(hosts)] if even.total else []
        self.levels = Levels(
            memory=min(level(used, coming), STEPS) + even.slack if even.memory else STEPS * STEPS,
            processors=level(processors, busy) + even.slack,
        )

    def in_order(self, going: Iterable[int]) -> list[int]:
        """Return units as they are placed: by class of size, as small ones find room in what is left and large ones do not."""
        units = self._problem.units
        return sorted(going, key=lambda number: (-self._size(number), units[number].key))

    def _size(self, number: int) -> int:
        """Return the class of a unit: the largest share of an average pool of its kind that it asks for, by powers of two."""
        unit = self._problem.units[number]
        return max(
            (
                amount.bit_length() - self._usual(slot)
                for slot, amount in self._amounts(unit.option(unit.hosts[0]))
            ),
            default=-99,
        )

    def _amounts(self, option: Option) -> Iterable[tuple[int, int]]:
        memory = self._problem.load[option.host][0]
        for pool, amount in option.holds:
            yield (0 if pool == memory else 1 if amount > 1 else 2), amount

    def _usual(self, slot: int) -> int:
        return (self._usual_memory, self._usual_disk, 0)[slot]

    @cached_property
    def _usual_memory(self) -> int:
        totals = [total for _, total in self._problem.load]
        return (sum(totals) // max(1, len(totals))).bit_length()

    @cached_property
    def _usual_disk(self) -> int:
        memory = {pool for pool, _ in self._problem.load}
        rooms = [room for pool, room in enumerate(self._problem.room) if pool not in memory and room > 1]
        return (sum(rooms) // max(1, len(rooms))).bit_length()

    def put(self, number: int, option: Option) -> None:
        """Place a unit."""
        self.at[number] = option
        if self._busy:
            self._busy[option.host] += self._problem.units[number].processors
        for pool, amount in option.holds:
            self._free[pool] -= amount

    def lift(self, number: int) -> Option | None:
        """Take a unit off the board."""
        option, self.at[number] = self.at[number], None
        if option is not None:
            if self._busy:
                self._busy[option.host] -= self._problem.units[number].processors
            for pool, amount in option.holds:
                self._free[pool] += amount
        return option

    def settle(self, number: int) -> bool:
        """Find a host with room for a unit."""
        option = self._best(number)
        if option is not None:
            self.put(number, option)
        return option is not None

    def _best(self, number: int) -> Option | None:
        """Return the cheapest option with room; among equals by load in steps, then as the unit prefers."""
        unit = self._problem.units[number]
        fitting = [option for host in unit.hosts if self.fits((option := unit.option(host)).holds)]
        return min(fitting, key=lambda option: self._rank(number, option), default=None)

    def _rank(self, number: int, option: Option) -> tuple[int, int, int, bytes, int]:
        above = max(0, self._load(option) - self.levels.memory, self._busier(number, option.host))
        wish = self._problem.units[number].wish.get(option.host, 0)
        return option.cost, wish, above, preference(self._problem, number, option.host), option.host

    def _busier(self, number: int, host: int) -> int:
        """Return the steps by which a host would have more processors in use than the level."""
        if not self._busy:
            return 0
        total = max(1, self._problem.even.total[host])
        used = self._busy[host] + self._problem.units[number].processors
        return -(-used * STEPS // total) - self.levels.processors

    def fits(self, holds: Iterable[tuple[int, int]]) -> bool:
        """Say whether there is room for what would be held."""
        return all(self._free[pool] >= amount for pool, amount in holds)

    def _memory(self, option: Option) -> int:
        pool, _ = self._problem.load[option.host]
        return sum(amount for held, amount in option.holds if held == pool)

    def _load(self, option: Option) -> int:
        """Return the load that a host would have, in steps, rounded up."""
        pool, total = self._problem.load[option.host]
        return -((self._free[pool] - self._memory(option) - total) * STEPS // max(1, total))

    def by_ejection(self, number: int, budget: Budget) -> bool:
        """Eject the cheapest unit that makes enough room and finds another host."""
        unit = self._problem.units[number]
        for option in sorted(map(unit.option, unit.hosts), key=lambda option: self._rank(number, option)):
            lacking = {pool for pool, amount in option.holds if self._free[pool] < amount}
            holding = [
                each
                for each, own in enumerate(self.at)
                if own is not None and any(pool in lacking for pool, _ in own.holds)
            ]
            for other in sorted(holding, key=lambda each: (self._problem.units[each].far, each)):
                budget.spend(len(self._problem.units[other].hosts))
                if budget.spent:
                    return False
                before = self.lift(other)
                if before is not None and self.fits(option.holds):
                    self.put(number, option)
                    elsewhere = self._best(other)
                    if elsewhere is not None:
                        self.put(other, elsewhere)
                        return True
                    # Undone exactly: the next candidate is judged by the same board.
                    self.lift(number)
                if before is not None:
                    self.put(other, before)
        return False


def _class(amount: int) -> int:
    """Return the power of two that an amount is near: 16 GiB, and what is a little less or more, are one class."""
    # Bounds at 1.3 times a power of two: 2, 4, 6, 8, 12, 16, 24 and 32 GiB all lie a GiB away from them, small ones in proportion.
    return (amount * 10 // 13).bit_length() if amount else 0


def levels_of(problem: AssignmentProblem, kept: Mapping[int, Option], going: Iterable[int]) -> Levels:
    """Return the levels to which hosts are filled first where `going` find places beside `kept`."""
    board = Board(problem)
    for number, option in kept.items():
        board.put(number, option)
    board.aim(going)
    return board.levels


def preference(problem: AssignmentProblem, number: int, host: int) -> bytes:
    """Return how much a unit prefers a host, the least first: by their names alone, so that a host or machine more changes little."""
    name = problem.names[host] if problem.names else str(host)
    return blake2b(f"{problem.units[number].key}\0{name}".encode(), digest_size=8).digest()

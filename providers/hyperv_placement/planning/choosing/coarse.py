"""The choice in sums: groups of hosts in place of hosts, for estates that are too large to be looked at host by host.

The room of a group is what its hosts have together. Whatever fits host by host fits in sums as well, so that what does
not fit in sums does not fit at all. Hosts of a group hold a machine alike and are alike in the room that they have.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from .model import kinds_of
from .nowhere import reach
from .problem import AssignmentProblem, Holds, Option, Unit

GROUPS, FEWEST = 32, 4
"""Groups of hosts, the more, the sharper; and how few at least."""
LISTS = 64
"""Different lists of hosts up to which hosts of one group are on the same lists."""
SIZES, PARTS = 64, 4_096
"""Different amounts that machines hold of a kind of pool, and a pool in their common divisor, up to which it is counted what machines can use of it."""
_KINDS = {"memory", "volume", "seat"}

_Key = tuple[int, str, str, int]
"""Group, and what the pool is on each of its hosts: kind, volume, rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarse:
    """A choice in sums."""

    problem: AssignmentProblem
    """Host N is group N; behind them as many that stand for staying in each."""
    groups: tuple[tuple[int, ...], ...]
    """By group: hosts."""
    pools: tuple[tuple[int, ...], ...]
    """By pool of the sums: those that they are made of."""


def coarse(problem: AssignmentProblem, size: int) -> Coarse | None:
    """Return the choice in sums, of about `size` classes of machines times groups; None where pools have no names."""
    if not problem.pools or not problem.units:
        return None
    return _Builder(problem, size).built()


def usable(room: int, sizes: Collection[int]) -> int:
    """Return how much of a room machines can fill that each hold one of these amounts, as far as that is counted."""
    sizes = [size for size in sizes if 0 < size <= room]
    if not sizes:
        return 0
    unit = math.gcd(*sizes)
    parts = room // unit
    if parts > PARTS or len(sizes) > SIZES:
        return parts * unit
    mask, filled = (1 << (parts + 1)) - 1, 1
    """A bit for each amount that can be filled exactly."""
    for size in sizes:
        shift = size // unit
        while shift <= parts:
            filled |= filled << shift & mask
            shift *= 2
    return (filled.bit_length() - 1) * unit


class _Builder:
    def __init__(self, problem: AssignmentProblem, size: int) -> None:
        self._problem = problem
        self._kinds = kinds_of(problem, range(len(problem.units)))
        self.groups = _grouped(problem, self._kinds, min(GROUPS, max(FEWEST, size // len(self._kinds))))
        self._group = {host: number for number, hosts in enumerate(self.groups) for host in hosts}
        at = {name: host for host, name in enumerate(problem.names)}
        sums: dict[_Key, list[int]] = {}
        for number, pool in enumerate(problem.pools):
            host = at.get(pool.host, -1)
            if pool.kind in _KINDS and host in self._group:
                sums.setdefault((self._group[host], pool.kind, pool.volume, pool.rule), []).append(number)
        self._sums = list(sums.values())
        self._sum = {pool: number for number, members in enumerate(self._sums) for pool in members}
        self._sizes, self._staying = self._amounts()

    def built(self) -> Coarse:
        problem, units = self._problem, dict[int, Unit]()
        for numbers in self._kinds:
            own = self._options(problem.units[numbers[0]])
            for number in numbers:
                unit = problem.units[number]
                home = len(self.groups) + self._group[unit.home] if unit.home in unit.own else -1
                units[number] = Unit(
                    key=unit.key, hosts=tuple(own), own=own, home=home if home in own else -1,
                    stay=self._summed(unit.stay), machines=unit.machines,
                )  # fmt: skip
        return Coarse(
            problem=AssignmentProblem(
                units=tuple(units[number] for number in range(len(problem.units))),
                room=tuple(sum(map(self._usable, members)) for members in self._sums),
                load=(),
                pools=tuple(problem.pools[members[0]] for members in self._sums),
            ),
            groups=self.groups,
            pools=tuple(map(tuple, self._sums)),
        )

    def _options(self, unit: Unit) -> dict[int, Option]:
        """Return what a unit holds in each group that could take it, the least of all its hosts there; staying is apart."""
        found: dict[int, Option] = {}
        for host in reach(self._problem, unit):
            group = self._group[host] + (len(self.groups) if host in unit.own else 0)
            option = unit.option(host)
            holds, cost = self._summed(option.holds), option.cost
            if (other := found.get(group)) is not None:
                holds, cost = _least(other.holds, holds), min(other.cost, cost)
            found[group] = Option(host=group, holds=holds, cost=cost)
        return dict(sorted(found.items()))

    def _summed(self, holds: Holds) -> Holds:
        found: dict[int, int] = {}
        for pool, amount in holds:
            if (number := self._sum.get(pool)) is not None:
                found[number] = found.get(number, 0) + amount
        return tuple(sorted(found.items()))

    def _amounts(self) -> tuple[dict[str, set[int]], dict[int, int]]:
        """Return which amounts are held of each kind of pool, and what those who may stay hold of pools that are overdrawn."""
        problem = self._problem
        sizes: dict[str, set[int]] = {kind: set() for kind in _KINDS}
        staying: dict[int, int] = {}
        for numbers in self._kinds:
            unit = problem.units[numbers[0]]
            for option in unit.own.values():
                for pool, amount in option.holds:
                    sizes.setdefault(problem.pools[pool].kind, set()).add(amount)
                    if pool in problem.bears:
                        staying[pool] = staying.get(pool, 0) + amount * len(numbers)
            for shape in unit.shapes.values():
                for slot, amount in shape.holds:
                    sizes["volume" if slot else "memory"].add(amount)
            sizes["volume"] |= {amount for _, amount in unit.left}
        return sizes, staying

    def _usable(self, pool: int) -> int:
        """Return what there is of a pool, as far as machines can use it."""
        problem = self._problem
        room, kind = max(0, problem.room[pool], self._staying.get(pool, 0)), problem.pools[pool].kind
        return room if kind == "seat" or pool in self._staying else usable(room, self._sizes[kind])


def _least(one: Holds, other: Holds) -> Holds:
    """Return what both hold at least."""
    amounts = dict(other)
    return tuple((pool, min(amount, amounts[pool])) for pool, amount in one if pool in amounts)


def _grouped(
    problem: AssignmentProblem, kinds: Iterable[Sequence[int]], most: int
) -> tuple[tuple[int, ...], ...]:
    """Return the hosts among which is chosen in about so many groups: on the same lists as far as these are few, of one kind, alike in free memory."""
    lists = dict.fromkeys(problem.units[numbers[0]].hosts for numbers in kinds)
    hosts = sorted({host for each in lists for host in each})
    on: dict[int, list[int]] = {host: [] for host in hosts}
    for number, each in enumerate(lists if len(lists) <= LISTS else ()):
        for host in each:
            on[host].append(number)
    kind = problem.units[0].sites.kind
    cells: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for host in hosts:
        cells.setdefault((tuple(on[host]), kind[host] if kind else 0), []).append(host)
    found = list(cells.values()) if len(cells) <= most else [hosts]
    groups = []
    for cell in found:
        cell.sort(key=lambda host: (-problem.room[problem.load[host][0]], host))
        size = -(-len(cell) // max(1, most * len(cell) // len(hosts)))
        groups += [tuple(cell[at : at + size]) for at in range(0, len(cell), size)]
    return tuple(groups)

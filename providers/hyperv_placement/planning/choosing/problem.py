"""The choice as values: units that stay together, what each would hold on which host, and how much there is.

Hosts are numbers. What a unit would hold is kept by kind of host and not by host: of thousands of machines and hundreds of
hosts a value for each pair would take a gigabyte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hyperv_placement.model.pool import Pool

from .evenness import EVENLY, Evenness

Holds = tuple[tuple[int, int], ...]
"""Pool and amount, or slot and amount, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One host for one unit."""

    host: int
    holds: Holds
    """Pool and amount."""
    cost: int
    """Bytes to move; 0 if everything is there now."""


At = dict[int, Option | None]
"""Unit -> where it is; None for one that finds no host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a unit holds on every host of one kind."""

    holds: Holds
    """Slot (0 is memory, then the volumes) and amount."""
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Where the pools of each host begin, and which hosts are of one kind."""

    base: tuple[int, ...] = ()
    """By host: the number of the pool of its memory; those of its volumes follow."""
    kind: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A machine, or several that must be together."""

    key: str
    hosts: tuple[int, ...]
    """Where it may be, in the order of hosts; at least one."""
    own: Mapping[int, Option] = field(default_factory=dict)
    """What counts on hosts where one of its machines is now."""
    shapes: Mapping[int, Shape] = field(default_factory=dict)
    """By kind of host: what counts on any other."""
    left: Holds = ()
    """What it leaves behind where it is now, once it goes."""
    seats: Holds = ()
    """First pool of a rule that keeps machines apart, one for each host, and how many it takes there."""
    names: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """By host: pools of names of files."""
    stay: Holds = ()
    """What it holds if it stays where it is against rules, maintenance and lists."""
    home: int = -1
    """Where all of it is now; -1 if it is on several hosts, or on none of the stack file."""
    machines: int = 1
    needs: tuple[int, ...] = ()
    """MiB that each of its running machines needs where it would start again."""
    sites: Sites = Sites()
    processors: int = 0
    """Virtual ones of its running machines; 0 where they are not balanced."""
    wish: Mapping[int, int] = field(default_factory=dict)
    """By host: how far down the list of preferred hosts it is, all its machines together; empty without preferences."""

    @classmethod
    def listed(cls, key: str, options: Iterable[Option]) -> Unit:
        """Return a unit with an option for each host; the one that moves nothing, if there is one, is where it is."""
        own = {option.host: option for option in options}
        at = next((host for host, option in own.items() if not option.cost), -1)
        return cls(key=key, hosts=tuple(own), own=own, home=at, stay=own[at].holds if at >= 0 else ())

    def option(self, host: int) -> Option:
        """Return what counts on one of its hosts."""
        if (own := self.own.get(host)) is not None:
            return own
        shape, base = self.shapes[self.sites.kind[host]], self.sites.base[host]
        holds = [(base + slot, amount) for slot, amount in shape.holds]
        holds += self.left
        holds += [(first + host, amount) for first, amount in self.seats]
        holds += [(pool, 1) for pool in self.names.get(host, ())]
        return Option(host=host, holds=tuple(holds), cost=shape.cost)

    def cost(self, host: int) -> int:
        """Return the bytes to move to one of its hosts."""
        own = self.own.get(host)
        return self.shapes[self.sites.kind[host]].cost if own is None else own.cost

    @property
    def far(self) -> int:
        """Bytes of the most expensive option: moving everything."""
        own = max((each.cost for each in self.own.values()), default=0)
        return max(own, *(each.cost for each in self.shapes.values()), 0)

    @property
    def least(self) -> int:
        """Bytes of the cheapest option."""
        return min(map(self.cost, self.hosts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """Hosts any of which may fail (`n_plus_1`): the machines that it runs then must find room on the others."""

    rule: int
    """Its number among the rules of the stack file."""
    hosts: tuple[int, ...]
    fixed: Mapping[int, tuple[int, ...]]
    """By host: MiB that each machine needs that runs there whatever is chosen."""


Cut = frozenset[tuple[int, int]]
"""Units and hosts that may not come together: at least one unit has to be on another host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentProblem:
    """All units whose host is to be chosen; they come sorted by key."""

    units: tuple[Unit, ...]
    room: tuple[int, ...]
    """By pool: what is available for these units; negative where more is held than may be."""
    load: tuple[tuple[int, int], ...]
    """By host: the pool of its memory, and the total, by which balance is judged."""
    names: tuple[str, ...] = ()
    """By host; ties are broken by names, not by numbers, so that a host more changes little."""
    bears: frozenset[int] = frozenset()
    """Pools that are overdrawn now, to which nobody without a choice comes: who is there may stay, and nobody may come."""
    spares: tuple[Spare, ...] = ()
    cuts: tuple[Cut, ...] = ()
    pools: tuple[Pool, ...] = ()
    """What each pool is, for the sentences."""
    even: Evenness = EVENLY

    def overdrawn(self, at: Sequence[Option | None]) -> list[int]:
        """Return the pools that an assignment overdraws, in whole numbers: every solver's answer is held against it."""
        drawn = [0] * len(self.room)
        come: set[int] = set()
        for unit, option in zip(self.units, at, strict=True):
            holds = unit.stay if option is None else option.holds
            for pool, amount in holds:
                drawn[pool] += amount
                if amount and option is not None and option.host != unit.home:
                    come.add(pool)
        return [
            pool
            for pool, (amount, room) in enumerate(zip(drawn, self.room, strict=True))
            if amount > room and (pool not in self.bears or pool in come)
        ]

    def excluded(self, at: Sequence[Option | None]) -> bool:
        """Say whether an assignment is one that was excluded."""
        return any(
            all((option := at[unit]) is not None and option.host == host for unit, host in cut)
            for cut in self.cuts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An answer."""

    chosen: tuple[Option | None, ...]
    """By unit; None for one that finds no host and stays where it is."""
    cost: int
    """Bytes that are moved."""
    least: int
    """Bytes that every choice moves at least."""
    unkept: frozenset[tuple[int, int]] = frozenset()
    """Rule (n_plus_1) and host whose loss the others would not bear, proved for every choice or not known better."""
    sure: bool = True
    """Whether a solver has proved that no choice places more machines; False where its budget ended first."""

    @property
    def complete(self) -> bool:
        """Whether every unit has a host."""
        return all(option is not None for option in self.chosen)

    @property
    def proved(self) -> bool:
        """Whether no choice moves fewer bytes."""
        return self.cost == self.least and self.complete

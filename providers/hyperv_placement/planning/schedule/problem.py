"""An estate as the schedule sees it: pools of room, places that hold parts of them, machines that go from place to place.

Everything that can run out is a pool: a host's memory, a volume's bytes, the one seat that a rule (apart) leaves its
machines on a host, and the name of a file, which one machine has. A machine on its way holds what both of its places
hold, so that capacity and rules hold at every instant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from hyperv_placement.model.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a machine holds of a pool while it is at a place."""

    pool: int
    amount: int
    """In the pool's unit: MiB of memory, bytes of disk, seats of a rule."""
    thing: str
    """What it is, as `memory` or a file's path: the same thing at two places stays where it is in a move."""
    transfer: int = 0
    """Bytes that are copied when it comes to be held."""
    file: bool = False
    """Whether it is a file, or a folder of files: to come to hold it takes a migration of storage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a machine may be."""

    host: int
    holdings: frozenset[Holding]
    begun: frozenset[Holding] = frozenset()
    """Part of `holdings`: what a job that runs already brings there; the machine itself is still elsewhere."""
    done: float = 0.0
    """How much of that is copied, from 0 to 1, as far as the job tells."""


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One move of one machine, from a place to another one."""

    machine: int
    source: Place
    target: Place

    @cached_property
    def acquires(self) -> tuple[tuple[int, int], ...]:
        """Pool and amount, in the order of pools, that it needs to start and keeps."""
        return _amounts(self.target.holdings - self.source.holdings)

    @cached_property
    def releases(self) -> tuple[tuple[int, int], ...]:
        """Pool and amount that it gives back when it has ended."""
        return _amounts(self.source.holdings - self.target.holdings)

    @cached_property
    def _brought(self) -> frozenset[Holding]:
        return (self.target.holdings - self.source.holdings) | (self.source.begun & self.target.holdings)

    @cached_property
    def transfer(self) -> int:
        """Bytes that it copies."""
        return sum(holding.transfer for holding in self._brought)

    @cached_property
    def left(self) -> float:
        """Bytes that it has yet to copy."""
        return self.transfer * (1 - self.source.done)

    @cached_property
    def runs(self) -> bool:
        """Whether a job does it already: nothing is waited for, and nobody can hold it up."""
        return bool(self.source.begun)

    @cached_property
    def copies_files(self) -> bool:
        """Whether it copies files."""
        return any(holding.file for holding in self._brought)

    @cached_property
    def hosts(self) -> tuple[int, ...]:
        """Both ends; one, where only files move."""
        if self.source.host == self.target.host:
            return (self.source.host,)
        return (self.source.host, self.target.host)


MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine: where it is, where it shall be, where else it may stand meanwhile."""

    key: str
    """Its GUID, or another name that no other machine has: ties are broken by it."""
    start: Place
    goal: Place
    parking: tuple[Place, ...] = ()
    """Places to which it may step aside, on other hosts or volumes; none for one that must not be touched."""

    @property
    def in_place(self) -> bool:
        """Whether nothing is to be done for it."""
        return self.start == self.goal


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLimits:
    """How many moves a host takes part in at once."""

    live: int
    storage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An estate. Hosts and machines come sorted by name, so that no order of a file or an answer changes the plan."""

    pools: tuple[Pool, ...]
    free: tuple[int, ...]
    """What is free of each pool now; negative where more is held than there is."""
    links: tuple[float, ...]
    """Bytes a second that each host sends and receives, all its moves together."""
    limits: tuple[SlotLimits, ...]
    """By host."""
    machines: tuple[Machine, ...]
    hosts: tuple[str, ...]
    """Names."""
    pair_rates: Mapping[tuple[int, ...], float] = field(default_factory=dict)
    """Bytes a second that one move has had, by its ends (`Leg.hosts`): it is no faster this time."""
    host_rates: Mapping[int, float] = field(default_factory=dict)
    """By host: what one move of it has had, for ways on which nothing has gone yet."""
    names: frozenset[int] = frozenset()
    """Which pools are names of files: one machine holds one, and no room makes another."""

    def rate(self, leg: Leg) -> float:
        """Return the bytes a second that a leg would have if no other one went."""
        return min(self.limit(leg), *(self.links[host] for host in leg.hosts))

    def limit(self, leg: Leg) -> float:
        """Return the bytes a second that a leg does not exceed whatever its links have left; infinite if unknown.

        By moves of its pair, else by what the slower of its ends has shown; files on one host take no link, so that
        only such moves say anything of them.
        """
        known = self.pair_rates.get(leg.hosts)
        if known is not None:
            return known
        if len(leg.hosts) == 1:
            return math.inf
        return min(self.host_rates.get(host, math.inf) for host in leg.hosts)

    def slots(self, leg: Leg) -> tuple[int, ...]:
        """Return which slots a leg takes: live ones of host h are 2h, storage ones 2h + 1.

        A move of a machine and its files counts as both at both ends: which ones it takes is unverified, and this is
        the stricter reading.
        """
        live = len(leg.hosts) > 1
        return tuple(
            2 * host + kind
            for host in leg.hosts
            for kind, taken in enumerate((live, leg.copies_files))
            if taken
        )


def fits(free: Sequence[int], leg: Leg) -> bool:
    """Say whether there is room for a leg to start."""
    return all(free[pool] >= amount for pool, amount in leg.acquires)


def _amounts(holdings: frozenset[Holding]) -> tuple[tuple[int, int], ...]:
    amounts: dict[int, int] = {}
    for holding in holdings:
        amounts[holding.pool] = amounts.get(holding.pool, 0) + holding.amount
    return tuple(sorted((pool, amount) for pool, amount in amounts.items() if amount))

"""An estate as the scheduler sees it: pools of room, places that hold parts of them, machines that go from place to place.

Everything that can run out is a pool: a host's memory, a volume's bytes, the one seat that a rule (apart) leaves its
machines on a host, and the name of a file, which one machine has. A machine on its way holds what both of its places
hold, so that capacity and rules hold at every instant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hyperv_placement.model.pool import Pool

from .once import once


class Holding(NamedTuple):
    """What a machine holds of a pool while it is at a place; a tuple, for a large estate has hundreds of thousands in sets."""

    pool: int
    amount: int
    """In the pool's unit: MiB of memory, bytes of disk, seats of a rule."""
    thing: str
    """What it is, as `memory` or a file's path: the same thing at two places stays where it is in a move."""
    transfer: int = 0
    """Bytes to copy in order to hold it."""
    file: bool = False
    """Whether it is a file or folder, which takes a storage migration to move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a machine may be."""

    host: int
    holdings: frozenset[Holding]
    begun: frozenset[Holding] = frozenset()
    """Part of `holdings`: what a running job is bringing; the machine itself is still elsewhere."""
    done: float = 0.0
    """How much of that is copied, from 0 to 1, as the job reports it."""
    on_arrival: tuple[int, int] | None = None
    """Pool and amount that it holds besides where it has come from another host: of dynamic memory what its start takes more."""


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One move of one machine, from a place to another one."""

    machine: int
    source: Place
    target: Place
    tokens_taken: tuple[tuple[int, int], ...] = ()
    """Pools behind all others, and how many tokens of each it needs to start: who gives them has ended before."""
    tokens_given: tuple[tuple[int, int], ...] = ()
    """The same for what it gives when it has ended."""

    @once
    def acquires(self) -> tuple[tuple[int, int], ...]:
        """Pool and amount, in the order of pools, that it needs at its start and keeps."""
        more = self.target.on_arrival if self.source.host != self.target.host else None
        return _amounts(self.target.holdings - self.source.holdings, more) + self.tokens_taken

    @once
    def releases(self) -> tuple[tuple[int, int], ...]:
        """Pool and amount that it gives back when it has ended."""
        return _amounts(self.source.holdings - self.target.holdings) + self.tokens_given

    @once
    def turns(self) -> tuple[tuple[int, int, int], ...]:
        """Pool, in their order, with what it takes of it and what it gives back."""
        takes, gives = dict(self.acquires), dict(self.releases)
        return tuple((pool, takes.get(pool, 0), gives.get(pool, 0)) for pool in sorted({*takes, *gives}))

    @once
    def _brought(self) -> frozenset[Holding]:
        return (self.target.holdings - self.source.holdings) | (self.source.begun & self.target.holdings)

    @once
    def transfer(self) -> int:
        """Bytes that it copies."""
        return sum(holding.transfer for holding in self._brought)

    @once
    def left(self) -> float:
        """Bytes that it has yet to copy."""
        return self.transfer * (1 - self.source.done)

    @once
    def runs(self) -> bool:
        """Whether a job is already doing it: it waits for nothing and cannot be held up."""
        return bool(self.source.begun)

    @once
    def copies_files(self) -> bool:
        """Whether it copies files."""
        return any(holding.file for holding in self._brought)

    @once
    def hosts(self) -> tuple[int, ...]:
        """Both ends, or one host where only files move."""
        if self.source.host == self.target.host:
            return (self.source.host,)
        return (self.source.host, self.target.host)

    @once
    def slots_at_hosts(self) -> tuple[int, ...]:
        """Slots of its hosts that it takes, by the numbers of `Problem.slots`."""
        kinds = (len(self.hosts) > 1, self.copies_files)
        return tuple(2 * host + kind for host in self.hosts for kind, taken in enumerate(kinds) if taken)


MEMORY = "memory"
LEAST = 1 << 20
"""Bytes that every leg copies at least: the configuration, so that no leg ends when it starts."""

Lets = Callable[[Place, Place], bool]


def anywhere(_source: Place, _target: Place) -> bool:
    """Let a machine go from each of its places to each other one."""
    return True


def by_nothing(_host: int) -> str:
    """Name nothing that keeps a machine from a host."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine: where it is, where it goes, where it may be parked."""

    key: str
    """A unique name, by which ties are broken."""
    start: Place
    goal: Place
    parking: tuple[Place, ...] = ()
    """Places where it may be parked, on other hosts or volumes."""
    lets: Lets = field(default=anywhere, compare=False, repr=False)
    """Whether a start would accept the move from one of its places to another; asked only of moves that find room."""
    bound: bool = False
    """Whether a rule names the hosts that it may be on, so that another one would not do."""
    kept_from: Callable[[int], str] = field(default=by_nothing, compare=False, repr=False)
    """What keeps it from stepping aside to a host, in words, whatever room that has; empty where nothing does."""

    @property
    def in_place(self) -> bool:
        """Whether it is where it belongs."""
        return self.start == self.goal

    @property
    def returns(self) -> bool:
        """Whether it may come back to where it is."""
        return self.in_place or self.start in self.parking

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it may be at any moment, each place once: where it is first, then its goal."""
        return tuple(dict.fromkeys((self.start, self.goal, *self.parking)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLimits:
    """How many moves a host takes part in at once."""

    live: int
    storage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How many of certain moves are on their way at once: those of some machines, those at one host, or all."""

    limit: int
    machines: frozenset[int] | None = None
    """Whose moves are meant; None = those of all machines."""
    host: int | None = None
    """At whose ends; None = anywhere."""

    def meets(self, leg: Leg) -> bool:
        """Say whether a leg is one of those moves."""
        return (self.machines is None or leg.machine in self.machines) and (
            self.host is None or self.host in leg.hosts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An estate. Hosts and machines are sorted by name, so that the order in a file or an answer does not change the plan."""

    pools: tuple[Pool, ...]
    free: tuple[int, ...]
    """What is free of each pool now; negative where more is held than exists."""
    links: tuple[float, ...]
    """Bytes a second that each host sends and receives, all its moves together."""
    limits: tuple[SlotLimits, ...]
    """By host."""
    machines: tuple[Machine, ...]
    hosts: tuple[str, ...]
    """Names."""
    pair_rates: Mapping[tuple[int, ...], float] = field(default_factory=dict)
    """Bytes a second that past moves reached, by their ends (`Leg.hosts`): a limit for this time."""
    host_rates: Mapping[int, float] = field(default_factory=dict)
    """By host: what its past moves reached, for pairs that have no past moves."""
    names: frozenset[int] = frozenset()
    """Pools that are names of files: a single machine can hold each."""
    whole: bool = True
    """Whether the machines' places are all that are ever used: only then trying all of them proves anything."""
    gates: tuple[Gate, ...] = ()
    """Like slots they bind while a leg is on its way, and no longer."""
    _straight: dict[int, Leg] = field(default_factory=dict, init=False, compare=False, repr=False)

    def straight(self, machine: int) -> Leg:
        """Return the leg of a machine from where it is to its goal, each time the same one."""
        if machine not in self._straight:
            ends = self.machines[machine]
            self._straight[machine] = Leg(machine=machine, source=ends.start, target=ends.goal)
        return self._straight[machine]

    @property
    def slot_limits(self) -> list[int]:
        """How many legs each slot takes at once, by the numbers of `slots`."""
        at_hosts = [number for limit in self.limits for number in (limit.live, limit.storage)]
        return at_hosts + [gate.limit for gate in self.gates]

    def rate(self, leg: Leg) -> float:
        """Return the bytes a second of a leg that runs alone."""
        return min(self.limit(leg), *(self.links[host] for host in leg.hosts))

    def limit(self, leg: Leg) -> float:
        """Return the bytes a second that a leg cannot exceed, however free its links are; infinite if unknown.

        By past moves of its pair, otherwise by those of its slower end. Moves of files on one host use no link, so
        only such moves count for them.
        """
        if not self.pair_rates and not self.host_rates:
            return math.inf
        known = self.pair_rates.get(leg.hosts)
        if known is not None:
            return known
        if len(leg.hosts) == 1:
            return math.inf
        return min(self.host_rates.get(host, math.inf) for host in leg.hosts)

    def slots(self, leg: Leg) -> tuple[int, ...]:
        """Return which slots a leg takes: live ones of host h are 2h, storage ones 2h + 1; behind them the gates.

        A move of host and storage takes both kinds at both ends: which ones Hyper-V takes is unverified, and this is
        the stricter reading.
        """
        # Hosts do not queue: a job beyond a limit fails (SupportArticles-docs, "migration limit was reached").
        if not self.gates:
            return leg.slots_at_hosts
        gates = (
            number for number, gate in enumerate(self.gates, start=2 * len(self.hosts)) if gate.meets(leg)
        )
        return (*leg.slots_at_hosts, *gates)


def fits(free: Sequence[int], leg: Leg) -> bool:
    """Say whether there is room for a leg to start."""
    return all(free[pool] >= amount for pool, amount in leg.acquires)


def _amounts(
    holdings: frozenset[Holding], more: tuple[int, int] | None = None
) -> tuple[tuple[int, int], ...]:
    amounts: dict[int, int] = {} if more is None else {more[0]: more[1]}
    for holding in holdings:
        if holding.amount:
            amounts[holding.pool] = amounts.get(holding.pool, 0) + holding.amount
    return tuple(sorted((pool, amount) for pool, amount in amounts.items() if amount))

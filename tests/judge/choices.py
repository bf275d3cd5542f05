"""Every choice of hosts that the stack file leaves: is there one that fits and keeps the rules, and what does the cheapest move?

A search of everything, largest machines first, that cuts off what costs more than the best so far, or has been met with
as much room before. It knows nothing of the way there: `orders` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import paths
from .ends import arriving, ends_of, followed, keeps_rules, moved_by_others
from .estate import Estate, Pool
from .places import Place, copied_parents, free_pools, held, here, left_behind, order_kind
from .spare import survives

STEPS = 60_000
"""Hosts that are tried for machines before it ends without an answer."""
TASTES = 3
"""Ways to order the hosts of a machine: cheapest, fullest, emptiest first."""
_MIB = 1 << 20
Amounts = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the search found."""

    hosts: Mapping[str, str] | None
    """Label -> host, of every declared machine; None where no choice was found."""
    bytes: int
    """What it moves."""
    proved: bool
    """Whether there is no cheaper one; without hosts, whether there is none."""


@dataclass(frozen=True, slots=True)
class Option:
    """A host for machines that go together."""

    host: str
    cost: int
    takes: Amounts


def cheapest(estate: Estate, *, below: int | None = None, spare: bool = False, steps: int = STEPS) -> Choice:
    """Return the choice that moves fewest bytes, or that none fits.

    `below`: only one that moves less than that counts. `spare`: only one that can lose any host of each rule n_plus_1.
    """
    return _Search(estate, below, spare=spare).through(steps)


class _Search:
    def __init__(self, estate: Estate, below: int | None, *, spare: bool) -> None:
        self._estate = estate
        self._spare = [rule.hosts for rule in estate.rules if rule.kind == "n_plus_1"] if spare else []
        self._pools: dict[Pool, int] = {}
        self._free: list[int] = []
        self._floor: list[int] = []
        self._others = moved_by_others(estate)
        free = free_pools(estate)
        for pool, amount in arriving(estate, self._others).items():
            free[pool] = free.get(pool, 1) - amount
        for pool, left in free.items():
            self._number(pool, 1 if pool[0] == "seat" else left)
        groups = list(_groups(estate))
        for label in (label for group in groups for label in group):
            for pool, amount in held(estate, label, here(estate.machines[label])).values():
                self._free[self._number(pool)] += 0 if pool[0] == "seat" else amount
        units = [(list(self._options(group)), group) for group in groups]
        units.sort(key=lambda unit: (len(unit[0]) > 1, -max(map(self._size, unit[0]), default=0), unit[1]))
        self._units, self._groups = [unit[0] for unit in units], [unit[1] for unit in units]
        self._least = [0] * (len(units) + 1)
        self._needs = [0] * (len(units) + 1)
        for number in reversed(range(len(units))):
            options = self._units[number]
            self._least[number] = self._least[number + 1] + min((each.cost for each in options), default=0)
            self._needs[number] = self._needs[number + 1] + min(map(self._memory, options), default=0)
        self._memories = [number for pool, number in self._pools.items() if pool[0] == "memory"]
        self._bound = below
        self._best: list[Option] | None = None
        self._left = 0
        self._met: dict[tuple[int, tuple[int, ...]], int] = {}

    def _number(self, pool: Pool, left: int = 1) -> int:
        if pool not in self._pools:
            self._pools[pool] = len(self._free)
            self._free.append(left)
            # What is overdrawn already may stay so, and gets no worse.
            self._floor.append(min(0, left))
        return self._pools[pool]

    def _options(self, group: tuple[str, ...]) -> Iterator[Option]:
        estate = self._estate
        places = [{place.host: place for place in self._ends(label)} for label in group]
        for name in sorted(set.intersection(*map(set, places))):
            takes: dict[int, int] = {}
            cost = 0
            for label, ends in zip(group, places, strict=True):
                start, end = here(estate.machines[label]), ends[name]
                stays = left_behind(estate, label, start, end) if start.key != end.key else {}
                copied = copied_parents(estate, label, start, end) if start.key != end.key else {}
                for pool, amount in {**held(estate, label, end), **stays, **copied}.values():
                    number = self._number(pool)
                    takes[number] = takes.get(number, 0) + amount
                cost += bytes_of(estate, label, start, end)
            yield Option(name, cost, tuple(sorted(takes.items())))

    def _ends(self, label: str) -> list[Place]:
        """Return where a machine may end; one that no order takes there stays, whatever is declared."""
        stays = [here(self._estate.machines[label])]
        if label in self._others:
            return stays
        if (end := followed(self._estate, label)) is not None:
            return [end]
        return list(ends_of(self._estate, label)) or stays

    def _size(self, option: Option) -> int:
        return max((amount for _, amount in option.takes), default=0)

    def _memory(self, option: Option) -> int:
        number = self._pools.get(("memory", option.host))
        return sum(amount for pool, amount in option.takes if pool == number)

    def through(self, steps: int) -> Choice:
        """Look for a first choice in several ways, then through all of them."""
        over = True
        for taste in range(1, TASTES + 1):
            self._left = steps if taste == TASTES else steps // 10
            self._met = {}
            over = self._rest(0, list(self._free), 0, [], taste % TASTES)
            if over:
                break
        if self._best is None:
            return Choice(hosts=None, bytes=0, proved=over)
        hosts = {
            label: option.host
            for group, option in zip(self._groups, self._best, strict=True)
            for label in group
        }
        return Choice(hosts=hosts, bytes=sum(option.cost for option in self._best), proved=over)

    def _rest(self, number: int, free: list[int], cost: int, chosen: list[Option], taste: int) -> bool:
        """Try every host for the machines from `number` on; say whether all were tried."""
        key = (number, tuple(free))
        if self._leads_nowhere(number, free, cost) or self._met.get(key, cost + 1) <= cost:
            return True
        if number == len(self._units):
            if not self._keeps(free, chosen):
                return True
            self._best, self._bound = list(chosen), cost
            return True
        over = True
        for option in sorted(self._units[number], key=lambda each: self._rank(each, free, taste)):
            if self._left <= 0:
                return False
            self._left -= 1
            if any(free[pool] - amount < self._floor[pool] for pool, amount in option.takes if amount):
                continue
            for pool, amount in option.takes:
                free[pool] -= amount
            chosen.append(option)
            over &= self._rest(number + 1, free, cost + option.cost, chosen, taste)
            chosen.pop()
            for pool, amount in option.takes:
                free[pool] += amount
        if over:
            self._met[key] = cost
        return over

    def _leads_nowhere(self, number: int, free: list[int], cost: int) -> bool:
        """Say whether the rest costs more than the best so far, or has more memory than there is."""
        if self._bound is not None and cost + self._least[number] >= self._bound:
            return True
        return self._needs[number] > sum(max(0, free[pool]) for pool in self._memories) + self._slack()

    def _keeps(self, free: list[int], chosen: list[Option]) -> bool:
        """Say whether a whole choice keeps the rules; those of N + 1 as far as they are asked for."""
        at = {label: machine.host for label, machine in self._estate.machines.items()}
        for group, option in zip(self._groups, chosen, strict=True):
            at |= dict.fromkeys(group, option.host)
        if not keeps_rules(self._estate, at):
            return False
        return all(self._survives(hosts, free, at) for hosts in self._spare)

    def _survives(self, hosts: Sequence[str], free: list[int], at: Mapping[str, str]) -> bool:
        running: dict[str, list[int]] = {name: [] for name in hosts}
        for label, machine in self._estate.machines.items():
            if at[label] in running and machine.needed:
                running[at[label]].append(machine.needed)
        shut = {name for name in hosts if self._estate.hosts[name].maintenance}
        rooms = {name: 0 if name in shut else free[self._pools["memory", name]] for name in hosts}
        return survives(rooms, running) is True

    def _slack(self) -> int:
        return -sum(self._floor[pool] for pool in self._memories)

    def _rank(self, option: Option, free: list[int], taste: int) -> tuple[int, int]:
        left = free[self._pools["memory", option.host]]
        return (
            (option.cost, -left)
            if taste == 0
            else (left, option.cost)
            if taste == 1
            else (-left, option.cost)
        )


def _groups(estate: Estate) -> Iterator[tuple[str, ...]]:
    """Yield the declared machines, those that rules tie together as one."""
    tied = {label: {label} for label in sorted(estate.entries) if label in estate.machines}
    for rule in estate.rules:
        if rule.kind == "together":
            joined = set().union(*(tied[label] for label in rule.labels if label in tied))
            tied |= dict.fromkeys(joined, joined)
    for label, group in tied.items():
        if label == min(group):
            yield tuple(sorted(group))


def bytes_of(estate: Estate, label: str, start: Place, end: Place) -> int:
    """Return what one order copies: memory of a machine that runs and changes hosts, and each file that gets another place."""
    machine, kind = estate.machines[label], order_kind(start, end)
    memory = machine.held * _MIB if start.host != end.host else 0
    if kind in {None, "live"}:
        return memory
    return memory + sum(
        each.size
        for each, old, new in zip(machine.files, start.files, end.files, strict=True)
        if start.host != end.host or paths.same(old) != paths.same(new)
    )

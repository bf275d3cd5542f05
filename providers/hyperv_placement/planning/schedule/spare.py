"""N + 1 on the way: whether a group of hosts bears the loss of one of them, at an instant of an order of legs.

A machine on its way runs at its source, and its room is taken at both ends. Where its source is lost it does not come, and
its room at the destination is free again: no public page says how soon (unverified), so that orders which do not need it
are looked for first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.memory import in_memory, needed_mib
from hyperv_placement.model.names import HostName
from hyperv_placement.model.spare import Kept
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.checks.n_plus_one import serving, unread
from hyperv_placement.planning.checks.survival import Survival, loss

from .budget import Budget
from .build import ProblemInstance
from .problem import Leg
from .state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The hosts of a rule (n_plus_1), by their numbers in a problem, and whose loss is to be borne at every moment."""

    rule: int
    lost: tuple[int, ...]
    """Hosts whose loss is to be borne."""
    pools: Mapping[int, int]
    """Host -> pool of its memory."""
    staying: Mapping[int, tuple[int, ...]]
    """Host -> MiB of each running machine on it that is no part of the problem."""
    needs: Mapping[int, int]
    """Machine of the problem that runs -> MiB that it needs elsewhere."""
    cautious: bool = False
    """Whether room at a destination counts as taken though the source of what comes is lost."""
    verdicts: dict[tuple[tuple[int, ...], tuple[int, ...]], bool] = field(
        default_factory=dict, compare=False, repr=False
    )
    """What was packed before: sizes and rooms -> whether they fit."""

    def watches(self, leg: Leg) -> bool:
        """Say whether a leg changes what the hosts of the group have free or run."""
        return (
            leg.machine in self.needs
            and leg.source.host != leg.target.host
            and (leg.source.host in self.pools or leg.target.host in self.pools)
        )

    def bears(self, free: Mapping[int, int], running: Mapping[int, Sequence[int]], lost: int, budget: Budget) -> bool:  # fmt: skip
        """Say whether the machines of a host find room on the others; False where that is not shown.

        `free`: host -> MiB; `running`: host -> MiB of each machine of the problem that runs there.
        """
        sizes = sorted((*self.staying[lost], *running[lost]), reverse=True)
        rooms = sorted((left for host, left in free.items() if host != lost and left > 0), reverse=True)
        budget.spend(1 + (len(sizes) + len(rooms)) // 8)
        if not sizes:
            return True
        # What finds no room in a packing finds less than its size on each host, so that more than this is packed already.
        if sum(sizes) - sizes[-1] < sum(max(0, left - sizes[0] + 1) for left in rooms):
            return True
        key = tuple(sizes), tuple(rooms)
        if key not in self.verdicts:
            budget.spend(len(sizes) * (1 + len(rooms) // 8))
            self.verdicts[key] = loss(sizes, rooms).verdict == Survival.HOLDS
        return self.verdicts[key]


class Watch:
    """What the hosts of a group have free, and what they run, while legs are made one after the other."""

    __slots__ = ("_budget", "free", "group", "running")

    def __init__(self, group: Group, state: State, budget: Budget) -> None:
        """Begin with machines where `state` has them."""
        self.group = group
        self.free = {host: state.free[pool] for host, pool in group.pools.items()}
        self.running: dict[int, list[int]] = {host: [] for host in group.pools}
        self._budget = budget
        for machine, needed in group.needs.items():
            at = state.at[machine].host
            if at in self.running:
                self.running[at].append(needed)

    def copy(self) -> Watch:
        """Return a copy, to try another continuation."""
        other = object.__new__(Watch)
        other.group, other._budget, other.free = self.group, self._budget, dict(self.free)
        other.running = {host: list(sizes) for host, sizes in self.running.items()}
        return other

    def borne(self) -> tuple[int, ...]:
        """Return the hosts of the group whose loss is borne as it is now."""
        return tuple(lost for lost in self.group.lost if self._bears(lost))

    def lets(self, leg: Leg) -> bool:
        """Say whether the loss of each host is borne while a leg is on its way, and afterwards, by itself."""
        if not self.group.watches(leg):
            return True
        self.take(leg)
        needed = self.group.needs[leg.machine]
        source, target = leg.source.host, leg.target.host
        if target in self.running:
            self.running[target].remove(needed)
        # Whose source is lost does not come: then it is as before this leg, which was borne.
        during = all(self._bears(lost) for lost in self.group.lost if self.group.cautious or lost != source)
        if target in self.running:
            self.running[target].append(needed)
        self.give(leg)
        after = during and all(self._bears(lost) for lost in self.group.lost)
        self._undo(leg)
        return after

    def bears_any(self) -> bool:
        """Say whether each loss is borne with everything that is counted now."""
        return all(self._bears(lost) for lost in self.group.lost)

    def go(self, leg: Leg) -> None:
        """Make a leg: it has ended."""
        if self.group.watches(leg):
            self.take(leg)
            self.give(leg)

    def take(self, leg: Leg) -> None:
        """Count a leg at both ends: its room is taken, and it may run at either."""
        target = leg.target.host
        if target in self.free:
            self.free[target] -= dict(leg.acquires).get(self.group.pools[target], 0)
            self.running[target].append(self.group.needs[leg.machine])

    def give(self, leg: Leg) -> None:
        """Count a leg, taken before, at its target alone."""
        source = leg.source.host
        if source in self.free:
            self.free[source] += dict(leg.releases).get(self.group.pools[source], 0)
            self.running[source].remove(self.group.needs[leg.machine])

    def _undo(self, leg: Leg) -> None:
        source, target, needed = leg.source.host, leg.target.host, self.group.needs[leg.machine]
        if target in self.free:
            self.free[target] += dict(leg.acquires).get(self.group.pools[target], 0)
            self.running[target].remove(needed)
        if source in self.free:
            self.free[source] -= dict(leg.releases).get(self.group.pools[source], 0)
            self.running[source].append(needed)

    def _bears(self, lost: int) -> bool:
        return self.group.bears(self.free, self.running, lost, self._budget)


def groups(
    stack: Stack, inventory: Inventory, instance: ProblemInstance, budget: Budget
) -> tuple[Group, ...]:
    """Return the groups of which a loss is borne now and when all machines of a problem have reached their goals.

    A rule of which not all is known is left out: it can be neither kept nor broken knowingly.
    """
    found = []
    for group in _declared(stack, inventory, instance):
        problem = instance.problem
        state = State(problem)
        watch = Watch(group, state, budget)
        now = watch.borne()
        for number, machine in enumerate(problem.machines):
            watch.go(state.to(number, machine.goal))
        kept = tuple(host for host in watch.borne() if host in now)
        if kept:
            found.append(replace(group, lost=kept))
    return tuple(found)


def _declared(stack: Stack, inventory: Inventory, instance: ProblemInstance) -> Iterator[Group]:
    """Yield the group of each rule whose hosts and machines are all read."""
    problem = instance.problem
    numbers = {HostName(name): number for number, name in enumerate(problem.hosts)}
    pools = {pool.host: number for number, pool in enumerate(problem.pools) if pool.kind == "memory"}
    movers = {step.vm.id: number for number, step in enumerate(instance.steps) if step.vm is not None}
    needs = {
        number: needed_mib(step.vm) or 0
        for number, step in enumerate(instance.steps)
        if step.vm is not None and in_memory(step.vm)
    }
    for number, declared in enumerate(stack.rules):
        if declared.kind != "n_plus_1":
            continue
        hosts = serving(declared, stack).hosts
        if any(name not in numbers or unread(inventory.hosts[name].vms) for name in hosts):
            continue
        if any((facts := inventory.hosts[name].facts) is None or facts.memory_free_mib is None for name in hosts):  # fmt: skip
            continue
        yield Group(
            rule=number,
            lost=tuple(numbers[name] for name in hosts),
            pools={numbers[name]: pools[name] for name in hosts},
            staying={
                numbers[name]: tuple(
                    needed_mib(vm) or 0
                    for vm in inventory.hosts[name].vms
                    if in_memory(vm) and vm.id not in movers
                )
                for name in hosts
            },
            needs=needs,
        )


def kept_by(instance: ProblemInstance, found: Sequence[Group]) -> frozenset[Kept]:
    """Return the rules and hosts of these groups, by name."""
    hosts = instance.problem.hosts
    return frozenset((group.rule, HostName(hosts[lost])) for group in found for lost in group.lost)

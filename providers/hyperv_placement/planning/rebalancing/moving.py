"""Which machines a rebalancing may move, whereto, and which of these moves make hosts more even: one machine, or two that change places."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.memory import in_memory
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.choosing.names import Names
from hyperv_placement.planning.choosing.rooms import Rooms
from hyperv_placement.planning.choosing.verdicts import Verdicts
from hyperv_placement.planning.machine.allowed import tied
from hyperv_placement.planning.machine.displaced import is_displaced
from hyperv_placement.planning.schedule.budget import Budget

from .loads import Amounts, Loads, amounts

PAIRS = 8
"""Hosts at each end of the scale between which machines may change places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Machines that share a host, sent to another one."""

    labels: tuple[str, ...]
    source: HostName
    target: HostName
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    shifts: tuple[Shift, ...]
    gain: float
    """By how much the more loaded of both hosts is less loaded after it."""

    @property
    def rank(self) -> tuple[int, int, tuple[str, ...]]:
        """The greatest gain first, to a percent point; among equals the fewest bytes."""
        return (
            -round(self.gain * 100),
            sum(each.bytes for each in self.shifts),
            self.shifts[0].labels,
        )


class Candidates:
    """The machines that may be moved, where each is once what is declared is reached, and what moving one would do."""

    def __init__(
        self, stack: Stack, inventory: Inventory, due: Plan, loads: Loads, hosts: Collection[HostName]
    ) -> None:
        self._stack = stack
        self.loads = loads
        self._found = {step.label: step.vm for step in due.steps if step.vm is not None}
        self._rooms = Rooms(stack, inventory, self._found)
        self._names = Names(self._rooms, inventory)
        self._verdicts = Verdicts(stack, inventory, self._found, self._rooms.facts)
        self.at = {step.label: _end(step) for step in due.steps if step.vm is not None}
        self._settle()
        self.hosts = sorted(name for name in loads.total if name in hosts and self._takes(name))
        self._free_to_go = {step.label for step in due.steps if self._movable(step)}
        movable = {label for label in self._free_to_go if in_memory(self._found[label])}
        self.tied = tuple(tied(stack, sorted(self._found)))
        """Machines that go together by rules."""
        self._units = [labels for labels in self.tied if movable.issuperset(labels)]
        self._fits: dict[tuple[tuple[str, ...], HostName], bool] = {}

    def _settle(self) -> None:
        """Count every machine where it is in the end."""
        for label, vm in sorted(self._found.items()):
            end = self.at[label]
            self._rooms.take(tuple((pool, 1) for pool in self._named(label, end)))
            if end == vm.host or end not in self._rooms.number:
                continue
            self._rooms.take(self._rooms.now(vm), sign=-1)
            self._rooms.take(self._rooms.left(label))
            self._rooms.take(self._rooms.there(label, self._rooms.number[end]))
            self._count(label, vm.host, end)

    def _count(self, label: str, source: HostName, target: HostName) -> None:
        vm, loads = self._found[label], self.loads
        if not in_memory(vm):
            return
        nothing = tuple(0 for _ in loads.by)
        leaves, comes = self._amounts(label, source), self._amounts(label, target)
        if source in loads.used:
            loads.shift(source, source, leaves, nothing)
        if target in loads.used:
            loads.shift(target, target, nothing, comes)

    def _amounts(self, label: str, host: HostName) -> Amounts:
        vm = self._found[label]
        return amounts(vm, self.loads.by, there=host != vm.host)

    def _takes(self, name: HostName) -> bool:
        stack = self._stack
        return name not in stack.maintenance and stack.hosts[name].away is None and not stack.holds_host(name)

    def _movable(self, step: Step) -> bool:
        """Say whether a machine may be sent elsewhere by its entry: nobody protects or holds it, and it runs where it belongs."""
        stack = self._stack
        if step.vm is None or step.under_way or step.standing not in {Standing.IN_PLACE, Standing.MOVE}:
            return False
        spec = stack.vms[step.label]
        kept = step.label in stack.guard.protected or any(hold.label == step.label for hold in stack.holds)
        return (
            not kept and not spec.prefer and not is_displaced(stack, spec) and step.label not in stack.homes
        )

    def may_mend(self, labels: Collection[str]) -> bool:
        """Say whether machines may be sent elsewhere for a rule, running or off."""
        return self._free_to_go.issuperset(labels)

    def best(self, threshold: float, banned: Collection[str], budget: Budget) -> tuple[Shift, ...]:
        """Return what makes hosts most even, nothing where no move gains `threshold` (a share of a host)."""
        loaded = sorted(self.hosts, key=lambda name: (-self.loads.of(name), name))
        here: dict[HostName, list[tuple[str, ...]]] = {}
        for labels in self._units:
            together = len({self.at[label] for label in labels}) == 1
            if together and not set(labels) & set(banned):
                here.setdefault(self.at[labels[0]], []).append(labels)
        for source in loaded:
            steps = [*self._singles(source, here.get(source, ()), loaded, threshold, budget)]
            if steps:
                return min(steps, key=lambda each: each.rank).shifts
        for source in loaded[:PAIRS]:
            steps = [*self._swaps(source, here, loaded[::-1][:PAIRS], threshold, budget)]
            if steps:
                return min(steps, key=lambda each: each.rank).shifts
        return ()

    def apply(self, shifts: Sequence[Shift]) -> None:
        """Count machines at their new hosts."""
        for sign in (-1, 1):
            for shift in shifts:
                for label in shift.labels:
                    host = shift.source if sign < 0 else shift.target
                    self._rooms.take(self._held(label, host), sign=sign)
                    self._rooms.take(tuple((pool, 1) for pool in self._named(label, host)), sign=sign)
        for shift in shifts:
            for label in shift.labels:
                self._count(label, shift.source, shift.target)
                self.at[label] = shift.target

    def _held(self, label: str, host: HostName) -> tuple[tuple[int, int], ...]:
        vm = self._found[label]
        if host == vm.host:
            return self._rooms.now(vm)
        return self._rooms.there(label, self._rooms.number[host])

    def _named(self, label: str, host: HostName) -> tuple[int, ...]:
        vm = self._found[label]
        return self._names.now(label) if host == vm.host else self._names.there(label, host)

    def _singles(
        self,
        source: HostName,
        units: Sequence[tuple[str, ...]],
        loaded: Sequence[HostName],
        threshold: float,
        budget: Budget,
    ) -> Iterator[_Step]:
        before = self.loads.of(source)
        for target in reversed(loaded):
            if self.loads.of(target) + threshold > before:
                return
            for labels in units:
                budget.spend()
                gain = before - self._highest(((labels, source, target),))
                if budget.spent or gain < threshold or not self.suits(labels, target):
                    continue
                if self.has_room(((labels, target),), ()):
                    yield _Step(shifts=(self.shift(labels, source, target),), gain=gain)

    def _swaps(
        self,
        source: HostName,
        here: Mapping[HostName, Sequence[tuple[str, ...]]],
        targets: Sequence[HostName],
        threshold: float,
        budget: Budget,
    ) -> Iterator[_Step]:
        before = self.loads.of(source)
        for target in targets:
            if self.loads.of(target) + threshold > before:
                return
            for go in here.get(source, ()):
                for come in here.get(target, ()):
                    budget.spend()
                    gain = before - self._highest(((go, source, target), (come, target, source)))
                    if budget.spent or gain < threshold:
                        continue
                    if not self.suits(go, target, (come,)) or not self.suits(come, source, (go,)):
                        continue
                    if self.has_room(((go, target), (come, source)), (go, come)):
                        shifts = (self.shift(go, source, target), self.shift(come, target, source))
                        yield _Step(shifts=shifts, gain=gain)

    def _highest(self, changes: Sequence[tuple[tuple[str, ...], HostName, HostName]]) -> float:
        """Return the load of the more loaded of the hosts concerned after machines have gone from the first to the second."""
        change: dict[HostName, list[int]] = {}
        for labels, source, target in changes:
            for host, sign in ((source, -1), (target, 1)):
                held = change.setdefault(host, [0] * len(self.loads.by))
                for label in labels:
                    for number, amount in enumerate(self._amounts(label, host)):
                        held[number] += sign * amount
        return max(self.loads.with_change(host, tuple(each)) for host, each in change.items())

    def suits(
        self, labels: tuple[str, ...], target: HostName, leaving: Sequence[tuple[str, ...]] = ()
    ) -> bool:
        """Say whether all of `labels` may be on that host by list, rules and preflight. `leaving`: who leaves it meanwhile."""
        gone = {label for each in (labels, *leaving) for label in each}
        return all(self._may(label, target) and self._apart(label, target, gone) for label in labels)

    def _may(self, label: str, target: HostName) -> bool:
        spec = self._stack.vms[label]
        within = (rule.hosts for rule in self._stack.rules if rule.kind == "within" and label in rule.labels)
        if (len(spec.hosts) > 1 and target not in spec.hosts) or any(target not in hosts for hosts in within):
            return False
        key = ((label,), target)
        if key not in self._fits:
            self._fits[key] = self._verdicts.suits(label, target)
        return self._fits[key]

    def _apart(self, label: str, target: HostName, gone: Collection[str]) -> bool:
        rules = (rule for rule in self._stack.rules if rule.kind == "apart" and label in rule.labels)
        return not any(
            self.at.get(other) == target for rule in rules for other in rule.labels if other not in gone
        )

    def has_room(
        self,
        comers: Sequence[tuple[tuple[str, ...], HostName]],
        goers: Sequence[tuple[str, ...]],
    ) -> bool:
        """Say whether hosts have room for who comes, once those of `goers` have left."""
        change: dict[int, int] = {}
        for labels in goers:
            for label in labels:
                for pool, amount in (
                    *self._held(label, self.at[label]),
                    *((p, 1) for p in self._named(label, self.at[label])),
                ):
                    change[pool] = change.get(pool, 0) + amount
        for labels, host in comers:
            for label in labels:
                for pool, amount in (*self._held(label, host), *((p, 1) for p in self._named(label, host))):
                    change[pool] = change.get(pool, 0) - amount
        return all(amount >= 0 or self._rooms.room[pool] + amount >= 0 for pool, amount in change.items())

    def shift(self, labels: tuple[str, ...], source: HostName, target: HostName) -> Shift:
        """Return these machines sent there, with the bytes that it copies."""
        number = self._rooms.number[target]
        size = sum(
            self._rooms.shape(label, number).cost for label in labels if target != self._found[label].host
        )
        return Shift(labels=labels, source=source, target=target, bytes=size)


def _end(step: Step) -> HostName:
    """Return where a machine is once the run is over."""
    if step.vm is None:
        raise ValueError(f"{step.label} was not found")
    if step.move is not None and step.standing == Standing.MOVE:
        return step.move.destination
    return step.vm.host

"""A group of hosts emptied one after the other, each once: the sequence, with what each step moves out and back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from hyperv_placement.model.estate import HostFacts, Inventory, VirtualMachine
from hyperv_placement.model.identity import NOTHING_KEPT, Home, Kept
from hyperv_placement.model.memory import held_mib, in_memory
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Plan, ScheduledMove, Step
from hyperv_placement.model.stack import Hold, Maintenance, Stack

from .checks.preflight.room import volume_of
from .machine.legs import after
from .plan import plan
from .steps import steps_of

PLANS = 40
"""Plans that are made to choose the next host; beyond that the emptiest one is next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingStep:
    """One host emptied, serviced, and taken back."""

    host: HostName
    out: Plan
    """By which it is emptied."""
    back: Plan
    """By which machines come back to it."""
    crossing: tuple[str, ...] = ()
    """Labels of machines that go from a host that is done to one that is not: whether that takes them is asked again at their start."""

    @property
    def moves(self) -> tuple[ScheduledMove, ...]:
        """Every move of the step: those that empty the host, then those that bring machines back."""
        return (*self.out.schedule.moves, *self.back.schedule.moves)

    @property
    def bytes(self) -> int:
        """What is copied in all."""
        return self.out.schedule.bytes + self.back.schedule.bytes

    @property
    def seconds(self) -> float:
        """How long its moves take; how long the service itself takes is not known."""
        return self.out.schedule.seconds + self.back.schedule.seconds

    @property
    def stuck(self) -> tuple[Step, ...]:
        """Machines that would stay on the host though it must be empty."""
        return tuple(
            step for step in self.out.steps if step.left_out and step.vm and step.vm.host == self.host
        )

    @property
    def elsewhere(self) -> tuple[Step, ...]:
        """Machines that do not come back to where they belong when the host is taken back."""
        return tuple(step for step in self.back.steps if step.fails)

    @property
    def broken(self) -> tuple[str, ...]:
        """Rules that do not hold while the host is empty."""
        return tuple(each.text for each in self.out.broken_rules if each.id != "maintenance-not-empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """The whole sequence."""

    due: Plan
    """What is to be moved before it begins, whatever is serviced."""
    steps: tuple[RollingStep, ...]

    @property
    def feasible(self) -> bool:
        """Whether each step has an order of moves."""
        return not any(each.out.refusals or each.back.refusals for each in self.steps)

    @property
    def complete(self) -> bool:
        """Whether each host of the group gets empty, and everybody comes back."""
        return self.feasible and not any(each.stuck or each.elsewhere for each in self.steps)


def rolling(
    stack: Stack, inventory: Inventory, group: Sequence[HostName], known: Kept = NOTHING_KEPT
) -> Rolling:
    """Return a sequence in which each host of `group` is emptied once, each step from where the one before has left the machines.

    Next is the host whose step leaves the fewest machines stuck, breaks the fewest rules, and moves the fewest bytes. Limits of the
    guard are for one run, and not for a sequence of them.
    """
    guard = replace(stack.guard, max_moves=None, max_bytes=None, max_hosts=None)
    way = _Way(stack=replace(stack, guard=guard), inventory=inventory, known=known)
    due = plan(way.stack, inventory, known)
    way.go(due)
    steps: list[RollingStep] = []
    left, budget = list(dict.fromkeys(group)), PLANS
    while left:
        candidates = left if len(left) <= budget else [min(left, key=way.load)]
        budget -= len(candidates)
        best = min((way.emptied(name) for name in candidates), key=_price)
        way.go(best.out)
        back = plan(way.stack, way.inventory, way.known)
        way.go(back)
        way.done.add(best.host)
        steps.append(replace(best, back=back))
        left.remove(best.host)
    return Rolling(due=due, steps=tuple(steps))


def _price(step: RollingStep) -> tuple[int, int, int, int, int, str]:
    out = step.out
    return (
        len(out.refusals),
        len(step.stuck),
        len(step.broken),
        len(step.crossing),
        out.schedule.bytes,
        step.host,
    )


@dataclass(slots=True, kw_only=True)
class _Way:
    """The estate on its way through the sequence."""

    stack: Stack
    inventory: Inventory
    known: Kept
    done: set[HostName] = field(default_factory=set)
    """Hosts that are serviced already."""

    def load(self, name: HostName) -> tuple[int, str]:
        """Return how much is on a host: memory of its machines, in MiB."""
        host = self.inventory.hosts.get(name)
        return sum(held_mib(vm) or 0 for vm in (host.vms if host else ()) if in_memory(vm)), name

    def emptied(self, name: HostName) -> RollingStep:
        """Return the step that empties a host; machines on hosts that are done stay there, if it can be emptied that way."""
        stack = replace(self.stack, maintenance={**self.stack.maintenance, name: Maintenance()})
        steps = steps_of(self.stack, self.inventory, self.known)
        staying = [step.label for step in steps if step.vm is not None and step.vm.host in self.done]
        if not staying:
            return self._step(name, stack)
        holds = tuple(Hold(until=date.max, reason="it is done", label=label) for label in staying)
        held = self._step(name, replace(stack, holds=(*stack.holds, *holds)))
        return (
            held
            if not held.stuck and not held.out.refusals
            else min(held, self._step(name, stack), key=_price)
        )

    def _step(self, name: HostName, stack: Stack) -> RollingStep:
        out = plan(stack, self.inventory, self.known)
        crossing = tuple(
            each.label
            for each in out.schedule.moves
            if each.move.source in self.done and each.move.destination not in {*self.done, each.move.source}
        )
        return RollingStep(host=name, out=out, back=Plan(steps=()), crossing=crossing)

    def go(self, found: Plan) -> None:
        """Take the estate to the end of a plan."""
        homes: dict[VmId, Home | None] = {s.vm.id: s.home for s in found.steps if s.vm is not None}
        every = {**self.known.homes, **homes}
        self.known = replace(
            self.known, homes={each: home for each, home in every.items() if home is not None}
        )
        self.inventory = estate_after(self.inventory, found)


def estate_after(inventory: Inventory, found: Plan) -> Inventory:
    """Return the estate as it will be when every move of a plan has been made, with what its hosts then have free."""
    moved = {
        each.move.vm.id: after(each.move) for each in found.schedule.moves
    }  # the last of its moves counts
    before = {vm.id: vm for vm in inventory.vms() if vm.id in moved}
    hosts = {}
    for name, host in inventory.hosts.items():
        gone = [before[each] for each in moved if before[each].host == name]
        come = [vm for vm in moved.values() if vm.host == name]
        staying = tuple(vm for vm in host.vms if vm.id not in moved)
        hosts[name] = replace(host, vms=(*staying, *come), facts=_freed(host.facts, gone, come), jobs=())
    return replace(inventory, hosts=hosts)


def _freed(
    facts: HostFacts | None, gone: Collection[VirtualMachine], come: Collection[VirtualMachine]
) -> HostFacts | None:
    if facts is None:
        return None
    memory, files = facts.memory_free_mib, dict.fromkeys((each.path for each in facts.volumes or ()), 0)
    for sign, vms in ((1, gone), (-1, come)):
        for vm in vms:
            if memory is not None and in_memory(vm):
                memory += sign * (held_mib(vm) or 0)
            for disk in (*vm.disks, *vm.frozen):
                volume = volume_of(disk.path, facts.volumes or ())
                if volume is not None:
                    files[volume.path] += sign * disk.counted_bytes
    volumes = facts.volumes and tuple(
        replace(each, free_bytes=each.free_bytes + files[each.path]) for each in facts.volumes
    )
    left, here = {vm.id for vm in gone}, [vm.id for vm in come]
    realized = (*(each for each in facts.realized if each not in left), *here)
    return replace(facts, memory_free_mib=memory, volumes=volumes, realized=realized, jobs=())

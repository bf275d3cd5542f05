"""The choice of hosts that a stack file leaves, as a problem of pools: machines with several hosts, rules, memory, volumes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hyperv_placement.model.adoption import host_named
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.memory import in_memory, needed_mib
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Choice, Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.allowed import Group, allowed, groups
from hyperv_placement.planning.machine.displaced import names_its_place
from hyperv_placement.planning.schedule.holdings import Holdings
from hyperv_placement.planning.schedule.in_flight import coming, unseen

from .best import best
from .evenness import evenness, running, unread
from .names import Names
from .problem import Assignment, AssignmentProblem, Cut, Spare
from .reasons import reasons
from .rooms import UNKNOWN, Rooms
from .units import Units
from .verdicts import Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Where every machine belongs, and how good that is."""

    ends: Mapping[str, HostName]
    """Label -> the only host that it may be on, or the one chosen; of a machine without a place one that it may be on."""
    choice: Choice | None = None
    """None where every machine has one host."""
    homeless: Mapping[str, Finding] = field(default_factory=dict)
    """Label -> why no host was found for a machine that may not be where it is: it stays there."""
    findings: tuple[Finding, ...] = ()
    """Rules that no choice keeps for machines that may be where they are."""
    complete: bool = True
    """Whether every machine has a place by all rules; with `excluded`, whether there is a choice besides those."""
    open: frozenset[str] = frozenset()
    """Machines whose host was chosen."""
    stands: Mapping[str, HostName] = field(default_factory=dict)
    """Where each machine is in the end as it was counted: those without a place, and those whose move is refused, where they are."""


def chosen(
    stack: Stack,
    inventory: Inventory,
    found: Mapping[str, VirtualMachine],
    *,
    excluded: Sequence[Mapping[str, HostName]] = (),
    staying: Mapping[str, HostName] | None = None,
) -> Chosen:
    """Return the host of every machine in `found` (label -> machine), the only one allowed or the one chosen.

    Most machines with a place by all rules first, then N + 1, then fewest bytes, then the best balance; a machine that may
    stay stays, unless a rule forbids it. `excluded`: choices (label -> host) that are not to be made again, as one without a
    safe order; each is excluded as a whole, and may name fewer machines than there are. `staying`: machines that are not
    moved whatever is chosen (label -> where they belong), because their moves are refused: they count where they are.
    """
    return _ProblemBuilder(stack, inventory, found, excluded, staying or {}).solve()


class _ProblemBuilder:
    def __init__(
        self,
        stack: Stack,
        inventory: Inventory,
        found: Mapping[str, VirtualMachine],
        excluded: Sequence[Mapping[str, HostName]],
        staying: Mapping[str, HostName],
    ) -> None:
        self._stack = stack
        self._inventory = inventory
        self._found = found
        self._excluded = excluded
        self._staying = staying
        self._ends: dict[str, HostName] = {}
        self._suited: dict[tuple[str, ...], tuple[HostName, ...]] = {}
        self._at: dict[str, HostName] = {}
        """Where machines without a choice are in the end."""

    def solve(self) -> Chosen:
        everybody = groups(self._stack, self._found)
        if all(self._is_given(group) for group in everybody):
            ends = {label: group.hosts[0] for group in everybody for label in group.labels}
            kept = {label: self._found[label].host for label in self._staying}
            return Chosen(ends={**ends, **self._staying}, stands={**ends, **kept})
        self._rooms = Rooms(self._stack, self._inventory, self._found)
        self._verdicts = Verdicts(self._stack, self._inventory, self._found, self._rooms.facts)
        self._names = Names(self._rooms, self._inventory)
        self._seats = self._seats_of_rules()
        self._in_flight = self._on_their_way()
        open_ = [group for group in everybody if self._is_open(group)]
        chosen_for = {label for group in open_ for label in group.labels}
        for label in sorted(self._found.keys() - chosen_for):
            self._settle(label)
        self._promise()
        problem = self._problem(open_)
        answer = best(problem)
        return self._result(open_, problem, answer)

    def _result(self, open_: Sequence[Group], problem: AssignmentProblem, answer: Assignment) -> Chosen:
        stuck, several = [], [group for group in open_ if len(group.hosts) > 1]
        for group, option in zip(open_, answer.chosen, strict=True):
            for label in group.labels:
                self._ends[label] = self._rooms.hosts[option.host] if option else self._fallback(label)
                self._at[label] = self._rooms.hosts[option.host] if option else self._found[label].host
            if option is None:
                stuck += [label for label in group.labels if not self._may_stay(label)]
        why = (
            reasons(
                problem,
                answer,
                [group.labels for group in open_],
                self._rooms,
                lambda n: self._barred(open_[n]),
            )
            if not answer.complete
            else ()
        )
        refused = {label: each.refusal for each in why for label in each.labels if label in stuck}
        return Chosen(
            ends=self._ends,
            choice=Choice(
                machines=sum(len(group.labels) for group in several),
                bytes=answer.cost, least=answer.least, proved=answer.proved,
            ) if several else None,
            homeless=refused,
            findings=(
                *(each.warning for each in why if not set(each.labels) & set(stuck)),
                *(unread(self._stack.balance, problem.even) if open_ else ()),
            ),
            complete=answer.complete and not problem.excluded(answer.chosen),
            open=frozenset(label for group in open_ for label in group.labels),
            stands=self._at,
        )  # fmt: skip

    def _is_open(self, group: Group) -> bool:
        """Say whether there is anything to choose for a group; where not, say where its machines belong."""
        if self._is_given(group) or any(
            label in self._staying or label in self._in_flight for label in group.labels
        ):
            self._ends |= {label: self._only(label, group) for label in group.labels}
            return False
        if self._suiting(group):
            return True
        # Nobody takes it: its step says why, by a host that answers if there is one.
        reachable = [name for name in group.hosts if name in self._inventory.hosts]
        self._ends |= dict.fromkeys(group.labels, (reachable or group.hosts)[0])
        return False

    def _is_given(self, group: Group) -> bool:
        """Say whether the one place of a group is where it is, or is declared; one that rules and maintenance leave has to fit."""
        if len(group.hosts) != 1:
            return False
        (host,), specs = group.hosts, self._stack.vms
        if len(group.labels) == 1:  # nearly all
            (label,) = group.labels
            return self._found[label].host == host or names_its_place(self._stack, specs[label])
        return all(self._found[label].host == host for label in group.labels) or any(
            names_its_place(self._stack, specs[label]) for label in group.labels
        )

    def _only(self, label: str, group: Group) -> HostName:
        if label in self._staying:
            return self._staying[label]
        # Together with one that is not moved: where that one is, if that is a place for it.
        others = {self._found[each].host for each in group.labels if each in self._staying}
        if len(others) == 1 and others <= set(group.hosts):
            return others.pop()
        if len(group.hosts) == 1:
            return group.hosts[0]
        # Where a migration takes it that runs already, if that is a place for it: no second one is chosen.
        goes = self._in_flight.get(label)
        return goes if goes in group.hosts else self._fallback(label)

    def _suiting(self, group: Group) -> tuple[HostName, ...]:
        if group.labels not in self._suited:
            self._suited[group.labels] = self._asked(group)
        return self._suited[group.labels]

    def _asked(self, group: Group) -> tuple[HostName, ...]:
        return tuple(
            name
            for name in group.hosts
            if name in self._inventory.hosts
            and all(self._verdicts.suits(label, name) for label in group.labels)
        )

    def _barred(self, group: Group) -> Iterator[str]:
        """Yield why a host that a group may be on by the stack file is none of those that are chosen from."""
        for name in group.hosts:
            if name not in self._suiting(group):
                why = ((label, self._verdicts.against(label, name)) for label in group.labels)
                yield from (f"{name} does not take {label}: {text}" for label, text in why if text)

    def _seats_of_rules(self) -> Mapping[str, Collection[int]]:
        """Return, by label, the first pools of the rules that keep it apart from others."""
        seats: dict[str, list[int]] = {}
        for number, rule in enumerate(self._stack.rules):
            if rule.kind == "apart":
                first = self._rooms.add_seats(number, rule.line)
                for label in rule.labels:
                    seats.setdefault(label, []).append(first)
        return seats

    def _on_their_way(self) -> Mapping[str, HostName]:
        """Return the machines that a running migration takes to another host that is known."""
        facts = {name: facts for name, facts in self._rooms.facts.items() if facts is not None}
        going = {}
        for label, vm in self._found.items():
            for _, job in self._inventory.jobs_of(vm.id):
                end = None if job.destination is None else host_named(job.destination, facts)
                if end is not None and end != vm.host and not job.only_prepares:
                    going[label] = end
        return going

    def _promise(self) -> None:
        """Take the room that machines on their way will hold and the readings do not show as taken."""
        if not any(host.jobs for host in self._inventory.hosts.values()):
            return
        nothing = Plan(steps=())
        holdings = Holdings(self._stack, self._inventory, nothing)
        numbers = {pool: number for number, pool in enumerate(self._rooms.pools)}
        arriving = unseen(holdings, self._inventory, coming(holdings, self._inventory, nothing))
        for pool, amount in arriving.items():
            if (number := numbers.get(holdings.names[pool])) is not None:
                self._rooms.take(((number, amount),))

    def _settle(self, label: str) -> None:
        """Count a machine without a choice at its goal: it frees its host, fills the other and takes its seat there.

        A machine that its end does not suit will be refused, and counts where it is.
        """
        vm, end, rooms = self._found[label], self._ends[label], self._rooms
        flies = label in self._in_flight and self._in_flight[label] == end
        goes = (
            label not in self._staying and end in rooms.number and (flies or self._verdicts.suits(label, end))
        )
        at = end if goes else vm.host
        self._at[label] = at
        if at not in rooms.number:
            return
        if at != vm.host:
            rooms.take(rooms.now(vm), sign=-1)
            rooms.take(rooms.left(label))
            if not flies:  # what a running migration brings is taken with all that is on its way
                rooms.take(rooms.there(label, rooms.number[at]), comes=True)
        elif goes and self._stack.vms[label].storage is not None:
            rooms.take(rooms.now(vm), sign=-1)
            rooms.take(rooms.at_home(label)[0])
        seats = [(first + rooms.number[at], 1) for first in self._seats.get(label, ())]
        rooms.take(tuple(seats))
        names = self._names.there(label, at) if goes else self._names.now(label)
        rooms.take(tuple((pool, 1) for pool in names))

    def _problem(self, open_: Sequence[Group]) -> AssignmentProblem:
        # What they hold now is free for the choice, so that lack of room alone makes no machine leave.
        units = Units(self._rooms, self._names, self._seats)
        wanted = tuple(units.unit(group, self._suiting(group)) for group in open_)
        overdrawn = {pool for pool, room in enumerate(self._rooms.room) if room < 0}
        for group in open_:
            for label in group.labels:
                self._rooms.take(self._rooms.now(self._found[label]), sign=-1)
        numbers = {label: number for number, group in enumerate(open_) for label in group.labels}
        rooms = self._rooms
        ends = {self._found[label].id: self._at.get(label) for label in self._found}
        stay = running(self._inventory, rooms.number, (self._found[label].id for label in numbers), ends.get)
        return AssignmentProblem(
            units=wanted,
            room=tuple(rooms.room),
            load=tuple(
                (rooms.base[number], (facts.memory_mib or 1) if (facts := rooms.facts[name]) else 1)
                for number, name in enumerate(rooms.hosts)
            ),
            names=tuple(rooms.hosts),
            bears=frozenset(overdrawn - rooms.comes),
            spares=tuple(self._spares(numbers.keys())),
            cuts=tuple(cut for each in self._excluded if (cut := self._cut(each, numbers)) is not None),
            pools=tuple(rooms.pools),
            even=evenness(
                self._stack.balance,
                [rooms.facts[name] for name in rooms.hosts],
                {host for unit in wanted for host in unit.hosts},
                stay,
            ),
        )

    def _cut(self, excluded: Mapping[str, HostName], numbers: Mapping[str, int]) -> Cut | None:
        """Return an excluded choice by numbers; None if it cannot come about any more."""
        pairs = set()
        for label, name in excluded.items():
            if label in numbers and name in self._rooms.number:
                pairs.add((numbers[label], self._rooms.number[name]))
            elif self._at.get(label) != name:
                return None
        return frozenset(pairs)

    def _spares(self, open_: Collection[str]) -> Iterator[Spare]:
        """Yield the rules that want a group of hosts to bear the loss of any; none where free memory was not read."""
        rooms = self._rooms
        ends = {self._found[label].id: self._at.get(label) for label in self._found}
        for number, rule in enumerate(self._stack.rules):
            # A host in maintenance takes nobody, whoever else is lost.
            serving = (name for name in rule.hosts if name not in self._stack.maintenance)
            hosts = tuple(rooms.number[name] for name in serving if name in rooms.number)
            if rule.kind != "n_plus_1" or any(rooms.room[rooms.base[host]] > UNKNOWN >> 1 for host in hosts):
                continue
            fixed: dict[int, list[int]] = {host: [] for host in hosts}
            chosen_for = {self._found[label].id for label in open_}
            for vm in self._inventory.vms():
                at = rooms.number.get(ends.get(vm.id) or vm.host, -1)
                if vm.id not in chosen_for and at in fixed and in_memory(vm):
                    fixed[at].append(needed_mib(vm) or 0)
            yield Spare(
                rule=number, hosts=hosts, fixed={host: tuple(sorted(each)) for host, each in fixed.items()}
            )

    def _may_stay(self, label: str) -> bool:
        vm = self._found[label]
        return vm.host in allowed(self._stack, label, vm)

    def _fallback(self, label: str) -> HostName:
        """Return a host for a machine that finds no host with room: where it is, or the first allowed one."""
        vm = self._found[label]
        hosts = allowed(self._stack, label, vm)
        return vm.host if vm.host in hosts else hosts[0]

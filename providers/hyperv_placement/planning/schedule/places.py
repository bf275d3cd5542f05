"""Where a machine may be while it steps aside, and which moves between such places a start would accept.

On a host that may take machines at all it may have the paths that it has now, those that it gets in the end, or be in
a named root. So host and files may go one after the other, in either order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from hyperv_placement.errors import PlanError
from hyperv_placement.model.estate import HostFacts, Inventory, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Step
from hyperv_placement.model.stack import HostSpec, Stack, StorageSpec, VmSpec
from hyperv_placement.planning.checks.file_names import onto_own_disks
from hyperv_placement.planning.checks.move import refusals
from hyperv_placement.planning.checks.sizes import leaves_files
from hyperv_placement.planning.checks.waiting import waited_for
from hyperv_placement.planning.machine.legs import after, compared, end_of, onward, whole
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.machine.wanted_move import order

from .holdings import Holdings
from .problem import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A move from where a machine is now, and its whole placement after it."""

    move: Move | None
    """None to where it is now."""
    placement: Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Which stops are looked for."""

    parkable: frozenset[str] = frozenset()
    """Labels of machines that may step aside."""
    bystanders: frozenset[str] = frozenset()
    """Labels of machines in their places that may step aside and come back."""
    spots: int = 0
    """Hosts on which each may be parked besides its own two, those with most memory free first."""
    room: Mapping[HostName, int] | None = None
    """MiB of memory free by which they are ranked; None as the hosts report it."""
    reach: Mapping[str, frozenset[HostName]] | None = None
    """By label: hosts whose memory could ever take the machine, were all others gone that may go; None is all of them."""
    whole: bool = False
    """Whether every combination of a host with paths counts, and more than one stop; `spots` counts no more then."""


STRAIGHT_ON = Vocabulary()

Whereabouts = tuple[tuple[str, str], ...]
"""A placement by its parts, with paths that compare as text."""
Verdicts = dict[tuple[str, Whereabouts, Whereabouts, frozenset[str]], bool]
"""Whether a start would accept a move: machine, from where (nothing: where it is now), whereto, disks that it overwrites there.

Kept for all searches of a plan, for each costs a whole preflight.
"""


class Routes:
    """The places of one machine, and the routes to them: of one that moves, or of one in its place that may step aside."""

    def __init__(
        self, stack: Stack, inventory: Inventory, holdings: Holdings, step: Step, verdicts: Verdicts
    ) -> None:
        if step.vm is None:
            raise ValueError(f"{step.label} is no machine that is known")
        self._stack, self._inventory, self._holdings = stack, inventory, holdings
        self._label, self._vm, move = step.label, step.vm, step.move
        self._options = move.options if move is not None else stack.vms[step.label].migration
        self._overwrite = move.overwrite if move is not None else frozenset[str]()
        self._ends = (step.vm.host, move.destination if move is not None else step.vm.host)
        self._end = whole(step.vm) if move is None else end_of(move)
        self.goal = self._here if move is None else holdings.at_end(step.label, move)
        self.known: dict[Place, Route] = {self.goal: Route(move=move, placement=self._end)}
        self._verdicts = verdicts
        self._whereabouts: dict[Place, Whereabouts] = {}

    @cached_property
    def _here(self) -> Place:
        return self._holdings.place(self._label, self._vm)

    @property
    def parkable(self) -> bool:
        """Whether it may step aside at all.

        A machine in flight is not turned around: it is followed to where it goes. One that leaves its files behind would meet
        them on its way back.
        """
        return not leaves_files(self._options, self._vm) and self._inventory.job_of(self._vm.id) is None

    def lets(self, source: Place, target: Place) -> bool:
        """Say whether a start would accept the move from one of the places, or from where the machine is, to another one."""
        if target not in self.known:
            return False
        overwrite = self._overwrite if target == self.goal else frozenset[str]()
        here = self.known[source].move if source in self.known else None
        at = self._at(source) if here is not None else ()
        key = (self._label, at, self._at(target), overwrite)
        if key not in self._verdicts:
            vm = self._vm if here is None else after(here)
            self._verdicts[key] = not self._against(vm, self.known[target].placement, overwrite)
        return self._verdicts[key]

    def _at(self, place: Place) -> Whereabouts:
        if place not in self._whereabouts:
            self._whereabouts[place] = tuple(compared(self.known[place].placement))
        return self._whereabouts[place]

    def _against(self, vm: VirtualMachine, placement: Placement, overwrite: frozenset[str]) -> str:
        """Return why a start would refuse a move; empty where it would not."""
        try:
            move = onward(vm, placement, self._inventory)
        except PlanError as error:  # there is nothing to order, or it would end elsewhere
            return str(error)
        # On its way home, too: it does not leave a host to which it could not come back.
        if move.changes_host and (
            reason := not_taken(self._stack, self._label, self._stack.hosts[move.destination])
        ):
            return reason
        caller = self._stack.hosts[move.source].connection.auth
        move = replace(move, options=self._options, overwrite=overwrite, caller=caller)
        ends = self._inventory.hosts[move.source].facts, self._facts_then(move.destination)
        found = waited_for(
            refusals(move, *ends, self._stack.hosts[move.destination]), self._stack.wait_for_activity
        )
        reasons = chain(found, onto_own_disks(move, self._inventory))
        return next((each.text for each in reasons if each.refuses), "")

    def _facts_then(self, name: HostName) -> HostFacts | None:
        """Return the facts of a host that the machine goes to: the one that it has left does not show it any more."""
        facts = self._inventory.hosts[name].facts
        if facts is None or name != self._vm.host:
            return facts
        return replace(facts, realized=tuple(each for each in facts.realized if each != self._vm.id))

    def kept_from(self, name: HostName) -> str:
        """Return what keeps the machine from stepping aside to a host with its paths, whatever room that has."""
        if not self.parkable:
            return f"{self._label} does not step aside: it leaves files behind, or is on its way already"
        host = self._stack.hosts[name]
        if reason := not_taken(self._stack, self._label, host):
            return reason
        return self._against(self._vm, replace(whole(self._vm), host=name), frozenset())

    def aside(self, hosts: Sequence[HostName], spots: int) -> None:
        """Learn the places from which it goes straight on to its goal, on its own two hosts and on `spots` others.

        `hosts`: those that may take it, best first. Those that would refuse it do not count among the spots.
        """
        found: dict[HostName, list[Placement]] = {}
        for name in hosts:
            if len(found) >= spots:
                break
            if name not in self._ends:
                ways = [each for each in (*self._kept(name), *self._in_roots(name)) if self._fits(each)]
                found |= {name: ways} if ways else {}
        for name in sorted(found):
            self._learn(found[name])
        own = dict.fromkeys(self._ends)
        ways = [each for name in own for each in (*self._in_roots(name), *self._kept(name))]
        # Files first: on its own host, where they are to lie in the end.
        self._learn(each for each in (*ways, replace(self._end, host=self._vm.host)) if self._fits(each))

    def everywhere(self, hosts: Sequence[HostName], rooted: Sequence[HostName]) -> None:
        """Learn every combination of a host that may take it with paths: its own, those of its goal, those of any root of `rooted`."""
        ends = dict.fromkeys((*self._ends, *sorted(hosts)))
        roots = [each for name in dict.fromkeys((*ends, *sorted(rooted))) for each in self._in_roots(name)]
        # Back to where it is as well: who made room there may come again before it goes on.
        self.known.setdefault(self._here, Route(move=None, placement=whole(self._vm)))
        paths = (whole(self._vm), self._end, *roots)
        self._learn(replace(each, host=name) for name in ends for each in paths)

    def _fits(self, placement: Placement) -> bool:
        """Say whether a start would accept the move to a placement and the one from there to the goal."""
        place = self._noted(placement)
        if place is None:
            return False
        there_and_back = self.lets(self._here, place) and self.lets(place, self.goal)
        if not there_and_back:
            del self.known[place]
        return there_and_back

    def _learn(self, placements: Iterable[Placement]) -> None:
        for placement in placements:
            self._noted(placement)

    def _noted(self, placement: Placement) -> Place | None:
        """Note the route to a placement; None where that is where it is, or its goal."""
        target = HostName(placement.host or self._vm.host)
        move = order(self._vm, placement, self._inventory.hosts[self._vm.host], self._inventory.hosts[target])
        if move is None or list(compared(end_of(move))) == list(compared(self._end)):
            return None
        move = replace(move, options=self._options)
        route = Route(move=move, placement=end_of(move))
        place = self._holdings.at_end(self._label, move)
        if place in (self._here, self.goal):
            return None
        self.known.setdefault(place, route)
        return place

    def _kept(self, name: HostName) -> Iterator[Placement]:
        """Yield the placement on a host with all paths as they are now."""
        yield replace(whole(self._vm), host=name)

    def _in_roots(self, name: HostName) -> Iterator[Placement]:
        """Yield placements with all files in one of a host's named roots."""
        host = self._stack.hosts[name]
        for root in sorted(host.storage):
            there = StorageSpec(config=root, checkpoints=root, paging=root, all_disks=root)
            spec = VmSpec(label=self._label, name=self._vm.name, hosts=(name,), storage=there)
            located = locate(spec, self._vm, host)
            if not located.findings:
                yield located.placement


def not_taken(stack: Stack, label: str, host: HostSpec) -> str:
    """Return what of the stack file keeps a machine from stepping aside to a host; empty where nothing does."""
    if host.name in stack.maintenance:
        return f"{host.name} is in maintenance"
    if stack.holds_host(host.name) or stack.holds_machine(label):
        return f"a hold of {label if stack.holds_machine(label) else host.name} keeps it from there"
    if host.away is not None:
        return f"{host.name} is away"
    # `within` holds for parking places, too: it may be a matter of licences.
    kept = (r for r in stack.rules if r.kind == "within" and label in r.labels and host.name not in r.hosts)
    rule = next(kept, None)
    return "" if rule is None else f"the rule in line {rule.line} (within) keeps it from there"

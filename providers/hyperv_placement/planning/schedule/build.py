"""The moves of a plan as a problem of room: machines, where they go, and where they may be parked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from hyperv_placement.model.estate import HostFacts, Inventory
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.plan import Placement, Plan, Standing, Step
from hyperv_placement.model.pool import Pool
from hyperv_placement.model.stack import Stack, StorageSpec, VmSpec
from hyperv_placement.model.throughput import NOTHING_OBSERVED, Throughput
from hyperv_placement.planning.checks.move import refusals
from hyperv_placement.planning.checks.sizes import leaves_something, volumes_unknown
from hyperv_placement.planning.machine.legs import after, compared, end_of, onward
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.machine.wanted_move import order

from .holdings import Holdings
from .in_flight import coming, unseen
from .links import host_rates, link, pair_rates
from .problem import Machine, Place, Problem, SlotLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A move, and the machine's whole placement after it."""

    move: Move
    placement: Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemInstance:
    """A problem, and what its machines and places stand for."""

    problem: Problem
    steps: tuple[Step, ...]
    """The step of each machine of the problem."""
    routes: tuple[Mapping[Place, Route], ...]
    """By machine: the route from where it is now to each of its places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What each move of a schedule holds of which pools, before and after it."""

    pools: tuple[Pool, ...]
    moves: tuple[tuple[Place, Place], ...]
    """By the number of a move: where it starts, where it ends."""
    coming: Mapping[Pool, int]
    """Pool -> what of it is promised to machines that a running migration brings, and still free by the readings."""
    unknown: frozenset[Pool]
    """Pools that get files of unknown size."""


def ends_of(stack: Stack, inventory: Inventory, plan: Plan) -> Ends:
    """Return what the moves of a plan's schedule hold at both ends, from the same inventory that it was made of."""
    return _Builder(stack, inventory, plan, NOTHING_OBSERVED, (), 0).ends()


def problem_instance(
    stack: Stack,
    inventory: Inventory,
    plan: Plan,
    *,
    throughput: Throughput = NOTHING_OBSERVED,
    parkable: Collection[str] = (),
    spots: int = 0,
) -> ProblemInstance:
    """Return the problem that `plan` poses; the machines of `parkable` (labels) may be parked.

    `spots`: the number of hosts on which each may be parked, those with most memory free, besides its own two.

    Only hosts whose facts are known count: a host that could not be read takes no machine. Machines that stay are
    part of what is not free; machines that somebody else moves hold both their ends.
    """
    return _Builder(stack, inventory, plan, throughput, parkable, spots).instance()


class _Builder:
    def __init__(
        self,
        stack: Stack,
        inventory: Inventory,
        plan: Plan,
        throughput: Throughput,
        parkable: Collection[str],
        spots: int,
    ) -> None:
        self._stack = stack
        self._inventory = inventory
        self._parkable = parkable
        self._plan = plan
        self._throughput = throughput
        self._holdings = Holdings(stack, inventory, plan)
        self._facts = self._holdings.facts
        self._coming = coming(self._holdings, inventory, plan)
        self._spots = spots
        self._roomy = sorted(
            (
                name
                for name in self._facts
                if name not in stack.maintenance and stack.hosts[name].away is None
            ),
            key=lambda name: (-(self._facts[name].memory_free_mib or 0), name),
        )

    def ends(self) -> Ends:
        names = self._holdings.names
        promised = unseen(self._holdings, self._inventory, self._coming)
        moves = self._plan.schedule.moves
        return Ends(
            pools=tuple(names),
            moves=tuple(
                (self._start(each.label, each.move), self._holdings.at_end(each.label, each.move))
                for each in moves
            ),
            coming={names[pool]: amount for pool, amount in promised.items()},
            unknown=frozenset(
                Pool.on_volume(each.move.destination, path)
                for each in moves
                for path in volumes_unknown(each.move, self._facts[each.move.destination].volumes or ())
            ),
        )

    def _start(self, label: str, move: Move) -> Place:
        """Return what a machine holds before a move; if it is in flight, what it needs at its destination is its own already."""
        begun = self._coming.get(move.vm.id)
        return begun.start if begun is not None else self._holdings.place(label, move.vm)

    def instance(self) -> ProblemInstance:
        moving = sorted(
            (
                step
                for step in self._plan.steps
                if step.standing == Standing.MOVE
                and step.move is not None
                and {step.move.source, step.move.destination} <= self._facts.keys()
            ),
            key=lambda step: step.label,
        )
        routes = [self._routes(step) for step in moving]
        machines = [self._machine(step, own) for step, own in zip(moving, routes, strict=True)]
        promised = unseen(self._holdings, self._inventory, self._coming)
        problem = Problem(
            pools=tuple(self._holdings.names),
            free=tuple(free - promised.get(pool, 0) for pool, free in enumerate(self._holdings.free)),
            links=tuple(link(self._stack, self._throughput, name) for name in self._facts),
            pair_rates=pair_rates(self._throughput, tuple(self._facts)),
            host_rates=host_rates(self._stack, self._throughput, tuple(self._facts)),
            limits=tuple(_limits(facts) for facts in self._facts.values()),
            machines=tuple(machines),
            hosts=tuple(self._facts),
        )
        return ProblemInstance(problem=problem, steps=tuple(moving), routes=tuple(routes))

    def _machine(self, step: Step, routes: Mapping[Place, Route]) -> Machine:
        goal, *parking = routes
        start = self._start(step.label, _moving(step))
        return Machine(key=step.label, start=start, goal=goal, parking=tuple(parking))

    def _routes(self, step: Step) -> dict[Place, Route]:
        """Return the route to the declared place first, then those to places where the machine may be parked.

        A machine that leaves its files behind is never parked: on its way back it would meet them.
        """
        move = _moving(step)
        routes = {self._holdings.at_end(step.label, move): Route(move=move, placement=end_of(move))}
        parkable = step.label in self._parkable and not leaves_something(move)
        # A machine in flight is not turned around: it is followed to where it goes.
        if parkable and self._inventory.job_of(move.vm.id) is None:
            for route in self._aside(step.label, move):
                routes.setdefault(self._holdings.at_end(step.label, route.move), route)
        return routes

    def _aside(self, label: str, move: Move) -> Iterator[Route]:
        """Yield routes by which it can step aside: to another host with all paths kept, or to a named root, its own host's too."""
        # `within` holds for parking places, too: it may be a matter of licences.
        within = [set(r.hosts) for r in self._stack.rules if r.kind == "within" and label in r.labels]
        fitting = (name for name in self._roomy if all(name in hosts for hosts in within))
        spots = sorted(islice(fitting, self._spots))
        if move.moves == Moves.HOST_AND_STORAGE:
            for name in spots:
                if name not in (move.source, move.destination):
                    yield from self._route(move, Placement(host=name))
        near = dict.fromkeys((move.source, move.destination, *spots))
        for name in near if move.copies_storage else ():
            # A machine whose files alone are to move does not leave its host, not even to be parked.
            if not move.changes_host and name != move.source:
                continue
            host = self._stack.hosts[name]
            for root in sorted(host.storage):
                there = StorageSpec(config=root, checkpoints=root, paging=root, all_disks=root)
                spec = VmSpec(label=label, name=move.vm.name, hosts=(name,), storage=there)
                located = locate(spec, move.vm, host)
                if not located.findings:
                    yield from self._route(move, located.placement)

    def _route(self, move: Move, placement: Placement) -> Iterator[Route]:
        """Yield the route to a placement if a start would accept it, and the move from there to the goal."""
        aside = order(
            move.vm,
            placement,
            self._inventory.hosts[move.source],
            self._inventory.hosts[placement.host or move.source],
        )
        end = end_of(move)
        if aside is None or list(compared(end_of(aside))) == list(compared(end)):
            return
        aside = replace(aside, options=move.options)
        on = replace(onward(after(aside), end, self._inventory), options=move.options)
        # Both ways are checked: a machine that could not come back from its parking place would be stranded there.
        if self._accepted(aside) and self._accepted(on):
            yield Route(move=aside, placement=end_of(aside))

    def _accepted(self, move: Move) -> bool:
        source, destination = self._inventory.hosts[move.source], self._inventory.hosts[move.destination]
        found = refusals(move, source.facts, destination.facts, self._stack.hosts[move.destination])
        return all(not finding.refuses for finding in found)


def _moving(step: Step) -> Move:
    if step.move is None:
        raise ValueError(f"{step.label} does not move")
    return step.move


def _limits(facts: HostFacts) -> SlotLimits:
    """Return a host's limits, at least 1: a host that takes no migrations at all is refused by the preflight."""
    settings = facts.migration
    # In a cluster MaximumParallelMigrations overrides the limit of the host (Get-Cluster page); the lower one is safe.
    live = min(settings.max_live, facts.cluster_migrations or settings.max_live)
    return SlotLimits(live=max(1, live), storage=max(1, settings.max_storage))

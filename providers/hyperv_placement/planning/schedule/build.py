"""The moves of a plan as a problem of room: machines, where they go, and where they may be parked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hyperv_placement.model.estate import HostFacts, Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.pool import Pool
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import NOTHING_OBSERVED, Throughput
from hyperv_placement.planning.checks.sizes import volumes_unknown

from .gates import gates
from .holdings import Holdings
from .in_flight import coming, unseen
from .links import host_rates, link, pair_rates
from .places import STRAIGHT_ON, Route, Routes, Verdicts, Vocabulary, not_taken
from .problem import Machine, Place, Problem, SlotLimits


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
    return _Builder(stack, inventory, plan, NOTHING_OBSERVED, STRAIGHT_ON, {}).ends()


def problem_instance(
    stack: Stack,
    inventory: Inventory,
    plan: Plan,
    *,
    throughput: Throughput = NOTHING_OBSERVED,
    stops: Vocabulary = STRAIGHT_ON,
    verdicts: Verdicts | None = None,
) -> ProblemInstance:
    """Return the problem that `plan` poses; `stops`: where machines may step aside.

    `verdicts`: of problems of the same stack and inventory, to be used and added to.

    Only hosts whose facts are known count: a host that could not be read takes no machine. Machines that stay are
    part of what is not free; machines that somebody else moves hold both their ends.
    """
    known = {} if verdicts is None else verdicts
    return _Builder(stack, inventory, plan, throughput, stops, known).instance()


class _Builder:
    def __init__(
        self,
        stack: Stack,
        inventory: Inventory,
        plan: Plan,
        throughput: Throughput,
        stops: Vocabulary,
        verdicts: Verdicts,
    ) -> None:
        self._stack = stack
        self._inventory = inventory
        self._plan = plan
        self._throughput = throughput
        self._stops = stops
        self._verdicts = verdicts
        self._holdings = Holdings(stack, inventory, plan)
        self._facts = self._holdings.facts
        self._coming = coming(self._holdings, inventory, plan)
        free = stops.room or {name: facts.memory_free_mib or 0 for name, facts in self._facts.items()}
        self._roomy = sorted(self._facts, key=lambda name: (-free.get(name, 0), name))

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
        moving = sorted(filter(self._takes_part, self._plan.steps), key=lambda step: step.label)
        routes = [self._routes(step) for step in moving]
        names = tuple(self._facts)
        machines = [
            Machine(
                key=step.label, start=own.goal if step.move is None else self._start(step.label, step.move), goal=own.goal,
                parking=tuple(place for place in own.known if place != own.goal), lets=own.lets,
                bound=any(rule.kind == "within" and step.label in rule.labels for rule in self._stack.rules),
                kept_from=lambda host, own=own: own.kept_from(names[host]),  # type: ignore[misc]
            )
            for step, own in zip(moving, routes, strict=True)
        ]  # fmt: skip
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
            whole=self._stops.whole,
            gates=tuple(gates(self._stack, tuple(self._facts), [step.label for step in moving])),
        )
        return ProblemInstance(
            problem=problem, steps=tuple(moving), routes=tuple(own.known for own in routes)
        )

    def _takes_part(self, step: Step) -> bool:
        if step.standing == Standing.IN_PLACE:
            return (
                step.label in self._stops.bystanders and step.vm is not None and step.vm.host in self._facts
            )
        ends = set() if step.move is None else {step.move.source, step.move.destination}
        return step.standing == Standing.MOVE and bool(ends) and ends <= self._facts.keys()

    def _routes(self, step: Step) -> Routes:
        """Return the routes to the declared place and to those where the machine may step aside."""
        routes = Routes(self._stack, self._inventory, self._holdings, step, self._verdicts)
        if step.label in (self._stops.parkable | self._stops.bystanders) and routes.parkable:
            reach = None if self._stops.reach is None else self._stops.reach.get(step.label)
            takers = [
                name
                for name in self._roomy
                if not not_taken(self._stack, step.label, self._stack.hosts[name])
            ]
            hosts = [name for name in takers if reach is None or name in reach]
            if self._stops.whole:
                # A root of a host that has no memory for it is a path on another one all the same.
                routes.everywhere(hosts, takers)
            else:
                routes.aside(hosts, self._stops.spots)
        return routes


def _limits(facts: HostFacts) -> SlotLimits:
    """Return a host's limits, at least 1: a host that takes no migrations at all is refused by the preflight."""
    settings = facts.migration
    # In a cluster MaximumParallelMigrations overrides the limit of the host (Get-Cluster page); the lower one is safe.
    live = min(settings.max_live, facts.cluster_migrations or settings.max_live)
    return SlotLimits(live=max(1, live), storage=max(1, settings.max_storage))

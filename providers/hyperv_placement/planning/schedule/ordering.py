"""The order of a plan's moves, looked for in ever more ways: straight, with a few stops, with all that are ever made.

Each layer is tried in its cheap ways before the next one; only where all are exhausted is it said that every order was
tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import NOTHING_OBSERVED, Throughput

from .budget import Budget
from .build import ProblemInstance, problem_instance
from .bystanders import bystanders, is_read
from .names import with_names
from .places import Verdicts, Vocabulary
from .problem import MEMORY, Leg, Machine, Problem
from .sequence import DeadEnd, quick, sequence

ORDERS = 2_000_000
"""Steps for finding a safe order."""
SPOTS = 6
"""Hosts on which a machine may be parked, those with most memory free that would take it, before all are tried."""
HELP = 100_000
"""Steps for trying out whether machines in their places could help."""
ALL_SPOTS = 4_000
"""Machines times hosts up to which all of them are tried."""
WHOLE = 5_000
"""Ways between all places of all machines up to which every order is tried."""


def ordered(  # noqa: PLR0913 - what an order is searched by
    stack: Stack,
    inventory: Inventory,
    plan: Plan,
    *,
    throughput: Throughput = NOTHING_OBSERVED,
    straight: ProblemInstance | None = None,
    budget: Budget | None = None,
    verdicts: Verdicts | None = None,
) -> tuple[ProblemInstance, list[Leg] | DeadEnd]:
    """Return a safe order of all moves of `plan` and the problem that it solves, or the dead end.

    `straight`: the problem without stops, if it is made already. `budget`: what the search may use, if not its own.
    `verdicts`: of other searches by the same stack and inventory.
    """
    budget = budget or Budget(ORDERS)
    instance = straight or with_names(
        problem_instance(stack, inventory, plan, throughput=throughput), inventory
    )
    legs = quick(instance.problem, budget)
    if isinstance(legs, DeadEnd):
        layers = list(_layers(stack, plan, instance, legs))
        for stops in layers:
            roomier = problem_instance(
                stack, inventory, plan, throughput=throughput, stops=stops, verdicts=verdicts
            )
            instance = with_names(roomier, inventory)
            search = sequence if stops is layers[-1] else quick
            legs = search(instance.problem, budget)
            if not isinstance(legs, DeadEnd):
                break
    if isinstance(legs, DeadEnd) and straight is not None and not stack.bystanders:
        legs = replace(legs, helps=tuple(_by_bystanders(stack, inventory, plan)))
    return instance, legs


def wider(
    stack: Stack, inventory: Inventory, plan: Plan, throughput: Throughput, verdicts: Verdicts
) -> Iterator[ProblemInstance]:
    """Yield the problem of `plan` with stops on few hosts, and with all that are ever made where they are not too many."""
    labels = frozenset(step.label for step in plan.steps if step.standing == Standing.MOVE)
    hosts = len(stack.hosts)
    few = Vocabulary(parkable=labels, spots=SPOTS)
    for stops in (few if len(labels) * SPOTS <= ALL_SPOTS else None, *_everywhere(stack, hosts, labels)):
        if stops is not None:
            roomier = problem_instance(
                stack, inventory, plan, throughput=throughput, stops=stops, verdicts=verdicts
            )
            yield with_names(roomier, inventory)


def _by_bystanders(stack: Stack, inventory: Inventory, plan: Plan) -> Iterator[str]:
    """Yield a sentence where machines in their places could make room, if the stack file let them."""
    allowing = replace(stack, bystanders=True)
    others = frozenset(step.label for step in bystanders(allowing, plan) if step.vm and is_read(step.vm))
    labels = frozenset(step.label for step in plan.steps if step.standing == Standing.MOVE)
    stops = next(_everywhere(stack, len(stack.hosts), labels, others), None) if others else None
    if stops is None:
        return
    instance = with_names(problem_instance(allowing, inventory, plan, stops=stops), inventory)
    legs = sequence(instance.problem, Budget(HELP))
    if isinstance(legs, DeadEnd):
        return
    aside = sorted({instance.steps[leg.machine].label for leg in legs} & others)
    comes = "steps aside and comes back" if len(aside) == 1 else "step aside and come back"
    yield f"With bystanders: allow in the stack file there is one: {' and '.join(aside)} {comes}"


def _layers(stack: Stack, plan: Plan, instance: ProblemInstance, stuck: DeadEnd) -> Iterator[Vocabulary]:
    """Yield where machines may step aside: those in the way on few hosts first, then everybody everywhere.

    Machines in their places only after all that, and only where the stack file allows it.
    """
    problem, labels = instance.problem, frozenset(step.label for step in instance.steps)
    lacking = {pool for leg in stuck.blocked for pool, amount in leg.acquires if stuck.free[pool] < amount}
    in_the_way = frozenset(
        machine.key
        for machine in problem.machines
        if any(holding.pool in lacking for holding in (*machine.start.holdings, *machine.goal.holdings))
    )
    # As it is where no more can go straight: by then the room is where it was freed.
    room = {
        HostName(pool.host): free
        for pool, free in zip(problem.pools, stuck.free, strict=True)
        if pool.kind == "memory"
    }
    hosts, reach = len(problem.hosts), _reach(problem)
    # Every parking place multiplies the states of the search: a few first, as that mostly is enough.
    yield Vocabulary(parkable=in_the_way, spots=SPOTS, room=room, reach=reach)
    if hosts > SPOTS and len(in_the_way) * hosts <= ALL_SPOTS:
        yield Vocabulary(parkable=in_the_way, spots=hosts, room=room, reach=reach)
    if labels != in_the_way and len(labels) * hosts <= ALL_SPOTS:
        yield Vocabulary(parkable=labels, spots=hosts, room=room, reach=reach)
    yield from _everywhere(stack, hosts, labels, reach=reach)
    if stack.bystanders:
        others = frozenset(step.label for step in bystanders(stack, plan) if step.vm and is_read(step.vm))
        yield Vocabulary(parkable=labels, bystanders=others, spots=min(SPOTS, hosts), room=room)
        yield from _everywhere(stack, hosts, labels, others)


def _reach(problem: Problem) -> Mapping[str, frozenset[HostName]]:
    """Return, by machine, the hosts that would have memory for it if everybody left them who may: no order brings it to any other."""
    most = list(problem.free)
    for machine in problem.machines:
        for holding in machine.start.holdings:
            most[holding.pool] += holding.amount
    room = {pool.host: most[number] for number, pool in enumerate(problem.pools) if pool.kind == "memory"}
    return {
        machine.key: frozenset(
            HostName(name)
            for number, name in enumerate(problem.hosts)
            if number in {machine.start.host, machine.goal.host} or room.get(name, 0) >= _memory(machine)
        )
        for machine in problem.machines
    }


def _memory(machine: Machine) -> int:
    """Return the least memory that a machine holds on a host that takes it."""
    held = (
        sum(holding.amount for holding in place.holdings if holding.thing == MEMORY)
        for place in (machine.start, machine.goal)
    )
    return min(held)


def _everywhere(
    stack: Stack,
    hosts: int,
    labels: frozenset[str],
    others: frozenset[str] = frozenset(),
    reach: Mapping[str, frozenset[HostName]] | None = None,
) -> Iterator[Vocabulary]:
    """Yield all stops of these machines, unless they are too many to try every order."""
    roots = {root for host in stack.hosts.values() for root in host.storage.values()}
    paths = 2 + len(roots)
    counts = (hosts if reach is None else len(reach[label]) for label in labels | others)
    if sum((count * paths) ** 2 for count in counts) <= WHOLE:
        yield Vocabulary(parkable=labels, bystanders=others, reach=reach, whole=True)

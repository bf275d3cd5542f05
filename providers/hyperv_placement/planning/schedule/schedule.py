"""When each machine of a plan moves, what it waits for, and how long the whole takes; and who stays without room or order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Plan, Schedule, ScheduledMove
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import NOTHING_OBSERVED, Throughput
from hyperv_placement.planning.machine.allowed import allowed
from hyperv_placement.planning.machine.legs import after, onward

from .blackout import blackout
from .bound import lower_bound
from .budget import Budget
from .build import ProblemInstance, Route, problem_instance
from .chains import predecessors
from .fitting import End
from .idle import idle, only
from .names import with_names
from .partial import Searched, largest_part
from .problem import Leg
from .reasons import why_aside
from .search import best
from .sequence import DeadEnd, sequence
from .stuck import Ground, Stuck
from .timing import ScheduledLeg

ORDERS = 1_000_000
"""Steps for finding a safe order."""
IMPROVEMENT = 200_000
"""Steps for finding a faster one."""
SPOTS = 6
"""Hosts on which a machine may be parked, the emptiest ones, before all are tried."""
ALL_SPOTS = 20_000
"""Machines times hosts up to which all of them are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """The moves of a plan in time, as many as can be made."""

    schedule: Schedule
    stuck: tuple[Stuck, ...] = ()
    """Why machines stay that the plan would move; empty where all of them go."""


def schedule_of(
    stack: Stack, inventory: Inventory, plan: Plan, throughput: Throughput = NOTHING_OBSERVED
) -> Ordered:
    """Return the schedule of the moves that `plan` orders. Equal values give equal schedules, in whatever order they come.

    Machines that find no room in the end, or no safe order, stay where they are; the others go on. Machines are parked
    only if no order works without. `throughput`: rates of past moves, to estimate how long these take.
    """
    whole = with_names(problem_instance(stack, inventory, plan, throughput=throughput), inventory)
    several = frozenset(
        step.label
        for step in whole.steps
        if step.vm is not None and len(allowed(stack, step.label, step.vm)) > 1
    )
    ground = Ground(end=End.of(whole.problem), idle=idle(stack, inventory, plan), chosen=several)
    again = Budget(ORDERS)

    def search(labels: frozenset[str], direct: ProblemInstance | None = None) -> Searched:
        budget = again if direct is None else None
        return _searched(stack, inventory, only(plan, labels), throughput, direct, budget)

    labels = frozenset(step.label for step in whole.steps)
    part = largest_part(ground, labels, lambda going: search(going, whole if going == labels else None))
    run = best(part.instance.problem, part.legs, Budget(IMPROVEMENT))
    return Ordered(schedule=_reported(stack, inventory, part.instance, run), stuck=part.stuck)


def _searched(
    stack: Stack,
    inventory: Inventory,
    plan: Plan,
    throughput: Throughput,
    direct: ProblemInstance | None,
    budget: Budget | None,
) -> Searched:
    """Return an order of all moves of `plan`, or the dead end. `direct`: its problem without parking, if that is made already.

    `budget`: what this search may use; None for the first one, which has its own.
    """
    instance = direct or with_names(
        problem_instance(stack, inventory, plan, throughput=throughput), inventory
    )
    legs = sequence(instance.problem, budget or Budget(ORDERS))
    for parkable, spots in _who_may_step_aside(instance, legs):
        roomier = problem_instance(
            stack, inventory, plan, throughput=throughput, parkable=parkable, spots=spots
        )
        instance = with_names(roomier, inventory)
        legs = sequence(instance.problem, budget or Budget(ORDERS))
        if not isinstance(legs, DeadEnd):
            break
    return Searched(instance=instance, legs=legs)


def _who_may_step_aside(
    instance: ProblemInstance, legs: list[Leg] | DeadEnd
) -> Iterator[tuple[set[str], int]]:
    """Yield which machines may be parked and on how many hosts: those in the way on the emptiest hosts first, then all."""
    if not isinstance(legs, DeadEnd):
        return
    problem, labels = instance.problem, [step.label for step in instance.steps]
    lacking = {pool for leg in legs.blocked for pool, amount in leg.acquires if legs.free[pool] < amount}
    in_the_way = {
        label
        for label, machine in zip(labels, problem.machines, strict=True)
        if any(holding.pool in lacking for holding in (*machine.start.holdings, *machine.goal.holdings))
    }
    # Every parking place multiplies the states of the search: a few first, as that mostly is enough.
    yield in_the_way, SPOTS
    if len(labels) * len(problem.hosts) <= ALL_SPOTS:
        yield set(labels), len(problem.hosts)


def _reported(
    stack: Stack, inventory: Inventory, instance: ProblemInstance, run: Sequence[ScheduledLeg]
) -> Schedule:
    before = predecessors(instance.problem, run)
    labels = [step.label for step in instance.steps]
    last: dict[int, Move] = {}
    moves = []
    for number, each in enumerate(run):
        leg = each.leg
        route = _route(inventory, instance, leg, last.get(leg.machine))
        last[leg.machine] = route.move
        # A leg that starts from a parking place is ordered at that host, with the logon that it takes.
        caller = stack.hosts[route.move.source].connection.auth
        aside = leg.target != instance.problem.machines[leg.machine].goal
        moves.append(
            ScheduledMove(
                label=instance.steps[leg.machine].label,
                move=replace(route.move, caller=caller),
                placement=route.placement,
                start=each.start,
                end=each.end,
                after=tuple(sorted(before[number])),
                bytes=leg.transfer,
                blackout=blackout(route.move, instance.problem.rate(leg)),
                reason=why_aside(labels, run, before, number)
                if aside
                else instance.steps[leg.machine].reason,
                aside=aside,
            )
        )
    bound = lower_bound(instance.problem, [each.leg for each in run])
    return Schedule(moves=tuple(moves), bound=bound)


def _route(inventory: Inventory, instance: ProblemInstance, leg: Leg, before: Move | None) -> Route:
    """Return the route of a leg: as planned from where the machine is, or from where it is parked.

    `before`: the machine's previous move; None if it was not parked.
    """
    planned = instance.routes[leg.machine][leg.target]
    if before is None:
        return planned
    move = onward(after(before), planned.placement, inventory)
    return replace(
        planned, move=replace(move, options=planned.move.options, overwrite=planned.move.overwrite)
    )

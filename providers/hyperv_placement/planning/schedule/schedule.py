"""When each machine of a plan moves, what it waits for, and how long the whole takes; and who stays without room or order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Placement, Plan, Schedule, ScheduledMove
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import NOTHING_OBSERVED, Throughput
from hyperv_placement.planning.machine.displaced import names_its_place
from hyperv_placement.planning.machine.legs import after, onward

from .blackout import blackout
from .bound import lower_bound
from .budget import Budget
from .build import ProblemInstance, problem_instance
from .chains import predecessors
from .fitting import End
from .idle import idle, only
from .names import with_names
from .ordering import ordered
from .partial import Searched, largest_part
from .places import Verdicts
from .problem import Leg
from .reasons import COMES_BACK, why_aside
from .search import best
from .stuck import Ground, Stuck
from .timing import ScheduledLeg

AGAIN = 1_000_000
"""Steps for all searches without some of the machines, where no order of all was found."""
IMPROVEMENT = 800_000
"""Steps for finding a faster one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """The moves of a plan in time, as many as can be made."""

    schedule: Schedule
    stuck: tuple[Stuck, ...] = ()
    """Why machines stay that the plan would move; empty where all of them go."""


def schedule_of(
    stack: Stack,
    inventory: Inventory,
    plan: Plan,
    throughput: Throughput = NOTHING_OBSERVED,
    verdicts: Verdicts | None = None,
) -> Ordered:
    """Return the schedule of the moves that `plan` orders. Equal values give equal schedules, in whatever order they come.

    Machines that find no room in the end, or no safe order, stay where they are; the others go on. Machines are parked
    only if no order works without. `throughput`: rates of past moves, to estimate how long these take.
    `verdicts`: of other schedules by the same stack and inventory, to be used and added to.
    """
    known = {} if verdicts is None else verdicts
    whole = with_names(problem_instance(stack, inventory, plan, throughput=throughput), inventory)
    picked = frozenset(
        step.label
        for step in whole.steps
        if step.move is not None
        and step.move.changes_host
        and not names_its_place(stack, stack.vms[step.label])
    )
    ground = Ground(end=End.of(whole.problem), chosen=picked)
    again = Budget(AGAIN)

    def search(labels: frozenset[str], direct: ProblemInstance | None = None) -> Searched:
        instance, legs = ordered(
            stack, inventory, only(plan, labels), throughput=throughput, straight=direct,
            budget=again if direct is None else None, verdicts=known,
        )  # fmt: skip
        return Searched(instance=instance, legs=legs)

    labels = frozenset(step.label for step in whole.steps)
    part = largest_part(
        ground,
        labels,
        lambda going: search(going, whole if going == labels else None),
        lambda: idle(stack, inventory, plan),
    )
    run = best(part.instance.problem, part.legs, Budget(IMPROVEMENT))
    return Ordered(schedule=_reported(stack, inventory, part.instance, run), stuck=part.stuck)


def _reported(
    stack: Stack, inventory: Inventory, instance: ProblemInstance, run: Sequence[ScheduledLeg]
) -> Schedule:
    before = predecessors(instance.problem, run)
    labels = [step.label for step in instance.steps]
    last: dict[int, Move] = {}
    moves = []
    for number, each in enumerate(run):
        leg = each.leg
        placement, move = _route(inventory, instance, leg, last.get(leg.machine))
        last[leg.machine] = move
        # A leg that starts from a parking place is ordered at that host, with the logon that it takes.
        caller = stack.hosts[move.source].connection.auth
        aside = leg.target != instance.problem.machines[leg.machine].goal
        moves.append(
            ScheduledMove(
                label=instance.steps[leg.machine].label,
                move=move if move.caller == caller else replace(move, caller=caller),
                placement=placement,
                start=each.start,
                end=each.end,
                after=tuple(sorted(before[number])),
                behind=tuple(sorted(each.behind - before[number])),
                bytes=leg.transfer,
                blackout=blackout(move, instance.problem.rate(leg)),
                reason=why_aside(labels, run, before, number) if aside else _why_in_the_end(instance, leg),
                aside=aside,
            )
        )
    bound = lower_bound(instance.problem, [each.leg for each in run])
    return Schedule(moves=tuple(moves), bound=bound)


def _why_in_the_end(instance: ProblemInstance, leg: Leg) -> str:
    return (
        COMES_BACK if instance.problem.machines[leg.machine].in_place else instance.steps[leg.machine].reason
    )


def _route(
    inventory: Inventory, instance: ProblemInstance, leg: Leg, before: Move | None
) -> tuple[Placement, Move]:
    """Return the end of a leg, and its move: as planned from where the machine is, or from where it is parked.

    `before`: the machine's previous move; None if it was not parked.
    """
    planned = instance.routes[leg.machine][leg.target]
    if before is None:
        if planned.move is None:
            raise ValueError(f"{instance.steps[leg.machine].label} does not move")
        return planned.placement, planned.move
    move = onward(after(before), planned.placement, inventory)
    overwrite = frozenset[str]() if planned.move is None else planned.move.overwrite
    return planned.placement, replace(move, options=before.options, overwrite=overwrite)

"""When each machine of a plan moves, what it waits for, and how long the whole takes; and who stays without room or order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Placement, Plan, Schedule, ScheduledMove
from hyperv_placement.model.spare import Spare
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
from .ordering import ordered, wider
from .partial import Searched, largest_part
from .places import Verdicts
from .problem import Leg
from .reasons import COMES_BACK, FOR_ITSELF, FOR_SPARE, why_aside
from .search import best
from .spare import groups
from .sparing import Spared, spared, with_waits
from .stuck import Ground, Stuck
from .timing import ScheduledLeg

AGAIN = 1_000_000
"""Steps for all searches without some of the machines, where no order of all was found."""
IMPROVEMENT = 800_000
"""Steps for finding a faster one."""
SPARING = 400_000
"""Steps for an order in which groups of hosts (n_plus_1) bear the loss of one at every moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """The moves of a plan in time, as many as can be made."""

    schedule: Schedule
    stuck: tuple[Stuck, ...] = ()
    """Why machines stay that the plan would move; empty where all of them go."""
    spare: Spare = field(default_factory=Spare)
    """Which rules (n_plus_1) the order keeps, whatever each move takes."""


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
    going = only(plan, {step.label for step in part.instance.steps})
    saving = Budget(SPARING)
    found = spared(
        part.instance,
        part.legs,
        lambda instance: groups(stack, inventory, instance, saving),
        lambda: wider(stack, inventory, going, throughput, known),
        saving,
    )
    problem, legs = with_waits(found.instance.problem, found.legs, found.waits)
    bound = lower_bound(problem, legs)
    run = _plain(best(problem, legs, bound, Budget(IMPROVEMENT)), legs, found.legs)
    return Ordered(
        schedule=Schedule(moves=_reported(stack, inventory, found, run), bound=bound),
        stuck=part.stuck,
        spare=Spare(kept=found.kept, proved=found.proved and not stack.bystanders),
    )


def _plain(run: Sequence[ScheduledLeg], legs: Sequence[Leg], plain: Sequence[Leg]) -> list[ScheduledLeg]:
    """Return a run without the tokens of its legs."""
    if legs is plain:
        return list(run)
    numbers = {id(leg): number for number, leg in enumerate(legs)}
    return [replace(each, leg=plain[numbers[id(each.leg)]]) for each in run]


def _reported(
    stack: Stack, inventory: Inventory, found: Spared, run: Sequence[ScheduledLeg]
) -> tuple[ScheduledMove, ...]:
    """Return the moves of a run in the order of their starts, each with what it waits for."""
    instance = found.instance
    room = predecessors(instance.problem, run)
    spare = _by_place(found, run, room)
    before = [own | more for own, more in zip(room, spare, strict=True)]
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
                spare=tuple(sorted(spare[number])),
                evacuates=move.source in stack.maintenance,
                behind=tuple(sorted(each.behind - before[number])),
                bytes=leg.transfer,
                blackout=blackout(move, instance.problem.rate(leg)),
                reason=_why_aside(found, labels, run, room, number)
                if aside
                else _why_in_the_end(instance, leg),
                aside=aside,
            )
        )
    return tuple(moves)


def _why_aside(
    found: Spared, labels: Sequence[str], run: Sequence[ScheduledLeg], room: Sequence[frozenset[int]], number: int
) -> str:  # fmt: skip
    why = why_aside(labels, run, room, number)
    return FOR_SPARE if why == FOR_ITSELF and found.kept else why


def _by_place(
    found: Spared, run: Sequence[ScheduledLeg], room: Sequence[frozenset[int]]
) -> list[frozenset[int]]:
    """Return, by place in a run, the places of those that are waited for though no room of theirs is needed."""
    places = {id(each.leg): place for place, each in enumerate(run)}
    spare = [frozenset[int]()] * len(run)
    for number, waits in enumerate(found.waits):
        place = places[id(found.legs[number])]
        spare[place] = frozenset(places[id(found.legs[before])] for before in waits) - room[place]
    return spare


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

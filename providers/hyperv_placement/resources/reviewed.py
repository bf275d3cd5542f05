"""A run that is held to a saved plan (`up --plan FILE`): it stops before its first move where it is not what was reviewed.

The engine compares each resource when that is registered, so that some have moved already when another one differs. What of the plan
is done already, by a run that was cut, is declared as the plan has it: so the same plan is good for what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.calendar import spelled
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.checks.live_migration import declared_settings
from hyperv_placement.planning.machine.keys import Keys
from hyperv_placement.report.plan_text import outline
from hyperv_placement.visible import visible
from hyperv_placement.workspace.engine import engine_command, engine_folder
from hyperv_placement.workspace.update_plan import (
    PlannedResource,
    UpdatePlan,
    plan_file,
    read_update_plan,
)

from .declare import before
from .held import FREE, Held
from .migration_host import TYPE as MIGRATION_HOST
from .past_moves import HOME
from .properties import MOVE, inputs_of
from .vm_placement import TYPE

_SHOWN = 20
"""Lines of differences that are said."""


class NotReviewedError(PlacementError):
    """The run would do something else than the plan that it is held to; nothing was started."""


def held_to(stack: Stack, plan: Plan, keys: Keys) -> Held:
    """Return what this run is held to. `keys`: which machines the state does not have.

    The engine does not pass its `--plan` to a program: it is read from its command line. Raises NotReviewedError where the run would
    do anything that is not in that plan, and PlacementError where it cannot be read.
    """
    file = plan_file(engine_command(), engine_folder() or Path())
    return FREE if file is None else check_reviewed(read_update_plan(file), stack, plan, keys)


def check_reviewed(reviewed: UpdatePlan, stack: Stack, plan: Plan, keys: Keys) -> Held:
    """Return what is left of `reviewed`. Raises NotReviewedError where the run, as it is planned now, is not that."""
    name = stack.path.stem
    if reviewed.stack != name:
        raise NotReviewedError(
            f"{reviewed.file} is a plan of the stack {reviewed.stack}, and this is {name}",
            remedy="Name the plan of this stack",
        )
    planned = reviewed.of(TYPE)
    done = _done(planned, plan)
    lines = [
        *_moves(reviewed, plan, done),
        *_machines(planned, plan, done),
        *_adopted(planned, keys),
        *_hosts(reviewed, stack),
    ]
    if not lines:
        return Held(
            lines=reviewed.lines,
            moves={
                label: {MOVE: each.wanted[MOVE]} for label, each in planned.items() if MOVE in each.wanted
            },
            after={label: each.after for label, each in planned.items()},
            done=done,
        )
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    made = f" of {spelled(reviewed.made, stack.zone)}" if reviewed.made else ""
    raise NotReviewedError(
        f"Nothing was started, for this run is not what the plan {reviewed.file}{made} holds: {'; '.join([*lines[:_SHOWN], *more])}",
        remedy=f"Have another plan reviewed ({quoting.own('bin/pulumi preview --save-plan FILE')}; in a pipeline, start apply again from its beginning), or run without --plan",
    )


def _done(planned: Mapping[str, PlannedResource], plan: Plan) -> Mapping[str, PlannedResource]:
    """Return the machines that were to move and are in their places, each after those that it waits for."""
    found = {
        step.label: planned[step.label]
        for step in plan.steps
        if step.label in planned and _is_done(planned[step.label], step, plan)
    }
    # One that waits for a machine that has not moved was moved by somebody else: the plan does not hold any more.
    while early := [label for label, each in found.items() if not each.after <= found.keys()]:
        for label in early:
            del found[label]
    try:
        order = TopologicalSorter({label: sorted(each.after) for label, each in found.items()}).static_order()
        return {label: found[label] for label in order}
    except CycleError as error:
        raise PlacementError("The plan has machines that wait for each other") from error


def _is_done(planned: PlannedResource, step: Step, plan: Plan) -> bool:
    now = inputs_of(step)
    return (
        MOVE in planned.wanted
        and step.standing == Standing.IN_PLACE
        and not plan.schedule.moves_of(step.label)
        and (HOME in now) == (HOME in planned.wanted)
        and not any(_differs(planned.wanted, now))
    )


def _moves(reviewed: UpdatePlan, plan: Plan, done: Mapping[str, PlannedResource]) -> Iterator[str]:
    """Yield moves that one of the two has and the other has not, by the way that each goes; sizes and times are estimates."""
    over = tuple(f"{visible(label)}: " for label in done)
    then, now = [line for line in reviewed.lines[1:] if not line.startswith(over)], outline(plan)[1:]
    for line, move in zip(now, plan.schedule.moves, strict=True):
        way = f"{move.label}: {_way(line, move.label)}"
        known = next((each for each in then if each == way or each.startswith(f"{way}, ")), None)
        if known is None:
            yield f"{way} is not in it"
        else:
            then.remove(known)
    yield from (f"it has {line.partition(', ')[0]}, which is not to be done any more" for line in then)


def _way(line: str, label: str) -> str:
    return line.removeprefix(f"{label}: ").partition(", ")[0]


def _machines(
    planned: Mapping[str, PlannedResource], plan: Plan, done: Mapping[str, PlannedResource]
) -> Iterator[str]:
    """Yield what is wanted otherwise of each machine, and who waits for others than in the plan."""
    then, waits = dict(planned), before(plan.schedule)
    for step in plan.steps:
        known = then.pop(step.label, None)
        if known is None:
            yield f"{step.label} is not in it"
            continue
        yield from (f"{step.label}: {text}" for text in _differs(known.wanted, inputs_of(step)))
        first = frozenset(waits.get(step.label, ()))
        if step.label not in done and (left := known.after - done.keys()) != first:
            yield f"{step.label} waits for {_named(first)} now, for {_named(left)} in the plan"
    outside = {step.label for step in plan.outside}
    yield from (
        f"{label} is in it, and no entry of the stack file any more" for label in then if label not in outside
    )


def _adopted(planned: Mapping[str, PlannedResource], keys: Keys) -> Iterator[str]:
    """Yield the machines that the plan takes in, and that the state has by now: what is planned of them, the engine holds to be a first time."""
    new = {step.label for step in keys.adopted}
    yield from (
        f"{label} is to be taken in, and was by now"
        for label, each in planned.items()
        if each.adopted and label not in new
    )


def _named(labels: frozenset[str]) -> str:
    return ", ".join(sorted(labels)) or "nobody"


def _hosts(reviewed: UpdatePlan, stack: Stack) -> Iterator[str]:
    then = reviewed.of(MIGRATION_HOST)
    for name, host in stack.hosts.items():
        if host.live_migration:
            known = then.get(name)
            wanted = declared_settings(host.live_migration)
            if known is None:
                yield f"the settings of {name} are not in it"
            else:
                yield from (f"{name}: {text}" for text in _differs(known.wanted, wanted))


def _differs(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key, wanted in now.items():
        # The engine's numbers are floats, and equal all the same.
        if key in then and then[key] != wanted:
            yield f"{key} is to be {wanted} now, {then[key]} in the plan"

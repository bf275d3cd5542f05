"""A run that is held to a saved plan (`up --plan FILE`): it stops before its first move where it is not what was reviewed.

The engine compares each resource when that is registered, so that some have moved already when another one differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.checks.live_migration import declared_settings
from hyperv_placement.report.plan_text import outline
from hyperv_placement.workspace.engine import engine_command, engine_folder
from hyperv_placement.workspace.update_plan import UpdatePlan, plan_file, read_update_plan

from .declare import before
from .migration_host import TYPE as MIGRATION_HOST
from .properties import inputs_of
from .vm_placement import TYPE

_SHOWN = 20
"""Lines of differences that are said."""


class NotReviewedError(PlacementError):
    """The run would do something else than the plan that it is held to; nothing was started."""


def lines_of_reviewed(stack: Stack, plan: Plan) -> tuple[str, ...]:
    """Return the lines of the plan that this run is held to, none where it is held to none.

    The engine does not pass its `--plan` to a program: it is read from its command line. Raises NotReviewedError where the run is
    not what that plan holds, and PlacementError where it cannot be read.
    """
    file = plan_file(engine_command(), engine_folder() or Path())
    if file is None:
        return ()
    reviewed = read_update_plan(file)
    check_reviewed(reviewed, stack, plan)
    return reviewed.lines


def check_reviewed(reviewed: UpdatePlan, stack: Stack, plan: Plan) -> None:
    """Raise NotReviewedError where the run, as it is planned now, is not what `reviewed` holds."""
    name = stack.path.stem
    if reviewed.stack != name:
        raise NotReviewedError(
            f"{reviewed.file} is a plan of the stack {reviewed.stack}, and this is {name}",
            remedy="Name the plan of this stack",
        )
    lines = [*_moves(reviewed, plan), *_machines(reviewed, plan), *_hosts(reviewed, stack)]
    if not lines:
        return
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    made = f" of {reviewed.made}" if reviewed.made else ""
    raise NotReviewedError(
        f"Nothing was started, for this run is not what the plan {reviewed.file}{made} holds: {'; '.join([*lines[:_SHOWN], *more])}",
        remedy=f"Have another plan reviewed ({quoting.own('bin/pulumi preview --save-plan FILE')}), or run without --plan",
    )


def _moves(reviewed: UpdatePlan, plan: Plan) -> Iterator[str]:
    """Yield moves that one of the two has and the other has not, by the way that each goes; sizes and times are estimates."""
    then, now = list(reviewed.lines[1:]), outline(plan)[1:]
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


def _machines(reviewed: UpdatePlan, plan: Plan) -> Iterator[str]:
    """Yield what is wanted otherwise of each machine, and who waits for others than in the plan."""
    then, waits = dict(reviewed.of(TYPE)), before(plan.schedule)
    for step in plan.steps:
        known = then.pop(step.label, None)
        if known is None:
            yield f"{step.label} is not in it"
            continue
        yield from (f"{step.label}: {text}" for text in _differs(known.wanted, inputs_of(step)))
        if known.after != (first := frozenset(waits.get(step.label, ()))):
            yield f"{step.label} waits for {_named(first)} now, for {_named(known.after)} in the plan"
    outside = {step.label for step in plan.outside}
    yield from (
        f"{label} is in it, and no entry of the stack file any more" for label in then if label not in outside
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

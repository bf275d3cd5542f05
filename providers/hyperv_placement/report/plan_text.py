"""A plan as lines of a terminal: what it comes to, findings, moves, bars over time, and who is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hyperv_placement.model.alike import of_each
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.model.unreachable import likewise, several
from hyperv_placement.planning.checks.sizes import of_unknown_size
from hyperv_placement.visible import visible

from .others import others_lines
from .plan_gantt import clock, gantt
from .plan_table import table
from .text import awaited, chosen, describe

_FEW = 20
"""Machines in a list before the rest is counted."""


def render_plan(plan: Plan, columns: int = 100) -> str:
    """Return the whole plan; table and bars are fitted to a terminal of `columns`."""
    lines = [headline(plan), *choice_lines(plan), *others_lines(plan.others), *finding_lines(plan.findings)]
    for part in (
        table(plan.schedule, columns),
        gantt(plan.schedule, columns),
        _unscheduled(plan),
        left_out_lines(plan),
    ):
        if shown := list(part):
            lines += ("", *shown)
    return "\n".join(lines)


def outline(plan: Plan) -> list[str]:
    """Return what the stack exports of its plan: a line about the whole, then one for each move, by their starts."""
    schedule, lines = plan.schedule, [headline(plan)]
    for each in schedule.moves:
        move = each.move
        way = f"{move.source} -> {move.destination}" if move.changes_host else f"stays on {move.source}"
        times = f"{clock(each.start)} to {clock(each.end)}"
        lines.append(
            visible(
                f"{each.label}: {way}, {format_bytes(each.bytes)}, {times}{awaited(schedule, each)} ({each.reason})"
            )
        )
    return lines


def times_line(past: int) -> str:
    """Return by what times were estimated; `past`: earlier moves whose paces are known. A run knows those of the state as well."""
    if past:
        return f"Times are estimated from {counted(past, 'earlier move')} in the audit log of this computer"
    return "Times are estimated from usual speeds: no earlier move is known on this computer. A run also knows those of the state, and may say otherwise"


def choice_lines(plan: Plan) -> Iterator[str]:
    """Yield a line about the hosts that were chosen; of bytes only where something is moved."""
    if plan.choice is not None and (plan.moves or not plan.choice.bytes):
        yield chosen(plan.choice)


def headline(plan: Plan) -> str:
    """Return one line that says it all."""
    standings = [step.standing for step in plan.left_out]
    counts = [f"{standings.count(kind)} {kind}" for kind in Standing if kind in standings]
    left_out = ", ".join(counts) or (
        "nothing is refused" if plan.schedule.moves and not plan.refusals else ""
    )
    return "; ".join(part for part in (_outcome(plan), left_out) if part)


def _outcome(plan: Plan) -> str:
    schedule = plan.schedule
    standings = [step.standing for step in plan.steps]
    if plan.refusals:
        return f"No run may move anything, for {counted(len(plan.refusals), 'reason')}"
    if schedule.moves:
        least = "at least " if any(of_unknown_size(each.move) for each in schedule.moves) else ""
        return (
            f"{counted(len(schedule.moves), 'move')}, {least}{format_bytes(schedule.bytes)}, about"
            f" {format_seconds(schedule.seconds)}, in {counted(max(schedule.waves), 'wave')}"
        )
    if moves := standings.count(Standing.MOVE):
        return f"{counted(moves, 'move')}; when is not known, since the hosts' free room is not known"
    in_place = standings.count(Standing.IN_PLACE)
    return f"Nothing to move: {counted(in_place, 'machine is', 'machines are')} in place"


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield each finding; further lines of a proof are set in, so that none can pass for a finding of its own."""
    for finding in findings:
        proof = finding.topic == Topic.PROOF
        first, *rest = [*finding.lines, finding.remedy] if proof else [str(finding)]
        yield f"{finding.severity}: {visible(first)}"
        yield from (f"    {visible(line)}" for line in rest)


def _unscheduled(plan: Plan) -> Iterator[str]:
    """Yield the moves that are wanted and have no time: there is no safe order, or too little is known."""
    wanted = [
        step for step in plan.steps if step.standing == Standing.MOVE and not plan.schedule.legs(step.label)
    ]
    if wanted:
        yield "wanted:"
    for step in wanted[:_FEW]:
        yield f"  {visible(describe(step))}"
    if len(wanted) > _FEW:
        yield f"  ... and {len(wanted) - _FEW} more (all: --json)"


def _reported_together(steps: Iterable[Step]) -> Iterable[Sequence[Step]]:
    """Return the steps, together those that are unknown for the same reason: one silent host can hide hundreds."""
    found: dict[tuple[str, ...], list[Step]] = {}
    for step in steps:
        own = (
            (step.label,)
            if step.standing != Standing.UNKNOWN or step.vm is not None
            else (step.standing, *(of_each(step.label, str(each)) for each in step.findings))
        )
        found.setdefault(own, []).append(step)
    return found.values()


def left_out_lines(plan: Plan) -> Iterator[str]:
    """Yield each machine that is refused, unknown, missing or moved by others, with the reasons."""
    for steps in _reported_together(plan.left_out):
        step, *rest = steps
        where = f" (on {visible(step.vm.host)})" if step.vm else ""
        who = several([each.label for each in steps], "machines")
        yield f"{step.standing}: {visible(who)}{where}"
        end = likewise(who) if rest else ""
        yield from (f"    {finding.severity}: {visible(str(finding))}{end}" for finding in step.findings)
    left_out = {step.label for step in plan.left_out}
    warned = [step for step in plan.steps if step.findings and step.label not in left_out]
    for step in warned[:_FEW]:
        yield from (f"{finding.severity}: {visible(str(finding))}" for finding in step.findings)
    if len(warned) > _FEW:
        yield f"... and warnings of {len(warned) - _FEW} more machines (all: --json)"

"""A sequence in which hosts are emptied one after the other, as a table for people and as a record for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.planning.rolling import Rolling, RollingStep
from hyperv_placement.visible import visible

from .cells import fitted, width
from .plan_text import finding_lines, headline

_HEADS = ("step", "host", "out", "size", "about", "back", "size", "about")
_NAMED = 5
"""Machines named in a line."""


def render_rolling(found: Rolling, file: str) -> str:
    """Return the sequence: a table, what stands in its way, and what to type for each step. `file`: whose it is."""
    total = sum(step.bytes for step in found.steps)
    moves = sum(len(step.moves) for step in found.steps)
    hosts = counted(len(found.steps), "host")
    lines = [
        f"{file}: {hosts} emptied one after the other: {counted(moves, 'move')}, {format_bytes(total)}; nothing is written, nothing is moved",
        *_due(found.due),
        "",
        *_table(found.steps),
        *_troubles(found.steps),
        "",
        *_typed(found.steps),
    ]
    return "\n".join(lines)


def _due(due: Plan) -> Iterator[str]:
    if due.schedule.moves or due.refusals:
        yield f"before it begins: {headline(due)}"


def _table(steps: tuple[RollingStep, ...]) -> Iterator[str]:
    rows = [_HEADS, *(_row(number, step) for number, step in enumerate(steps, start=1))]
    widths = [max(width(row[column]) for row in rows) for column in range(len(_HEADS))]
    for row in rows:
        cells = [
            fitted(text, room, right=column != 1)
            for column, (text, room) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _row(number: int, step: RollingStep) -> tuple[str, ...]:
    return (str(number), visible(step.host), *_cost(step.out), *_cost(step.back))


def _cost(found: Plan) -> tuple[str, str, str]:
    schedule = found.schedule
    if found.refusals:
        return "refused", "", ""
    return str(len(schedule.moves)), format_bytes(schedule.bytes), format_seconds(schedule.seconds)


def _troubles(steps: tuple[RollingStep, ...]) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        where = f"step {number} ({visible(step.host)})"
        for found in (step.out, step.back):
            yield from (f"{where}: {line}" for line in finding_lines(found.refusals))
        for each in step.stuck:
            reasons = " | ".join(str(finding) for finding in each.findings)
            yield f"{where}: {visible(each.label)} stays: {visible(reasons)}"
        for each in step.elsewhere if not step.stuck else ():
            reasons = " | ".join(str(finding) for finding in each.findings)
            yield f"{where}: {visible(each.label)} does not come back: {visible(reasons)}"
        yield from (f"{where}: {visible(text)}" for text in step.broken)
        if step.crossing:
            yield (
                f"{where}: {_listed(step.crossing)} {'goes' if len(step.crossing) == 1 else 'go'} from a host that is done to one that is not;"
                " whether that takes them is asked again at their start"
            )


def _listed(labels: tuple[str, ...]) -> str:
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return visible(", ".join(labels[:_NAMED]) + more)


def _typed(steps: tuple[RollingStep, ...]) -> Iterator[str]:
    if not steps:
        return
    host, *others = [str(step.host) for step in steps]
    yield f"first:  {quoting.own('bin/placement drain {}', host)}, commit, up; service {visible(host)}"
    if others:
        following = others[0]
        yield (
            f"then:   {quoting.own('bin/placement return {}', host)}, {quoting.own('bin/placement drain {}', following)}, commit, up;"
            f" service {visible(following)}; and so on"
        )
        rest = quoting.own("bin/placement drain --rolling {}", ",".join(others))
        yield f"before: {rest} plans the rest anew, by what the hosts show then, their processors' vectors among it"
    yield f"last:   {quoting.own('bin/placement return {}', str(steps[-1].host))}, commit, up"


def rolling_record(found: Rolling) -> dict[str, Any]:
    """Return a sequence as plain values.

    feasible   whether each step has an order; complete: whether each host gets empty
    timezone   of the stack: by whose clocks days in sentences are
    due        moves and bytes that are to be made before it begins
    steps      [{host, out, back: {moves, bytes, seconds, machines [{label, from, to}], refusals}, stuck [{label, findings}],
               elsewhere (labels that do not come back), broken (rules that do not hold while the host is empty), crossing (labels)}]
    """
    return {
        "feasible": found.feasible,
        "complete": found.complete,
        "timezone": zone_name(found.due.zone),
        "due": _plan(found.due),
        "steps": [
            {
                "host": step.host,
                "out": _plan(step.out),
                "back": _plan(step.back),
                "stuck": [
                    {"label": each.label, "findings": [str(finding) for finding in each.findings]}
                    for each in step.stuck
                ],
                "elsewhere": [each.label for each in step.elsewhere],
                "broken": list(step.broken),
                "crossing": list(step.crossing),
            }
            for step in found.steps
        ],
    }


def _plan(found: Plan) -> dict[str, Any]:
    schedule = found.schedule
    return {
        "moves": len(schedule.moves),
        "bytes": schedule.bytes,
        "seconds": round(schedule.seconds, 1),
        "machines": [
            {"label": each.label, "from": each.move.source, "to": each.move.destination}
            for each in schedule.moves
        ],
        "refusals": [str(each) for each in found.refusals],
    }

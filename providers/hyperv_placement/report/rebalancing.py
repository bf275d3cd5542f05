"""A proposal for a more even map, as a table for people and as a record for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.planning.rebalancing.proposing import Rebalancing, Repinned
from hyperv_placement.visible import visible

from .cells import fitted, width
from .plan_record import plan_record
from .plan_text import render_plan

_HEADS = ("host", "now", "then", "")
_BAR = 40


def render_rebalancing(found: Rebalancing, diff: str, columns: int = 100, *, written: bool) -> str:
    """Return the proposal: how full each host is and would be, the price, the change of the file, and the plan by it."""
    lines = [_headline(found, written=written)]
    lines += [
        f"left out, because it could not be read how full it is: {visible(name)}" for name in found.unread
    ]
    lines += [visible(note) for note in found.notes]
    lines += ["", *_table(found)] if found.uses else []
    if not found.entries:
        return "\n".join([*lines, "", render_plan(found.plan, columns)])
    lines += ["", *map(_entry, found.entries), ""]
    if any(len(each.declared) != 1 for each in found.entries):
        lines += [
            "Once they are there, a list of hosts can stand again: who is on one of its hosts stays.",
            "",
        ]
    lines += [*map(visible, diff.splitlines()), "", render_plan(found.plan, columns)]
    return "\n".join(lines)


def rebalancing_record(found: Rebalancing, diff: str, *, written: bool) -> dict[str, Any]:
    """Return the proposal as JSON."""
    return {
        "stack": str(found.stack.path),
        "by": list(found.by),
        "threshold_points": found.threshold,
        "written": written,
        "entries": [
            {
                "vm": each.label, "declared": list(each.declared), "from": each.source, "to": each.target,
                "bytes": each.bytes,
            }
            for each in found.entries
        ],
        "hosts": {
            name: {"used_before": round(use.before, 4), "used_after": round(use.after, 4)}
            for name, use in found.uses.items()
        },
        "unread": list(found.unread),
        "highest": {"before": round(found.highest.before, 4), "after": round(found.highest.after, 4)},
        "spread": {"before": round(found.spread.before, 4), "after": round(found.spread.after, 4)},
        "bytes": found.bytes,
        "diff": diff,
        "plan": plan_record(found.plan),
    }  # fmt: skip


def _headline(found: Rebalancing, *, written: bool) -> str:
    what = " and ".join(found.by)
    if not found.uses:
        return f"{visible(str(found.stack.path))}: what there is to gain is not known: of no host could be read how full it is"
    if not found.entries:
        return (
            f"{visible(str(found.stack.path))}: nothing to gain: no move takes {found.threshold:g} percent points of {what} off a host"
            f" (the fullest {_percent(found.highest.before)}, spread {_percent(found.spread.before)})"
        )
    state = (
        "written: look at the change and commit it, the next run acts by it"
        if written
        else "proposed, nothing is written (--write) or moved"
    )
    return (
        f"{visible(str(found.stack.path))}: {counted(len(found.entries), 'entry', 'entries')} {state}. {what.capitalize()}: the fullest host"
        f" {_percent(found.highest.before)} -> {_percent(found.highest.after)}, spread {_percent(found.spread.before)} ->"
        f" {_percent(found.spread.after)}; price {format_bytes(found.bytes)}, about {format_seconds(found.plan.schedule.seconds)}"
    )


def _table(found: Rebalancing) -> Iterator[str]:
    rows = [_HEADS]
    for name, use in found.uses.items():
        bar = "#" * round(min(1.0, use.after) * _BAR)
        rows.append((visible(name), _percent(use.before), _percent(use.after), bar))
    widths = [max(width(row[column]) for row in rows) for column in range(len(_HEADS))]
    for row in rows:
        cells = [
            fitted(text, room, right=column in {1, 2})
            for column, (text, room) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _entry(each: Repinned) -> str:
    was = ", ".join(each.declared) if each.declared else "no host"
    text = f"{each.label}: {each.source} -> {each.target}, {format_bytes(each.bytes)}"
    return visible(text if len(each.declared) == 1 else f"{text} (declared: {was}; pinned by this)")


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"

"""The history of one machine, as tables and for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from hyperv_placement.model.calendar import shown, zone_name
from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.planning.past import MachineHistory, Station

from .sheet import Part, Sheet

_HEADS = (
    "from",
    "to",
    "what",
    "by",
    "took",
    "copied",
    "ticket",
    "stack",
    "known from",
    "job",
    "run",
)
_NUMBERS, _LAST = frozenset({5, 6}), frozenset(range(5, 12))


def history_sheet(history: MachineHistory) -> Sheet:
    """Return it, the newest first."""
    rows = tuple(_row(each, history.zone) for each in reversed(history.stations))
    part = Part(
        title="History, the newest first",
        heads=(f"when ({zone_name(history.zone)})", *_HEADS),
        rows=rows,
        numbers=_NUMBERS,
        last=_LAST,
    )
    return Sheet(
        title=f"History of {history.name}",
        headline=_headline(history),
        parts=(part,) if rows else (),
        notes=tuple(_notes(history)),
    )


def _headline(history: MachineHistory) -> str:
    moves = [each for each in history.stations if each.moved]
    who = history.name if history.vm_id is None else f"{history.name} ({history.vm_id})"
    if not moves:
        return f"{who}: no move of ours is recorded"
    last = moves[-1]
    return (
        f"{who}: {counted(len(moves), 'move')} recorded; on {last.to} since {shown(last.time, history.zone)} by our last one,"
        f" by {last.by or 'unknown'}"
    )


def _row(each: Station, zone: tzinfo) -> tuple[str, ...]:
    return (
        f"{each.time.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        each.source,
        each.to,
        each.what,
        each.by or "not recorded",
        "" if each.seconds is None else format_seconds(each.seconds),
        "" if each.bytes is None else format_bytes(each.bytes),
        each.ticket,
        each.stack,
        each.source_of,
        each.job,
        each.run,
    )


def _notes(history: MachineHistory) -> Iterator[str]:
    if history.begin is None:
        yield "There is no audit log of this project on this computer."
    else:
        yield f"The audit logs here begin at {shown(history.begin, history.zone)}; nothing older is recorded in them."
    if history.state:
        yield f"What the state keeps was not read: {history.state}."
    if history.unreadable:
        yield f"{counted(history.unreadable, 'line')} of the logs cannot be read: moves may be missing here."
    yield "Moves made by others are recorded only if `drift` ran afterwards."


def history_record(history: MachineHistory) -> dict[str, Any]:
    """Return what `json.dumps` takes; null: not recorded."""
    return {
        "vm": history.name,
        "id": history.vm_id,
        "timezone": zone_name(history.zone),
        "log_begins": None if history.begin is None else history.begin.isoformat(),
        "state_unread": history.state or None,
        "unreadable_lines": history.unreadable,
        "history": [
            {
                "time": each.time.isoformat(),
                "from": each.source or None,
                "to": each.to or None,
                "what": each.what,
                "moved": each.moved,
                "by": each.by or None,
                "ticket": each.ticket or None,
                "run": each.run or None,
                "job": each.job or None,
                "stack": each.stack,
                "seconds": each.seconds,
                "bytes": each.bytes,
                "pause_estimated": each.pause,
                "known_from": each.source_of,
            }
            for each in history.stations
        ],
    }

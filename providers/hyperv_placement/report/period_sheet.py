"""What a stack has done in a period, as tables and for scripts. What is not recorded is said, and is never 0."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hyperv_placement.model.calendar import shown, zone_name
from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.planning.past import PastEvent, Period

from .sheet import Part, Sheet

NOT_RECORDED = "not recorded"
_NO_LOOK = (
    "Drift: not recorded. No look for it is in these logs; bin/placement drift writes a line of each day."
)
_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%d %H:%M"


def period_sheet(period: Period) -> Sheet:
    """Return it."""
    return Sheet(
        title=f"{period.stack}: {_at(period.since, period, _DAY)} to {_at(period.until, period, _DAY)}",
        headline=_headline(period),
        parts=tuple(_parts(period)),
        notes=tuple(_notes(period)),
    )


def _at(moment: datetime, period: Period, form: str = _MINUTE) -> str:
    return format(moment.astimezone(period.zone), form)


def _headline(period: Period) -> str:
    if period.begin is None:
        return f"{period.stack}: there is no audit log, so nothing is recorded"
    size, _ = period.bytes
    failed = counted(len(period.failures), "failure") if period.failures else "no failure"
    return (
        f"{period.stack}: {counted(len(period.moves), 'move')} of {counted(len(period.machines), 'machine')}"
        f" ({format_bytes(size)} recorded), {failed}, drift found: {_drifted(period)}"
    )


def _drifted(period: Period) -> str:
    return NOT_RECORDED if period.drifted is None else str(period.drifted)


def _parts(period: Period) -> Iterator[Part]:
    yield Part(title="In all", heads=("what", "how much"), rows=tuple(_totals(period)))
    yield Part(
        title="Hosts",
        heads=("host", "came", "left", "copied to it"),
        rows=tuple(
            (
                each.name,
                str(each.came),
                str(each.left),
                NOT_RECORDED if each.bytes is None else format_bytes(each.bytes),
            )
            for each in period.hosts
        ),
        numbers=frozenset({1, 2, 3}),
        notes=() if period.hosts else ("No machine has changed hosts.",),
    )
    yield Part(
        title="Machines and the hosts they were on, in that order",
        heads=("machine", "moves", "hosts", f"last move ({zone_name(period.zone)})", "id"),
        rows=tuple(
            (each.name, str(each.moves), " -> ".join(each.hosts), _at(each.last, period), each.vm_id or "")
            for each in period.machines
        ),
        numbers=frozenset({1}),
        last=frozenset({4}),
        notes=() if period.machines else ("None was moved.",),
    )
    yield from _lists(period)


def _lists(period: Period) -> Iterator[Part]:
    if period.failures:
        yield Part(
            title="Moves that did not end well",
            heads=(f"when ({zone_name(period.zone)})", "machine", "from", "to", "what", "by"),
            rows=tuple(
                (_at(each.time, period), each.vm, each.source, each.to, each.result, each.by)
                for each in period.failures
            ),
        )
    yield Part(
        title="Drift that was found",
        heads=(f"first seen ({zone_name(period.zone)})", "what", "machine or host", "on", "moved by"),
        rows=tuple(_found(period)),
        notes=_looks(period),
    )
    yield Part(
        title="Holds",
        heads=(f"when ({zone_name(period.zone)})", "what", "of", "until", "why", "by", "ticket"),
        rows=tuple(
            (
                _at(each.time, period),
                each.event,
                each.subject,
                each.until,
                each.reason,
                each.by,
                each.ticket,
            )
            for each in period.holds
        ),
        last=frozenset({6}),
        notes=("Those of the stack file (hold:) are in its history in git, not here.",),
    )
    if period.decisions:
        yield Part(
            title="What else was decided",
            heads=(f"when ({zone_name(period.zone)})", "what", "of", "why", "by", "ticket"),
            rows=tuple(
                (_at(each.time, period), each.event, each.subject, each.reason, each.by, each.ticket)
                for each in period.decisions
            ),
            last=frozenset({5}),
        )


def _totals(period: Period) -> Iterator[tuple[str, str]]:
    if period.begin is None:
        yield from ((what, NOT_RECORDED) for what in ("moves", "copied", "pauses", "drift"))
        return
    (size, sizes), (pause, pauses), moves = period.bytes, period.pauses, len(period.moves)
    yield "moves that ended well", str(moves)
    yield "moves that did not", str(len(period.failures))
    yield "copied", _of(format_bytes(size), sizes, moves)
    yield "pauses, estimated", _of(format_seconds(pause), pauses, moves)
    yield (
        "days on which drift was looked for",
        str(period.days_looked) or NOT_RECORDED,
    )
    yield "different drifts found", _drifted(period)
    yield "holds set", str(sum(each.event == "hold" for each in period.holds))
    yield "holds released", str(sum(each.event == "release" for each in period.holds))


def _of(total: str, known: int, moves: int) -> str:
    if not moves:
        return "none"
    if not known:
        return NOT_RECORDED
    return total if known == moves else f"{total}, of {known} of {moves} moves; of the others {NOT_RECORDED}"


def _found(period: Period) -> Iterator[tuple[str, ...]]:
    seen = set[tuple[str, ...]]()
    for look in period.looks:
        for each in look.found:
            row = (each.kind, each.subject, each.host, each.who or "unknown")
            if row not in seen:
                seen.add(row)
                yield _at(look.time, period), *row


def _looks(period: Period) -> tuple[str, ...]:
    if not period.looks:
        return (_NO_LOOK,)
    days = period.days_looked
    return () if period.days_with_drift else (f"None, in looks of {counted(days, 'day')}.",)


def _notes(period: Period) -> Iterator[str]:
    yield f"Read: {', '.join(period.logs) or 'no log'}."
    if period.begin is not None and not period.is_covered:
        yield f"The log begins at {shown(period.begin, period.zone)}: before it nothing is recorded."
    if period.unreadable:
        yield f"{counted(period.unreadable, 'line')} of the logs cannot be read: what they recorded is missing here."
    yield "Pauses are those of the plan: runs do not ask hosts for the real ones. Bytes are what the plan had to copy."
    yield "Moves by others are recorded only as drift. bin/placement audit verify says whether the log is whole."


def period_record(period: Period) -> dict[str, Any]:
    """Return what `json.dumps` takes; null: not recorded."""
    (size, sizes), (pause, pauses) = period.bytes, period.pauses
    return {
        "stack": period.stack,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "timezone": zone_name(period.zone),
        "logs": list(period.logs),
        "log_begins": None if period.begin is None else period.begin.isoformat(),
        "unreadable_lines": period.unreadable,
        "totals": {
            "moves": len(period.moves) if period.begin else None,
            "failures": len(period.failures) if period.begin else None,
            "bytes": size if sizes else None,
            "bytes_known_of": sizes,
            "pause_estimated": round(pause, 2) if pauses else None,
            "pause_known_of": pauses,
            "drifts": period.drifted,
            "days_looked_for_drift": period.days_looked,
        },
        "hosts": [
            {"host": each.name, "came": each.came, "left": each.left, "bytes": each.bytes} for each in period.hosts
        ],
        "machines": [
            {
                "vm": each.name, "id": each.vm_id, "moves": each.moves, "hosts": list(each.hosts),
                "last": each.last.isoformat(),
            }
            for each in period.machines
        ],
        "moves": [_line(each) for each in period.moves],
        "failures": [_line(each) for each in period.failures],
        "holds": [_decision(each) for each in period.holds],
        "decisions": [_decision(each) for each in period.decisions],
        "drift": [
            {
                "time": look.time.isoformat(),
                "drifts": look.drifts,
                "found": [
                    {
                        "kind": each.kind, "subject": each.subject, "id": each.vm_id, "host": each.host or None,
                        "by": each.who or None, "when": each.when or None,
                    }
                    for each in look.found
                ],
            }
            for look in period.looks
        ],
    }  # fmt: skip


def _line(each: PastEvent) -> dict[str, Any]:
    return {
        "time": each.time.isoformat(), "vm": each.vm, "id": each.vm_id, "from": each.source, "to": each.to,
        "disks": each.files, "result": each.result, "by": each.who, "actor": each.actor or None,
        "ticket": each.ticket or None, "run": each.run or None, "job": each.job or None, "seconds": each.seconds,
        "bytes": each.bytes, "pause_estimated": each.pause,
    }  # fmt: skip


def _decision(each: PastEvent) -> dict[str, Any]:
    return {
        "time": each.time.isoformat(), "event": each.event, "subject": each.subject or None,
        "until": each.until or None, "reason": each.reason or None, "by": each.who, "actor": each.actor or None,
        "ticket": each.ticket or None,
    }  # fmt: skip

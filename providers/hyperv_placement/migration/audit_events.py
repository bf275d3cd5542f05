"""The lines of audit logs as events of the past, for reports; what a line does not say is not made up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hyperv_placement.audit.reading import read
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import VmId, is_guid, vm_id
from hyperv_placement.planning.drift.endings import MOVED
from hyperv_placement.planning.past import Logs, PastDrift, PastEvent

from . import audit_words
from .audit import ENDING
from .audit_words import Entry


def read_logs(paths: Iterable[Path]) -> Logs:
    """Return the lines of logs, the oldest first; a log that is not there has none.

    What a rotated file repeats of the one before counts once, and so does a line that two copies of a log have. Raises
    PlacementError where a log is there and cannot be read.
    """
    events: dict[tuple[object, ...], PastEvent] = {}
    unreadable = 0
    for path in paths:
        for entry in _entries(path):
            if entry is None or not audit_words.is_ours(entry):
                unreadable += 1
            elif "carried" not in entry:
                # A copy of a log that a pipeline has kept has the same lines.
                line = tuple(str(entry.get(name, "")) for name in ("prev", "time", "event", "id", "result"))
                events.setdefault(line, event_of(entry, _stack_of(path)))
    return Logs(events=tuple(sorted(events.values(), key=lambda each: each.time)), unreadable=unreadable)


def event_of(entry: Entry, stack: str) -> PastEvent:
    """Return a line as an event; `stack`: whose log it stands in."""
    claimed = entry.get("claimed")
    claims: Mapping[str, Any] = claimed if isinstance(claimed, dict) else {}
    moved = entry.get("result") == MOVED
    drifts = entry.get("drifts")
    return PastEvent(
        # A time without a zone is no line of ours (`is_ours`).
        time=datetime.fromisoformat(str(entry["time"])).astimezone(UTC),
        event=str(entry.get("event", "")),
        stack=stack,
        who=str((entry.get("by") if moved else "") or entry.get("who", "")),
        actor=str(claims.get("actor", "")),
        ticket=str(claims.get("ticket", "")),
        run=str(claims.get("run", "")),
        result=str(entry.get("result", "")),
        moved=moved,
        vm=str(entry.get("vm", "")),
        vm_id=_guid(entry.get("id")),
        source=str(entry.get("from", "")),
        to=str(entry.get("to", "")),
        files=len(audit_words.paths(entry)),
        job=str(entry.get("job", "")),
        seconds=_number(entry.get("seconds")),
        bytes=None if (size := _number(entry.get("bytes"))) is None or not moved else int(size),
        pause=_number(entry.get("pause_estimated")),
        subject=_subject(entry),
        until=str(entry.get("until", "")),
        reason=str(entry.get("reason") or entry.get("text") or ""),
        drifts=drifts if isinstance(drifts, int) else None,
        found=tuple(_drift(each) for each in _records(entry.get("found"))),
    )


def _entries(path: Path) -> list[Entry | None]:
    try:
        return list(read(path))
    except OSError as error:
        raise PlacementError(
            f"The audit log {path} cannot be read: {error.strerror or error}",
            remedy="Give yourself the right to read it",
        ) from error


def _stack_of(path: Path) -> str:
    return path.name.partition(ENDING)[0]


def _subject(entry: Entry) -> str:
    """Return what a decision is about: a hold's subject, a host, a key, or keys."""
    keys = entry.get("keys")
    named = ", ".join(map(str, keys)) if isinstance(keys, list) else ""
    return str(entry.get("subject") or entry.get("host") or entry.get("key") or entry.get("vm") or named)


def _drift(each: Mapping[str, Any]) -> PastDrift:
    return PastDrift(
        kind=str(each.get("kind", "")),
        subject=str(each.get("subject", "")),
        vm_id=_guid(each.get("id")),
        host=str(each.get("host") or ""),
        who=str(each.get("by") or ""),
        when=str(each.get("when") or ""),
    )


def _records(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _guid(value: object) -> VmId | None:
    return vm_id(str(value)) if is_guid(str(value)) else None


def _number(value: object) -> float | None:
    """Return a number; a log can be edited by hand, and `true`, NaN and infinity are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return float(value)

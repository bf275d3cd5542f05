"""The line of a look at drift: what was found, so that reports of a period know it; one a day, and one whenever that has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hyperv_placement.planning.drift import Drift, DriftReport

from .audit_words import Entry

EVENT = "drift"
_MOST = 500
"""Drifts that a line names: it has to stay shorter than a line may be."""
_OF_THE_FIND = ("drifts", "found", "snoozed", "held", "unknown")


def drift_line(report: DriftReport) -> dict[str, Any]:
    """Return the line: how many, and which, with who had moved what."""
    return {
        "event": EVENT,
        "drifts": len(report.drifts),
        "snoozed": len(report.snoozed),
        "held": len(report.held),
        "unknown": len(report.unknown),
        "found": [_found(each) for each in report.drifts[:_MOST]],
    }


def is_news(line: Mapping[str, Any], log: Iterable[Entry], day: str) -> bool:
    """Say whether a line says more than the log's last one of its kind. `day`: today (UTC), as in `time`."""
    last: Entry | None = None
    for entry in log:
        last = entry if entry.get("event") == EVENT else last
    if last is None or not str(last.get("time", "")).startswith(day):
        return True
    return any(last.get(name) != line[name] for name in _OF_THE_FIND)


def _found(drift: Drift) -> dict[str, Any]:
    mover = drift.mover
    by = {} if mover is None else {"by": mover.who, "when": mover.when, "ours": mover.ours}
    return {"kind": str(drift.kind), "subject": drift.subject, "id": drift.vm_id, "host": drift.host, **by}

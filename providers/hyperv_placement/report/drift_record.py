"""Drift as a record for scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hyperv_placement.model.calendar import zone_name
from hyperv_placement.planning.drift import Drift, DriftReport

from .drift_words import ended, headline
from .others import others_record
from .records import record


def drift_record(report: DriftReport, exit_code: int) -> Mapping[str, Any]:
    """Return what `json.dumps` takes; names stand as hosts report them."""
    return {
        "summary": headline(report),
        "exit_code": exit_code,
        "stack": report.stack,
        "checked": report.checked,
        "timezone": zone_name(report.zone),
        "declared": {"machines": len(report.labels), "hosts": len(report.hosts)},
        "drifts": [_drift(drift) for drift in report.drifts],
        "snoozed": [_drift(drift) for drift in report.snoozed],
        "held": [_drift(drift) for drift in report.held],
        "holds": list(report.holds),
        "unknown": [record(each) for each in report.unknown],
        "notes": list(report.notes),
        "known": report.known,
        "others": others_record(report.others),
        "away": [record(each) for each in report.away],
        "ended_snoozes": [
            {
                "label": each.label,
                "until": each.snooze.until and each.snooze.until.isoformat(),
                "note": ended(each),
            }
            for each in report.ended
        ],
        "unreadable_audit_lines": report.unreadable,
    }


def _drift(drift: Drift) -> Mapping[str, Any]:
    snooze = drift.snooze
    return {
        "kind": drift.kind,
        "subject": drift.subject,
        "text": drift.text,
        "ids": list(drift.ids),
        "host": drift.host,
        "vm_id": drift.vm_id,
        "changes": [record(change) for change in drift.changes],
        "reason": drift.reason,
        "mover": None if drift.mover is None else record(drift.mover),
        "snooze": None if snooze is None else {"until": snooze.until.isoformat(), "reason": snooze.reason},
        "held": drift.held or None,
    }

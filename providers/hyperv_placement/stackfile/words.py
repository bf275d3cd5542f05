"""Somebody's word with a last day and a reason, as `{until: 2026-12-01, reason: new disks}`."""

from __future__ import annotations

from datetime import date

from .findings import Findings
from .nodes import Mapping


def read_word(entry: Mapping | None, where: str, findings: Findings) -> tuple[date, str] | None:
    """Return the last day and the reason; None where there is no such word, or one of no calendar."""
    until, reason = (None, None) if entry is None else (entry.scalar("until"), entry.scalar("reason"))
    if until is None or reason is None:
        return None
    try:
        return date.fromisoformat(until.text), reason.text
    except ValueError:
        findings.add(
            "date-wrong",
            until.line,
            f"{where}.until: no calendar has {until.text}; write a date, such as 2026-12-01",
        )
        return None

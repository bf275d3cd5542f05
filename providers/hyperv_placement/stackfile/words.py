"""Somebody's word with a last day and a reason, as `{until: 2026-12-01, reason: new disks}`."""

from __future__ import annotations

from datetime import date

from .findings import Findings
from .nodes import Mapping, Scalar


def read_word(entry: Mapping | None, where: str, findings: Findings) -> tuple[date, str] | None:
    """Return the last day and the reason; None where there is no such word, or one of no calendar."""
    until, reason = (None, None) if entry is None else (entry.scalar("until"), entry.scalar("reason"))
    if until is None or reason is None:
        return None
    day = read_day(until, f"{where}.until", findings)
    return None if day is None else (day, reason.text)


def read_day(node: Scalar, where: str, findings: Findings) -> date | None:
    """Return a day; None where no calendar has it, which is reported."""
    try:
        return date.fromisoformat(node.text)
    except ValueError:
        text = f"{where}: no calendar has {node.text}; write a date, such as 2026-12-01"
        findings.add("date-wrong", node.line, text)
        return None

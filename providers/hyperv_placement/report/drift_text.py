"""Drift as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import near_names
from hyperv_placement.planning.drift import DriftReport
from hyperv_placement.visible import visible

from .drift_words import ended, headline, reported, snoozed, unknown, unreadable


def render_drift(report: DriftReport) -> str:
    """Return the line that says it all, then a line for each drift, for what is unknown, and for each snooze."""
    return "\n".join(visible(line) for line in _lines(report))


def _lines(report: DriftReport) -> Iterator[str]:
    yield headline(report)
    for drift in report.drifts:
        yield f"  {drift.kind}: {near_names.reported(drift.subject)}: {reported(drift)}"
    for subject, text in unknown(report):
        yield f"  unknown: {subject}: {text}"
    for drift in report.snoozed:
        yield f"  snoozed: {drift.subject}: {reported(drift)}; {snoozed(drift)}"
    for each in report.away:
        yield f"  away: {each.subject}: {each.text}"
    for over in report.ended:
        yield f"  note: {ended(over)}"
    if note := unreadable(report):
        yield f"  note: {note}"
    yield from (f"  note: {note}" for note in report.notes)
    if report.known:
        yield report.known

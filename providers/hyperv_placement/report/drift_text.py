"""Drift as lines of a terminal."""

from __future__ import annotations

from hyperv_placement.model import near_names
from hyperv_placement.planning.drift import DriftReport
from hyperv_placement.visible import visible

from .drift_words import ended, headline, reported, snoozed, unknown, unreadable
from .others import others_lines


def render_drift(report: DriftReport) -> str:
    """Return the line that says it all, then a line for each drift, for what is unknown, and for each snooze."""
    note = unreadable(report)
    lines = (
        headline(report),
        *(
            f"  {drift.kind}: {near_names.reported(drift.subject)}: {reported(drift, report.zone)}"
            for drift in report.drifts
        ),
        *(f"  unknown: {subject}: {text}" for subject, text in unknown(report)),
        *(
            f"  snoozed: {drift.subject}: {reported(drift, report.zone)}; {snoozed(drift)}"
            for drift in report.snoozed
        ),
        *(f"  held: {drift.subject}: {reported(drift, report.zone)}; {drift.held}" for drift in report.held),
        *(f"  hold: {each}" for each in report.holds),
        *(f"  {each}" for each in others_lines(report.others)),
        *(f"  away: {each.subject}: {each.text}" for each in report.away),
        *(f"  note: {ended(over)}" for over in report.ended),
        *([f"  note: {note}"] if note else []),
        *(f"  note: {each}" for each in report.notes),
        *([report.known] if report.known else []),
    )
    return "\n".join(map(visible, lines))

"""Drift as Markdown, for an issue or a chat: text from files and hosts is escaped, so that nothing of it is read as markup."""

from __future__ import annotations

from collections.abc import Iterator

from providers.planning.drift import DriftReport

from .drift_words import ended, headline, snoozed, told
from .markdown import name, text


def render_markdown(report: DriftReport) -> str:
    """Return the line that says it all, then lists of drift, of what is unknown, and of snoozes."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: DriftReport) -> Iterator[str]:
    yield f"**{text(headline(report))}**"
    yield ""
    for drift in report.drifts:
        yield f"- {drift.kind}: {name(drift.subject)}: {text(told(drift))}"
    yield from _list("Unknown", (f"{name(each.subject)}: {text(each.text)}" for each in report.unknown))
    yield from _list(
        "Snoozed",
        (f"{name(each.subject)}: {text(told(each))}; {text(snoozed(each))}" for each in report.snoozed),
    )
    yield from _list("Snoozes that have ended", (text(ended(each)) for each in report.ended))
    yield from ("", f"Checked at {report.checked}.")


def _list(title: str, items: Iterator[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield from ("", f"### {title}", "", *lines)

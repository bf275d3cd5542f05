"""Drift as Markdown, for an issue or a chat: text from files and hosts is escaped, so that nothing of it is read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo

from hyperv_placement.model.calendar import spelled
from hyperv_placement.planning.drift import Drift, DriftReport

from .drift_words import ended, headline, snoozed, unknown, unreadable, what, who
from .markdown import Budget, cut, name, text
from .others import others_lines

LIMIT = 65_000
"""Characters; GitHub takes 65,536 in an issue, GitLab a million."""
_DRIFTS, _UNKNOWN, _SNOOZED, _HELD, _AWAY, _ENDED = 28_000, 11_000, 5_000, 4_000, 3_000, 4_000
_OTHERS = 1_000
"""What each part may take: together with what stands around them less than the limit."""
_MOVER = 1_000
"""Characters of who moved a machine and when: Windows' names of accounts have up to 256."""
_REST = "\nand {} more (all of them: --json)"


def render_markdown(report: DriftReport) -> str:
    """Return the line that says it all, then lists of drift, of what is unknown, of snoozes and of holds; never above LIMIT."""
    drifts = [f"- {drift.kind}: {_reported(drift, report.zone)}" for drift in report.drifts]
    unknowns = (f"- {name(subject)}: {text(why)}" for subject, why in unknown(report))
    asleep = (f"- {_reported(each, report.zone)}; {text(snoozed(each))}" for each in report.snoozed)
    held = (
        *(f"- {_reported(each, report.zone)}; {text(each.held)}" for each in report.held),
        *(f"- {text(each)}" for each in report.holds),
    )
    away = (f"- {name(each.subject)}: {text(each.text)}" for each in report.away)
    over = (f"- {text(ended(each))}" for each in report.ended)
    note = unreadable(report)
    known = f" {report.known}." if report.known else ""
    # Each part has a budget of its own: a thousand drifts must not push out which hosts are unknown.
    lines = (
        f"**{text(headline(report))}**",
        "",
        *cut(drifts, Budget(_DRIFTS), _REST),
        *_list("Unknown", unknowns, _UNKNOWN),
        *_list("Snoozed", asleep, _SNOOZED),
        *_list("Held", held, _HELD),
        *_list("Of others", (f"- {text(line)}" for line in others_lines(report.others)), _OTHERS),
        *_list("Away", away, _AWAY),
        *_list("Snoozes that have ended", over, _ENDED),
        *(("", text(note)) if note else ()),
        *_list("Notes", (f"- {text(note)}" for note in report.notes), _ENDED),
        "",
        f"Checked at {spelled(report.checked, report.zone)}.{known}",
    )
    return "\n".join(lines) + "\n"


def _reported(drift: Drift, zone: tzinfo) -> str:
    """Return what there is and who did it: each is cut by itself, so that a long path takes nobody's name away."""
    by = f"; {text(who(drift.mover, zone), _MOVER)}" if drift.mover is not None else ""
    return f"{name(drift.subject)}: {text(what(drift))}{by}"


def _list(title: str, lines: Iterable[str], characters: int) -> Iterator[str]:
    shown = cut(list(lines), Budget(characters), _REST)
    if shown:
        yield from ("", f"### {title}", "", *shown)

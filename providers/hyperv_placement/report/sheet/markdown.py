"""A report of tables as Markdown: text of files and hosts is escaped, and the whole fits into an issue."""

from __future__ import annotations

from hyperv_placement.report.markdown import Budget, table, text

from .values import Sheet

LIMIT = 65_000
"""Characters; GitHub takes 65,536 in an issue, GitLab a million."""
_NOTES = 15_000
"""Characters that titles and notes may take of it."""


def render_markdown(sheet: Sheet) -> str:
    """Return the report; each table is cut where its share of LIMIT ends, and says so."""
    share = (LIMIT - _NOTES) // max(1, len(sheet.parts))
    lines = [f"## {text(sheet.title)}", "", f"**{text(sheet.headline)}**"]
    for part in sheet.parts:
        lines += ["", f"### {text(part.title)}"]
        if part.rows:
            rows = [[text(cell) for cell in row] for row in part.rows]
            lines += [
                "",
                *table([text(head) for head in part.heads], rows, Budget(share), "all: --json", part.numbers),
            ]
        lines += [line for note in part.notes for line in ("", text(note))]
    lines += [line for note in sheet.notes for line in ("", text(note))]
    return "\n".join(lines) + "\n"

"""The error catalogue, written from the codes that the product knows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from hyperv_placement.codes.catalogue import Kind, Known
from tools.docs.tables import cell, code

INTRODUCTION = """# Error catalogue

What migrations, and the way to their hosts, are known to fail with, and what to do. `bin/placement explain CODE` tells the same on the command
line. Written from `providers/hyperv_placement/codes/host_errors.yaml` by `make docs-write`.
"""
_TITLES: dict[Kind, str] = {
    "hresult": "Codes of failed moves",
    "return value": "Return values of methods",
    "message": "Messages",
    "event": "Events in a host's log",
    "fault": "Faults of WinRM",
    "http": "Answers of HTTP",
}


def render(rows: Iterable[Known]) -> str:
    """Return the page, a heading a code."""
    order = list(_TITLES)
    parts = [INTRODUCTION]
    for kind, known in groupby(sorted(rows, key=lambda row: order.index(row.kind)), key=lambda row: row.kind):
        parts.append(f"## {_TITLES[kind]}\n")
        parts.extend(_entry(row) for row in known)
    return "\n".join(parts)


def _entry(row: Known) -> str:
    seen = "" if row.seen else " Nobody has met it at a migration yet."
    remedy = row.remedied("SOURCE", "DESTINATION")
    words = f"\n- **Words**: {', '.join(code(word) for word in row.words)}" if row.words else ""
    return (
        f"### {code(row.shown)}\n\n{cell(_sentence(row.meaning))}{seen}\n\n"
        f"- **Shows**: {cell(row.shows)}\n- **What to do**: {cell(_sentence(remedy))}{words}\n- **Says who**: {cell(row.source)}\n"
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")

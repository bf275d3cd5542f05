"""Rows of the catalogue as lines of a terminal, and as records for scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from hyperv_placement.codes.catalogue import Known

_WIDTH = 110
_SOURCE, _DESTINATION = "SOURCE", "DESTINATION"


def explained(rows: Iterable[Known]) -> str:
    """Return each row whole: meaning, where it shows, what to do, who says so."""
    return "\n\n".join("\n".join(_lines(row)) for row in rows)


def _lines(row: Known) -> Iterable[str]:
    yield f"{row.shown} ({row.kind}): {row.meaning}"
    rare = "" if row.seen else " (nobody has met it at a migration yet)"
    for name, text in (
        ("shows", row.shows + rare), ("do", row.remedied(_SOURCE, _DESTINATION)), ("source", row.source),
    ):  # fmt: skip
        yield from textwrap.wrap(text, _WIDTH, initial_indent=f"  {name + ':':8}", subsequent_indent=" " * 10)


def listed(rows: Iterable[Known]) -> str:
    """Return a line for each row."""
    return "\n".join(f"{row.shown:14} {row.kind:13} {row.meaning}" for row in rows)


def as_record(row: Known) -> Mapping[str, Any]:
    """Return a row as a script reads it."""
    return {
        "code": row.shown,
        "kind": row.kind,
        "meaning": row.meaning,
        "shows": row.shows,
        "remedy": row.remedied(_SOURCE, _DESTINATION),
        "source": row.source,
        "seen": row.seen,
    }

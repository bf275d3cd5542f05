"""Rows of the catalogue as lines of a terminal, and as records for scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from hyperv_placement.codes.catalogue import Known
from hyperv_placement.codes.findings import FindingRow

WIDE = 110
"""Columns where nothing says how wide lines may be."""
_SOURCE, _DESTINATION = "SOURCE", "DESTINATION"


def explained(rows: Iterable[Known], columns: int = WIDE) -> str:
    """Return each row whole: meaning, where it shows, what to do, who says so."""
    shown = []
    for row in rows:
        rare = "" if row.seen else " (nobody has met it at a migration yet)"
        lines = [f"{row.shown} ({row.kind}): {row.meaning}"]
        for name, text in (
            ("shows", row.shows + rare), ("do", row.remedied(_SOURCE, _DESTINATION)), ("source", row.source),
        ):  # fmt: skip
            lines += textwrap.wrap(
                text, columns, initial_indent=f"  {name + ':':8}", subsequent_indent=" " * 10
            )
        shown.append("\n".join(lines))
    return "\n\n".join(shown)


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


_SEVERITIES = {"refusal": "refusal", "warning": "warning", "both": "refusal or warning"}


def finding_explained(row: FindingRow, columns: int = WIDE) -> str:
    """Return what the id of a finding means: what was found, what is at stake, what to do, and who says so."""
    lines = [f"{row.id} ({_SEVERITIES[row.severity]}): {row.meaning}"]
    for name, text in (("risk", row.at_stake), ("do", row.remedy), ("source", row.source)):
        if text:
            lines += textwrap.wrap(
                text, columns, initial_indent=f"  {name + ':':8}", subsequent_indent=" " * 10
            )
    return "\n".join(lines)


def finding_record(row: FindingRow) -> Mapping[str, Any]:
    """Return a finding's row as a script reads it, under the keys of codes where they fit."""
    return {
        "code": row.id,
        "kind": "finding",
        "severity": row.severity,
        "meaning": row.meaning,
        "at_stake": row.at_stake,
        "remedy": row.remedy,
        "source": row.source,
    }

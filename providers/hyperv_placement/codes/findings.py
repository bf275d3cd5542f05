"""What the ids of findings mean: the rows of `findings.yaml`, for `placement explain` and the page of refusals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

FILE = Path(__file__).with_name("findings.yaml")
Group = Literal["machine", "run", "warning", "doctor", "stack file"]

# libyaml reads the file in a tenth of the time, and a wheel of PyYAML without it works as well.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A row of the catalogue."""

    id: str
    group: Group
    severity: Literal["refusal", "warning", "both"]
    meaning: str
    """What was found. Code stands in backticks, here and below."""
    at_stake: str
    """What is lost or goes wrong without it."""
    remedy: str
    source: str = ""
    """Where the fact about Hyper-V is published; empty where the finding rests on the stack file and our own readings."""


@cache
def finding_rows() -> tuple[FindingRow, ...]:
    """Return every row, in the order of the file."""
    rows = yaml.load(FILE.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - either one is a safe loader
    return tuple(FindingRow(**row) for row in rows)


def finding_row(finding_id: str) -> FindingRow | None:
    """Return the row of that id, however its case was typed; None where there is none."""
    wanted = finding_id.strip().casefold()
    if not wanted[:1].isalpha():  # a code of a host: the file need not be read
        return None
    return next((row for row in finding_rows() if row.id == wanted), None)

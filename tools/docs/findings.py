"""What is refused, and what only warns: written from the catalogue of findings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hyperv_placement.codes.findings import FindingRow, Group
from tools.docs.tables import cell, code, row

INTRODUCTION = """# What is refused

Some machines are left where they are, with a warning in the preview and an error of that machine in `up`; the others go on, and
the run ends non-zero, also where nothing would have to be moved. A protected machine that is in place is no error.

Every finding has an id, which stands under `id` in `--json` of `plan`, `review` and `doctor`, and under `ids` of `drift` and `check`.
`bin/placement explain ID` prints its row of this page. Written from `providers/hyperv_placement/codes/findings.yaml` by `make docs-write`.

The same rules are asked again, by facts read that moment, right before each start. What cannot be seen from outside, or what
nobody has seen a host do, only warns, and mostly says *unverified*: local ISO files, the host's own DVD drive, Fibre Channel
zoning, switches and virtual SANs in another case, servers of shares in another spelling, processors that report no compatibility
vectors, versions that a host does not list. Room that is short only now is waited for.
"""
_SECTIONS: dict[Group, tuple[str, str]] = {
    "machine": ("Machines that stay where they are", ""),
    "run": ("What stops the whole run", "Nothing is moved, and the run fails before it starts anything."),
    "warning": (
        "Warnings",
        "They stop nothing by themselves. Where one leaves a machine unknown, nothing is planned for that machine.",
    ),
    "doctor": ("What the doctor alone looks at", "`bin/placement doctor` also reports all of the above."),
    "stack file": (
        "Stack files and policies",
        "All findings of a file are printed at once, with their lines; nothing is planned, and no host is asked.",
    ),
}


def render(rows: Iterable[FindingRow]) -> str:
    """Return the page, a table for each group."""
    rows = list(rows)
    parts = [INTRODUCTION]
    for group, (title, about) in _SECTIONS.items():
        lines = [f"## {title}", "", *([about, ""] if about else [])]
        lines += [row("what was found", "what is at stake", "way out", "id"), row(*["---"] * 4)]
        lines += [_line(each) for each in rows if each.group == group]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(each: FindingRow) -> str:
    source = f" ({each.source})" if each.source else ""
    return row(_text(each.meaning + source), _text(each.at_stake), _text(each.remedy), code(each.id))


def _text(text: str) -> str:
    """Return text as a cell; only what stands in backticks is markup."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(code(part.strip("`")) if part.startswith("`") else _escaped(part) for part in parts)


def _escaped(text: str) -> str:
    """Return what `cell` makes of a text, with the blanks at its ends."""
    return re.sub(r"\S.*\S|\S", lambda found: cell(found[0]), text)

"""The section others: as values: machines on the hosts that are somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hyperv_placement.model.names import folded
from hyperv_placement.model.others import Others

from .findings import Findings
from .nodes import Mapping, Node, Scalar, Sequence
from .words import read_day

_EXAMPLE = "write a name or a pattern, such as SQL*, or {names: [SQL*], until: 2026-12-01, reason: why}, or {siblings: true}"


def read_others(root: Mapping, findings: Findings) -> tuple[Others, ...]:
    """Return the entries of the file, in its order."""
    section = root.value("others")
    found: list[Others] = []
    seen: set[str] = set()
    for position, item in enumerate(section.items if isinstance(section, Sequence) else ()):
        where = f"others[{position}]"
        entry = _entry(item, where, findings)
        if entry is None:
            continue
        for name in (*map(folded, entry.names), *(["\0"] if entry.siblings else [])):
            if name in seen:
                text = "siblings stands" if entry.siblings else f"'{_spelled(entry, name)}' stands"
                findings.add("listed-twice", item.line, f"{where}: {text} here twice; name it once")
            seen.add(name)
        found.append(entry)
    return tuple(found)


def _spelled(entry: Others, name: str) -> str:
    return next(each for each in entry.names if folded(each) == name)


def _entry(item: Node, where: str, findings: Findings) -> Others | None:
    if isinstance(item, Scalar) and item.kind != "broken":
        return Others(names=(item.text,))
    if not isinstance(item, Mapping):
        return None
    if len(item.entries.keys() & {"names", "siblings"}) != 1:
        both = "both names and siblings" if "names" in item.entries else "neither names nor siblings"
        findings.add("others-incomplete", item.line, f"{where}: has {both}; {_EXAMPLE}")
        return None
    reason = item.scalar("reason")
    return Others(
        names=tuple(_names(item.value("names"))),
        siblings=item.scalar("siblings") is not None,
        until=_day(item.scalar("until"), f"{where}.until", findings),
        reason="" if reason is None else reason.text,
    )


def _names(node: Node | None) -> Iterator[str]:
    items = node.items if isinstance(node, Sequence) else [node]
    yield from (each.text for each in items if isinstance(each, Scalar) and each.kind != "broken")


def _day(node: Scalar | None, where: str, findings: Findings) -> date | None:
    return None if node is None else read_day(node, where, findings)

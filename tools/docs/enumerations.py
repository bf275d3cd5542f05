"""Every enumeration of a host that the product reads, written from its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.docs.tables import cell, code, row

INTRODUCTION = """# What the values of hosts mean

Every enumeration that is read of a host: each value by its page, and what is done with it. A value that no page names never
counts as fine where a move depends on it. `waited for` is refused where the stack file does not say `wait_for_activity`. Written from
`providers/hyperv_placement/codes/enumerations.yaml` by `make docs-write`; a test holds each row to the code.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of an enumeration."""

    value: int | str
    name: str
    we: str
    """What we do with it, in the words of the enumeration."""
    source: str = ""
    """Where it is published; empty: on the page of the enumeration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """A property, or a method's value, with its values."""

    id: str
    of: str
    """`Class.Property`; several classes with a comma; an index where one value of an array is meant."""
    page: str
    asked: str
    """What it decides."""
    not_named: str
    not_reported: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """A property by whose values rows are asked for; others are not read at all."""

    of: str
    page: str
    values: Mapping[int | str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The whole of it."""

    enumerations: tuple[Enumeration, ...]
    asked_for: tuple[AskedFor, ...]
    compared: tuple[AskedFor, ...]
    """Properties whose values are compared between two hosts."""
    counts: tuple[str, ...]
    """Properties that are numbers and no enumerations."""
    texts: tuple[str, ...]
    """Properties that are names, paths and the like."""


def read(project: Path) -> Table:
    """Return the table. Raises OSError, TypeError or KeyError where it is not as it has to be."""
    path = project / "providers" / "hyperv_placement" / "codes" / "enumerations.yaml"
    content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Table(
        enumerations=tuple(
            Enumeration(**{**each, "values": tuple(Value(**value) for value in each["values"])})
            for each in content["enumerations"]
        ),
        asked_for=tuple(AskedFor(**each) for each in content["asked_for"]),
        compared=tuple(AskedFor(**each) for each in content["compared"]),
        counts=tuple(content["counts"]),
        texts=tuple(content["texts"]),
    )


def render(table: Table) -> str:
    """Return the page."""
    parts = [INTRODUCTION, *map(_section, table.enumerations)]
    parts.append(
        _listed("Asked for by value", "Rows with other values are not read at all.", table.asked_for)
    )
    parts.append(_listed("Compared between two hosts", "What differs warns.", table.compared))
    return "\n".join(parts)


def _listed(title: str, about: str, properties: Sequence[AskedFor]) -> str:
    lines = [f"## {title}", "", about, "", row("property", "page", "values"), row("---", "---", "---")]
    lines += [
        row(
            code(each.of),
            cell(each.page),
            ", ".join(f"{code(str(v))} {cell(w)}" for v, w in each.values.items()),
        )
        for each in properties
    ]
    return "\n".join(lines) + "\n"


def _section(each: Enumeration) -> str:
    lines = [
        f"## {code(each.of)}",
        "",
        f"{cell(each.asked[:1].upper() + each.asked[1:])}. Page: {cell(each.page)}.",
        "",
    ]
    lines += [row("value", "name", "what is done"), row("---", "---", "---")]
    lines += [
        row(code(str(v.value)), cell(v.name) + (f" ({cell(v.source)})" if v.source else ""), cell(v.we))
        for v in each.values
    ]
    lines += [row("any other", "", cell(each.not_named)), row("none", "", cell(each.not_reported))]
    return "\n".join(lines) + "\n"

"""What two versions of a stack file declare differently: machines, hosts, rules, and what holds for all."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.stack import Rule, Stack

_UNSAID = frozenset({"line", "label", "policy", "unchangeable"})
"""Fields for lines and keys, and those that are not part of a stack file."""


class ChangeKind(StrEnum):
    """What became of a declaration."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field; None = not declared."""

    name: str
    """Its path within the entry, as `storage.disks.data`."""
    before: str | None
    after: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """One entry that is declared differently."""

    section: str
    """Of the stack file: machine, host, rule, guard, maintenance, hold, others, directory, delegation."""
    label: str
    """Key of a machine or a host; what a rule says; empty for a section that is one entry."""
    kind: ChangeKind
    fields: tuple[FieldChange, ...] = ()


def changes(before: Stack, after: Stack) -> tuple[EntryChange, ...]:
    """Return what `after` declares differently, in its order, with removals at the end of each section."""
    return (
        *_entries("machine", _flats(before.vms, before), _flats(after.vms, after)),
        *_entries("host", _flats(before.hosts, before), _flats(after.hosts, after)),
        *_rules(before.rules, after.rules),
        *_sections(before, after),
    )


def _flats(entries: Mapping[Any, Any], stack: Stack) -> dict[str, dict[str, str]]:
    return {str(label): _flat(entry, stack) for label, entry in entries.items()}


def _entries(
    section: str, before: Mapping[str, dict[str, str]], after: Mapping[str, dict[str, str]]
) -> Iterator[EntryChange]:
    for label, now in after.items():
        if label not in before:
            yield EntryChange(section=section, label=label, kind=ChangeKind.ADDED, fields=_fields({}, now))
        elif fields := _fields(before[label], now):
            yield EntryChange(section=section, label=label, kind=ChangeKind.CHANGED, fields=fields)
    for label, then in before.items():
        if label not in after:
            yield EntryChange(section=section, label=label, kind=ChangeKind.REMOVED, fields=_fields(then, {}))


def _fields(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FieldChange, ...]:
    names = dict.fromkeys([*after, *before])
    return tuple(
        FieldChange(name=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def _rules(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> Iterator[EntryChange]:
    old, new = dict.fromkeys(map(_rule, before)), dict.fromkeys(map(_rule, after))
    for label in new:
        if label not in old:
            yield EntryChange(section="rule", label=label, kind=ChangeKind.ADDED)
    for label in old:
        if label not in new:
            yield EntryChange(section="rule", label=label, kind=ChangeKind.REMOVED)


def _rule(rule: Rule) -> str:
    on = f" on {', '.join(rule.hosts)}" if rule.hosts else ""
    return f"{rule.kind}: {', '.join(rule.labels)}{on}" if rule.labels else f"{rule.kind}{on}"


def _sections(before: Stack, after: Stack) -> Iterator[EntryChange]:
    for name in (
        "guard",
        "maintenance",
        "hold",
        "others",
        "directory",
        "delegation",
        "delegation_wait",
        "wait_for_activity",
        "on_cancel",
        "bystanders",
        "timezone",
    ):
        pair = [_flat(_section(stack, name), stack) for stack in (before, after)]
        if fields := _fields(*pair):
            yield EntryChange(section=name, label="", kind=ChangeKind.CHANGED, fields=fields)


def _section(stack: Stack, name: str) -> Any:
    """Return a section; of lists that have an entry for each host or machine, what each entry says, by its name."""
    if name == "maintenance":
        return {host: words(entry.until, entry.reason, entry.to) for host, entry in stack.maintenance.items()}
    if name == "others":
        return {str(each): words(each.until, each.reason) for each in stack.others}
    if name == "timezone":
        return zone_name(stack.zone)
    if name == "hold":
        return {str(each.host or each.label): words(each.until, each.reason) for each in stack.holds}
    return getattr(stack, name)


def words(until: date | None, reason: str, to: tuple[str, ...] = ()) -> str:
    """Return how long something counts, why, and where machines go for it, as a reviewer reads it."""
    said = (
        "until further notice" if until is None else f"until {until}",
        reason,
        f"to {', '.join(to)}" if to else "",
    )
    return ": ".join(each for each in said if each)


def _flat(value: Any, stack: Stack) -> dict[str, str]:
    """Return every declared field of `value` by its path; empty fields are left out."""
    said = ((name, shown(leaf, stack)) for name, leaf in leaves("", value))
    return {name: text for name, text in said if text}


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each single declared value in `value` by its path; `name`: the path of `value` itself."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in _UNSAID:
                yield from leaves(_joined(name, field.name), getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, own in value.items():
            yield from leaves(_joined(name, str(key)), own)
    elif isinstance(value, tuple) and any(dataclasses.is_dataclass(each) for each in value):
        for number, own in enumerate(value, start=1):
            yield from leaves(_joined(name, str(number)), own)
    elif value is not None:
        yield name, value


def _joined(name: str, more: str) -> str:
    return f"{name}.{more}" if name else more


def shown(value: Any, stack: Stack) -> str:
    """Return a single value as reports show it; files in the stack file's folder by their relative path."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | frozenset):
        return ", ".join(sorted(map(str, value)) if isinstance(value, frozenset) else map(str, value))
    folder = stack.path.absolute().parent
    if isinstance(value, Path) and value.is_relative_to(folder):
        return value.relative_to(folder).as_posix()
    return str(value)

"""A stack file as text: what is there, with comments where a choice was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from providers.model.estate import VirtualMachine

SCHEMA = "# yaml-language-server: $schema=../schemas/stack.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A machine's declaration."""

    label: str
    vm: VirtualMachine
    values: Mapping[str, Any]
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that goes into the file."""

    connection: Mapping[str, Any]
    hosts: Mapping[str, Mapping[str, Any]]
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = field(default=())
    """Lines about what is not declared, and why."""


def text_of(found: Found) -> str:
    """Return the file. What hosts report is quoted by the YAML library, and in comments bare of control characters."""
    return "\n".join((*_lines(found), ""))


def _lines(found: Found) -> Iterator[str]:
    yield SCHEMA
    yield "# Everything as it was found: the first `up` adopts the machines and moves none. Change what shall be otherwise."
    yield from (f"# {_bare(each)}" for each in found.remarks)
    if found.connection:
        yield from _block({"connection": dict(found.connection)})
    yield "hosts:"
    for name, host in found.hosts.items():
        yield from _indented({name: dict(host)})
    if not found.entries:
        yield "vms: {}"
        return
    yield "vms:"
    yield from _entries(found.entries)


def _entries(entries: Iterable[Entry]) -> Iterator[str]:
    host = ""
    for each in entries:
        if each.vm.host != host:
            host = each.vm.host
            yield f"  # on {_bare(host)}"
        if each.comment:
            yield f"  # {_bare(each.label)}: {_bare(each.comment)}"
        yield from _indented({each.label: dict(each.values)})


def _block(values: Mapping[str, Any]) -> list[str]:
    text: str = yaml.safe_dump(
        dict(values), default_flow_style=None, sort_keys=False, allow_unicode=True, width=1 << 20
    )
    return text.rstrip("\n").split("\n")


def _indented(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"  {line}" for line in _block(values))


def _bare(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)

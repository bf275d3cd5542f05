"""A YAML document as a tree that remembers its lines."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["text", "integer", "number", "boolean", "null", "list", "mapping", "broken"]

# Plain texts that YAML 1.1 or 1.2 readers take for something else; PyYAML follows 1.1, editors 1.2.
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEAN = frozenset(
    spelling
    for word in ("true", "false", "yes", "no", "on", "off")
    for spelling in (word, word.title(), word.upper())
)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_NUMBER_STARTS = frozenset("+-.0123456789")


class Scalar(NamedTuple):
    """A single value, with its text as read; `broken` ones were reported already and hold nothing."""

    line: int
    kind: Kind
    text: str = ""


class Sequence(NamedTuple):
    """A list."""

    line: int
    items: list[Node]
    kind: Kind = "list"


class Mapping(NamedTuple):
    """Keys with values, in the order of the file."""

    line: int
    entries: dict[str, Entry]
    kind: Kind = "mapping"

    def scalar(self, key: str) -> Scalar | None:
        """Return the single value of `key`; None where it is absent or was reported."""
        value = self.value(key)
        return value if isinstance(value, Scalar) else None

    def mapping(self, key: str) -> Mapping | None:
        """Return the mapping that `key` holds; None where it is absent or was reported."""
        value = self.value(key)
        return value if isinstance(value, Mapping) else None

    def value(self, key: str) -> Node | None:
        """Return what `key` holds; None where it is absent or was reported."""
        entry = self.entries.get(key)
        return None if entry is None or entry.value.kind == "broken" else entry.value


class Entry(NamedTuple):
    """A key of a mapping with its value; `line` is the key's."""

    line: int
    value: Node


Node = Scalar | Sequence | Mapping


def broken(line: int) -> Scalar:
    """Return the stand-in for a value that was reported."""
    return Scalar(line, "broken")


def plain_kind(text: str) -> Kind:
    """Say what YAML readers take a plain (unquoted) `text` for."""
    if text in _NULL:
        return "null"
    if text in _BOOLEAN:
        return "boolean"
    if text[0] not in _NUMBER_STARTS:
        return "text"
    if _INTEGER.fullmatch(text):
        return "integer"
    return "number" if _NUMBER.fullmatch(text) else "text"

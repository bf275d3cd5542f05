"""Says which parts of a document certainly fit a schema, so that jsonschema need not look at them.

It decides in one direction only. What it lets through fits; what it holds back, or what stands under a keyword
that it does not know, is for jsonschema to judge. A file without mistakes costs no import of jsonschema that way
(a quarter of a second), and of 10,000 machines with one mistake jsonschema sees one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import nodes
from .nodes import Kind, Node, Scalar

_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "string": ("text",),
    "integer": ("integer",),
    "number": ("integer", "number"),
    "boolean": ("boolean",),
    "null": ("null",),
    "array": ("list",),
    "object": ("mapping",),
}
_ANNOTATIONS = frozenset(("$schema", "title", "description", "default", "examples", "errorMessage"))
_KEYWORDS = _ANNOTATIONS | {
    "type", "anyOf", "enum", "pattern", "minLength", "minimum", "maximum", "items", "minItems", "uniqueItems",
    "properties", "additionalProperties", "propertyNames", "required", "minProperties", "maxProperties",
}  # fmt: skip
_LONGEST_NUMBER = 18
"""Digits: beyond 64 bits jsonschema decides."""

Fits = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """What certainly fits one part of a schema."""

    fits: Callable[[Node], bool]
    parts: Mapping[str, Sieve] = field(default_factory=dict)
    """What fits the values of a mapping, by key."""
    rest: Sieve | None = None
    """What fits under any other key; None where nothing is known to."""

    def part(self, key: str) -> Sieve | None:
        """Return what certainly fits under `key`; None where nothing is known to."""
        return self.parts.get(key, self.rest)


ANYTHING = Sieve(fits=lambda _node: True)


def sieve(schema: Mapping[str, Any]) -> Sieve:
    """Return the sieve of a schema without references."""
    parts = {key: sieve(part) for key, part in schema.get("properties", {}).items()}
    additional = schema.get("additionalProperties", True)
    rest = sieve(additional) if isinstance(additional, Mapping) else ANYTHING if additional else None
    # A keyword that is not known here could forbid anything: nothing fits for certain.
    if not schema.keys() <= _KEYWORDS:
        return Sieve(fits=lambda _node: False)
    own: dict[Kind, Fits] = {
        "text": _text(schema),
        "integer": _integer(schema),
        "number": lambda _node: "enum" not in schema and "minimum" not in schema and "maximum" not in schema,
        "boolean": lambda _node: "enum" not in schema,
        "null": lambda _node: "enum" not in schema,
        "list": _sequence(schema),
        "mapping": _mapping(schema, parts, rest),
    }
    types = schema.get("type", tuple(_KINDS))
    allowed = {kind for name in ([types] if isinstance(types, str) else types) for kind in _KINDS[name]}
    by_kind = {kind: fits for kind, fits in own.items() if kind in allowed}
    alternatives = [sieve(part).fits for part in schema.get("anyOf", ())]

    def fits(node: Node) -> bool:
        check = by_kind.get(node.kind)
        if check is None or not check(node):
            return False
        return not alternatives or any(each(node) for each in alternatives)

    # Which alternative counts for the values of a mapping is not looked for: jsonschema looks at all of them.
    return Sieve(fits=fits) if alternatives else Sieve(fits=fits, parts=parts, rest=rest)


def _text(schema: Mapping[str, Any]) -> Fits:
    shortest, enum = schema.get("minLength", 0), schema.get("enum")
    # Not fullmatch: patterns of JSON Schema are not anchored (JSON Schema Validation, 6.3.3).
    found = re.compile(schema.get("pattern", "")).search

    def fits(node: Scalar) -> bool:
        text = node.text
        return len(text) >= shortest and found(text) is not None and (enum is None or text in enum)

    return fits


def _integer(schema: Mapping[str, Any]) -> Fits:
    least, most = schema.get("minimum"), schema.get("maximum")

    def fits(node: Scalar) -> bool:
        if "enum" in schema or len(node.text) > _LONGEST_NUMBER:
            return False
        number = int(node.text)
        return (least is None or number >= least) and (most is None or number <= most)

    return fits


def _sequence(schema: Mapping[str, Any]) -> Fits:
    item, shortest = sieve(schema["items"]).fits if "items" in schema else None, schema.get("minItems", 0)
    unique = schema.get("uniqueItems", False)

    def fits(node: nodes.Sequence) -> bool:
        items = node.items
        if "enum" in schema or len(items) < shortest or not (item is None or all(map(item, items))):
            return False
        if not unique:
            return True
        # Items that are no scalars are missing here, so the counts differ and jsonschema decides.
        texts = {each.text for each in items if isinstance(each, Scalar)}
        return len(texts) == len(items)

    return fits


def _mapping(schema: Mapping[str, Any], parts: Mapping[str, Sieve], rest: Sieve | None) -> Fits:
    required, fewest = frozenset(schema.get("required", ())), schema.get("minProperties", 0)
    most = schema.get("maxProperties")
    name = sieve(schema["propertyNames"]).fits if "propertyNames" in schema else None

    def fits(node: nodes.Mapping) -> bool:
        entries = node.entries
        if "enum" in schema or not required <= entries.keys() or len(entries) < fewest:
            return False
        if most is not None and len(entries) > most:
            return False
        if name is not None and not all(name(Scalar(0, "text", key)) for key in entries):
            return False
        for key, entry in entries.items():
            part = parts.get(key, rest)
            if part is None or not part.fits(entry.value):
                return False
        return True

    return fits

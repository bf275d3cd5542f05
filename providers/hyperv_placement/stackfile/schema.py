"""The JSON Schema of stack files, compiled so that whole estates are checked against it in a second.

`schemas/stack.schema.json` is the only statement of the shape; this module knows keywords, no keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from .near import NearNames
from .nodes import Kind

SCHEMA_FILE = Path(__file__).resolve().parents[3] / "schemas" / "stack.schema.json"

_KINDS: Mapping[str, Kind] = {
    "string": "text",
    "integer": "integer",
    "boolean": "boolean",
    "null": "null",
    "array": "list",
    "object": "mapping",
}
_ANNOTATIONS = frozenset(("$schema", "$defs", "title", "description", "default"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one value of a stack file may look like."""

    kinds: frozenset[Kind] = frozenset()
    alternatives: Mapping[Kind, Shape] = field(default_factory=dict)
    """Of anyOf: which shape counts for a value of this kind."""
    error_message: str = ""
    """The schema's own words for what would be right (errorMessage, which editors show too)."""
    examples: tuple[Any, ...] = ()
    enum: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    min_length: int = 0
    minimum: int | None = None
    maximum: int | None = None
    items: Shape | None = None
    min_items: int = 0
    unique_items: bool = False
    properties: Mapping[str, Shape] = field(default_factory=dict)
    additional: Shape | None = None
    """Shape of values whose key is not in `properties`; None where there must be none."""
    property_names: Shape | None = None
    required: tuple[str, ...] = ()
    min_properties: int = 0
    max_properties: int | None = None
    near: NearNames = field(default_factory=lambda: NearNames(()))
    """Suggests from `properties`."""


@cache
def stack_shape() -> Shape:
    """Return the compiled schema of stack files."""
    return compiled(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def compiled(schema: Mapping[str, Any]) -> Shape:
    """Return a whole JSON Schema as a Shape. Raises ValueError for a keyword that nobody would check."""
    return _shape(schema, schema.get("$defs", {}))


def _shape(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Shape:
    reference = schema.get("$ref")
    start = (
        Shape() if reference is None else _shape(definitions[reference.removeprefix("#/$defs/")], definitions)
    )
    return replace(start, **dict(_fields(schema, definitions)))


def _fields(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword, value in schema.items():
        if keyword in _ANNOTATIONS or keyword == "$ref":
            continue
        if keyword in _PLAIN:
            yield _PLAIN[keyword], tuple(value) if isinstance(value, list) else value
        elif keyword == "type":
            yield "kinds", frozenset(_KINDS[name] for name in ([value] if isinstance(value, str) else value))
        elif keyword == "pattern":
            yield "pattern", re.compile(value)
        elif keyword in _NESTED:
            yield _NESTED[keyword], _shape(value, definitions) if value is not False else None
        elif keyword == "properties":
            yield "properties", {name: _shape(part, definitions) for name, part in value.items()}
            yield "near", NearNames(value)
        elif keyword == "anyOf":
            yield "alternatives", _by_kind([_shape(part, definitions) for part in value])
        else:
            raise ValueError(f"the loader does not check the keyword {keyword!r} of the schema")


_PLAIN = {
    "enum": "enum",
    "examples": "examples",
    "errorMessage": "error_message",
    "minLength": "min_length",
    "minimum": "minimum",
    "maximum": "maximum",
    "minItems": "min_items",
    "uniqueItems": "unique_items",
    "required": "required",
    "minProperties": "min_properties",
    "maxProperties": "max_properties",
}
_NESTED = {"items": "items", "additionalProperties": "additional", "propertyNames": "property_names"}


def _by_kind(shapes: list[Shape]) -> Mapping[Kind, Shape]:
    by_kind: dict[Kind, Shape] = {}
    for shape in shapes:
        for kind in shape.kinds:
            if kind in by_kind:
                raise ValueError(
                    f"two alternatives of anyOf take a {kind}: which one was meant cannot be told"
                )
            by_kind[kind] = shape
    return by_kind

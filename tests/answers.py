"""Answers of `--json` held against their schemas, closed: a key that no schema has is as wrong as one that is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.marks import PROJECT

FOLDER = PROJECT / "schemas" / "json"
SHARED = "shared.schema.json"
ENDING = ".schema.json"
_OPEN = "-open"
"""Behind the name of a part that an answer has more keys than."""


def names() -> list[str]:
    """Return the name of every schema of an answer."""
    return sorted(path.name.removesuffix(ENDING) for path in FOLDER.glob(f"*{ENDING}") if path.name != SHARED)


def schema(name: str) -> dict[str, Any]:
    """Return a schema as it is published."""
    return dict(json.loads((FOLDER / f"{name}{ENDING}").read_text(encoding="utf-8")))


def checked(name: str, text: str) -> dict[str, Any]:
    """Return the answer in `text`. Fails where it is not as its schema says, or has a key that is not described."""
    answer = json.loads(text)
    wrong = [f"{error.json_path}: {error.message}" for error in _validator(name).iter_errors(answer)]
    assert not wrong, f"{name}: {'; '.join(wrong)[:3000]}"
    return dict(answer)


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a schema."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from nodes(inner)


@cache
def _validator(name: str) -> Draft202012Validator:
    shared = schema("shared")
    parts = shared["$defs"]
    shared["$defs"] = {key: _closed(part) for key, part in parts.items()} | {
        f"{key}{_OPEN}": {**part, "properties": _closed(part["properties"])} for key, part in parts.items()
    }
    registry = Registry().with_resource(SHARED, Resource.from_contents(shared))
    return Draft202012Validator(_closed(schema(name)), registry=registry)


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and "type" in node:
        if "$ref" in node:
            return {**closed, "$ref": f"{node['$ref']}{_OPEN}", "unevaluatedProperties": False}
        return {**closed, "additionalProperties": False}
    return closed

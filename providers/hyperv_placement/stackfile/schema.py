"""The JSON Schemas of stack files and policies, ready to be held against a tree of nodes.

A schema file is the only statement of the shape: what knows keywords here knows no keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hyperv_placement.system.shipped import shipped

from .sieve import Sieve, sieve

FOLDER = shipped("schemas")
STACK_SCHEMA = FOLDER / "stack.schema.json"
POLICY_SCHEMA = FOLDER / "policy.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A JSON Schema that holds no reference, and what it certainly accepts."""

    document: Mapping[str, Any]
    sieve: Sieve


@cache
def read_schema(file: Path) -> Schema:
    """Return the schema in `file`."""
    return schema_of(json.loads(file.read_text(encoding="utf-8")))


def schema_of(raw: Mapping[str, Any]) -> Schema:
    """Return a JSON Schema as read, for use."""
    document = _written_out(raw, raw.get("$defs", {}))
    return Schema(document=document, sieve=sieve(document))


def _written_out(part: Any, definitions: Mapping[str, Any]) -> Any:
    """Return `part` with what its references name in their places; what stands beside a reference counts more.

    So an error of jsonschema brings the errorMessage that stands beside the reference, and nothing is left to resolve.
    """
    if isinstance(part, list):
        return [_written_out(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if isinstance(reference := part.get("$ref"), str):
        beside = {keyword: value for keyword, value in part.items() if keyword != "$ref"}
        return _written_out(definitions[reference.removeprefix("#/$defs/")] | beside, definitions)
    return {keyword: _written_out(each, definitions) for keyword, each in part.items() if keyword != "$defs"}

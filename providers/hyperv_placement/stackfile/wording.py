"""Errors of jsonschema in an operator's words: what is wrong, and what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import yaml
from jsonschema.exceptions import ValidationError

from .findings import listed
from .nodes import Kind, Node, Scalar

_WORDS: Mapping[str, str] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "a mapping of keys to values",
}
_TYPES: Mapping[Kind, str] = {
    "text": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "list": "array",
    "mapping": "object",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What one keyword of the schema says against one value."""

    keyword: str
    limit: Any
    """What the schema has beside the keyword."""
    shape: Mapping[str, Any]
    """The part of the schema in which the keyword stands."""
    path: Sequence[str | int]
    """Where the value stands in the document."""
    value: Any
    of_key: bool
    """Whether it is said of a key of the mapping at `path`; `value` is that key."""
    reason: str
    """jsonschema's own words."""

    @classmethod
    def of(cls, error: ValidationError) -> Iterator[Self]:
        """Yield what an error of jsonschema says, which is one for all unknown keys of a mapping."""
        flaw = cls(
            keyword=str(error.validator),
            limit=error.validator_value,
            shape=error.schema if isinstance(error.schema, Mapping) else {},
            path=list(error.absolute_path),
            value=error.instance,
            of_key="propertyNames" in list(error.relative_schema_path)[-2:],
            reason=error.message,
        )
        if flaw.keyword != "additionalProperties":
            yield flaw
            return
        known = flaw.shape.get("properties", {})
        for key in flaw.value:
            if key not in known:
                yield replace(flaw, value=key, of_key=True)

    @property
    def advice(self) -> str:
        """The schema's own words for what would be right, which editors show too."""
        return str(self.shape.get("errorMessage", ""))


def problem(flaw: Flaw, node: Node) -> tuple[str, str]:
    """Return the finding's id for what is wrong with `node`, which a flaw is about, and that with what would be right."""
    # For a keyword that the schemas did not use when this was written jsonschema's own words have to do.
    finding_id, words = _PROBLEMS.get(flaw.keyword, ("value-not-allowed", _own_words))
    return "key-not-allowed" if flaw.of_key else finding_id, words(flaw, node)


def missing(key: str, shape: Mapping[str, Any]) -> str:
    """Return what to do about a required key that a mapping lacks; `shape`: what it may hold."""
    example = key
    if examples := shape.get("examples"):
        flow = yaml.safe_dump({key: examples[0]}, default_flow_style=True, width=1000)
        example = flow.strip().removeprefix("{").removesuffix("}")
    return f"'{key}' is missing; add it, such as {example}"


def _wrong_type(flaw: Flaw, node: Node) -> str:
    types = _types(flaw.shape)
    wanted = " or ".join(_WORDS[name] for name in _WORDS if name in types and name != "null")
    advice, found = _and(flaw.advice), _WORDS[_TYPES[node.kind]]
    if not isinstance(node, Scalar):
        return f"is {found}, but must be {wanted}{advice}"
    if node.kind == "null":
        return f"has no value, but must be {wanted}; give one or remove the line{advice}"
    if node.kind == "text":
        return f"is the text '{node.text}', but must be {wanted}{advice}"
    as_text = f"; if it is meant as text, write '{node.text}'" if "string" in types else ""
    return f"is {found} ({node.text}), but must be {wanted}{advice or as_text}"


def _types(shape: Mapping[str, Any]) -> set[str]:
    """Return the types that a part of the schema takes, whichever of its alternatives has them."""
    if "anyOf" in shape:
        return {name for part in shape["anyOf"] for name in _types(part)}
    types = shape.get("type", tuple(_WORDS))
    return {types} if isinstance(types, str) else set(types)


def _and(text: str) -> str:
    return f"; {text}" if text else ""


def _text(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else node.kind


def _wrong_choice(flaw: Flaw, node: Node) -> str:
    return f"'{_text(node)}' cannot be used; {flaw.advice or 'write ' + ' or '.join(map(str, flaw.limit))}"


def _too_few(flaw: Flaw, _node: Node) -> str:
    keys = f", of {listed(flaw.shape['properties'])}" if "properties" in flaw.shape else ""
    return f"is empty; give it at least {flaw.limit} entry{keys}"


def _too_many(flaw: Flaw, _node: Node) -> str:
    return f"holds {listed(flaw.value)} at once; keep {flaw.limit}, move others to an item of their own"


def _own_words(flaw: Flaw, _node: Node) -> str:
    return f"{flaw.reason}{_and(flaw.advice)}"


_PROBLEMS: Mapping[str, tuple[str, Callable[[Flaw, Node], str]]] = {
    "type": ("value-kind", _wrong_type),
    "anyOf": ("value-kind", _wrong_type),
    "enum": ("value-not-allowed", _wrong_choice),
    "pattern": ("value-not-allowed", lambda flaw, node: f"'{_text(node)}' does not fit{_and(flaw.advice)}"),
    "minLength": (
        "value-not-allowed",
        lambda _flaw, _node: "is an empty text; give a value or remove the line",
    ),
    "minimum": (
        "value-not-allowed",
        lambda flaw, node: f"{_text(node)} is too small; the least is {flaw.limit}",
    ),
    "maximum": (
        "value-not-allowed",
        lambda flaw, node: f"{_text(node)} is too large; the most is {flaw.limit}",
    ),
    "minItems": (
        "list-too-short",
        lambda flaw, _node: f"has {len(flaw.value)} of at least {flaw.limit} items; name more",
    ),
    "minProperties": ("section-empty", _too_few),
    "maxProperties": ("too-many-keys", _too_many),
}
"""Keyword of JSON Schema -> id of the finding, and its words."""

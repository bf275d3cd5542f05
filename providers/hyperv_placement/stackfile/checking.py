"""Holds a tree of nodes against the schema: reports every difference and cuts out what does not fit."""

from __future__ import annotations

import yaml

from .findings import Findings, listed
from .nodes import Entry, Kind, Mapping, Node, Scalar, Sequence, broken
from .parsing import Document
from .schema import Shape

_WORDS: dict[Kind, str] = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
    "list": "a list",
    "mapping": "a mapping of keys to values",
}


def check(document: Document, shape: Shape, findings: Findings) -> Node:
    """Return the document with each value that does not fit `shape` reported and replaced by a broken one."""
    checker = _Checker(findings, complete=document.complete)
    return checker.node(document.root, shape, "", document.root.line)


class _Checker:
    def __init__(self, findings: Findings, *, complete: bool) -> None:
        self._findings = findings
        self._complete = complete

    def node(self, node: Node, shape: Shape, where: str, line: int) -> Node:
        """Check `node`, called `where`, whose key stands in `line`."""
        if node.kind == "broken":
            return node
        kinds = shape.kinds
        if shape.alternatives:
            kinds = frozenset(shape.alternatives)
            shape = shape.alternatives.get(node.kind, shape)
        if node.kind not in kinds:
            return self._wrong("value-kind", node.line, where, _wrong_kind(node, kinds, shape))
        if isinstance(node, Mapping):
            return self._mapping(node, shape, where, line)
        if isinstance(node, Sequence):
            return self._sequence(node, shape, where, line)
        problem = _scalar_problem(node, shape)
        return node if problem is None else self._wrong("value-not-allowed", node.line, where, problem)

    def _wrong(self, finding_id: str, line: int, where: str, problem: str) -> Scalar:
        self._findings.add(finding_id, line, f"{where}: {problem}" if where else problem)
        return broken(line)

    def _sequence(self, node: Sequence, shape: Shape, where: str, line: int) -> Node:
        if len(node.items) < shape.min_items and self._complete:
            return self._wrong(
                "list-too-short",
                line,
                where,
                f"has {len(node.items)} of at least {shape.min_items} items; name more",
            )
        if shape.items is None:
            return node
        items = [
            self.node(item, shape.items, f"{where}[{position}]", item.line)
            for position, item in enumerate(node.items)
        ]
        if shape.unique_items:
            items = self._unique(items, where)
        return Sequence(node.line, items)

    def _unique(self, items: list[Node], where: str) -> list[Node]:
        seen: dict[str, Node] = {}
        for item in items:
            if not isinstance(item, Scalar) or item.kind == "broken":
                continue
            if seen.setdefault(item.text, item) is not item:
                self._wrong(
                    "listed-twice", item.line, where, f"'{item.text}' stands here twice; name it once"
                )
        return list(seen.values())

    def _mapping(self, node: Mapping, shape: Shape, where: str, line: int) -> Node:
        entries: dict[str, Entry] = {}
        for key, entry in node.entries.items():
            value = self._entry(key, entry, shape, f"{where}.{key}" if where else key)
            if value is not None:
                entries[key] = Entry(entry.line, value)
        if self._complete:
            self._extent(node, shape, where, line)
        return Mapping(node.line, entries)

    def _entry(self, key: str, entry: Entry, shape: Shape, where: str) -> Node | None:
        """Return the checked value, or None where the key itself is wrong."""
        known = shape.properties.get(key) or shape.additional
        if known is None:
            keys, near = listed(shape.properties, limit=12), shape.near.suggestion(key)
            self._wrong("key-unknown", entry.line, where, f"unknown key '{key}' (known here: {keys}){near}")
            return None
        names = shape.property_names
        if names is not None:
            problem = _scalar_problem(Scalar(entry.line, "text", key), names)
            if problem is not None:
                self._wrong("key-not-allowed", entry.line, where, problem)
        return self.node(entry.value, known, where, entry.line)

    def _extent(self, node: Mapping, shape: Shape, where: str, line: int) -> None:
        """Report what a mapping lacks, and where it holds too few or too many keys."""
        meant = {shape.near.nearest(key) for key in node.entries if key not in shape.properties}
        for key in shape.required:
            if key not in node.entries and key not in meant:
                example = _example(key, shape.properties[key])
                self._wrong("key-missing", line, where, f"'{key}' is missing; add it, such as {example}")
        if len(node.entries) < shape.min_properties:
            known = f", of {listed(shape.properties)}" if shape.properties else ""
            self._wrong(
                "section-empty",
                line,
                where,
                f"is empty; give it at least {shape.min_properties} entry{known}",
            )
        if shape.max_properties is not None and len(node.entries) > shape.max_properties:
            keys = listed(node.entries)
            self._wrong(
                "too-many-keys",
                line,
                where,
                f"holds {keys} at once; keep {shape.max_properties}, move others to an item of their own",
            )


def _example(key: str, shape: Shape) -> str:
    flow = (
        yaml.safe_dump({key: shape.examples[0]}, default_flow_style=True, width=1000)
        if shape.examples
        else key
    )
    return flow.strip().removeprefix("{").removesuffix("}")


def _wrong_kind(node: Node, kinds: frozenset[Kind], shape: Shape) -> str:
    wanted = " or ".join(_WORDS[kind] for kind in _WORDS if kind in kinds and kind != "null")
    if not isinstance(node, Scalar):
        return f"is {_WORDS[node.kind]}, but must be {wanted}{_and(shape.error_message)}"
    if node.kind == "null":
        return f"has no value, but must be {wanted}; give one or remove the line{_and(shape.error_message)}"
    quoted = (
        f"; if it is meant as text, write '{node.text}'" if "text" in kinds and node.kind != "text" else ""
    )
    what = f"the text '{node.text}'" if node.kind == "text" else f"{_WORDS[node.kind]} ({node.text})"
    return f"is {what}, but must be {wanted}{_and(shape.error_message) or quoted}"


def _and(text: str) -> str:
    return f"; {text}" if text else ""


def _scalar_problem(node: Scalar, shape: Shape) -> str | None:
    """Return what is wrong with a value whose kind fits, and what would be right."""
    text = node.text
    if shape.enum and text not in shape.enum:
        return f"'{text}' cannot be used; {shape.error_message or 'write ' + ' or '.join(shape.enum)}"
    if len(text) < shape.min_length:
        return "is an empty text; give a value or remove the line"
    if shape.pattern is not None and shape.pattern.search(text) is None:
        return f"'{text}' does not fit; {shape.error_message}"
    if shape.minimum is not None and _whole(text) < shape.minimum:
        return f"{text} is too small; the least is {shape.minimum}"
    if shape.maximum is not None and _whole(text) > shape.maximum:
        return f"{text} is too large; the most is {shape.maximum}"
    return None


def _whole(text: str) -> int:
    """Return the number, or for thousands of digits (which int() refuses) one as far out of range."""
    return int(text[:20])

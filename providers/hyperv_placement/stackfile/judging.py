"""What jsonschema says of a document, in our words and with the lines of the file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from collections.abc import Mapping as Dict
from collections.abc import Sequence as Positions
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from hyperv_placement.model.nearest import NearNames

from .findings import Findings, listed
from .nodes import Entry, Mapping, Node, Scalar, Sequence, broken
from .parsing import Document
from .schema import Schema
from .sieve import Sieve
from .wording import Flaw, missing, problem

SETTLED = object()
"""Stands for a value that nothing is left to say of: it was reported by the parser, or certainly fits."""
_LONGEST_NUMBER = 20
"""Characters of a number that count: int() refuses thousands of digits, and these are as far out of range."""
_EXTENT = frozenset(("required", "minItems", "minProperties", "maxProperties"))
_LAST = ("required", "minProperties", "maxProperties", "uniqueItems")
"""Asked of a collection after what is in it; what is in it counts all the same."""


class _Place(NamedTuple):
    """A value of the document."""

    node: Node
    line: int
    """Where its key stands."""
    name: str


def judge(document: Document, schema: Schema, findings: Findings) -> Node:
    """Return the document, which is changed in place: what does not fit is reported and made broken, or taken out."""
    judging = _Judging(document.root, findings)
    flaws = [
        flaw
        for error in Draft202012Validator(schema.document).iter_errors(plain_of(document.root, schema.sieve))
        for each in _meant(error)
        if each.instance is not SETTLED
        # What is absent may stand below the line where reading stopped.
        and (document.complete or each.validator not in _EXTENT)
        for flaw in Flaw.of(each)
    ]
    for flaw in sorted(flaws, key=judging.order):
        judging.report(flaw)
    return judging.root


def plain_of(node: Node, sieve: Sieve | None) -> Any:
    """Return `node` as jsonschema takes it, with SETTLED for each collection that certainly fits."""
    if node.kind == "broken":
        return SETTLED
    if isinstance(node, Scalar):
        return _plain_scalar(node)
    if sieve is not None and sieve.fits(node):
        return SETTLED
    if isinstance(node, Sequence):
        return [plain_of(item, None) for item in node.items]
    return {key: plain_of(entry.value, sieve and sieve.part(key)) for key, entry in node.entries.items()}


def _plain_scalar(node: Scalar) -> str | float | bool | None:
    if node.kind == "text":
        return node.text
    if node.kind == "integer":
        return int(node.text[:_LONGEST_NUMBER])
    if node.kind == "null":
        return None
    # Readers of YAML 1.1 and 1.2 differ on other numbers, such as 0x10 and 1:30: no integer fits, whichever is meant.
    return math.nan if node.kind == "number" else node.text.lower() in {"true", "yes", "on"}


def _meant(error: ValidationError) -> Iterator[ValidationError]:
    """Yield what is wrong; of alternatives (anyOf), what is wrong with the one that takes a value of this type."""
    if error.validator != "anyOf":
        yield error
        return
    causes = list(error.context or ())
    of_other_types = {
        cause.relative_schema_path[0]
        for cause in causes
        if cause.validator == "type" and not cause.relative_path
    }
    meant = [cause for cause in causes if cause.relative_schema_path[0] not in of_other_types]
    if not meant:
        yield error
    for cause in meant:
        yield from _meant(cause)


class _Judging:
    def __init__(self, root: Node, findings: Findings) -> None:
        self.root = root
        self._findings = findings
        self._near: dict[int, NearNames] = {}
        self._places: dict[int, dict[str, int]] = {}
        """Of mappings, by identity: where each key stands."""

    def order(self, flaw: Flaw) -> tuple[float, ...]:
        """Return what sorts flaws as a reader meets them: a value before what is in it, what a mapping lacks after it.

        Whether items stand twice is asked of those that fit, so after each was looked at.
        """
        node, order = self.root, list[float]()
        for step in (*flaw.path, flaw.value) if flaw.of_key else flaw.path:
            if isinstance(node, Mapping):
                places = self._places.get(id(node))
                if places is None:
                    places = self._places[id(node)] = {key: place for place, key in enumerate(node.entries)}
                order.append(places[str(step)])
                node = node.entries[str(step)].value
            elif isinstance(node, Sequence):
                order.append(int(step))
                node = node.items[int(step)]
        if flaw.keyword in _LAST and not flaw.of_key:
            order += (math.inf, _LAST.index(flaw.keyword))
        return tuple(order)

    def report(self, flaw: Flaw) -> None:
        """Report a flaw, unless its value or one around it was reported already; cut out what it is about."""
        place = self._place(flaw.path)
        if place is None:
            return
        if isinstance(place.node, Mapping) and flaw.of_key:
            self._key(flaw, place.node, place.name)
        elif flaw.keyword == "required":
            self._missing(flaw, place)
        elif isinstance(place.node, Sequence) and flaw.keyword == "uniqueItems":
            self._twice(place.node, place.name)
        else:
            line = place.line if flaw.keyword in _EXTENT else place.node.line
            self._add(line, place.name, *problem(flaw, place.node))
            if flaw.keyword not in _LAST:
                self._break(flaw.path)

    def _place(self, path: Positions[str | int]) -> _Place | None:
        """Return what stands at `path`; None where it or something around it was reported."""
        place = _Place(self.root, self.root.line, "")
        for step in path:
            if isinstance(place.node, Mapping) and step in place.node.entries:
                entry = place.node.entries[str(step)]
                place = _Place(entry.value, entry.line, _below(place.name, str(step)))
            elif isinstance(place.node, Sequence):
                item = place.node.items[int(step)]
                place = _Place(item, item.line, f"{place.name}[{step}]")
            else:
                return None
        return None if place.node.kind == "broken" else place

    def _break(self, path: Positions[str | int]) -> None:
        """Replace the value at `path` by a broken one."""
        if not path:
            self.root = broken(self.root.line)
            return
        above = self._place(path[:-1])
        if above is not None and isinstance(above.node, Mapping):
            key = str(path[-1])
            entry = above.node.entries[key]
            above.node.entries[key] = Entry(entry.line, broken(entry.value.line))
        elif above is not None and isinstance(above.node, Sequence):
            position = int(path[-1])
            above.node.items[position] = broken(above.node.items[position].line)

    def _add(self, line: int, name: str, finding_id: str, text: str) -> None:
        self._findings.add(finding_id, line, f"{name}: {text}" if name else text)

    def _near_keys(self, shape: Dict[str, Any]) -> NearNames:
        """Return what suggests keys of a part of the schema: one for all its errors, since it bounds their cost."""
        if id(shape) not in self._near:
            self._near[id(shape)] = NearNames(shape.get("properties", ()))
        return self._near[id(shape)]

    def _key(self, flaw: Flaw, node: Mapping, name: str) -> None:
        key, line = str(flaw.value), node.entries[str(flaw.value)].line
        where = _below(name, key)
        if flaw.keyword != "additionalProperties":
            self._add(line, where, *problem(flaw, Scalar(line, "text", key)))
            return
        known, near = flaw.shape.get("properties", {}), self._near_keys(flaw.shape).suggestion(key)
        self._add(
            line, where, "key-unknown", f"unknown key '{key}' (known here: {listed(known, limit=12)}){near}"
        )
        del node.entries[key]

    def _missing(self, flaw: Flaw, place: _Place) -> None:
        """Report every key that is missing; jsonschema has an error for each, which does not name it."""
        known, near = flaw.shape.get("properties", {}), self._near_keys(flaw.shape)
        misspelt = {near.nearest(key) for key in flaw.value if key not in known}
        for key in flaw.limit:
            if key not in flaw.value and key not in misspelt:
                self._add(place.line, place.name, "key-missing", missing(key, known.get(key, {})))

    def _twice(self, node: Sequence, name: str) -> None:
        """Report the items that stand in a list a second time."""
        seen = set[str]()
        for position, item in enumerate(node.items):
            if not isinstance(item, Scalar) or item.kind == "broken":
                continue
            if item.text in seen:
                self._add(item.line, name, "listed-twice", f"'{item.text}' stands here twice; name it once")
                node.items[position] = broken(item.line)
            seen.add(item.text)


def _below(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key

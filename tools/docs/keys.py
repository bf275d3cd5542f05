"""The reference of the stack file, written from its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.docs.tables import cell, code, heading_anchor, row

INTRODUCTION = """# All keys of the stack file

Written from `schemas/stack.schema.json` by `make docs-write`; [The stack file](stack-file.md) introduces it. A key in **bold** must be there.
Sizes, times and rates are a number and a unit; `NAME` is a name of your choice.
"""

Node = Mapping[str, Any]
_COLUMNS = ("key", "value", "meaning", "default", "example")


class SchemaGapError(Exception):
    """A key of the schema says too little to be documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """An object of the stack file with keys of its own."""

    path: str
    """Where it first stands: `vms.NAME.storage`; empty for the file itself."""
    node: Node

    @property
    def title(self) -> str:
        """What its heading says."""
        return code(self.path) if self.path else "The file"


def render(schema: Node) -> str:
    """Return the page. Raises SchemaGapError where a key has no description or no example."""
    sections = list(_sections(schema, schema, ""))
    anchors = {id(section.node): heading_anchor(section.title) for section in sections}
    pages = [INTRODUCTION]
    for section in sections:
        required = set(section.node.get("required", ()))
        lines = [f"## {section.title}\n", *_said(section.node), row(*_COLUMNS), row(*["---"] * len(_COLUMNS))]
        for name, given in section.node["properties"].items():
            lines.append(_line(schema, given, name, anchors, required=name in required, where=section.path))
        pages.append("\n".join(lines) + "\n")
    return "\n".join(pages)


def page(project: Path) -> str:
    """Return the page as it is to be in `docs/`."""
    text = (project / "schemas" / "stack.schema.json").read_text(encoding="utf-8")
    return render(json.loads(text))


def _said(node: Node) -> list[str]:
    return [f"{cell(node['description'])}\n"] if "description" in node else []


def _resolved(schema: Node, node: Node) -> Node:
    """Return the definition that a node refers to, or the node itself: one object for each definition."""
    while "$ref" in node and "properties" not in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _forms(schema: Node, node: Node) -> Iterator[tuple[str, Node]]:
    """Yield what a value may be, each with what it adds to the path."""
    resolved = _resolved(schema, node)
    yield "", resolved
    for other in resolved.get("anyOf", ()):
        yield from _forms(schema, other)
    if isinstance(items := resolved.get("items"), Mapping):
        yield from ((f"[]{more}", form) for more, form in _forms(schema, items))
    if isinstance(named := resolved.get("additionalProperties"), Mapping):
        yield from ((f".NAME{more}", form) for more, form in _forms(schema, named))


def _sections(schema: Node, node: Node, path: str, seen: set[int] | None = None) -> Iterator[Section]:
    """Yield every object that has keys, in the order of the file, each definition once."""
    seen = set() if seen is None else seen
    for more, form in _forms(schema, node):
        if "properties" not in form or id(form) in seen:
            continue
        seen.add(id(form))
        here = Section(path=f"{path}{more}", node=form)
        yield here
        for name, given in form["properties"].items():
            yield from _sections(schema, given, f"{here.path}.{name}".lstrip("."), seen)


def _line(
    schema: Node, given: Node, name: str, anchors: Mapping[int, str], *, required: bool, where: str
) -> str:
    chain = [given, _resolved(schema, given)]

    def first(word: str) -> Any:
        return next((node[word] for node in chain if word in node), None)

    links = [anchors[id(form)] for _, form in _forms(schema, given) if id(form) in anchors]
    own, general = given.get("description"), first("description")
    meaning = own or ". ".join(filter(None, (given.get("title"), general)))
    example = _example(first, links)
    if not meaning or example is None:
        raise SchemaGapError(f"{where}.{name}: add description, default and examples to the schema")
    default = first("default")
    return row(
        f"**{code(name)}**" if required else code(name),
        _value(schema, given, first),
        cell(meaning),
        "" if default is None else code(_flow(default)),
        example,
    )


def _example(first: Any, links: list[str]) -> str | None:
    """Return examples, a link to the section of an object, or None where there is neither."""
    examples = [code(_flow(value)) for value in first("examples") or ()]
    examples += [f"[its keys](#{anchor})" for anchor in dict.fromkeys(links)]
    if not examples and (first("enum") or first("type") == "boolean"):
        examples = [code(_flow((first("enum") or [True])[0]))]
    return ", ".join(examples) or None


def _value(schema: Node, given: Node, first: Any) -> str:
    if first("enum"):
        return " or ".join(code(_flow(word)) for word in first("enum"))
    kinds = []
    for node in first("anyOf") or (_resolved(schema, given),):
        form = _resolved(schema, node)
        kinds += [code(word) for word in form.get("enum", ())] or [_kind(form)]
    return " or ".join(dict.fromkeys(kinds))


def _kind(form: Node) -> str:
    kind = form.get("type", "object")
    kinds = [kind] if isinstance(kind, str) else [word for word in kind if word != "null"]
    words = {
        "string": "text", "integer": "number", "boolean": code("true") + " or " + code("false"), "array": "list",
        "object": "mapping",
    }  # fmt: skip
    text = " or ".join(words.get(word, word) for word in kinds)
    if "minimum" in form:
        text += (
            f", {form['minimum']} to {form['maximum']}"
            if "maximum" in form
            else f", at least {form['minimum']}"
        )
    return text


def _flow(value: Any) -> str:
    """Return a value as it is written into a stack file, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...").strip()

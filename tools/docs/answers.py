"""What `--json` prints: a section for each command, written from the schemas in `schemas/json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.docs.tables import cell, code, heading_anchor, row

Node = Mapping[str, Any]
SHARED = "shared"
ENDING = ".schema.json"
INTRODUCTION = """# What `--json` prints

Written from `schemas/json` by `make docs-write`. Every command of `bin/placement` takes `--json` and then prints one object; each shape has a schema
there (JSON Schema, 2020-12), whose parts in common are in `shared.schema.json`. `jobs --watch` prints one object a line, again and again.

- `version` stands first. Under the same version keys may be added, and an enumeration may get further values; no key goes and none changes its type or its meaning.
- Every key is there, with `null`, an empty list or an empty text where there is nothing; those in *italics* may be missing.
- An error prints nothing here but its line on standard error, with [exit code](exit-codes.md) 1. `code` and `exit_code` say again what the command ends with.
- Times are ISO 8601 in UTC; sizes are bytes unless the key says MiB (`_mib`); durations are seconds. GUIDs are in capitals, without braces.
- It is ASCII: letters of other scripts, and characters that would act on a terminal, are escapes.

A recorded inventory (`inventory --save`) is another document: a file for `--inventory` with `format` and `version` of its own, which is read by later versions.
"""


def page(project: Path) -> str:
    """Return the page."""
    folder = project / "schemas" / "json"
    found = {path.name.removesuffix(ENDING): _read(path) for path in sorted(folder.glob(f"*{ENDING}"))}
    parts = found.pop(SHARED)["$defs"]
    lines = [INTRODUCTION, "## Commands", ""]
    lines += [
        f"- [{code(schema['title'])}](#{heading_anchor(schema['title'])}): {cell(schema['description'])}"
        for schema in found.values()
    ]
    for schema in found.values():
        lines += ["", f"### {code(schema['title'])}", "", cell(schema["description"]), ""]
        if "$ref" in schema:
            lines += [f"The keys of {_link(schema)}, and:", ""]
        lines += _table(schema)
    lines += ["", "## Parts in common"]
    for name, part in parts.items():
        lines += ["", f"### {_words(name)}", "", cell(part["description"]), "", *_table(part)]
    return "\n".join(lines) + "\n"


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _table(node: Node) -> list[str]:
    return [row("key", "value", "meaning"), row(*["---"] * 3), *_rows(node, "")]


def _rows(node: Node, above: str) -> Iterator[str]:
    """Yield a row for each key, those of objects within below it: `files[].trust`."""
    for name, given in node["properties"].items():
        if name == "version":  # said once, above all
            continue
        shown = code(f"{above}{name}")
        yield row(
            shown if name in node["required"] else f"*{shown}*", _value(given), cell(given["description"])
        )
        for suffix, inner in _objects(given):
            yield from _rows(inner, f"{above}{name}{suffix}.")


def _objects(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield each object with keys of its own that a value may be or hold, with what it adds to the path."""
    if "properties" in node:
        yield "", node
    for each in node.get("anyOf", ()):
        yield from _objects(each)
    if isinstance(items := node.get("items"), Mapping):
        yield from ((f"[]{suffix}", inner) for suffix, inner in _objects(items))
    if isinstance(values := node.get("additionalProperties"), Mapping):
        yield from ((f".NAME{suffix}", inner) for suffix, inner in _objects(values))


def _value(node: Node) -> str:
    """Return what a value may be, in words."""
    if "$ref" in node:
        return _link(node)
    if "const" in node:
        return code(json.dumps(node["const"]))
    if "enum" in node:
        return ", ".join(code(json.dumps(each)) for each in node["enum"])
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_value(each) for each in node["anyOf"]))
    kinds = node["type"] if isinstance(node["type"], list) else [node["type"]]
    return " or ".join(_kind(kind, node) for kind in kinds)


def _kind(kind: str, node: Node) -> str:
    if kind == "array":
        if "prefixItems" in node:
            return "a list of " + " and ".join(_value(each) for each in node["prefixItems"])
        return f"list of: {_value(node['items'])}"
    if kind == "object" and isinstance(values := node.get("additionalProperties"), Mapping):
        return f"by name: {_value(values)}"
    return {"string": "text", "boolean": "true or false", "integer": "whole number"}.get(kind, kind)


def _link(node: Node) -> str:
    words = _words(node["$ref"].rsplit("/", 1)[1])
    return f"[{words}](#{heading_anchor(words)})"


def _words(name: str) -> str:
    """Return the heading of a part: `policyFile` as `A policy file`."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return f"{'An' if spaced[0] in 'aeiou' else 'A'} {spaced}"

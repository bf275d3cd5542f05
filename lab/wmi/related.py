"""ASSOCIATORS OF and REFERENCES OF, read into what they ask for (win32, "ASSOCIATORS OF Statement", "REFERENCES OF Statement")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .tokens import INVALID_QUERY, QueryError, Token, tokens

_HEAD = re.compile(r"\s*(ASSOCIATORS|REFERENCES)\s+OF\s*\{", re.IGNORECASE)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^}\"']", re.DOTALL)
_FLAGS = {"CLASSDEFSONLY": "class_definitions", "SCHEMAONLY": "schema", "KEYSONLY": "keys_only"}
"""The last two stand on the pages "WHERE Clause (WMI)" and "WQL (SQL for WMI)"."""
_REFERENCES = {"RESULTCLASS": "result_class", "ROLE": "role", "REQUIREDQUALIFIER": "qualifier"}
_ASSOCIATORS = {
    **_REFERENCES,
    "ASSOCCLASS": "association_class",
    "RESULTROLE": "result_role",
    "REQUIREDASSOCQUALIFIER": "association_qualifier",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What stands at the other ends of an object's associations, or these themselves; an empty name is no condition."""

    source: str = ""
    """The object's path."""
    references: bool = False
    association_class: str = ""
    role: str = ""
    result_class: str = ""
    result_role: str = ""
    qualifier: str = ""
    """What a result's class must be qualified with."""
    association_qualifier: str = ""
    class_definitions: bool = False
    schema: bool = False
    keys_only: bool = False


def is_related(query: str) -> bool:
    """Say whether a query is one of these two statements."""
    return _HEAD.match(query) is not None


def parse_related(query: str) -> Related:
    """Return the statement. Raises QueryError for words that it does not take, and for two that exclude each other."""
    head = _HEAD.match(query)
    if head is None:
        raise QueryError(INVALID_QUERY)
    path, rest = _braced(query, head.end())
    if not path:
        raise QueryError(INVALID_QUERY)
    found = Related(source=path, references=head[1].upper() == "REFERENCES")
    words = list(tokens(rest))
    if words:
        if not words[0].is_word("WHERE") or len(words) == 1:
            raise QueryError(INVALID_QUERY)
        found = _with(found, iter(words[1:]))
    if found.class_definitions and found.result_class:
        raise QueryError(INVALID_QUERY)
    return found


def _braced(query: str, start: int) -> tuple[str, str]:
    """Return what stands in the braces, whatever braces its quotes hold, and what follows them."""
    position = start
    while (match := _QUOTED.match(query, position)) is not None:
        position = match.end()
    if query[position : position + 1] != "}":
        raise QueryError(INVALID_QUERY)
    return query[start:position], query[position + 1 :]


def _with(found: Related, words: Iterator[Token]) -> Related:
    """Add the words of WHERE: nothing joins them, and each stands once."""
    named = _REFERENCES if found.references else _ASSOCIATORS
    seen: set[str] = set()
    for word in words:
        name = word.text.upper() if word.kind == "name" else ""
        if name in seen or name not in named | _FLAGS:
            raise QueryError(INVALID_QUERY)
        seen.add(name)
        if name in _FLAGS:
            found = replace(found, **{_FLAGS[name]: True})  # type: ignore[arg-type]  # the flags are booleans
            continue
        sign, value = next(words, None), next(words, None)
        if sign is None or sign.text != "=" or value is None or value.kind != "name":
            raise QueryError(INVALID_QUERY)
        found = replace(found, **{named[name]: value.text})  # type: ignore[arg-type]  # these are texts
    return found

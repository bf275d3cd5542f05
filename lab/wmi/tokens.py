"""WQL text cut into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class QueryError(Exception):
    """WMI would not run this query; the text is WMI's own."""


class QueryNotServedError(Exception):
    """A host would run this query, and the lab does not; the text names what it does not serve."""


INVALID_QUERY = "Invalid query "
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<symbol><>|!=|<=|>=|[=<>(),*])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query: `kind` is string, number, name or symbol."""

    kind: str
    text: str

    def is_word(self, *words: str) -> bool:
        """Say whether this is one of these keywords; keywords have no case."""
        return self.kind == "name" and self.text.upper() in words


def tokens(query: str) -> Iterator[Token]:
    r"""Yield the tokens; in strings a backslash escapes (win32 page "WQL"). Raises QueryError."""
    position, query = 0, query.rstrip()
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            raise QueryError(INVALID_QUERY)
        kind = match.lastgroup or ""
        text = match.group(kind)
        yield Token(kind, _ESCAPE.sub(r"\1", text[1:-1]) if kind == "string" else text)
        position = match.end()

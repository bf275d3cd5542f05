"""WQL as far as clients of Hyper-V use it: SELECT with conditions, read into a tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .tokens import INVALID_QUERY, QueryError, QueryNotServedError, Token, tokens

_TURNED = {"=": "=", "<>": "<>", "!=": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
"""Signs, each with what it is when its sides change places."""
_DEEPEST = 32
_LONGEST = 64
"""Characters of a number."""
_EVENTS = re.compile(r"__\w+(Event|Creation|Deletion|Modification)", re.IGNORECASE)

_Test: TypeAlias = Callable[[Token], bool]
Literal: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`property operator literal`; operator is a sign, LIKE, ISA, IS or IS NOT (the last two with NULL)."""

    name: str
    operator: str
    literal: Literal
    other: str | None = None
    """Another property instead of a literal; one of the two is a system property."""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """AND of conditions."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """OR of conditions."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = Comparison | Not | Both | Either


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A query; `properties` is empty for `*`."""

    class_name: str
    properties: tuple[str, ...]
    where: Condition | None


def parse(query: str) -> Select:
    """Return the query as a tree. Raises QueryError for what is no SELECT query, QueryNotServedError for schema and events."""
    return _Parser(list(tokens(query))).select()


class _Parser:
    """Recursive descent: OR binds weakest, then AND, then NOT (win32 page "WQL (SQL for WMI)")."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    def select(self) -> Select:
        self._need_word("SELECT")
        properties = self._properties()
        self._need_word("FROM")
        class_name = self._need("name")
        self._refuse_schema_and_events(class_name)
        where = self._either() if self._take_word("WHERE") else None
        if self._at != len(self._tokens):
            raise QueryError(INVALID_QUERY)
        return Select(class_name=class_name, properties=properties, where=where)

    def _refuse_schema_and_events(self, class_name: str) -> None:
        """Refuse what WMI has beside data queries (win32, "Querying with WQL")."""
        if class_name.casefold() == "meta_class":
            raise QueryNotServedError("schema queries (meta_class)")
        following = self._peek()
        if _EVENTS.fullmatch(class_name) or (following is not None and following.is_word("WITHIN", "GROUP")):
            raise QueryNotServedError("event queries")

    def _properties(self) -> tuple[str, ...]:
        if self._take_symbol("*"):
            return ()
        names = [self._need("name")]
        while self._take_symbol(","):
            names.append(self._need("name"))
        return tuple(names)

    def _either(self) -> Condition:
        found = [self._both()]
        while self._take_word("OR"):
            found.append(self._both())
        return found[0] if len(found) == 1 else Either(tuple(found))

    def _both(self) -> Condition:
        found = [self._one()]
        while self._take_word("AND"):
            found.append(self._one())
        return found[0] if len(found) == 1 else Both(tuple(found))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError("Quota violation ")  # WBEM_E_QUOTA_VIOLATION: too complex a query
        try:
            if self._take_word("NOT"):
                return Not(self._one())
            if self._take_symbol("("):
                inner = self._either()
                self._need_symbol(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Comparison:
        first = self._next()
        if first.kind != "name" or first.is_word("TRUE", "FALSE", "NULL"):
            return self._turned(first)
        name = first.text
        if self._take_word("IS"):
            operator = "IS NOT" if self._take_word("NOT") else "IS"
            self._need_word("NULL")
            return Comparison(name=name, operator=operator, literal=None)
        for word in ("LIKE", "ISA"):
            if self._take_word(word):
                return Comparison(name=name, operator=word, literal=self._need("string"))
        sign = self._sign()
        last = self._next()
        if last.kind == "name" and not last.is_word("TRUE", "FALSE", "NULL"):
            return _of_two(name, sign, last.text)
        return Comparison(name=name, operator=_TURNED[_TURNED[sign]], literal=_literal(last))

    def _turned(self, constant: Token) -> Comparison:
        """Read what follows a constant: a sign and a property (win32, "WHERE Clause (WMI)")."""
        sign = self._sign()
        name = self._need("name")
        return Comparison(name=name, operator=_TURNED[sign], literal=_literal(constant))

    def _sign(self) -> str:
        sign = self._need("symbol")
        if sign not in _TURNED:
            raise QueryError(INVALID_QUERY)
        return sign

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise QueryError(INVALID_QUERY)
        self._at += 1
        return token

    def _need(self, kind: str) -> str:
        token = self._next()
        if token.kind != kind:
            raise QueryError(INVALID_QUERY)
        return token.text

    def _need_word(self, word: str) -> None:
        if not self._take_word(word):
            raise QueryError(INVALID_QUERY)

    def _need_symbol(self, symbol: str) -> None:
        if not self._take_symbol(symbol):
            raise QueryError(INVALID_QUERY)

    def _take_word(self, word: str) -> bool:
        return self._take_if(lambda token: token.is_word(word))

    def _take_symbol(self, symbol: str) -> bool:
        return self._take_if(lambda token: token.kind == "symbol" and token.text == symbol)

    def _take_if(self, wanted: _Test) -> bool:
        token = self._peek()
        if token is None or not wanted(token):
            return False
        self._at += 1
        return True


def _of_two(name: str, sign: str, other: str) -> Comparison:
    """Compare with a system property, as `Name <> __SERVER` in scripts; of two of the class's own the page says no."""
    if not name.startswith("__") and not other.startswith("__"):
        raise QueryError(INVALID_QUERY)
    return Comparison(name=name, operator=_TURNED[_TURNED[sign]], literal=None, other=other)


def _literal(token: Token) -> Literal:
    match token.kind:
        case "string":
            return token.text
        case "number":
            return number_of(token.text)
        case "name" if token.is_word("TRUE", "FALSE"):
            return token.is_word("TRUE")
        case "name" if token.is_word("NULL"):
            return None
        case _:
            raise QueryError(INVALID_QUERY)


def number_of(text: str) -> float:
    """Return a number. Raises QueryError for what is none, or has more digits than any property can hold."""
    if len(text) > _LONGEST:
        raise QueryError(INVALID_QUERY)
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError as error:
        raise QueryError(INVALID_QUERY) from error

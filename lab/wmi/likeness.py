"""The patterns of LIKE (win32, "LIKE Operator"), matched in time that grows with pattern times text, whatever the pattern."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from .tokens import INVALID_QUERY, QueryError

_PART = re.compile(r"\[\^?[^\]]+\]|.", re.DOTALL)
_ANY_TEXT = None

_Part = Callable[[str], bool] | None
"""A test of one character, None for `%`."""


def is_like(text: str, pattern: str) -> bool:
    """Say whether the whole text is as the pattern has it, whatever its case. Raises QueryError for malformed patterns."""
    return _matches(text, _parts(pattern))


@functools.lru_cache(maxsize=1024)
def _parts(pattern: str) -> tuple[_Part, ...]:
    """Read `%` any text, `_` one character, `[..]` one of these, `[^..]` none of these."""
    return tuple(_part(part) for part in _PART.findall(pattern))


def _matches(text: str, parts: Sequence[_Part]) -> bool:
    """Match from the left: where it fails, the last `%` takes one character more, and no earlier one has to."""
    at = part = 0
    resume, taken = -1, 0
    while at < len(text):
        wanted = parts[part] if part < len(parts) else _nothing
        if wanted is _ANY_TEXT:
            resume, taken = part, at
            part += 1
        elif wanted(text[at]):
            at, part = at + 1, part + 1
        elif resume >= 0:
            taken += 1
            at, part = taken, resume + 1
        else:
            return False
    return all(each is _ANY_TEXT for each in parts[part:])


def _nothing(_: str) -> bool:
    return False


def _part(part: str) -> _Part:
    if part == "%":
        return _ANY_TEXT
    if part == "_":
        return bool
    if len(part) == 1:
        own = part.casefold()
        return lambda character: character.casefold() == own
    inner = part[1:-1]
    wanted = not inner.startswith("^")
    ranges = _ranges(inner if wanted else inner[1:])
    return lambda character: _within(character, ranges) == wanted


def _within(character: str, ranges: Sequence[tuple[str, str]]) -> bool:
    either = {character, character.lower(), character.upper()}
    return any(first <= each <= last for first, last in ranges for each in either)


def _ranges(inner: str) -> tuple[tuple[str, str], ...]:
    """Return the characters and the ranges of a set. Raises QueryError for a range that ends before it begins, and for no set."""
    found = []
    position = 0
    while position < len(inner):
        ranged = inner[position + 1 : position + 2] == "-" and position + 2 < len(inner)
        last = inner[position + 2] if ranged else inner[position]
        if last < inner[position]:
            raise QueryError(INVALID_QUERY)
        found.append((inner[position], last))
        position += 3 if ranged else 1
    if not found:
        raise QueryError(INVALID_QUERY)
    return tuple(found)

"""Text in the cells of a terminal: what hosts put into names cannot steer it, and columns stay in line."""

from __future__ import annotations

import unicodedata

_CUT = "~"
_ESCAPED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Control and format characters (those that turn the direction of text, too), surrogates, ends of lines."""


def visible(text: str) -> str:
    """Return `text` with what would steer a terminal as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _ESCAPED else c for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def width(text: str) -> int:
    """Return how many cells `text` takes: wide characters take two, marks on others none."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def fitted(text: str, cells: int, *, right: bool = False) -> str:
    """Return `text` in exactly so many cells: filled with blanks, or cut with a mark at its end."""
    if width(text) > cells:
        text = _cut(text, cells - 1) + _CUT
    blanks = " " * (cells - width(text))
    return blanks + text if right else text + blanks


def _cut(text: str, cells: int) -> str:
    taken = 0
    for number, character in enumerate(text):
        taken += _cells(character)
        if taken > cells:
            return text[:number]
    return text

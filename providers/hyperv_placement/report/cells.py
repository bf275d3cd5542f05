"""Text in the cells of a terminal: columns stay in line, whatever hosts put into names."""

from __future__ import annotations

import unicodedata

_CUT = "~"


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
        # A wide character may not fit into the last cell: then a blank fills it, below.
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

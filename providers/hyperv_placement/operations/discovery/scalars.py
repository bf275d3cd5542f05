"""Texts as YAML that no reader takes for anything else, and as comments that end where they should."""

from __future__ import annotations

import re

from hyperv_placement.stackfile.nodes import plain_kind
from hyperv_placement.visible import hidden

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_LETTERS = frozenset("ynYN")
"""Truth values to strict readers of YAML 1.1."""
_NUMBERED = (("x", 2), ("u", 4), ("U", 8))
"""Escapes by a character's number, and how many digits each has (YAML 1.1, 5.7)."""


def quoted(text: str) -> str:
    r"""Return `text` as one scalar on one line, for a key or a value, in flow and block.

    Whatever is not shown as it is (line ends of any kind, marks that turn the direction of writing, no-break
    spaces) is escaped by its number: the short forms such as `\t` are refused by the reader of stack files.
    """
    if _PLAIN.fullmatch(text) and plain_kind(text) == "text" and text not in _LETTERS:
        return text
    if all(map(_shows, text)):
        return single(text)
    escaped = "".join(_escaped(char) if char in '"\\' or not _shows(char) else char for char in text)
    return f'"{escaped}"'


def path(text: str) -> str:
    """Return a Windows path in single quotes, where backslashes stand for themselves; quoted otherwise if need be."""
    return single(text) if all(map(_shows, text)) else quoted(text)


def single(text: str) -> str:
    """Return `text`, which is printable, in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def remark(text: str) -> str:
    """Return `text` as it may stand in a comment: on one line, what is not shown as it is by its number."""
    joined = " ".join(text.split())
    return "".join(char if _shows(char) else _escaped(char) for char in joined)


def _shows(char: str) -> bool:
    return char.isprintable() and not hidden(char)


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    code = f"{ord(char):x}"
    letter, width = next(each for each in _NUMBERED if len(code) <= each[1])
    return f"\\{letter}{code.zfill(width)}"

"""Lines that a terminal is too narrow for, folded where a reader would: at blanks, further parts set in, commands whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .cells import width

_DEEPER = 4
"""Columns by which the further parts of a line are set in."""
_COMMAND = re.compile(
    r"bin/(?:placement|pulumi|lab) [\w-]+(?: [^\s;,()]+)?(?: (?:--?[a-z][\w-]*(?: [^\s;,()]+)?|[A-Z]{2,}\b|[^\s;,()]*[./\\:_\d][^\s;,()]*))*"
)
"""A command of ours within a sentence, for a person to copy; a word or two more may come with it, as nothing says where it ends."""
_DIFF = "--- "


def folded(text: str, columns: int | None) -> str:
    """Return `text` with no line wider than `columns`, but for words and commands that are; None: as it is.

    A unified diff in it stays as it is: its lines are those of a file.
    """
    if columns is None:
        return text
    lines, in_diff = list[str](), False
    for line in text.split("\n"):
        in_diff = line.startswith(_DIFF) or (in_diff and line[:1] in {" ", "+", "-", "@", "\\"})
        lines += [line] if in_diff or width(line) <= columns else _parts(line, columns)
    return "\n".join(lines)


def _parts(line: str, columns: int) -> Iterator[str]:
    """Yield a line in parts; blanks within a part stay, so that columns of a table do."""
    indent = len(line) - len(line.lstrip(" "))
    inner = min(indent + _DEEPER, columns // 2)
    part, gap = " " * indent, ""
    empty = True
    for piece, blanks in _pieces(line[indent:], columns - inner):
        if not empty and width(part) + width(gap) + width(piece) > columns:
            yield part
            part, gap, empty = " " * inner, "", True
        part, gap, empty = f"{part}{gap}{piece}", blanks, False
    yield part


def _pieces(text: str, room: int) -> Iterator[tuple[str, str]]:
    """Yield what is never broken, each with the blanks behind it: words, and commands that have room on a line."""
    at = 0
    commands = {found.start(): found.end() for found in _COMMAND.finditer(text)}
    while at < len(text):
        end = commands.get(at, at)
        if end - at > room or end == at:
            end = at
        while end < len(text) and text[end] != " ":
            end += 1
        after = end
        while after < len(text) and text[after] == " ":
            after += 1
        yield text[at:end], text[end:after]
        at = after

"""Markdown as forges show it (GitHub's and GitLab's dialects): escaped text, tables that are cut, folded parts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from hyperv_placement.visible import visible

LONGEST = 300
"""Characters of one piece of text: names of machines have up to 100, what a file calls them may have any."""
_SPECIAL = re.compile(r"[`*{}\[\]<>#|~@$&^]|\\(?![^\W_])|(?<![^\W_])_|_(?![^\W_])")
"""What may mean something, and where: a backslash means itself before a letter or digit, an underscore between two of them
(CommonMark 2.4, 6.2). What only means something at a line's start, or behind one of these, is left for whoever reads it raw."""
_SIGILS = re.compile(r"([@#!~%$&](?=\w)|\bGH-(?=\d)|:(?=//)|(?<=\bwww)(?=\.))", re.IGNORECASE)
"""What makes a forge see a person, an issue, a label or an address in plain text, also where it stands as an entity."""
_COMMIT = re.compile(r"(?<![\w-])[0-9a-f]{7,40}(?![\w-])", re.IGNORECASE)
"""What GitHub and GitLab link to a commit; a GUID, which people copy, has hyphens beside."""
_APART = re.compile(r"[0-9a-f]{1,6}", re.IGNORECASE)
_NOTHING = "\u200b"
_CUT = "\u2026"


def text(value: object, longest: int = LONGEST) -> str:
    """Return `value` as Markdown that shows it and does nothing else, on one line, in a table too. Not for a line's start.

    Characters that mean anything to Markdown or HTML stand as entities (CommonMark 2.5: those mark no structure); line
    ends and what turns the direction of text as escapes. Forges look for `@name`, `#1` and addresses in the finished
    page: a space without width keeps them from finding any.
    """
    whole = str(value)
    cut = whole if len(whole) <= longest else whole[:longest] + _CUT
    apart = _SIGILS.sub(rf"\1{_NOTHING}", visible(cut))
    apart = _COMMIT.sub(lambda found: _NOTHING.join(_APART.findall(found[0])), apart)
    # Entities come last: what they are made of (&, #, digits) means something to the steps before.
    shown = _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", apart)
    return shown.replace(_NOTHING, f"&#{ord(_NOTHING)};")


def name(value: object) -> str:
    """Return a name as code: escaped as `text` does it, since a backtick would end what backticks hold."""
    return f"<code>{text(value)}</code>"


class Budget:
    """How many characters a part may still take."""

    def __init__(self, characters: int) -> None:
        """Nothing is taken yet."""
        self._left = characters

    def takes(self, line: str) -> bool:
        """Take a line with its end, if there is room for it."""
        fits = len(line) + 1 <= self._left
        self._left -= len(line) + 1 if fits else 0
        return fits


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    budget: Budget,
    rest: str,
    numbers: Collection[int] = (),
) -> list[str]:
    """Return a table of finished cells, cut where the budget ends; `rest` says where the others are.

    `numbers`: columns that stand to the right, heads and all.
    """
    head = [_row(heads), _row(["---:" if each in numbers else "---" for each in range(len(heads))])]
    for line in head:
        budget.takes(line)
    return [*head, *cut([_row(row) for row in rows], budget, "\nand {} more" + f" ({rest})")]


def cut(lines: Sequence[str], budget: Budget, rest: str) -> list[str]:
    """Return as many lines as the budget has room for, and `rest` with the count of the others."""
    for number, line in enumerate(lines):
        if not budget.takes(line):
            return [*lines[:number], rest.format(len(lines) - number)]
    return list(lines)


def folded(title: str, lines: Sequence[str], *, opened: bool = False) -> list[str]:
    """Return lines that a reader opens; `title`: finished. Without lines there is no such part."""
    if not lines:
        return []
    return [
        f"<details{' open' if opened else ''}><summary>{title}</summary>",
        "",
        *lines,
        "",
        "</details>",
        "",
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

"""What is wrong with a stack file: collected with lines, told all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hyperv_placement.errors import StackFileError

_SECRET = re.compile(r"://\S*@")
"""User name and password in an URL: refused where it stands, and not repeated."""
_WORD = re.compile(r"\S{301,}")
"""Longer than any path of Windows that is meant (260): a slip, as a number of 5,000 digits."""
_WORD_SHOWN = 60
_LONGEST = 600
"""Characters of one finding; what is quoted from the file may be of any length, the advice stands at the end."""


WHOLE = 0
"""The line of what is said of a file as a whole, which may not even be there."""
_SHOWN = 100
"""Findings that are told; whoever mends those finds the next."""


class Findings:
    """Everything found in one stack file so far."""

    def __init__(self, path: Path) -> None:
        """Collect for the file at `path`, which is named as the caller spells it."""
        self._path = path
        self._found: dict[tuple[int, str], None] = {}

    def add(self, line: int, text: str) -> None:
        """Note that `line` (the first is 1, WHOLE none) is wrong: what it is, and what would be right."""
        reported = _SECRET.sub("://***@", " ".join(text.split()))
        reported = _WORD.sub(lambda word: f"{word[0][:_WORD_SHOWN]}... ({len(word[0])} characters)", reported)
        if len(reported) > _LONGEST:
            reported = f"{reported[: _LONGEST // 2]} ... {reported[-_LONGEST // 2 :]}"
        self._found[line, reported] = None

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self._found)

    def error(self) -> StackFileError:
        """Return the error that says `lines`."""
        return StackFileError("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return the findings, a line each, sorted by line; of very many, how many more there are."""
        ordered = sorted(self._found, key=lambda finding: finding[0])
        reported = ordered[:_SHOWN]
        if len(ordered) > len(reported):
            reported.append((ordered[_SHOWN][0], f"and {len(ordered) - _SHOWN} more findings from here on"))
        return [f"{self._place(line)}: {text}" for line, text in reported]

    def _place(self, line: int) -> str:
        return str(self._path) if line == WHOLE else f"{self._path}:{line}"


def listed(names: Iterable[str], *, limit: int = 8) -> str:
    """Return `names` as a person lists them, cut after `limit`."""
    every = list(names)
    shown = ", ".join(every[:limit])
    return f"{shown}, ... ({len(every)} in all)" if len(every) > limit else shown

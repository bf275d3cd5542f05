"""What is wrong with a stack file: collected with lines, reported all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from hyperv_placement.errors import StackFileError
from hyperv_placement.model.finding import Finding, Subject

_SECRET = re.compile(r"://\S*@")
"""User name and password in an URL: refused where it stands, and not repeated."""
_WORD = re.compile(r"\S{301,}")
"""Longer than any path of Windows that is meant (260): a slip, as a number of 5,000 digits."""
_WORD_SHOWN = 60
_LONGEST = 600
"""Characters of one finding; what is quoted from the file may be of any length, the advice stands at the end."""


WHOLE = 0
"""The line of a finding about the file as a whole, which may not even be there."""
_SHOWN = 100
"""Findings that are listed; whoever corrects those finds the next."""


class Findings:
    """Everything found in one stack file so far."""

    def __init__(self, path: Path) -> None:
        """Collect for the file at `path`, which is named as the caller spells it."""
        self._path = path
        self._found: dict[tuple[int, str], Finding] = {}

    def add(self, finding_id: str, line: int, text: str) -> None:
        """Note that `line` (the first is 1, WHOLE stands for the file) is wrong: what it is, and what would be right."""
        shown = _SECRET.sub("://***@", " ".join(text.split()))
        shown = _WORD.sub(lambda word: f"{word[0][:_WORD_SHOWN]}... ({len(word[0])} characters)", shown)
        if len(shown) > _LONGEST:
            shown = f"{shown[: _LONGEST // 2]} ... {shown[-_LONGEST // 2 :]}"
        about = Subject.line(str(self._path), line)
        self._found[line, shown] = Finding.refusal(finding_id, shown, subject=about)

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self._found)

    def error(self) -> StackFileError:
        """Return the error that lists the findings."""
        return StackFileError("\n".join(self.lines()), ids=tuple(each.id for each in self._sorted()[:_SHOWN]))

    def lines(self) -> list[str]:
        """Return the findings, a line each, sorted by line; of very many, how many more there are."""
        found = self._sorted()
        lines = [f"{each.subject}: {each.text}" for each in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append(f"{found[_SHOWN].subject}: and {len(found) - _SHOWN} more findings from here on")
        return lines

    def _sorted(self) -> list[Finding]:
        return [self._found[key] for key in sorted(self._found, key=lambda key: key[0])]


def listed(names: Iterable[str], *, limit: int = 8) -> str:
    """Return `names` as a person lists them, cut after `limit`."""
    every = list(names)
    shown = ", ".join(every[:limit])
    return f"{shown}, ... ({len(every)} in all)" if len(every) > limit else shown

"""Names that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_COMPARISONS = 60_000
"""What one set of names compares in all, about a second: suggestions must not make a load slow."""
_LENGTH_APART = 3


class NearNames:
    """Finds the known name that is nearest to an unknown one."""

    def __init__(self, known: Iterable[str]) -> None:
        """Suggest from `known`."""
        self._known = {name.casefold(): name for name in known}
        self._answers: dict[str, str | None] = {}
        self._left = _COMPARISONS

    def nearest(self, word: str) -> str | None:
        """Return the name nearest to `word`; None where there is no near one, or `word` is a known name."""
        if word not in self._answers:
            found = self._search(word.casefold())
            self._answers[word] = None if found == word else found
        return self._answers[word]

    def suggestion(self, word: str) -> str:
        """Return `; did you mean 'X'?` for the name nearest to `word`, or nothing."""
        name = self.nearest(word)
        return "" if name is None else f"; did you mean '{name}'?"

    def question(self, word: str) -> str:
        """Return `Did you mean 'X'? ` for the name nearest to `word`, as a remedy begins, or nothing."""
        name = self.nearest(word)
        return "" if name is None else f"Did you mean '{name}'? "

    def _search(self, word: str) -> str | None:
        if word in self._known:
            return self._known[word]
        if self._left <= 0:
            return None
        self._left -= len(self._known)
        similar = [name for name in self._known if abs(len(name) - len(word)) <= _LENGTH_APART]
        found = difflib.get_close_matches(word, similar, n=1)
        return self._known[found[0]] if found else None

"""Names of a site, found in any text in whatever case and form of Unicode they are spelled."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_TOKEN = re.compile(r"\w+")
_NETBIOS = 15
"""Characters of a computer's name as NetBIOS has it (MS-NBTE, 2.2.1)."""


def key(text: str) -> str:
    """Return the form in which two spellings of a name are equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


class KnownNames:
    """Names that a site has, and where they stand in a text: whole, never as a part of a longer word."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._by_token: dict[str, set[str]] = {}
        self._without_word: set[str] = set()

    def __contains__(self, text: object) -> bool:
        """Return whether the whole text is a name of the site."""
        return isinstance(text, str) and key(text) in self._names

    def __iter__(self) -> Iterator[str]:
        """Yield all names, in the form of `key`."""
        return iter(sorted(self._names))

    def add(self, text: str) -> None:
        """Note a name, and what NetBIOS and DNS make of it."""
        name = text.strip()
        for spelled in {key(each) for each in (name, *_forms(name)) if each} - self._names:
            self._names.add(spelled)
            # Texts are searched as they were sent: what is one letter here may be a letter and its mark there (UAX #15).
            for form in {spelled, unicodedata.normalize("NFD", spelled)}:
                first = _TOKEN.search(form)
                if first is None:
                    self._without_word.add(form)
                else:
                    self._by_token.setdefault(first.group(), set()).add(form)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where names stand in a text, in order, the longest of those that begin together."""
        end = 0
        for start, stop in sorted(self._found(text), key=lambda span: (span[0], -span[1])):
            if start >= end:
                yield start, stop
                end = stop

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        folded, places = _folded(text)
        for token in _TOKEN.finditer(folded):
            for name in self._by_token.get(token.group(), ()):
                first = _TOKEN.search(name)
                start = token.start() - (first.start() if first else 0)
                stop = start + len(name)
                if start >= 0 and folded.startswith(name, start) and _stands_alone(folded, start, stop):
                    yield places[start], places[stop]
        for name in self._without_word:
            start = folded.find(name)
            while start >= 0:
                yield places[start], places[start + len(name)]
                start = folded.find(name, start + 1)


def _forms(name: str) -> Iterable[str]:
    """Yield what else a computer of that name is called; nothing for what no computer can be called."""
    if not name or any(letter.isspace() or letter in "\\/:" for letter in name):
        return
    label = name.partition(".")[0]
    if len(label) > _NETBIOS:
        yield label[:_NETBIOS]
    if not name.isascii():
        try:
            yield name.encode("idna").decode("ascii")
        except UnicodeError:
            return
    elif "xn--" in name.casefold():
        try:
            yield name.encode("ascii").decode("idna")
        except UnicodeError:
            return


def _folded(text: str) -> tuple[str, list[int]]:
    """Return a text in the form of `key`, letter by letter, and for each of its letters where that came from."""
    if text.isascii():
        return text.lower(), list(range(len(text) + 1))
    letters, places = [], []
    for place, letter in enumerate(text):
        for each in letter.casefold():
            letters.append(each)
            places.append(place)
    return "".join(letters), [*places, len(text)]


def _stands_alone(text: str, start: int, stop: int) -> bool:
    before = start > 0 and _is_word(text[start]) and _is_word(text[start - 1])
    after = stop < len(text) and _is_word(text[stop - 1]) and _is_word(text[stop])
    return not before and not after


def _is_word(letter: str) -> bool:
    return _TOKEN.fullmatch(letter) is not None

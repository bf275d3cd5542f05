"""A language without words: each text of a host is a number, so that nobody who reads it can lean on what it says.

Names of machines, paths and codes stand in a host's texts whatever its language; here they follow the number.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from .japanese import patterns

_FIRST_OF_INSTANCES, _FIRST_OF_SENTENCES = 1000, 2000
_CODE = re.compile(r"0x[0-9A-Fa-f]{8}|\(\d{5}\)")


def texts(language: str, keys: Iterable[str]) -> Mapping[str, str]:
    """Return a number for each of the texts that instances carry: `[de] 1007`."""
    return {key: f"[{language}] {number}" for number, key in enumerate(keys, _FIRST_OF_INSTANCES)}


def coded(text: str, language: str) -> str:
    """Return a sentence of VMMS or the WinRM service as its number, the names in it, and its codes.

    A text that is no sentence of theirs, as an operator's own, stays.
    """
    body = text.rstrip()
    for number, (pattern, _) in enumerate(patterns(), _FIRST_OF_SENTENCES):
        match = pattern.fullmatch(body)
        if match is not None:
            names = [_name(value, body, language) for value in match.groups()]
            own = _CODE.findall(_without(body, match.groups()))
            return " ".join((f"[{language}] {number}", *names, *own)) + text[len(body) :]
    return text


def _name(value: str, body: str, language: str) -> str:
    """Return what stands in a sentence: another one, a code, a number, or a name in quotes."""
    said = coded(value, language)
    if f"(0x{value})" in body:
        return f"(0x{value})"
    return said if said != value or value.isdecimal() else f"'{value}'"


def _without(text: str, values: Iterable[str]) -> str:
    for value in values:
        text = text.replace(value, "", 1)
    return text


@functools.cache
def language_of(locale: str) -> str | None:
    """Return the language of a locale that has numbers for words; None for one that has words."""
    language = locale.partition("-")[0].casefold()
    return None if language in ("en", "ja") else language

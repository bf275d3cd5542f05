"""A language without words: each text of a host is a number, so that nobody who reads it can lean on what it says.

Names of machines, paths and codes stand in a host's texts whatever its language; here they follow the number.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Collection, Iterable, Mapping

from hyperv_placement.wsman import Instance, Value

from .japanese import patterns

_FIRST_OF_INSTANCES, _FIRST_OF_SENTENCES, _FIRST_OF_OTHERS, _OTHERS = 1000, 2000, 10_000, 90_000
_SAID = (
    "Caption",
    "Description",
    "DisplayName",
    "StatusDescriptions",
    "IdentifyingDescriptions",
    "JobStatus",
)
_NAMES = ("Name", "DeviceID", "InstanceID")
_CODE = re.compile(r"0x[0-9A-Fa-f]{8}|\(\d{5}\)")


def texts(language: str, keys: Iterable[str]) -> Mapping[str, str]:
    """Return a number for each of the texts that instances carry: `[de] 1007`."""
    return {key: f"[{language}] {number}" for number, key in enumerate(keys, _FIRST_OF_INSTANCES)}


def shown(row: Instance, language: str) -> Instance:
    """Return an instance with a number for each text that a host says in its language, whatever table that came from.

    What is a name stays: an operator's, and where a class has its key for its caption.
    """
    names = {row.text(key) for key in _NAMES}
    said = {key: row.get(key) for key in _SAID}
    changed = {key: _numbered(value, names, language) for key, value in said.items() if value is not None}
    if row.get("ElementName") is not None and row.get("ElementName") == row.get("Caption"):
        changed["ElementName"] = changed["Caption"]
    return row.replace(**changed)


def _numbered(value: Value, names: Collection[str], language: str) -> Value:
    if isinstance(value, tuple):
        return tuple(str(_numbered(item, names, language)) for item in value)
    if not isinstance(value, str) or not value or value in names or value.startswith(f"[{language}]"):
        return value
    return f"[{language}] {_FIRST_OF_OTHERS + zlib.crc32(value.encode()) % _OTHERS}"


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

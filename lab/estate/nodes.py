"""Values of an estate file, each error with its place in it."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from hyperv_placement.model.units import MIB, parse_bytes

from .spec import EstateError

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0, 2.2
_MOST = 2**31 - 1
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel = _SHORT.maxlist = _SHORT.maxdict = 3
_YEAR = 365 * 24 * 3600


def shown(value: Any) -> str:
    """Return what stands in the file, as Python writes it, and not more of it than a line holds."""
    return _SHORT.repr(value)


class Node:
    """A mapping of the file, and where it stands; each key is taken once, what is left over is an error."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            raise EstateError(f"{where}: a mapping is wanted here, not {shown(value)}")
        self.where = where
        self._left = dict(value)

    def take(self, key: str, read: Callable[[Any], Any], default: Any = None) -> Any:
        """Return the value of `key` as `read` understands it, `default` where it is missing."""
        if key not in self._left:
            return default
        value = self._left.pop(key)
        try:
            return read(value)
        except (ValueError, TypeError, KeyError) as error:
            said = str(error) if isinstance(error, ValueError) else f"{shown(value)} is not understood"
            raise EstateError(f"{self.where}.{key}: {said}") from error

    def need(self, key: str, read: Callable[[Any], Any]) -> Any:
        """Return the value of `key`, which must be there."""
        if key not in self._left:
            raise EstateError(f"{self.where}: {key} is missing")
        return self.take(key, read)

    def children(self, key: str) -> list[tuple[str, Any]]:
        """Return the entries of the mapping `key`."""
        value = self._left.pop(key, None) or {}
        if not isinstance(value, Mapping):
            raise EstateError(f"{self.where}.{key}: a mapping is wanted here, not {shown(value)}")
        return [(self._name(key, name), entry) for name, entry in value.items()]

    def _name(self, key: str, name: Any) -> str:
        # YAML 1.1 reads `no`, `1e3` and `2026-01-01` as other things than texts; a number alone is plain enough.
        if isinstance(name, int) and not isinstance(name, bool):
            return str(name)
        try:
            return text(name)
        except ValueError as error:
            raise EstateError(f"{self.where}.{key}: {error}; write a name in quotes") from error

    def close(self) -> None:
        """Refuse the keys that nothing has read."""
        if self._left:
            raise EstateError(f"{self.where}: unknown {', '.join(map(shown, self._left))}")


def text(value: Any) -> str:
    """Return a text that is more than blanks, and that XML can hold. Raises ValueError."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is no text")
    if _NOT_IN_XML.search(value):
        raise ValueError(f"{shown(value)} has a character that no message of a host can hold")
    return value


def a_list(value: Any) -> list[Any]:
    """Return a list. Raises ValueError."""
    if not isinstance(value, list):
        raise ValueError(f"a list is wanted here, not {shown(value)}")  # noqa: TRY004 - a finding in a file
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts. Raises ValueError."""
    return tuple(text(item) for item in a_list(value))


def whole(value: Any) -> int:
    """Return a whole number from 0 to 2,147,483,647. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{shown(value)} is no whole number")
    if value > _MOST:
        raise ValueError(f"{value} is more than {_MOST}")
    return value


def seconds(value: Any) -> int:
    """Return a number of seconds, which may be negative, of less than a year. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _YEAR:
        raise ValueError(f"{shown(value)} is no whole number of seconds of less than a year")
    return value


def yes_or_no(value: Any) -> bool:
    """Return true or false. Raises ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false")  # noqa: TRY004 - a finding in a file
    return value


def size(value: Any) -> int:
    """Return a size with its unit as bytes. Raises ValueError."""
    return parse_bytes(text(value))


def mib(value: Any) -> int:
    """Return a size with its unit as MiB. Raises ValueError."""
    return size(value) // MIB


def one_of(choices: Mapping[Any, Any]) -> Callable[[Any], Any]:
    """Return a reader of one of the words `choices`, which raises ValueError for any other."""

    def read(value: Any) -> Any:
        # YAML 1.1 reads the word `off` as false
        word = "off" if value is False and "off" in choices else value
        if word not in choices:
            raise ValueError(f"{shown(value)} is not one of {', '.join(map(str, choices))}")
        return choices[word]

    return read

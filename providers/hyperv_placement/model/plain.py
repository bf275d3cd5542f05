"""Values of the model as plain JSON and back: what has its default is left out."""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return dataclasses as dicts, tuples as lists, sets as sorted lists, enums as their values."""
    # Not by msgspec, which writes out every field of a dataclass: an inventory would be three times as long.
    if dataclasses.is_dataclass(value):
        kind: Any = typing.cast("Any", type(value))
        given = ((name, getattr(value, name), default) for name, default in _fields(kind).items())
        return {name: to_plain(own) for name, own, default in given if own != default}
    if isinstance(value, Mapping):
        return {key: to_plain(own) for key, own in value.items()}
    if isinstance(value, tuple):
        return [to_plain(own) for own in value]
    if isinstance(value, frozenset):
        return sorted(to_plain(own) for own in value)
    return value.value if isinstance(value, Enum) else value


def from_plain(plain: Any, kind: type[T]) -> T:
    """Return the dataclass that `to_plain` was given. Raises TypeError or ValueError where it is something else."""
    if not isinstance(plain, dict):
        raise TypeError(f"a {type(plain).__name__} is no {kind.__name__}")
    known: Any = kind
    hints = _hints(known)
    # By its constructor, which makes the indexes of an inventory or a schedule: msgspec would look for them in the file.
    made = kind(**{name: msgspec.convert(own, hints.get(name, Any)) for name, own in plain.items()})
    if not _is_all_of(plain, made):
        raise ValueError(f"a field that no {kind.__name__} has")
    return made


@functools.cache
def _hints(kind: Any) -> Mapping[str, Any]:
    """Return the types of the fields; finding them compiles each annotation anew."""
    return typing.get_type_hints(kind)


@functools.cache
def _fields(kind: Any) -> Mapping[str, Any]:
    """Return the fields that a constructor takes, each with its default."""
    return {field.name: field.default for field in dataclasses.fields(kind) if field.init}


def _is_all_of(plain: Any, made: Any) -> bool:
    """Say whether everything in `plain` is in `made`: msgspec passes over names that a dataclass does not have."""
    if isinstance(plain, list) and isinstance(made, tuple):
        return all(map(_is_all_of, plain, made))
    if not isinstance(plain, dict):
        return True
    if isinstance(made, Mapping):
        return all(_is_all_of(own, made[key]) for key, own in plain.items())
    kind: Any = type(made)
    return plain.keys() <= _fields(kind).keys() and all(
        _is_all_of(own, getattr(made, name)) for name, own in plain.items()
    )

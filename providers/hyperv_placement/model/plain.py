"""Values of the model as plain JSON and back: what has its default is left out."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")
_Reader = Callable[[Any], Any]


def to_plain(value: Any) -> Any:
    """Return dataclasses as dicts, tuples as lists, sets as sorted lists, enums as their values."""
    if dataclasses.is_dataclass(value):
        kind: Any = typing.cast("Any", type(value))
        given = ((name, getattr(value, name), default) for name, default in _fields(kind))
        return {name: to_plain(own) for name, own, default in given if own != default}
    if isinstance(value, Mapping):
        return {key: to_plain(own) for key, own in value.items()}
    if isinstance(value, tuple):
        return [to_plain(own) for own in value]
    if isinstance(value, frozenset):
        return sorted(to_plain(own) for own in value)
    return value.value if isinstance(value, Enum) else value


def from_plain(plain: Any, kind: type[T]) -> T:
    """Return what `to_plain` was given. Raises TypeError, ValueError or KeyError where it is not that."""
    known: Any = kind
    made = _reader(known)(plain)
    if not isinstance(made, kind):
        raise TypeError(f"no {kind.__name__}")
    return made


@functools.cache
def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Return the fields that are given at the making, each with its default."""
    return tuple((field.name, field.default) for field in dataclasses.fields(kind) if field.init)


@functools.cache
def _reader(kind: Any) -> _Reader:
    """Return how a value of a declared type is read."""
    if isinstance(kind, typing.NewType):
        return _reader(kind.__supertype__)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        inner = _reader(next(each for each in arguments if each is not types.NoneType))
        return lambda plain: None if plain is None else inner(plain)
    if origin in {tuple, frozenset}:
        inner = _reader(arguments[0])
        return lambda plain: origin([inner(each) for each in _listed(plain)])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = _reader(arguments[1])
        return lambda plain: {key: inner(each) for key, each in plain.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    return _leaf(kind)


def _listed(plain: Any) -> list[Any]:
    """A text is none, though its characters could be gone through."""
    if not isinstance(plain, list):
        raise TypeError(f"{type(plain).__name__} is no list")
    return plain


def _leaf(kind: Any) -> _Reader:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind

    def exactly(plain: Any) -> Any:
        if type(plain) is not kind:
            raise TypeError(f"{type(plain).__name__} is no {kind.__name__}")
        return plain

    if typing.get_origin(kind) is typing.Literal:
        return lambda plain: _one_of(typing.get_args(kind), plain)
    return exactly if kind in {str, int, bool} else _real


def _dataclass_reader(kind: Any) -> _Reader:
    hints = typing.get_type_hints(kind)
    readers = {name: _reader(hints[name]) for name, _ in _fields(kind)}
    return lambda plain: kind(**{name: readers[name](own) for name, own in plain.items()})


def _one_of(known: tuple[Any, ...], plain: Any) -> Any:
    if plain not in known:
        raise ValueError(f"none of {known}")
    return plain


def _real(plain: Any) -> Any:
    if type(plain) not in {int, float}:
        raise TypeError(f"{type(plain).__name__} is no number")
    return plain

"""The world as JSON: dataclasses to a file that is replaced whole, and back."""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def write(path: Path, value: object) -> None:
    """Replace `path` by `value` in one step, so that a kill leaves the old or the new whole."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value, default=_plain, separators=(",", ":")), encoding="utf-8")
    fresh.replace(path)


def read(path: Path, kind: type[T]) -> T:
    """Return what `write` has put there. Raises OSError, ValueError, KeyError or TypeError where it cannot."""
    loaded = _load(json.loads(path.read_text(encoding="utf-8")), kind)
    if not isinstance(loaded, kind):
        raise TypeError(f"{path} holds no {kind.__name__}")
    return loaded


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        kind: Any = type(value)
        return {name: getattr(value, name) for name in _names(kind)}
    raise TypeError(f"{type(value).__name__} cannot be kept")


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _load(value: Any, kind: Any) -> Any:
    """Return plain JSON `value` as `kind`: a dataclass, list, dict, union with None, datetime or plain value."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _load(value, next(a for a in arguments if a is not type(None)))
    if origin is list:
        return [_load(item, arguments[0]) for item in value]
    if origin is dict:
        return {key: _load(item, arguments[1]) for key, item in value.items()}
    if kind is datetime:
        return datetime.fromisoformat(value)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return kind(
            **{name: _load(value[name], hint) for name, hint in _hints(kind).items() if name in value}
        )
    return value

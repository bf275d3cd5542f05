"""WQL queries, built with a single escaping function, so that no name can end a literal."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement import quoting
from hyperv_placement.errors import ProtocolError


def literal(value: str | int | bool) -> str:
    """Return a literal: a string as `quoting.wql` has it."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            return quoting.wql(value)


def starts_with(prefix: str) -> str:
    """Return the pattern literal that LIKE matches with everything that starts with `prefix`."""
    # As a set of one character a wildcard stands for itself (win32 page "LIKE Operator").
    pattern = "".join(f"[{c}]" if c in "%_[" else c for c in prefix)
    return literal(pattern + "%")


def select(
    class_name: str,
    *properties: str,
    where: Mapping[str, str | int | bool | tuple[int, ...] | tuple[str, ...]] | None = None,
    like: Mapping[str, str | tuple[str, ...]] | None = None,
) -> str:
    """Return `SELECT properties FROM class`, with equalities (`where`) and prefixes (`like`) joined by AND.

    Several values or prefixes for one name mean any of them. Without properties the whole instances are asked for.
    """
    conditions = [_equal(_name(name), value) for name, value in (where or {}).items()]
    conditions += [_like(_name(name), prefix) for name, prefix in (like or {}).items()]
    listed = ", ".join(map(_name, properties)) or "*"
    query = f"SELECT {listed} FROM {_name(class_name)}"  # noqa: S608 - names are checked
    return f"{query} WHERE {' AND '.join(conditions)}" if conditions else query


def _equal(name: str, value: str | int | bool | tuple[int, ...] | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"({' OR '.join(f'{name} = {literal(each)}' for each in value)})"
    return f"{name} = {literal(value)}"


def _like(name: str, prefixes: str | tuple[str, ...]) -> str:
    one, *more = (prefixes,) if isinstance(prefixes, str) else prefixes
    if not more:
        return f"{name} LIKE {starts_with(one)}"
    return f"({' OR '.join(f'{name} LIKE {starts_with(each)}' for each in (one, *more))})"


def _name(name: str) -> str:
    if not name.replace("_", "a").isalnum() or not name.isascii():
        raise ProtocolError(f"{name!r} is no name of a class or property", remedy="")
    return name

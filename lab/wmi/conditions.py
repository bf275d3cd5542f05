"""WQL conditions applied to instances, by the types that the class gives its properties."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from hyperv_placement.wsman import Instance, Value
from hyperv_placement.wsman.values import read_datetime

from .schema import schema_of
from .tokens import INVALID_QUERY, QueryError
from .wql import Both, Comparison, Condition, Either, Literal, Not

Test = Callable[[Instance], bool]

_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def test_of(condition: Condition | None, class_name: str, missing: Collection[str]) -> Test:
    """Return the condition as a function of instances of the class.

    Raises QueryError for properties that the class has not (or has not yet: `missing`), arrays, and literals of the
    wrong type.
    """
    match condition:
        case None:
            return lambda _: True
        case Not(inner):
            negated = test_of(inner, class_name, missing)
            return lambda row: not negated(row)
        case Both(inner_conditions):
            every = [test_of(each, class_name, missing) for each in inner_conditions]
            return lambda row: all(test(row) for test in every)
        case Either(inner_conditions):
            some = [test_of(each, class_name, missing) for each in inner_conditions]
            return lambda row: any(test(row) for test in some)
        case Comparison():
            return _compare(condition, class_name, missing)


def property_named(class_name: str, name: str, missing: Collection[str] = ()) -> str:
    """Return a property's name in its own spelling. Raises QueryError where the class does not have it."""
    schema = schema_of(class_name)
    spec = schema.property(name) if schema else None
    if spec is None or spec.name in missing:
        raise QueryError(INVALID_QUERY)
    return spec.name


def _compare(condition: Comparison, class_name: str, missing: Collection[str]) -> Test:
    judge = _judge(condition.operator, condition.literal)
    if condition.name.casefold() == "__class":
        return lambda row: judge(row.class_name)
    name = property_named(class_name, condition.name, missing)
    schema = schema_of(class_name)
    spec = schema.property(name) if schema else None
    if spec is not None and spec.array:
        raise QueryError(INVALID_QUERY)  # WQL has no conditions on arrays (win32 page "WQL operators")
    return lambda row: judge(row[name])


def _judge(sign: str, literal: Literal) -> Callable[[Value], bool]:
    if sign in {"IS", "IS NOT"} or literal is None:
        positive = sign in {"IS", "="}
        return lambda value: (value is None) == positive
    if sign == "LIKE":
        pattern = _pattern(str(literal))
        return lambda value: value is not None and pattern.fullmatch(str(value)) is not None
    compare = _SIGNS[sign]
    return lambda value: value is not None and _holds(compare, value, literal)


def _holds(compare: Callable[[Any, Any], bool], value: Value, literal: Literal) -> bool:
    """Compare by the property's type; texts without case (win32 page "WQL operators")."""
    match value:
        case bool():
            return compare(value, _boolean(literal))
        case int() | float():
            return compare(value, _number(literal))
        case datetime() | timedelta():
            return compare(value, _time(literal, value))
        case str():
            return compare(value.casefold(), str(literal).casefold())
        case _:
            raise QueryError(INVALID_QUERY)


def _boolean(literal: Literal) -> bool:
    if isinstance(literal, str):
        if literal.casefold() not in {"true", "false"}:
            raise QueryError(INVALID_QUERY)
        return literal.casefold() == "true"
    return bool(literal)


def _number(literal: Literal) -> float:
    try:
        return float(literal) if isinstance(literal, float) else int(literal or 0)
    except ValueError as error:
        raise QueryError(INVALID_QUERY) from error


def _time(literal: Literal, value: datetime | timedelta) -> datetime | timedelta:
    try:
        read = read_datetime(str(literal))
    except ValueError as error:
        raise QueryError(INVALID_QUERY) from error
    if isinstance(read, datetime) != isinstance(value, datetime):
        raise QueryError(INVALID_QUERY)
    return read


@functools.lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    """Return LIKE's pattern: `%` any text, `_` one character, `[..]` one of these, `[^..]` none of these."""
    parts = re.findall(r"\[\^?[^\]]+\]|.", text, re.DOTALL)
    return re.compile("".join(map(_part, parts)), re.IGNORECASE | re.DOTALL)


def _part(part: str) -> str:
    match part:
        case "%":
            return ".*"
        case "_":
            return "."
        case _ if len(part) > 1:
            inner = part[1:-1]
            sign, inner = ("^", inner[1:]) if inner.startswith("^") else ("", inner)
            ranged = "-".join(re.escape(piece) for piece in inner.split("-"))
            return f"[{sign}{ranged}]"
        case _:
            return re.escape(part)

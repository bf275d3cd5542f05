"""WQL conditions applied to instances, by the types that the class gives its properties."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hyperv_placement.wsman import EndpointReference, Instance, Value

from . import cim_literals
from .columns import THIS, Column, Columns
from .likeness import is_like
from .paths import parse_path, reference_path
from .tokens import INVALID_QUERY, QueryError, QueryNotServedError
from .wql import Both, Comparison, Condition, Either, Literal, Not, number_of

Test = Callable[[Instance], bool]

_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ORDER = frozenset({"<", ">", "<=", ">="})
_ORDERING = tuple(_SIGNS[sign] for sign in sorted(_ORDER))
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)
_DIGIT = re.compile(r"\d", re.ASCII)


def test_of(condition: Condition | None, columns: Columns) -> Test:
    """Return the condition as a function of instances of the class.

    Raises QueryError for properties that the class does not have (or not on this host), arrays, and literals of the wrong
    type.
    """
    match condition:
        case None:
            return lambda _: True
        case Not(inner):
            negated = test_of(inner, columns)
            return lambda row: not negated(row)
        case Both(inner_conditions):
            every = [test_of(each, columns) for each in inner_conditions]
            return lambda row: all(test(row) for test in every)
        case Either(inner_conditions):
            some = [test_of(each, columns) for each in inner_conditions]
            return lambda row: any(test(row) for test in some)
        case Comparison(operator="ISA"):
            return _isa(condition, columns)
        case Comparison():
            return _compare(condition, columns)


def equals(text: str) -> Callable[[Value], bool]:
    """Return a test for values that are this, written as text."""
    return _judge("=", text)


def _compare(condition: Comparison, columns: Columns) -> Test:
    column = _scalar(condition.name, columns)
    if column.reference:
        return _refers(condition, column)
    if condition.other is None:
        judge = _judge(condition.operator, condition.literal)
        return lambda row: judge(column.read(row))
    other = _scalar(condition.other, columns)
    compare = _SIGNS[condition.operator]
    return lambda row: _both(compare, column.read(row), other.read(row))


def _refers(condition: Comparison, column: Column) -> Test:
    """Compare a reference with a path, whatever host and namespace it names; anything but `=` and `<>` is wrong (a guess)."""
    if condition.operator not in {"=", "<>"} or not isinstance(condition.literal, str):
        raise QueryError(INVALID_QUERY)
    wanted, positive = parse_path(condition.literal).folded, condition.operator == "="

    def test(row: Instance) -> bool:
        value = column.read(row)
        same = isinstance(value, EndpointReference) and parse_path(reference_path(value)).folded == wanted
        return value is not None and same == positive

    return test


def _scalar(name: str, columns: Columns) -> Column:
    column = columns.named(name)
    if column.array:
        raise QueryError(INVALID_QUERY)  # WQL has no conditions on arrays (win32 page "WQL operators")
    return column


def _both(compare: Callable[[Any, Any], bool], value: Value, other: Value) -> bool:
    return value is not None and other is not None and _holds(compare, value, str(other))


def _isa(condition: Comparison, columns: Columns) -> Test:
    """Compare the class of an embedded object, or of the instance itself as `__this` (win32, "ISA Operator for Data Queries").

    That `__CLASS` stands for the instance too, and that what is no object is of no class, is a guess.
    """
    name = str(condition.literal)
    if condition.name.casefold() in {THIS, "__class"}:
        found = columns.is_a(name)
        return lambda _: found
    column = _scalar(condition.name, columns)
    return lambda row: _class_of(column.read(row)) == name.casefold()


def _class_of(value: Value) -> str:
    return value.class_name.casefold() if isinstance(value, Instance) else ""


def _judge(sign: str, literal: Literal) -> Callable[[Value], bool]:
    if sign in {"IS", "IS NOT"} or literal is None:
        if sign in _ORDER:
            raise QueryError(INVALID_QUERY)
        positive = sign in {"IS", "="}
        return lambda value: (value is None) == positive
    if sign == "LIKE":
        pattern = str(literal)
        is_like("", pattern)  # a malformed one is refused, rows or none
        return lambda value: value is not None and is_like(str(value), pattern)
    compare = _SIGNS[sign]
    return lambda value: value is not None and _holds(compare, value, literal)


def _holds(compare: Callable[[Any, Any], bool], value: Value, literal: Literal) -> bool:
    """Compare by the property's type; texts without case (win32 page "WQL operators")."""
    match value:
        case bool():
            if compare in _ORDERING:  # win32, "WHERE Clause (WMI)": booleans are equal or not
                raise QueryError(INVALID_QUERY)
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
    """Read TRUE, FALSE, 1 and 0, quoted or not."""
    text = str(literal).casefold()
    if text not in {"true", "false", "1", "0"}:
        raise QueryError(INVALID_QUERY)
    return text in {"true", "1"}


def _number(literal: Literal) -> float:
    if not isinstance(literal, str):
        return literal if isinstance(literal, float) else int(literal or 0)
    if _NUMBER.fullmatch(literal) is None:  # Python takes more for a number than WMI does
        raise QueryError(INVALID_QUERY)
    return number_of(literal)


def _time(literal: Literal, value: datetime | timedelta) -> datetime | timedelta:
    try:
        read = cim_literals.read_time(str(literal))
    except (ValueError, OverflowError) as error:
        if _DIGIT.search(
            str(literal)
        ):  # win32, "WQL-Supported Date Formats": they depend on the host's locale
            raise QueryNotServedError("dates in another form than WMI's DATETIME") from error
        raise QueryError(INVALID_QUERY) from error
    if isinstance(read, datetime) != isinstance(value, datetime):
        raise QueryError(INVALID_QUERY)
    return read

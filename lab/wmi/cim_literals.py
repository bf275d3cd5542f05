"""Literals of embedded texts and of WQL as a host takes them: by the letter, where the product's reader of answers is lenient."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hyperv_placement.wsman import CimType, Value

_MOMENT = re.compile(r"(\d{14})\.(\d{6})([+-]\d{3})", re.ASCII)
_SPAN = re.compile(r"(\d{8})(\d{2})(\d{2})(\d{2})\.(\d{6}):000", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_REAL = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d{1,4})?|[+-]?\d+(?:[eE][+-]?\d{1,4})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
"""In either case (recorded by nova in capitals, taken in lower case by r4sd/go-wsman's host)."""


def read(text: str, kind: CimType) -> Value:
    """Return the value of a literal (DSP0004 5.2). Raises ValueError or OverflowError where it is none of this type."""
    match kind:
        case CimType.STRING | CimType.REFERENCE:
            return text
        case CimType.BOOLEAN:
            return _boolean(text)
        case CimType.DATETIME:
            return _moment(text)
        case CimType.INTERVAL:
            return _span(text)
        case CimType.REAL32 | CimType.REAL64:
            return float(_whole(_REAL, text)[0])
        case _:
            return _integer(text, kind)


def read_time(text: str) -> datetime | timedelta:
    """Return a moment or an interval in CIM's form. Raises ValueError or OverflowError."""
    return _span(text) if text.endswith(":000") else _moment(text)


def _whole(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no literal of its type")
    return found


def _boolean(text: str) -> bool:
    if text.casefold() not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text.casefold()]


def _integer(text: str, kind: CimType) -> int:
    number = int(_whole(_INTEGER, text)[0])
    bits = int(kind.removeprefix("uint").removeprefix("sint"))
    least, most = (0, 2**bits) if kind.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    if not least <= number < most:
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    whole, micro, minutes = _whole(_MOMENT, text).groups()
    local = datetime.strptime(f"{whole}{micro}", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    return local - timedelta(minutes=int(minutes))


def _span(text: str) -> timedelta:
    days, hours, minutes, seconds, micro = map(int, _whole(_SPAN, text).groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)

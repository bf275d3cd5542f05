"""Values of CIM properties as Python values, in both of their text forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from hyperv_placement.errors import ProtocolError

from .epr import EndpointReference
from .schema import CimType

Scalar: TypeAlias = bool | int | float | str | datetime | timedelta | EndpointReference | None
"""A CIM value other than an instance or an array."""

_INTERVAL = re.compile(
    r"^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$", re.ASCII
)
_CIM_DATETIME = re.compile(r"^(\d{14})\.(\d{6})([+-])(\d{3})$", re.ASCII)
_CIM_INTERVAL = re.compile(r"^(\d{8})(\d{2})(\d{2})(\d{2})\.(\d{6}):000$", re.ASCII)
_REAL = re.compile(r"\s*[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?\s*")
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,20}\s*")
_COUNT = re.compile(r"[0-9]{1,20}")
_ISO = re.compile(r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?$", re.ASCII)


class Unreadable(str):
    """The text of a property that is not of the type that its class declares.

    The rest of an answer is kept beside it. It is a text, so that it is shown and written again as it came; whoever asks an
    instance for it as the value that it is not gets a ProtocolError.
    """

    __slots__ = ()


def lenient(text: str, kind: CimType) -> Scalar:
    """Return the value that `text` of type `kind` means, or the text itself as Unreadable."""
    try:
        return text_to_value(text, kind)
    except ProtocolError:
        return Unreadable(text)


def text_to_value(text: str, kind: CimType) -> Scalar:
    """Return the value that `text` of type `kind` means. Raises ProtocolError where it cannot be read."""
    try:
        return _READERS.get(kind, str)(text)
    except (ValueError, OverflowError) as error:
        raise ProtocolError(f"{text[:80]!r} is no {kind}") from error


def count_in(text: str | None) -> int | None:
    """Return the whole number in `text`, of ASCII digits only; None if it is not one."""
    stripped = (text or "").strip()
    return int(stripped) if _COUNT.fullmatch(stripped) else None


def value_to_text(value: object) -> str:
    """Return a scalar as element text: decimals, `true`, ISO dates (as Windows writes them)."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return iso_datetime(value)
        case timedelta():
            return iso_interval(value)
        case int() | float() | str():
            return str(value)
        case _:
            raise ProtocolError(f"{value!r} is no scalar")


def iso_datetime(value: datetime) -> str:
    """Return up to six decimals, trailing zeros dropped, as `2026-10-08T15:15:36.68424Z`.

    UTC is `Z`, as current hosts write it; another zone is kept as its offset, as 2008 R2 wrote it (WinRb/WinRM
    spec/mock/enumerate_1.xml).
    """
    offset = _aware(value).utcoffset()
    if not offset or offset % timedelta(minutes=1):  # XML Schema knows offsets to the minute
        value, zone = value.astimezone(UTC), "Z"
    else:
        zone = value.isoformat()[-6:]
    whole = value.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return whole + _fraction(value.microsecond) + zone


def iso_interval(value: timedelta) -> str:
    """Return all parts, decimals on the seconds, as `P0DT0H5M0S`."""
    _refuse_negative(value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"P{value.days}DT{hours}H{minutes}M{seconds}{_fraction(value.microseconds)}S"


def cim_datetime(value: datetime) -> str:
    """Return the CIM literal in UTC, as `20261008151536.684240+000`."""
    utc = _aware(value).astimezone(UTC)
    return utc.strftime("%Y%m%d%H%M%S").rjust(14, "0") + f".{utc.microsecond:06d}+000"


def cim_interval(value: timedelta) -> str:
    """Return the CIM literal, as `00000000000500.000000:000`."""
    _refuse_negative(value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{value.days:08d}{hours:02d}{minutes:02d}{seconds:02d}.{value.microseconds:06d}:000"


def _aware(value: datetime) -> datetime:
    """Refuse a time without a zone: it would be read as local time of this computer."""
    if value.tzinfo is None:
        raise ProtocolError(f"{value} has no time zone", remedy="")
    return value


def _refuse_negative(value: timedelta) -> None:
    """Refuse negative intervals, which CIM does not have (DSP0004 5.2.4)."""
    if value < timedelta(0):
        raise ProtocolError(f"{value} is negative, which no interval can be", remedy="")


def _fraction(microseconds: int) -> str:
    return f".{microseconds:06d}".rstrip("0") if microseconds else ""


def read_datetime(text: str) -> datetime | timedelta:
    """Read a date or an interval in either form. Raises ValueError and OverflowError."""
    if match := _ISO.match(text):
        whole, fraction, zone = match.groups()
        micro = (fraction or "").ljust(6, "0")[:6]
        read = datetime.fromisoformat(f"{whole}.{micro}{(zone or 'Z').replace('Z', '+00:00')}")
        read.astimezone(UTC)  # a moment before the year 1 or after 9999 is an OverflowError now, not later
        return read
    if match := _CIM_DATETIME.match(text):
        # CIM's offset is in minutes, which `%z` does not read (DSP0004 5.2.4).
        whole, micro, sign, minutes = match.groups()
        local = datetime.strptime(f"{whole}{micro}+0000", "%Y%m%d%H%M%S%f%z")
        return local - timedelta(minutes=int(sign + minutes))
    return read_interval(text)


def read_interval(text: str) -> timedelta:
    """Read an interval in either form. Raises ValueError and OverflowError."""
    if match := _CIM_INTERVAL.match(text):
        days, hours, minutes, seconds, micro = map(int, match.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)
    return read_duration(text)


def read_duration(text: str) -> timedelta:
    """Read an interval as XML Schema has it. Raises ValueError and OverflowError."""
    match = _INTERVAL.match(text)
    if match is None or text in {"P", "PT"}:
        raise ValueError(text)
    years, months, days, hours, minutes = (int(part or 0) for part in match.groups()[:5])
    if years or months:  # they have no length of their own
        raise ValueError(text)
    whole, _, fraction = (match.group(6) or "0").partition(".")
    micro = int(fraction.ljust(6, "0")[:6] or 0)
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=int(whole), microseconds=micro)


def _read_integer(text: str) -> int:
    """Accept only what XML Schema calls an integer: `int` would accept `1_000` and digits of any script."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _read_real(text: str) -> float:
    """Accept only decimals: `float` would accept `1_0`, digits of any script and `infinity`."""
    if not _REAL.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _read_boolean(text: str) -> bool:
    match text.strip().casefold():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            raise ValueError(text)


def _read_time(text: str) -> datetime | timedelta:
    return read_datetime(text.strip())


_READERS: dict[CimType, Callable[[str], Scalar]] = {
    CimType.BOOLEAN: _read_boolean,
    CimType.DATETIME: _read_time,
    CimType.INTERVAL: _read_time,
    **{kind: _read_integer for kind in CimType if kind.startswith(("uint", "sint"))},
    CimType.REAL32: _read_real,
    CimType.REAL64: _read_real,
}

"""Times that a stack file names: when nothing starts, when alone moves start, and when other limits hold."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hyperv_placement.model.guard import DAYS, Daily, OneOff, WallTime, Weekly, Window
from hyperv_placement.model.pace import Pace
from hyperv_placement.model.units import parse_bits

from .findings import Findings
from .nodes import Mapping, Node, Scalar, Sequence

_ONE_OFF, _WEEKLY, _DAILY = ("from", "until"), ("weekly", "timezone"), ("daily", "timezone")
TIMES = frozenset({*_ONE_OFF, *_WEEKLY, *_DAILY})
"""Keys of an entry that say when."""
_ADVICE = (
    "name from: and until:, such as {from: '2026-12-24T12:00+01:00', until: '2027-01-02T06:00+01:00'}, or weekly: and"
    " timezone:, such as {weekly: fri 18:00 - mon 06:00, timezone: Europe/Berlin}, or daily: and timezone:, such as"
    " {daily: 22:00 - 06:00, timezone: UTC}"
)

_LIMIT = "{daily: 08:00 - 18:00, timezone: Europe/Berlin, copies: 2, bandwidth: 1 Gbit/s}"


def read_windows(node: Node | None, where: str, findings: Findings) -> tuple[Window, ...]:
    """Return the windows of a list, without those that were reported."""
    entries = node.items if isinstance(node, Sequence) else ()
    found = (
        read_window(entry, f"{where}[{position}]", findings)
        for position, entry in enumerate(entries)
        if isinstance(entry, Mapping)
    )
    return tuple(each for each in found if each is not None)


def read_limits(node: Node | None, where: str, findings: Findings) -> tuple[Pace, ...]:
    """Return the limits of a list, without those that were reported."""
    found = []
    for position, entry in enumerate(node.items if isinstance(node, Sequence) else ()):
        if not isinstance(entry, Mapping):
            continue
        copies, bandwidth = entry.scalar("copies"), entry.scalar("bandwidth")
        if not entry.entries.keys() & {"copies", "bandwidth"}:
            findings.add(
                "limit-empty",
                entry.line,
                f"{where}[{position}]: limits nothing; write copies:, bandwidth: or both, such as {_LIMIT}",
            )
        window = None
        if entry.entries.keys() & TIMES:
            window = read_window(entry, f"{where}[{position}]", findings)
            if window is None:
                continue
        found.append(
            Pace(
                window=window,
                copies=None if copies is None else int(copies.text),
                bandwidth=None if bandwidth is None else parse_bits(bandwidth.text),
            )
        )
    return tuple(found)


def read_window(entry: Mapping, where: str, findings: Findings) -> Window | None:
    """Return the time that an entry names; None where it is none, or where a part of it was reported."""
    given = entry.entries.keys() & TIMES
    if given not in ({*_ONE_OFF}, {*_WEEKLY}, {*_DAILY}):
        findings.add("freeze-incomplete", entry.line, f"{where}: is no window of time; {_ADVICE}")
        return None
    reported = entry.scalar("reason")
    reason = "" if reported is None else reported.text
    begins, ends = entry.scalar("from"), entry.scalar("until")
    if begins is not None and ends is not None:
        return _one_off(begins, ends, reason, where, findings)
    weekly, daily, zone = entry.scalar("weekly"), entry.scalar("daily"), entry.scalar("timezone")
    if weekly is not None and zone is not None:
        return _weekly(weekly, zone, reason, where, findings)
    if daily is not None and zone is not None:
        return _daily(daily, zone, reason, where, findings)
    return None


def _one_off(begins: Scalar, ends: Scalar, reason: str, where: str, findings: Findings) -> OneOff | None:
    first = _moment(begins, f"{where}.from", findings)
    last = _moment(ends, f"{where}.until", findings)
    if first is None or last is None:
        return None
    if last <= first:
        findings.add(
            "freeze-order",
            ends.line,
            f"{where}.until: '{ends.text}' is not after from: '{begins.text}'; write the moment at which it ends",
        )
    return OneOff(begins=first, ends=last, reason=reason)


def _moment(node: Scalar, where: str, findings: Findings) -> datetime | None:
    try:
        return datetime.fromisoformat(node.text)
    except ValueError as error:
        findings.add(
            "date-wrong",
            node.line,
            f"{where}: '{node.text}' is no date with time ({error}); write 2026-12-24T12:00+01:00",
        )
        return None


def _weekly(weekly: Scalar, zone: Scalar, reason: str, where: str, findings: Findings) -> Weekly | None:
    moments = (part.split() for part in weekly.text.split("-"))  # the schema's pattern lets only two through
    begins, ends = (
        WallTime(day=DAYS.index(day.lower()), time=time.fromisoformat(clock)) for day, clock in moments
    )
    if begins == ends:
        _report_empty(weekly, f"{where}.weekly", "fri 18:00 - mon 06:00", findings)
    known = _zone(zone, where, findings)
    return None if known is None else Weekly(begins=begins, ends=ends, zone=known, reason=reason)


def _daily(daily: Scalar, zone: Scalar, reason: str, where: str, findings: Findings) -> Daily | None:
    begins, ends = (time.fromisoformat(part.strip()) for part in daily.text.split("-"))
    if begins == ends:
        _report_empty(daily, f"{where}.daily", "22:00 - 06:00", findings)
    known = _zone(zone, where, findings)
    return None if known is None else Daily(begins=begins, ends=ends, zone=known, reason=reason)


def _report_empty(node: Scalar, where: str, example: str, findings: Findings) -> None:
    findings.add(
        "freeze-order",
        node.line,
        f"{where}: '{node.text}' ends at the moment at which it begins; write such as {example}",
    )


def _zone(zone: Scalar, where: str, findings: Findings) -> ZoneInfo | None:
    try:
        return ZoneInfo(zone.text)
    # A key that leads out of the folders of time zones is a ValueError (Python, zoneinfo): it is no zone either.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        findings.add(
            "timezone-unknown",
            zone.line,
            f"{where}.timezone: '{zone.text}' is no time zone that is known here; write its name in the IANA database,"
            " such as Europe/Berlin or UTC; where that is right, install the system's package tzdata",
        )
        return None

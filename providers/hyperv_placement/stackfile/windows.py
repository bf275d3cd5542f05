"""Times that a stack file names: when nothing starts, when alone moves start, and when other limits hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from hyperv_placement.model.guard import DAYS, Daily, OneOff, WallTime, Weekly, Window
from hyperv_placement.model.pace import Pace
from hyperv_placement.model.units import parse_bits

from .findings import Findings
from .nodes import Mapping, Node, Scalar, Sequence
from .zones import read_zone

_ONE_OFF, _WEEKLY, _DAILY = ("from", "until"), ("weekly", "timezone"), ("daily", "timezone")
TIMES = frozenset({*_ONE_OFF, *_WEEKLY, *_DAILY})
"""Keys of an entry that say when."""
_ADVICE = (
    "name from: and until:, such as {from: '2026-12-24T12:00+01:00', until: '2027-01-02T06:00+01:00'}, or weekly: and"
    " timezone:, such as {weekly: fri 18:00 - mon 06:00, timezone: Europe/Berlin}, or daily: and timezone:, such as"
    " {daily: 22:00 - 06:00, timezone: UTC}; timezone: may stand once at the top of the file instead"
)

_LIMIT = "{daily: 08:00 - 18:00, timezone: Europe/Berlin, copies: 2, bandwidth: 1 Gbit/s}"


def read_windows(
    node: Node | None, where: str, findings: Findings, zone: ZoneInfo | None
) -> tuple[Window, ...]:
    """Return the windows of a list, without those that were reported. `zone`: of the whole stack file, where it names one."""
    entries = node.items if isinstance(node, Sequence) else ()
    found = (
        read_window(entry, f"{where}[{position}]", findings, zone)
        for position, entry in enumerate(entries)
        if isinstance(entry, Mapping)
    )
    return tuple(each for each in found if each is not None)


def read_limits(node: Node | None, where: str, findings: Findings, zone: ZoneInfo | None) -> tuple[Pace, ...]:
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
            window = read_window(entry, f"{where}[{position}]", findings, zone)
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


def read_window(entry: Mapping, where: str, findings: Findings, zone: ZoneInfo | None) -> Window | None:
    """Return the time that an entry names; None where it is none, or where a part of it was reported."""
    given = entry.entries.keys() & TIMES
    whole = given if zone is None or given & {*_ONE_OFF} else {*given, "timezone"}
    if whole not in ({*_ONE_OFF}, {*_WEEKLY}, {*_DAILY}):
        findings.add("freeze-incomplete", entry.line, f"{where}: is no window of time; {_ADVICE}")
        return None
    reported = entry.scalar("reason")
    reason = "" if reported is None else reported.text
    begins, ends = entry.scalar("from"), entry.scalar("until")
    if begins is not None and ends is not None:
        return _one_off(_Moments(where, findings, zone), begins, ends, reason)
    named = entry.scalar("timezone")
    own = zone if named is None else read_zone(named, f"{where}.timezone", findings)
    weekly, daily = entry.scalar("weekly"), entry.scalar("daily")
    if weekly is not None:
        return _weekly(weekly, own, reason, where, findings)
    if daily is not None:
        return _daily(daily, own, reason, where, findings)
    return None


@dataclass(frozen=True, slots=True)
class _Moments:
    where: str
    findings: Findings
    zone: ZoneInfo | None
    """By whose clocks a moment without an offset is read; None = such a one is not known."""

    def read(self, node: Scalar, key: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(node.text)
        except ValueError as error:
            self._report(node, key, f"is no date with time ({error})")
            return None
        if moment.tzinfo is None and self.zone is None:
            self._report(node, key, "has no offset from UTC, and the file no timezone: at its top")
            return None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=self.zone)

    def _report(self, node: Scalar, key: str, what: str) -> None:
        text = f"{self.where}.{key}: '{node.text}' {what}; write 2026-12-24T12:00+01:00"
        self.findings.add("date-wrong", node.line, text)


def _one_off(moments: _Moments, begins: Scalar, ends: Scalar, reason: str) -> OneOff | None:
    first, last = moments.read(begins, "from"), moments.read(ends, "until")
    if first is None or last is None:
        return None
    if last.astimezone(UTC) <= first.astimezone(
        UTC
    ):  # Python compares what is in one zone by the clocks on the wall
        moments.findings.add(
            "freeze-order",
            ends.line,
            f"{moments.where}.until: '{ends.text}' is not after from: '{begins.text}'; write the moment at which it ends",
        )
    return OneOff(begins=first, ends=last, reason=reason)


def _weekly(
    weekly: Scalar, zone: ZoneInfo | None, reason: str, where: str, findings: Findings
) -> Weekly | None:
    moments = (part.split() for part in weekly.text.split("-"))  # the schema's pattern lets only two through
    begins, ends = (
        WallTime(day=DAYS.index(day.lower()), time=time.fromisoformat(clock)) for day, clock in moments
    )
    if begins == ends:
        _report_empty(weekly, f"{where}.weekly", "fri 18:00 - mon 06:00", findings)
    return None if zone is None else Weekly(begins=begins, ends=ends, zone=zone, reason=reason)


def _daily(daily: Scalar, zone: ZoneInfo | None, reason: str, where: str, findings: Findings) -> Daily | None:
    begins, ends = (time.fromisoformat(part.strip()) for part in daily.text.split("-"))
    if begins == ends:
        _report_empty(daily, f"{where}.daily", "22:00 - 06:00", findings)
    return None if zone is None else Daily(begins=begins, ends=ends, zone=zone, reason=reason)


def _report_empty(node: Scalar, where: str, example: str, findings: Findings) -> None:
    findings.add(
        "freeze-order",
        node.line,
        f"{where}: '{node.text}' ends at the moment at which it begins; write such as {example}",
    )

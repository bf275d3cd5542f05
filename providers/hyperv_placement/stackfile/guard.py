"""The section guard: as values, and freezes that are none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hyperv_placement.model.guard import DAYS, NO_LIMITS, Freeze, Guard, OneOff, WallTime, Weekly
from hyperv_placement.model.units import parse_bytes

from .findings import Findings
from .nodes import Mapping, Node, Scalar, Sequence

_ONE_OFF, _WEEKLY = ("from", "until"), ("weekly", "timezone")
_ADVICE = (
    "name from: and until:, such as {from: '2026-12-24T12:00+01:00', until: '2027-01-02T06:00+01:00'}, or weekly: and"
    " timezone:, such as {weekly: fri 18:00 - mon 06:00, timezone: Europe/Berlin}"
)


def read_guard(
    root: Mapping, labels: Callable[[Node | None, str], tuple[str, ...]], findings: Findings
) -> Guard:
    """Return the guard, without limits where there is none; `labels` reads a list of machines, and reports strangers."""
    section = root.mapping("guard")
    if section is None:
        return NO_LIMITS
    most, windows = section.scalar("max_bytes"), section.value("freeze")
    freezes = (
        _freeze(entry, f"guard.freeze[{position}]", findings)
        for position, entry in enumerate(windows.items if isinstance(windows, Sequence) else ())
        if isinstance(entry, Mapping)
    )
    return Guard(
        max_moves=_whole(section.scalar("max_moves")),
        max_bytes=None if most is None else parse_bytes(most.text),
        max_hosts=_whole(section.scalar("max_hosts")),
        max_failures=_whole(section.scalar("max_failures")),
        freeze=tuple(each for each in freezes if each is not None),
        protected=labels(section.value("protected"), "guard.protected"),
        all_or_nothing=_yes(section.scalar("all_or_nothing")),
    )


def _whole(node: Scalar | None) -> int | None:
    return None if node is None else int(node.text)


def _yes(node: Scalar | None) -> bool:
    return node is not None and node.text.lower() in {"true", "yes", "on"}


def _freeze(entry: Mapping, where: str, findings: Findings) -> Freeze | None:
    """Return one window; None where it is none, or where a part of it was reported."""
    given = entry.entries.keys() - {"reason"}
    if given not in ({*_ONE_OFF}, {*_WEEKLY}):
        findings.add("freeze-incomplete", entry.line, f"{where}: is no window of time; {_ADVICE}")
        return None
    reported = entry.scalar("reason")
    reason = "" if reported is None else reported.text
    begins, ends = entry.scalar("from"), entry.scalar("until")
    if begins is not None and ends is not None:
        return _one_off(begins, ends, reason, where, findings)
    weekly, zone = entry.scalar("weekly"), entry.scalar("timezone")
    if weekly is not None and zone is not None:
        return _weekly(weekly, zone, reason, where, findings)
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
        findings.add(
            "freeze-order",
            weekly.line,
            f"{where}.weekly: '{weekly.text}' ends at the moment at which it begins; write such as fri 18:00 - mon 06:00",
        )
    try:
        return Weekly(begins=begins, ends=ends, zone=ZoneInfo(zone.text), reason=reason)
    # A key that leads out of the folders of time zones is a ValueError (Python, zoneinfo): it is no zone either.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        findings.add(
            "timezone-unknown",
            zone.line,
            f"{where}.timezone: '{zone.text}' is no time zone that is known here; write its name in the IANA database,"
            " such as Europe/Berlin or UTC; where that is right, install the system's package tzdata",
        )
        return None

"""The guard of a stack file: what one run may do, when it may not begin (and times, as a file names them), and what somebody has allowed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

Limit = Literal["max_moves", "max_bytes", "max_hosts", "freeze", "window", "max_failures", "planned"]
LIMITS: tuple[Limit, ...] = (
    "max_moves", "max_bytes", "max_hosts", "freeze", "window", "max_failures", "planned",
)  # fmt: skip
"""What can be allowed once: limits by their keys under `guard:`, starts outside every `window:`, and that planned systems are
removed which lie where this stack orders them and which its audit log does not know; a protected machine cannot."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


Span = tuple[datetime, datetime]
"""From one moment to another, which is no part of it; in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallTime:
    """A moment of every week, as clocks on the wall show it."""

    day: int
    """0 is Monday."""
    time: time

    def of_week(self, monday: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the earliest and the latest moment, in UTC, that this can mean in the week that begins on `monday`."""
        return _readings(monday.date() + timedelta(days=self.day), self.time, zone)


def _readings(day: date, at: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the earliest and the latest moment, in UTC, that clocks on the wall can mean by `at`.

    They differ where clocks are changed: an hour that comes twice, or not at all (PEP 495).
    """
    # Python takes the first of two equal hours unless asked otherwise by `fold` (PEP 495).
    both = [datetime.combine(day, at, tzinfo=zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(both), max(both)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOff:
    """A time that comes once."""

    begins: datetime
    ends: datetime
    """The first moment at which moves may start again; both with their offset from UTC."""
    reason: str = ""

    @property
    def zone(self) -> tzinfo:
        """In which its end is shown: that of its end."""
        return self.ends.tzinfo or UTC

    def end_at(self, now: datetime) -> datetime | None:
        """Return when it ends, in UTC, if `now` lies in it."""
        return self.ends.astimezone(UTC) if self.begins <= now < self.ends else None

    def times(self, first: datetime, last: datetime) -> Iterator[Span]:
        """Yield it, in UTC, if a part of it lies between two moments."""
        if self.begins < last and first < self.ends:
            yield self.begins.astimezone(UTC), self.ends.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """A time that comes every week, by the clocks of one time zone; it may run over the end of the week."""

    begins: WallTime
    ends: WallTime
    zone: ZoneInfo
    reason: str = ""

    def end_at(self, now: datetime) -> datetime | None:
        """Return when it ends, in UTC, if `now` (in UTC) lies in it. Where clocks are changed, the longer reading counts."""
        # The weeks beside count, too: it may run over the end of one.
        for monday in _mondays(now - _WEEK, now + _WEEK, self.zone):
            begin = self.begins.of_week(monday, self.zone)[0]
            end = self.ends.of_week(monday + _WEEK * self._runs_over, self.zone)[1]
            if begin <= now < end:
                return end
        return None

    def times(self, first: datetime, last: datetime) -> Iterator[Span]:
        """Yield, in UTC, each that has a part between two moments. Where clocks are changed, the shorter reading counts."""
        for monday in _mondays(first - _WEEK, last, self.zone):
            begin = self.begins.of_week(monday, self.zone)[1]
            end = self.ends.of_week(monday + _WEEK * self._runs_over, self.zone)[0]
            if begin < min(end, last) and first < end:
                yield begin, end

    @property
    def _runs_over(self) -> bool:
        return (self.ends.day, self.ends.time) < (self.begins.day, self.begins.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """A time that comes every day, by the clocks of one time zone; it may run over midnight."""

    begins: time
    ends: time
    zone: ZoneInfo
    reason: str = ""

    def end_at(self, now: datetime) -> datetime | None:
        """Return when it ends, in UTC, if `now` (in UTC) lies in it. Where clocks are changed, the longer reading counts."""
        for day in _days(now - _DAY, now + _DAY, self.zone):
            begin = _readings(day, self.begins, self.zone)[0]
            end = _readings(day + _DAY * self._runs_over, self.ends, self.zone)[1]
            if begin <= now < end:
                return end
        return None

    def times(self, first: datetime, last: datetime) -> Iterator[Span]:
        """Yield, in UTC, each that has a part between two moments. Where clocks are changed, the shorter reading counts."""
        for day in _days(first - _DAY, last, self.zone):
            begin = _readings(day, self.begins, self.zone)[1]
            end = _readings(day + _DAY * self._runs_over, self.ends, self.zone)[0]
            if begin < min(end, last) and first < end:
                yield begin, end

    @property
    def _runs_over(self) -> bool:
        return self.ends < self.begins


def _days(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Yield the days of both moments, by the clocks of a zone, and those between."""
    day, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    while day <= end:
        yield day
        day += _DAY


def _mondays(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the Mondays of the weeks of both moments, by the clocks of a zone, and those between."""
    local = first.astimezone(zone)
    monday, end = local - timedelta(days=local.weekday()), last.astimezone(zone)
    while monday.date() <= end.date():
        yield monday
        monday += _WEEK


_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
Window = OneOff | Weekly | Daily
"""A time that a stack file names: in which nothing starts (`guard.freeze`), or in which alone moves start (`window`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Limits on what one run may do; None = no limit."""

    max_moves: int | None = None
    max_bytes: int | None = None
    """Of disks that are copied, and of memory that goes to another host."""
    max_hosts: int | None = None
    """Hosts that moves leave or come to."""
    max_failures: int | None = None
    """Failed moves of one cause after which nothing new starts."""
    freeze: tuple[Window, ...] = ()
    """When nothing starts."""
    protected: tuple[str, ...] = ()
    """Labels of machines that this stack never moves."""
    all_or_nothing: bool = False
    """Whether nothing is moved where a single move finds no room in the end or no safe order."""


NO_LIMITS = Guard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When a plan is made, and what somebody has allowed for this once."""

    now: datetime | None = None
    """With its offset from UTC; None for a plan that nobody will carry out: then no freeze is judged."""
    read: datetime | None = None
    """When the hosts were read, where that is not `now`, with its offset from UTC."""
    allowed: frozenset[Limit] = frozenset()
    in_run: frozenset[str] | None = None
    """Labels of the machines that the run takes (`--target`, `--exclude`); None for all: the others stay where they are."""

    @property
    def moment(self) -> datetime | None:
        """By which snoozes and absences end; None where none is known."""
        return self.read if self.now is None else self.now

    def takes(self, label: str) -> bool:
        """Say whether a machine is part of the run."""
        return self.in_run is None or label in self.in_run


ON_PAPER = Occasion()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """That a moment lies in a freeze."""

    until: datetime
    """When the last of the freezes ends that follow each other without a gap; in UTC."""
    zone: tzinfo = UTC
    """In which its end is shown to people."""
    reason: str = ""
    """Of the one that it lies in."""

    def __str__(self) -> str:
        """Until when, and why."""
        when = self.until.astimezone(self.zone).isoformat(sep=" ", timespec="minutes")
        return f"{when} ({self.reason})" if self.reason else when


def frozen(freezes: Iterable[Window], now: datetime) -> Frozen | None:
    """Return until when nothing may start, None where `now` (with its offset from UTC) lies in no freeze."""
    windows = tuple(freezes)
    now = now.astimezone(UTC)  # Python compares what is in one zone by the clocks on the wall
    first = last = _longest(windows, now)
    for _ in windows:  # each can prolong it: one that ends as the next begins
        following = _longest(windows, last[0]) if last else None
        last = following or last
    return Frozen(until=last[0], zone=last[1].zone, reason=first[1].reason) if first and last else None


def _longest(windows: tuple[Window, ...], now: datetime) -> tuple[datetime, Window] | None:
    """Return the window around `now` that ends last, and its end."""
    ends = [(end, window) for window in windows if (end := window.end_at(now)) is not None]
    return max(ends, key=lambda pair: pair[0], default=None)

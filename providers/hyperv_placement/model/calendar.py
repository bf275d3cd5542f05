"""Days by the clocks of one time zone: what a stack file and a hold mean by a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Self


class Day(date):
    """A day that says by whose clocks it begins and ends, wherever it is printed. It equals the same day of any zone."""

    zone: tzinfo

    def __new__(cls, year: int, month: int, day: int, zone: tzinfo = UTC) -> Self:
        """Return a day of the calendar. Raises ValueError where there is no such day."""
        made = super().__new__(cls, year, month, day)
        made.zone = zone
        return made

    @classmethod
    def by(cls, day: date, zone: tzinfo) -> Self:
        """Return `day` as the clocks of `zone` have it."""
        return cls(day.year, day.month, day.day, zone)

    @classmethod
    def at(cls, moment: datetime, zone: tzinfo) -> Self:
        """Return the day that it is at `moment`, which has its offset from UTC, by the clocks of `zone`."""
        return cls.by(moment.astimezone(zone).date(), zone)

    def __str__(self) -> str:
        return f"{self.isoformat()} {zone_name(self.zone)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.year, self.month, self.day, self.zone)


def zone_name(zone: tzinfo) -> str:
    """Return a zone as people write it: its name in the IANA database, or its offset."""
    return str(zone)


def end_of(day: date) -> datetime:
    """Return the first moment after a day, by its own clocks; those of UTC where it names none. The last day there is has no end: its last moment."""
    zone = day.zone if isinstance(day, Day) else UTC
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def spelled(text: str, zone: tzinfo) -> str:
    """Return a moment that was written down as ISO 8601 by the clocks of `zone`, to the second; what is none of that stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        return text
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone_name(zone)}"


def shown(moment: datetime, zone: tzinfo) -> str:
    """Return a moment by the clocks of `zone`, to the minute, such as `2026-12-01 14:30 Europe/Berlin`."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone_name(zone)}"

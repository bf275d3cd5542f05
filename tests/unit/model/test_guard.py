"""Freezes: what lies in them, until when, and the two nights on which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.model.guard import OneOff, WallTime, Weekly, Window, frozen

BERLIN = ZoneInfo("Europe/Berlin")
WEEKEND = Weekly(
    begins=WallTime(day=4, time=time(18)), ends=WallTime(day=0, time=time(6)), zone=BERLIN, reason="weekend"
)
YEAR_END = OneOff(
    begins=datetime(2026, 12, 24, 12, tzinfo=UTC), ends=datetime(2027, 1, 2, 6, tzinfo=UTC), reason="year"
)


def utc(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(f"{text}+00:00")


def until(now: str, *freezes: Window) -> datetime | None:
    """Return until when nothing starts, None where `now` is free."""
    found = frozen(freezes, utc(now))
    return None if found is None else found.until


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-09 16:59", None),
        ("2026-01-09 17:00", "2026-01-12 05:00"),
        ("2026-01-11 23:30", "2026-01-12 05:00"),
        ("2026-01-12 04:59", "2026-01-12 05:00"),
        ("2026-01-12 05:00", None),
        ("2026-07-10 16:00", "2026-07-13 04:00"),
        ("2026-03-27 17:00", "2026-03-30 04:00"),  # clocks are put forward in between
        ("2026-10-23 16:00", "2026-10-26 05:00"),  # and back
    ],
)
def test_a_weekend_follows_the_clocks_on_the_wall(now: str, expected: str | None) -> None:
    """Over the end of the week, in winter and in summer, and over the change between them."""
    assert until(now, WEEKEND) == (utc(expected) if expected else None)


def night(begins: time, ends: time) -> Weekly:
    """Return a window in every night to Sunday."""
    return Weekly(begins=WallTime(day=6, time=begins), ends=WallTime(day=6, time=ends), zone=BERLIN)


def test_an_hour_that_comes_twice_is_frozen_both_times() -> None:
    """On 2026-10-25 the hour from 2:00 to 3:00 comes twice: as 0:00 and as 1:00 in UTC."""
    window = night(time(2, 15), time(2, 45))
    assert until("2026-10-25 00:14", window) is None
    assert until("2026-10-25 00:15", window) == until("2026-10-25 01:44", window) == utc("2026-10-25 01:45")
    assert until("2026-10-25 01:45", window) is None


def test_a_begin_in_an_hour_that_does_not_come_is_taken_early() -> None:
    """On 2026-03-29 clocks go from 2:00 to 3:00, which is 1:00 in UTC."""
    window = night(time(2, 30), time(4, 0))
    assert until("2026-03-29 00:30", window) == until("2026-03-29 01:30", window) == utc("2026-03-29 02:00")
    assert until("2026-03-29 02:00", window) is None


def test_an_end_in_an_hour_that_does_not_come_is_taken_late() -> None:
    """2:30 is 3:30 on that day."""
    assert until("2026-03-29 01:29", night(time(1), time(2, 30))) == utc("2026-03-29 01:30")


def test_a_window_that_comes_once() -> None:
    """Its end is the first free moment."""
    assert until("2026-12-24 11:59", YEAR_END) is None
    assert until("2026-12-24 12:00", YEAR_END) == until("2027-01-02 05:59", YEAR_END) == YEAR_END.ends
    assert until("2027-01-02 06:00", YEAR_END) is None


def test_windows_without_a_gap_are_one() -> None:
    """The end of the year falls into a weekend: nothing starts before Monday; the reason is the present one's."""
    assert until("2026-12-30 10:00", WEEKEND, YEAR_END) == utc("2027-01-04 05:00")
    found = frozen((WEEKEND, YEAR_END), utc("2026-12-30 10:00"))
    assert str(found) == "2027-01-04 06:00+01:00 (year)"


def test_windows_that_fill_the_week_have_an_end_all_the_same() -> None:
    """Nothing loops for ever over them."""
    middle = Weekly(begins=WEEKEND.ends, ends=WEEKEND.begins, zone=BERLIN)
    end = until("2026-01-10 12:00", WEEKEND, middle)
    assert end is not None
    assert end > utc("2026-01-16 00:00")

"""Windows that all have to be open: until when they are, from when on they will be, and the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.model.guard import Daily, OneOff, WallTime, Weekly, Window
from hyperv_placement.model.opening import AHEAD, ALWAYS, Opening, Scope, opening

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Daily(begins=time(22), ends=time(6), zone=BERLIN)
WEEKEND = Weekly(
    begins=WallTime(day=4, time=time(18)), ends=WallTime(day=0, time=time(6)), zone=BERLIN, reason="quiet"
)


def utc(text: str) -> datetime:
    """Return a moment of 2026, as `11-30 20:00`, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def found(now: str, *windows: tuple[Window, ...]) -> Opening:
    """Return what is to be known of scopes with these windows."""
    return opening((Scope(key=f"{n}", windows=each) for n, each in enumerate(windows)), utc(now))


def test_without_windows_it_is_always_open() -> None:
    """Nothing binds."""
    assert found("11-30 12:00") == ALWAYS
    assert ALWAYS.is_open


@pytest.mark.parametrize(
    ("now", "closes", "opens"),
    [
        ("11-30 20:59", None, "11-30 21:00"), ("11-30 21:00", "12-01 05:00", None),  # Monday, 22:00 in Berlin
        ("12-01 04:59", "12-01 05:00", None), ("12-01 05:00", None, "12-01 21:00"),
        ("12-04 20:00", "12-07 05:00", None),  # Friday: the weekend has begun, and Sunday's night runs into it
    ],
)  # fmt: skip
def test_a_night_and_a_weekend_are_open_while_one_of_them_is(
    now: str, closes: str | None, opens: str | None
) -> None:
    """The first moment belongs to a window, the last one does not; what touches is one time."""
    there = found(now, (NIGHT, WEEKEND))
    assert there.closes == (utc(closes) if closes else None)
    assert there.opens == (utc(opens) if opens else None)
    assert there.is_open is (closes is not None)


def test_several_things_have_to_be_open_at_once() -> None:
    """The first that closes counts, by its own clocks; where one is shut, when all of them are open next."""
    tokyo = Daily(begins=time(8), ends=time(12), zone=ZoneInfo("Asia/Tokyo"))  # 23:00 to 3:00 UTC
    both = found("11-30 23:30", (NIGHT,), (tokyo,))
    assert (both.closes, both.keys) == (utc("12-01 03:00"), ("1",))
    assert both.at(utc("12-01 03:00")) == "2026-12-01 12:00+09:00"
    assert both.longest == timedelta(hours=4)
    shut = found("11-30 22:00", (NIGHT,), (tokyo,))
    assert (shut.is_open, shut.opens, shut.keys) == (False, utc("11-30 23:00"), ("1",))
    day = Daily(begins=time(7), ends=time(21), zone=BERLIN)
    never = found("11-30 22:00", (NIGHT,), (day,))
    assert (never.is_open, never.opens, never.keys) == (False, None, ("1",))


def test_where_clocks_change_the_shorter_reading_counts() -> None:
    """An hour that comes twice is outside until it is surely in, and in only as long as it surely is."""
    early = Daily(begins=time(2, 30), ends=time(4), zone=BERLIN)  # 2:30 is 0:30 and 1:30 UTC on that night
    assert not found("10-25 01:29", (early,)).is_open
    assert found("10-25 01:30", (early,)).closes == utc("10-25 03:00")
    late = Daily(begins=time(1), ends=time(2, 30), zone=BERLIN)
    assert found("10-25 00:29", (late,)).closes == utc("10-25 00:30")
    assert not found("10-25 00:30", (late,)).is_open


def test_a_window_that_is_over_opens_no_more() -> None:
    """And one that goes on beyond all that is looked at closes never."""
    once = OneOff(begins=utc("11-01 00:00"), ends=utc("11-02 00:00"))
    assert found("11-30 00:00", (once,)) == Opening(keys=("0",), zone=UTC, longest=timedelta())
    year = OneOff(begins=utc("11-01 00:00"), ends=utc("11-30 00:00") + AHEAD)
    assert found("11-30 00:00", (year,)) == ALWAYS


def test_a_daily_freeze_holds_for_the_longer_reading() -> None:
    """The same value in a freeze: an hour that comes twice is frozen both times."""
    late = Daily(begins=time(1), ends=time(2, 30), zone=BERLIN)
    assert late.end_at(utc("10-25 00:45")) == utc("10-25 01:30")
    assert late.end_at(utc("10-25 01:30")) is None
    assert NIGHT.end_at(utc("12-01 02:00")) == utc("12-01 05:00")

"""Days by the clocks of a zone: when they end, and that each says by which clocks."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.model.calendar import Day, end_of, shown

BERLIN, NEW_YORK, AUCKLAND = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Auckland")
)


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        (UTC, datetime(2026, 12, 2, 0, tzinfo=UTC)),
        (BERLIN, datetime(2026, 12, 1, 23, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 12, 2, 5, tzinfo=UTC)),
        (AUCKLAND, datetime(2026, 12, 1, 11, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_of_its_zone(zone: ZoneInfo, end: datetime) -> None:
    """One moment before, it is that day there; at the end it is the next."""
    day = Day(2026, 12, 1, zone)
    assert end_of(day) == end
    assert Day.at(end, zone) == date(2026, 12, 2)
    assert Day.at(end - timedelta(microseconds=1), zone) == day


def test_a_day_says_its_zone_and_is_a_date() -> None:
    """Wherever it is put into a sentence; as data it is the plain date, and equals it."""
    day = Day.by(date(2026, 12, 1), BERLIN)
    assert f"until {day}" == "until 2026-12-01 Europe/Berlin"
    assert str(Day(2026, 12, 1)) == "2026-12-01 UTC"
    assert day.isoformat() == "2026-12-01"
    assert day == date(2026, 12, 1) == Day(2026, 12, 1, AUCKLAND)
    assert pickle.loads(pickle.dumps(day)).zone == BERLIN  # noqa: S301 - our own bytes


def test_the_last_day_of_all_has_an_end() -> None:
    """A hold to the end of time ends nowhere before it."""
    assert end_of(date.max) > datetime(9999, 12, 31, tzinfo=UTC)


def test_a_moment_is_shown_by_the_clocks_of_a_zone() -> None:
    """With the zone's name."""
    assert shown(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), BERLIN) == "2026-07-02 00:30 Europe/Berlin"

"""Limits that hold at some times of the day: which of them are in force, and that the strictest counts."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from hyperv_placement.model.guard import Daily
from hyperv_placement.model.pace import Pace, in_force, most_bandwidth, most_copies
from tests.estates import spec, stack

DAY = Daily(begins=time(8), ends=time(18), zone=ZoneInfo("Europe/Berlin"))
PACES = (Pace(window=DAY, copies=2, bandwidth=1e8), Pace(copies=8), Pace(window=DAY, copies=3))


def at(hour: int) -> datetime:
    """Return a moment in winter, in UTC."""
    return datetime(2026, 11, 30, hour, tzinfo=UTC)


def test_the_strictest_of_those_in_force_counts() -> None:
    """By the clocks of their zone: 8:00 in Berlin is 7:00 in UTC."""
    for hour, copies, bandwidth in ((6, 8, None), (7, 2, 1e8), (16, 2, 1e8), (17, 8, None)):
        now = in_force(PACES, at(hour), at(hour))
        assert (most_copies(now), most_bandwidth(now)) == (copies, bandwidth)


def test_a_span_that_goes_into_a_time_has_its_limits() -> None:
    """Its end counts where it goes beyond the beginning of that time, and the first moment after it does not."""
    assert most_copies(in_force(PACES, at(5), at(7))) == 8
    assert most_copies(in_force(PACES, at(5), at(8))) == 2
    assert most_copies(in_force(PACES, at(17), at(20))) == 8


def test_what_has_a_time_counts_only_once_that_is_known() -> None:
    """Of a stack whose time nobody has said only what holds always."""
    declared = stack(spec(1, "hv2"), limits=PACES)
    host = declared.hosts[next(iter(declared.hosts))]
    assert (most_copies(host.limits), most_bandwidth(host.limits)) == (8, None)
    paced = declared.paced(at(12), at(12)).hosts[host.name]
    assert (most_copies(paced.limits), most_bandwidth(paced.limits)) == (2, 1e8)
    assert stack(spec(1, "hv2")).paced(at(12), at(12)) == stack(spec(1, "hv2"))

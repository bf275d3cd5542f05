"""The time zone of a stack file: by whose clocks its days end and its windows are read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hyperv_placement.errors import StackFileError
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.guard import Occasion
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Hold, Stack
from hyperv_placement.planning.checks.holds import said
from hyperv_placement.planning.machine.held import named
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.review.changes import changes
from hyperv_placement.planning.trust.loosened import loosened
from hyperv_placement.stackfile import load

FILE = """\
{zone}
hosts:
  hv1: {{address: hv1.corp.example, away: {{until: 2026-12-01, reason: a new board}}}}
  hv2: {{address: hv2.corp.example}}
vms:
  A: {{host: hv2, snooze: {{until: 2026-12-01, reason: new disks}}}}
maintenance: [{{host: hv1, until: 2026-12-01}}]
hold: [{{vm: A, until: 2026-12-01, reason: a vendor looks at it}}]
others: [{{names: [X*], until: 2026-12-01}}]
{more}
"""
BERLIN, UTC_DAY = "timezone: Europe/Berlin", "2026-12-01 UTC"
IN_NEITHER, IN_ONE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC), datetime(2026, 12, 1, 23, 0, tzinfo=UTC)


def loaded(folder: Path, zone: str = "", more: str = "") -> Stack:
    """Return the file with a time zone, or without one."""
    path = folder / "prod.yaml"
    path.write_text(FILE.format(zone=zone, more=more), encoding="utf-8")
    return load(path)


def words(stack: Stack) -> set[str]:
    """Return every last day that the file names."""
    away, snooze = stack.hosts[HostName("hv1")].away, stack.vms["A"].snooze
    days = [
        each.until
        for each in (away, snooze, *stack.maintenance.values(), *stack.holds, *stack.others)
        if each
    ]
    assert len(days) == 5
    return set(map(str, days))


def counting(stack: Stack, moment: datetime) -> int:
    """Return how many of them count at a moment."""
    now = stack.at(moment)
    kept = (now.hosts[HostName("hv1")].away, now.vms["A"].snooze, now.maintenance, now.holds, now.others)
    return sum(map(bool, kept))


@pytest.mark.parametrize(("zone", "day"), [("", UTC_DAY), (BERLIN, "2026-12-01 Europe/Berlin")])
def test_every_day_says_by_which_clocks_it_ends(tmp_path: Path, zone: str, day: str) -> None:
    """Those of the file, and those of the shared state, which names no zone."""
    stack = loaded(tmp_path, zone)
    assert words(stack) == {day}
    shared = Hold(
        until=date(2026, 12, 1),
        reason="x",
        host=HostName("hv2"),
        by="anna",
        since="2026-11-30T03:00:00+00:00",
    )
    assert f"hv2 is held until {day}: x" in [
        named(each).split(", by")[0] for each in stack.held((shared,)).holds
    ]
    gone = Hold(
        until=date(2026, 12, 1), reason="x", label="GONE", by="anna", since="2026-11-30T03:00:00+00:00"
    )
    told = [str(each) for each in said(stack, Kept(holds=(gone,)), IN_NEITHER)]
    assert any(f"GONE is held until {day}: x" in each for each in told)


def test_days_end_by_the_clocks_of_the_stack(tmp_path: Path) -> None:
    """At eleven in the evening of UTC the day is over in Berlin, and not yet in UTC; a plan sees it the same way."""
    here, there = loaded(tmp_path, BERLIN), loaded(tmp_path)
    assert [counting(here, at) for at in (IN_NEITHER, IN_ONE)] == [5, 0]
    assert [counting(there, at) for at in (IN_NEITHER, IN_ONE)] == [5, 5]
    empty = Inventory(hosts={}, unreachable={})

    def over(stack: Stack, at: datetime) -> bool:
        found = plan(stack, empty, occasion=Occasion(read=at))
        return "hold-over" in [each.id for each in found.findings]

    assert [over(here, at) for at in (IN_NEITHER, IN_ONE)] == [False, True]
    assert [over(there, at) for at in (IN_NEITHER, IN_ONE)] == [False, False]


def test_windows_without_a_zone_are_in_that_of_the_stack(tmp_path: Path) -> None:
    """Weekly, daily, and moments without an offset; one with its own keeps it."""
    more = """\
window:
  - {daily: 22:00 - 06:00}
  - {weekly: sat 12:00 - mon 06:00, timezone: America/New_York}
  - {from: '2026-12-05T22:00', until: '2026-12-06T06:00+00:00'}
limits: [{daily: 08:00 - 18:00, copies: 2}]
guard: {freeze: [{weekly: fri 18:00 - mon 06:00}]}
"""
    stack = loaded(tmp_path, BERLIN, more)
    daily, weekly, once = stack.windows
    assert (str(daily.zone), str(weekly.zone)) == ("Europe/Berlin", "America/New_York")
    assert next(iter(once.times(IN_NEITHER, datetime(2027, 1, 1, tzinfo=UTC)))) == (
        datetime(2026, 12, 5, 21, tzinfo=UTC),
        datetime(2026, 12, 6, 6, tzinfo=UTC),
    )
    (freeze,), (limit,) = stack.guard.freeze, stack.limits
    assert str(freeze.zone) == str(limit.window and limit.window.zone) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "more", "finding"),
    [
        ("", "window: [{daily: 22:00 - 06:00}]", "is no window of time"),
        (
            "",
            "window: [{from: '2026-12-05T22:00', until: '2026-12-06T06:00+00:00'}]",
            "has no offset from UTC",
        ),
        ("timezone: Europe/Berlyn", "", "timezone: 'Europe/Berlyn' is no time zone that is known here"),
        ("timezone: ../../etc/passwd", "", "is no time zone that is known here"),
        (BERLIN, "window: [{daily: 22:00 - 06:00, timezone: Mars/Base}]", "window[0].timezone: 'Mars/Base'"),
    ],
)
def test_what_has_no_zone_is_refused(tmp_path: Path, zone: str, more: str, finding: str) -> None:
    """With what to write, in its line."""
    with pytest.raises(StackFileError, match=r"prod\.yaml:") as refused:
        loaded(tmp_path, zone, more)
    assert finding in str(refused.value)


def test_another_zone_is_a_change_and_may_loosen_a_hold(tmp_path: Path) -> None:
    """A review shows it; a hold that ends hours earlier is as one with an earlier day."""
    before, after = loaded(tmp_path), loaded(tmp_path, BERLIN)
    (change,) = (each for each in changes(before, after) if each.section == "timezone")
    assert [(each.before, each.after) for each in change.fields] == [("UTC", "Europe/Berlin")]
    assert [key for key, *_ in loosened(before, after, IN_NEITHER)] == ["hold"]
    assert [key for key, *_ in loosened(after, before, IN_NEITHER)] == []

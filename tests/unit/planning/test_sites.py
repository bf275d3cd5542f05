"""The drift of many stacks in one table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hyperv_placement.planning.sites import NotRead, SiteDrift, SiteReport, Sites, sites_of
from tests.estates import guid
from tests.unit.planning.test_past import DAY, NOON


def drift(stack: str, number: int | None, kind: str = "placed elsewhere", **more: Any) -> SiteDrift:
    """Return what a stack reports of a machine."""
    name = "hv1" if number is None else f"VM{number:03d}"
    known = None if number is None else guid(number)
    return SiteDrift(stack=stack, kind=kind, subject=name, text=f"{name} is elsewhere", vm_id=known, **more)


def report(stack: str, *drifts: SiteDrift, days: float = 0, **more: Any) -> SiteReport:
    """Return a report of so many days before noon."""
    return SiteReport(stack=stack, checked=NOON - days * DAY, summary="", drifts=drifts, **more)


def table(*reports: SiteReport, not_read: tuple[NotRead, ...] = (), **more: Any) -> Sites:
    """Return the table of noon."""
    return sites_of(reports, not_read, now=NOON, max_age=DAY, **more)


def test_one_machine_is_one_row_whoever_reports_it() -> None:
    """Missing here, not declared there: joined by its GUID, with the host that has it and who moved it."""
    sites = table(
        report("site1", drift("site1", 1, "missing"), drift("site1", None, "host settings")),
        report(
            "site7", drift("site7", 1, "not declared", host="hv3", who="LAB\\operator", when=NOON - 3 * DAY)
        ),
        report("site2", drift("site2", None, "host settings")),
    )
    first, *others = sites.rows
    assert (first.key, first.where, first.who, first.is_dated) == (str(guid(1)), "hv3", "LAB\\operator", True)
    assert [(each.stack, each.kind) for each in first.drifts] == [
        ("site1", "missing"),
        ("site7", "not declared"),
    ]
    assert [each.drifts[0].stack for each in others] == ["site1", "site2"], "a name alone joins nothing"


def test_the_oldest_stands_first() -> None:
    """By when it was moved; where nobody knows that by when some table first had it."""
    sites = table(
        report(
            "site1",
            drift("site1", 1, when=NOON - 2 * DAY),
            drift("site1", 2),
            drift("site1", 3),
            drift("site1", 4, when=NOON - 9 * DAY),
        ),
        before={str(guid(3)): NOON - 5 * DAY},
    )
    assert [each.key for each in sites.rows] == [str(guid(number)) for number in (4, 3, 1, 2)]


def test_a_stack_without_a_report_of_today_is_not_read() -> None:
    """Missing, broken or old: by name and with the reason, and its old drift is no drift of today."""
    sites = table(
        report("site1"),
        report("site2", drift("site2", 1), days=3),
        report("site5", days=0.5),
        report("site5", drift("site5", 2), days=0.1),
        not_read=(NotRead(stack="site3", why="torn"), NotRead(stack="site1", why="a second file")),
        expected=("site1", "site2", "site3", "site4"),
    )
    assert [each.stack for each in sites.reports] == ["site1", "site5"]
    assert [(each.stack, each.why) for each in sites.not_read] == [
        ("site2", "its report is of 2026-11-17 12:00 UTC"),
        ("site3", "torn"),
        ("site4", "there is no report of it"),
    ]
    assert [each.key for each in sites.rows] == [str(guid(2))], (
        "of two reports of a stack the newer one counts"
    )


def test_a_report_just_as_old_as_it_may_be_counts() -> None:
    """The limit itself is within."""
    assert table(report("site1", days=1)).reports
    assert not sites_of([report("site1", days=1)], [], now=NOON + timedelta(seconds=1), max_age=DAY).reports

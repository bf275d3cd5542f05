"""The guard of a stack file: limits, freezes, and windows that are none."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.model.guard import Guard, OneOff, WallTime, Weekly
from hyperv_placement.model.units import TIB

from .conftest import Findings, Load

HOSTS = "hosts: {hv1: {address: hv1}}\nvms: {A: {}}\n"


def test_every_limit_is_read(load_text: Load) -> None:
    """Sizes as people write them, moments with their offset, weekly windows with their zone."""
    text = (
        "guard:\n"
        "  max_moves: 50\n  max_bytes: 2 TiB\n  max_hosts: 8\n  max_failures: 3\n  protected: [A]\n  all_or_nothing: true\n"
        "  freeze:\n"
        "    - {weekly: Fri 18:00 - mon 06:00, timezone: Europe/Berlin}\n"
        "    - {from: 2026-12-24T12:00+01:00, until: 2027-01-02 05:00Z, reason: end of the year}\n"
    )
    weekly = Weekly(
        begins=WallTime(day=4, time=time(18)),
        ends=WallTime(day=0, time=time(6)),
        zone=ZoneInfo("Europe/Berlin"),
    )
    once = OneOff(
        begins=datetime(2026, 12, 24, 12, tzinfo=timezone(timedelta(hours=1))),
        ends=datetime(2027, 1, 2, 5, tzinfo=UTC),
        reason="end of the year",
    )
    assert load_text(HOSTS + text).guard == Guard(
        max_moves=50,
        max_bytes=2 * TIB,
        max_hosts=8,
        max_failures=3,
        freeze=(weekly, once),
        protected=("A",),
        all_or_nothing=True,
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{}", "guard.freeze[0]: is no window of time; name from: and until:"),
        ("{from: 2026-12-24T12:00Z}", "guard.freeze[0]: is no window of time"),
        ("{weekly: fri 18:00 - mon 06:00}", "weekly: and timezone:, such as {weekly: fri 18:00"),
        ("{from: 2026-12-24T12:00Z, until: 2026-12-25T12:00Z, timezone: UTC}", "is no window of time"),
        ("{from: 2026-12-24T12:00Z, until: 2026-12-24T13:00+01:00}", "until: '2026-12-24T13:00+01:00' is not after from: '2026-12-24T12:00Z'"),
        ("{from: 2026-02-30T12:00Z, until: 2026-12-24T13:00Z}", "guard.freeze[0].from: '2026-02-30T12:00Z' is no date with time"),
        ("{weekly: fri 18:00 - fri 18:00, timezone: UTC}", "guard.freeze[0].weekly: 'fri 18:00 - fri 18:00' ends at the moment at which it begins"),
        ("{weekly: fri 18:00 - mon 06:00, timezone: Europe/Berlln}", "guard.freeze[0].timezone: 'Europe/Berlln' is no time zone that is known here"),
        ("{weekly: fri 18:00 - mon 06:00, timezone: ../etc/passwd}", "guard.freeze[0].timezone: '../etc/passwd' is no time zone"),
    ],
)  # fmt: skip
def test_a_window_that_is_none_is_reported(findings: Findings, entry: str, expected: str) -> None:
    """One line says what is wrong with it and what would be right."""
    found = findings(f"{HOSTS}guard:\n  freeze:\n    - {entry}\n")
    assert len(found) == 1
    assert found[0].startswith("5: ")
    assert expected in found[0]

"""Windows, limits and turns in a stack file: as an operator writes them, and what is malformed."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.model.guard import Daily, OneOff, WallTime, Weekly
from hyperv_placement.model.names import HostName
from hyperv_placement.model.pace import Pace
from hyperv_placement.model.stack import Turns

from .conftest import Findings, Load

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Daily(begins=time(22), ends=time(6), zone=BERLIN)
TEXT = """
window:
  - {daily: 22:00 - 06:00, timezone: Europe/Berlin}
  - {weekly: sat 12:00 - mon 06:00, timezone: Europe/Berlin, reason: nobody is there}
limits:
  - {daily: 08:00-18:00, timezone: Europe/Berlin, copies: 2, bandwidth: 1 Gbit/s}
  - {copies: 8}
one_at_a_time: [A, B]
rules:
  - one_at_a_time: [B, C]
  - apart: [A, B]
hosts:
  hv1:
    address: hv1
    window: [{from: 2026-12-05T22:00Z, until: 2026-12-06T06:00Z}]
    limits: [{bandwidth: 800 Mbit/s}]
  hv2: {address: hv2}
vms: {A: {window: [{daily: '22:00 - 06:00', timezone: Europe/Berlin}]}, B: {}, C: {}, D: {}}
"""


def test_all_of_it_is_read(load_text: Load) -> None:
    """For the whole stack, a host, a machine."""
    stack = load_text(TEXT)
    weekend = Weekly(
        begins=WallTime(day=5, time=time(12)), ends=WallTime(day=0, time=time(6)), zone=BERLIN, reason="nobody is there"
    )  # fmt: skip
    assert stack.windows == (NIGHT, weekend)
    day = Daily(begins=time(8), ends=time(18), zone=BERLIN)
    assert stack.limits == (Pace(window=day, copies=2, bandwidth=1.25e8), Pace(copies=8))
    host = stack.hosts[HostName("hv1")]
    assert host.windows == (
        OneOff(begins=datetime(2026, 12, 5, 22, tzinfo=UTC), ends=datetime(2026, 12, 6, 6, tzinfo=UTC)),
    )
    assert host.limits == (Pace(bandwidth=1e8),)
    assert stack.vms["A"].windows == (NIGHT,)
    assert [(turns.labels, turns.line) for turns in stack.one_at_a_time] == [
        (("A", "B"), 8),
        (("B", "C"), 10),
    ]
    assert [rule.kind for rule in stack.rules] == ["apart"]


def test_the_guard_takes_the_window_of_all_beside_its_freezes(load_text: Load) -> None:
    """Who looks for it there finds it."""
    text = "hosts: {hv1: {address: hv1}}\nvms: {}\nguard: {window: [{daily: 22:00 - 06:00, timezone: Europe/Berlin}]}\n"
    assert load_text(text).windows == (NIGHT,)


def test_several_groups_are_a_list_of_lists(load_text: Load) -> None:
    """Each takes turns for itself."""
    text = TEXT.replace("one_at_a_time: [A, B]", "one_at_a_time: [[A, B], [C, D]]").replace(
        "  - one_at_a_time: [B, C]\n", ""
    )
    assert load_text(text).one_at_a_time == (
        Turns(labels=("A", "B"), line=8),
        Turns(labels=("C", "D"), line=8),
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("window: [{daily: 22:00 - 06:00}]", "window[0]: is no window of time; name from: and until:"),
        ("window: [{daily: 22:00 - 22:00, timezone: UTC}]", "window[0].daily: '22:00 - 22:00' ends at the moment at which it begins"),
        ("window: [{daily: 22:00 - 24:00, timezone: UTC}]", "window[0].daily: '22:00 - 24:00' does not fit; write two times, such as 22:00 - 06:00"),
        ("window: [{daily: 22:00 - 06:00, timezone: Mars}]", "window[0].timezone: 'Mars' is no time zone"),
        ("window: []", "window: "),
        ("limits: [{daily: 08:00 - 18:00, timezone: UTC}]", "limits[0]: limits nothing; write copies:, bandwidth: or both"),
        ("limits: [{daily: 08:00 - 18:00, copies: 2}]", "limits[0]: is no window of time"),
        ("limits: [{copies: 0}]", "limits[0].copies: "),
        ("limits: [{bandwidth: 1}]", "limits[0].bandwidth: "),
        ("one_at_a_time: [A]", "one_at_a_time: 'A' is alone there"),
        ("one_at_a_time: [A, X]", "one_at_a_time: 'X' is no label under vms"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_one_line(findings: Findings, line: str, expected: str) -> None:
    """It says what is wrong, and what would be right."""
    found = findings(f"hosts: {{hv1: {{address: hv1}}}}\nvms: {{A: {{}}}}\n{line}\n")
    assert len(found) == 1
    assert expected in found[0]


def test_windows_of_all_stand_in_one_place(findings: Findings) -> None:
    """Not at the top and in the guard."""
    window = "window: [{daily: 22:00 - 06:00, timezone: UTC}]"
    found = findings(f"hosts: {{hv1: {{address: hv1}}}}\nvms: {{}}\n{window}\nguard: {{{window}}}\n")
    assert found == [
        (
            "4: guard.window: window stands at the top as well (line 3), and both mean the whole stack;"
            " put all entries into one of them"
        )
    ]

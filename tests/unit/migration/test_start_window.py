"""The clock at a start: a window that has closed since the plan, or that the move would outlast, lets nothing start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.errors import MoveRefusedError
from hyperv_placement.migration.start_window import ANY_TIME, StartWindow
from hyperv_placement.model.guard import Daily
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.checks.windows import windows_of
from tests.estates import machine, spec, stack

NIGHT = Daily(begins=time(22), ends=time(6), zone=ZoneInfo("UTC"))
CLOSES = datetime(2026, 12, 1, 6, tzinfo=UTC)
THERE = replace(stack(spec(1, "hv2")), windows=(NIGHT,))
WINDOWS = windows_of(THERE, "VM001", HostName("hv1"), HostName("hv2"))


def refused(window: StartWindow, now: datetime) -> str:
    """Return why the move must not start; empty where it may."""
    vm = machine(1)
    move = Move(vm=vm, moves=Moves.HOST, source=vm.host, destination=HostName("hv2"), roots=vm.roots)
    try:
        window.check(move, now)
    except MoveRefusedError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("seconds", "before", "starts"), [(0, 1, True), (60, 60, True), (61, 60, False), (0, 0, False)]
)
def test_a_start_has_to_leave_time_for_the_move(seconds: float, before: int, starts: bool) -> None:
    """To the second; without an estimate the window has to be open, and that is all."""
    window = StartWindow(windows=WINDOWS, seconds=seconds)
    assert (refused(window, CLOSES - timedelta(seconds=before)) == "") is starts
    assert refused(ANY_TIME, CLOSES) == ""


def test_the_line_says_what_has_closed_and_what_to_type() -> None:
    """One clear line."""
    assert refused(StartWindow(windows=WINDOWS), CLOSES) == (
        "VM001 was not started: window of test.yaml is closed until 2026-12-01 22:00+00:00. Run again in its window, or allow"
        " it once: PLACEMENT_ALLOW=window bin/pulumi up (on Windows first: set PLACEMENT_ALLOW=window)"
    )

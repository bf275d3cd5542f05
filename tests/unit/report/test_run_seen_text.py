"""A run under way in 80 columns, and for scripts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

from hyperv_placement.model.estate import UnreachableHost
from hyperv_placement.model.names import HostName
from hyperv_placement.model.run_seen import MoveSeen, MoveState, RunSeen
from hyperv_placement.model.units import GIB
from hyperv_placement.report.cells import width
from hyperv_placement.report.run_seen_text import render_run, run_record

from .schedules import STEERING
from .test_jobs_text import JOB

HV1, HV2 = HostName("hv1"), HostName("hv2")
DONE = MoveSeen(label="VM003", source=HV1, to=HV2, bytes=20 * GIB, state=MoveState.DONE)
RUNS = MoveSeen(label="VM001", source=HV1, to=HV2, bytes=20 * GIB, state=MoveState.RUNS, job=JOB)
WAITS = MoveSeen(label="VM002", source=HV2, to=HV1, bytes=20 * GIB, state=MoveState.WAITS, note="after VM001")
FAILED = MoveSeen(
    label="VM004", source=HV1, to=HV1, bytes=GIB, state=MoveState.ENDED, note="the job failed: no room"
)
RUN = RunSeen(
    stack="prod", goes_on=True, who="anna", since="2026-11-30T03:00:00+00:00", elapsed=140.0, moves=(DONE, RUNS, WAITS),
)  # fmt: skip


def test_the_whole_each_move_and_who_waits_for_whom() -> None:
    """Bar, percent, pace and time left of what runs; the whole by bytes."""
    assert render_run(RUN, UTC).splitlines() == [
        "prod: 1 of 3 moves done, 1 running, 1 waiting",
        "by anna, since 2026-11-30 03:00:00 UTC",
        "[##################----------------------]  46 %, about 3 min left",
        "28 GiB of 60 GiB",
        "VM001          hv1 -> hv2        40 % ######---------   20 %/min        3 min",
        "VM002          hv2 -> hv1       waits after VM001",
    ]


def test_no_line_is_longer_than_eighty_columns() -> None:
    """Whatever machines are called and hosts say."""
    long = replace(WAITS, label="a name of a machine that nobody can remember", note="x" * 300)
    nasty = replace(RUNS, label=STEERING)
    berlin = ZoneInfo("Europe/Berlin")
    assert render_run(RUN, berlin).splitlines()[1] == "by anna, since 2026-11-30 04:00:00 Europe/Berlin"
    text = render_run(replace(RUN, moves=(nasty, long, *([WAITS] * 50)), others=(JOB,)), UTC)
    assert all(width(line) < 80 for line in text.splitlines())
    assert "\x1b" not in text
    assert "... and 21 more: waits (all: --json)" in text


def test_an_end_and_what_was_not_moved_is_said() -> None:
    """With the reason; and that nobody holds the stack any more."""
    lines = render_run(replace(RUN, goes_on=False, moves=(DONE, FAILED)), UTC).splitlines()
    assert lines[0] == "prod: 1 of 2 moves done, 1 not moved; the run has ended"
    assert lines[-1] == "VM004          on hv1           not moved the job failed: no room"


def test_a_run_whose_order_is_not_kept_here_shows_what_hosts_show() -> None:
    """As one that another computer began; none is said to be there only where that is known."""
    elsewhere = RunSeen(stack="prod", goes_on=None, others=(JOB,))
    lines = render_run(elsewhere, UTC).splitlines()
    assert lines[0] == "prod: whether a run holds it, only the engine could tell"
    assert lines[1] == "on its hosts:"
    assert "VM001" in lines[3]
    assert render_run(RunSeen(stack="prod", goes_on=False), UTC) == "prod: no run is under way"
    held = RunSeen(stack="prod", goes_on=True, who="anna@ops1")
    assert render_run(held, UTC) == "prod: held by anna@ops1; its moves are not planned yet, or not kept here"


def test_a_clock_that_was_set_back_gives_no_time_left() -> None:
    """Nobody knows then how long it has taken; a job has a pace of its own."""
    back = replace(RUN, elapsed=-3600.0, moves=(DONE, WAITS))
    assert render_run(back, UTC).splitlines()[2] == "[####################--------------------]  50 %"
    assert run_record(replace(back, moves=(DONE, RUNS)), 0)["seconds_left"] == 180.0


def test_a_silent_host_is_unknown() -> None:
    """Its moves may run, or have ended."""
    silent = UnreachableHost(name=HV2, reason="timed out")
    assert "hv2 did not answer, what runs there is unknown: timed out" in render_run(
        replace(RUN, silent=(silent,)), UTC
    )


def test_scripts_get_it_in_bytes_and_seconds() -> None:
    """Null where nothing is known."""
    record = json.loads(json.dumps(run_record(RUN, 0)))
    assert (record["bytes"], record["bytes_done"], record["seconds_left"]) == (60 * GIB, 28 * GIB, 180.0)
    assert [(each["label"], each["state"], each["note"]) for each in record["moves"]] == [
        ("VM003", "done", None),
        ("VM001", "runs", None),
        ("VM002", "waits", "after VM001"),
    ]
    assert record["moves"][1]["job"]["percent"] == 40
    assert run_record(RunSeen(stack="prod", goes_on=None), 0)["seconds_left"] is None

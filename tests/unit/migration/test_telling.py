"""What is told of a move: progress, known codes, the audit log."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.hyperv.progress import Progress, estimate
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.model.move import DiskMove, Move, Moves
from hyperv_placement.model.names import HostName
from tests.clocks import FastClock
from tests.estates import machine

VM = machine(1)
MOVE = Move(
    vm=VM, moves=Moves.HOST_AND_STORAGE, source=VM.host, destination=HostName("hv2"), roots=VM.roots,
    disks=(DiskMove(slot="scsi-0-0", instance_id="x", source="D:\\a.vhdx", target="E:\\a.vhdx"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress(phase="moving storage", percent=37, seconds_left=40.2), "37 %, moving storage, about 40 s left"),
        (Progress(phase="moving storage", percent=37), "37 %, moving storage"),
        (Progress(phase="waiting: hv2 has 2 of 2 live migrations running"), "waiting: hv2 has 2 of 2 live migrations running"),
    ],
)  # fmt: skip
def test_progress_reads_as_one_line(progress: Progress, said: str) -> None:
    """Percent, phase, time left: as far as they are known."""
    assert str(progress) == said


def test_a_line_without_room_has_the_most_telling_words() -> None:
    """Percent, and whether memory or files are on their way; what waits says for what, as ever."""
    assert Progress(phase="moving storage", percent=37, seconds_left=40.2).short == "37 %, files, 40 s"
    assert Progress(phase="migrating", percent=87, still=75.0).short == "87 %, memory, still for 1 min 15 s"
    assert Progress(phase="waiting: hv2 is full").short == "waiting: hv2 is full"


def test_an_estimate_needs_something_to_go_by() -> None:
    """Half in ten seconds leaves ten; a percent or two leave nothing to say."""
    assert estimate(50, 50, 10) == 10
    assert estimate(2, 98, 10) is None
    assert estimate(50, 50, 0.5) is None
    assert estimate(100, 0, 10) is None


def test_the_audit_log_is_a_json_line_an_event(tmp_path: Path) -> None:
    """Time, who, machine, from, to, paths, job, result."""
    log = AuditLog(tmp_path / "new" / "audit.jsonl", clock=FastClock())
    assert log.note("start", MOVE) is None
    assert log.note("end", MOVE, job="X", result="moved") is None
    start, end = map(json.loads, log.path.read_text(encoding="utf-8").splitlines())
    assert (start["event"], end["event"], end["job"], end["result"]) == ("start", "end", "X", "moved")
    assert (start["vm"], start["from"], start["to"]) == ("VM001", "hv1", "hv2")
    assert start["paths"] == {"D:\\a.vhdx": "E:\\a.vhdx"}
    assert start["time"].startswith("2026-01-01T")
    assert start["who"]


def test_what_was_staged_is_ours_until_the_machine_has_moved(tmp_path: Path) -> None:
    """Whichever way it moved since, a planned machine may be somebody else's by now."""
    log = AuditLog(tmp_path / "audit.jsonl", clock=FastClock())
    log.note("staged", MOVE)
    assert log.staged(MOVE) == MOVE.roots.config
    log.note("end", replace(MOVE, source=MOVE.destination, destination=MOVE.source), result="moved")
    assert log.staged(MOVE) is None


def test_a_log_that_cannot_be_written_says_why_and_stops_nothing(tmp_path: Path) -> None:
    """A folder stands where the file should."""
    assert "cannot be written" in (AuditLog(tmp_path, clock=FastClock()).note("start", MOVE) or "")

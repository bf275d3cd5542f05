"""What the audit log says of the last run: what it began, what it saw the end of, and what was found left afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.books import Books, Residue, read_books
from hyperv_placement.model.names import HostName
from tests.estates import guid

HV1, HV2 = HostName("hv1"), HostName("hv2")
Written = Callable[..., Books]


def line(number: int, event: str, result: str = "", **more: Any) -> dict[str, Any]:
    """Return a line about the move of a machine from hv1 to hv2."""
    return {
        "event": event, "vm": f"VM{number:03d}", "id": guid(number), "from": "hv1", "to": "hv2", "result": result,
        "paths": {"D:\\a.vhdx": "E:\\a.vhdx"}, "config": ["D:\\", "E:\\"], **more,
    }  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write lines into a log, and return what it says."""
    log = AuditLog(tmp_path / "audit" / "lab.jsonl", clock=SystemClock())

    def write(*lines: dict[str, Any]) -> Books:
        for each in lines:
            assert log.append(each) is None
        return read_books(log)

    return write


def test_a_log_that_is_not_there_says_nothing(written: Written) -> None:
    """As of a stack that was never run."""
    assert written() == Books()


def test_a_start_is_open_until_its_end(written: Written) -> None:
    """A run that stopped following (`left`) has not seen the end; whichever run began it."""
    books = written(
        {"event": "run", "moves": 3}, line(1, "start"), line(2, "start"), line(2, "end", "moved"),
        line(3, "start"), line(3, "left", "interrupted"), {"event": "run", "moves": 1},
    )  # fmt: skip
    assert set(books.starts) == {guid(1), guid(3)}
    start = books.starts[guid(1)]
    assert (start.source, start.destination, start.config) == (HV1, HV2, "E:\\")
    assert start.paths == {"D:\\a.vhdx": "E:\\a.vhdx"}
    assert books.names[guid(3)] == "VM003"
    assert written(line(1, "found", "moved")).starts.keys() == {guid(3)}


def test_the_ends_of_the_last_run_are_told_and_no_earlier_ones(written: Written) -> None:
    """A machine that was started again has no end any more."""
    books = written(
        line(9, "end", "moved"), {"event": "run", "moves": 2}, line(1, "start"), line(1, "end", "moved"),
        line(2, "start"), line(2, "end", "it failed"), line(2, "start"),
    )  # fmt: skip
    assert books.ended == {guid(1): "hv1 -> hv2: moved"}


def test_a_planned_machine_is_ours_until_it_is_gone_or_moved_into(written: Written) -> None:
    """From the order on: whether the host has made it a run that was cut never heard."""
    assert written(line(1, "staging")).staged == {guid(1): HV2}
    assert written(line(1, "staged"), line(1, "left staged")).open == {guid(1)}
    assert written(line(1, "unstaged")).staged == {}
    assert written(line(1, "staged"), line(1, "start"), line(1, "end", "moved")).staged == {}


def test_what_was_left_is_known_until_the_machine_is_moved_again(written: Written) -> None:
    """`drift` names the files, too, at the host where they are."""
    left = {"on": "hv2", "files": ["E:\\a.vhdx"], "planned": True}
    books = written(line(1, "start"), line(1, "found", "not moved: it is on hv1", left=left))
    assert books.left == {guid(1): Residue(host=HV2, files=("E:\\a.vhdx",), planned=True)}
    assert written(line(1, "start")).left == {}


def test_the_log_names_files_that_an_interrupted_move_left_where_they_are(tmp_path: Path) -> None:
    """At its destination where the machine has stayed; a run that saw the end itself names its source."""
    log = AuditLog(tmp_path / "audit" / "lab.jsonl", clock=SystemClock())
    log.append(line(1, "found", "not moved", left={"on": "hv2", "files": ["E:\\a.vhdx"]}))
    log.append(line(2, "end", "moved", left={"files": ["D:\\a.vhdx"]}))
    assert {(file.host, file.path) for file in log.left()} == {(HV2, "E:\\a.vhdx"), (HV1, "D:\\a.vhdx")}


def test_torn_and_foreign_lines_say_nothing(tmp_path: Path, written: Written) -> None:
    """The others count."""
    written(line(1, "start"))
    with (tmp_path / "audit" / "lab.jsonl").open("a", encoding="ascii") as file:
        file.write(
            json.dumps({"time": "2026-01-01T00:00:00+00:00", "event": "start", "id": 7}) + '\n{"event": "st'
        )
    assert set(written(line(2, "start")).starts) == {guid(1), guid(2)}

"""The audit log: what it tells of our own moves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.planning.drift import AuditedMoves
from hyperv_placement.planning.machine.wanted_move import order
from tests.estates import guid, host, inventory, job, machine

NEW = Placement(host=HostName("hv2"), config="E:\\New", disks={"scsi-0-0": "E:\\New\\os.vhdx"})


def started(tmp_path: Path, stack: str = "lab") -> tuple[AuditLog, Move]:
    """Return the log of a run that was killed after it had ordered VM001 from hv1 to hv2, and the order."""
    log = AuditLog(audit_path(tmp_path, stack), clock=SystemClock())
    move = order(machine(1), NEW, host("hv1", machine(1)), host("hv2"))
    assert move is not None
    log.note("start", move)
    return log, move


def arrived() -> VirtualMachine:
    """Return VM001 as that order leaves it."""
    there = machine(1, "hv2")
    return dataclasses.replace(
        there,
        roots=dataclasses.replace(there.roots, config="E:\\New"),
        disks=(dataclasses.replace(there.disks[0], path="E:\\New\\os.vhdx"),),
    )


def test_moves_that_ended_well_are_read_back(tmp_path: Path) -> None:
    """Starts and failures, torn and strange lines tell of no move; without a log there is none."""
    log = AuditLog(audit_path(tmp_path, "lab"), clock=SystemClock())
    assert log.moved() == AuditedMoves()
    wanted = Placement(host=HostName("hv2"), config="E:\\New", disks={"scsi-0-0": "E:\\New\\os.vhdx"})
    move = order(machine(1), wanted, host("hv1", machine(1)), host("hv2"))
    assert move is not None
    log.note("start", move)
    log.note("end", move, job="A", result="it failed")
    log.note("end", move, job="B", result="moved")
    with log.path.open("a", encoding="utf-8") as file:
        date = "2026-11-29T00:00:00+00:00"
        file.write(
            f'{{"time": "{date}", "result": "moved", "id": "no GUID"}}\n[1]\n{{"result": "moved", "id"'
        )
    (past,) = log.moved().moves
    assert log.moved().unreadable == 2
    assert dataclasses.replace(past, who="", time="") == dataclasses.replace(
        past, vm_id=guid(1), who="", time="", host=HostName("hv2"), config="E:\\New",
        disks=frozenset({"E:\\New\\os.vhdx"}), job="B",
    )  # fmt: skip
    assert past.who
    assert past.time.endswith("+00:00")


def test_a_log_that_is_no_text_tells_nothing(tmp_path: Path) -> None:
    """Whoever looks at drift is told what hosts know."""
    path = tmp_path / "lab.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    assert AuditLog(path, clock=SystemClock()).moved() == AuditedMoves(unreadable=1)


STRANGE = (
    '{"event": [], "id": "%s", "result": "moved", "time": "2026-11-29T00:00:00+00:00"}',
    '{"event": "end", "id": "%s", "result": "moved", "to": "hv2"}',
    '{"event": "end", "id": "%s", "result": "moved", "to": "hv2", "time": "yesterday"}',
    '{"event": "end", "id": "%s", "result": "moved", "to": "hv2", "time": "2026-11-29T00:00:00"}',
    "[" * 100_000,
)


@pytest.mark.parametrize("strange", STRANGE)
def test_a_strange_line_costs_itself_alone(tmp_path: Path, strange: str) -> None:
    """Somebody's hand, or another version, has written what we never write: no time that says when, an event that is no word."""
    log, move = started(tmp_path)
    with log.path.open("a", encoding="utf-8") as file:
        file.write(strange.replace("%s", guid(1)) + "\n")
    log.note("end", move, job="B", result="moved")
    found = log.moved()
    assert ([past.job for past in found.moves], found.unreadable) == (["B"], 1)
    assert log.open_starts() == ()
    assert log.staged(move) is None


def test_a_log_that_cannot_be_opened_is_not_an_empty_one(tmp_path: Path) -> None:
    """Who moved what may be missing then, and drift says so."""
    path = tmp_path / "lab.jsonl"
    path.mkdir()
    assert AuditLog(path, clock=SystemClock()).moved() == AuditedMoves(unreadable=1)


def test_a_torn_line_costs_itself_alone(tmp_path: Path) -> None:
    """A full disk has cut a line: the next one, which was written whole, is read."""
    log, move = started(tmp_path)
    log.note("end", move, job="A", result="moved")
    with log.path.open("a", encoding="utf-8") as file:
        file.write('{"time": "2026-11-29T00:0')
    log.note("end", move, job="B", result="moved")
    found = log.moved()
    assert ([past.job for past in found.moves], found.unreadable) == (["A", "B"], 1)


def test_the_logs_of_all_stacks_of_a_project_are_read(tmp_path: Path) -> None:
    """Two stacks may hold one machine to and fro: drift says which one it was."""
    other, move = started(tmp_path, "other")
    other.note("end", move, job="B", result="moved")
    log, move = started(tmp_path)
    log.note("end", move, job="A", result="moved")
    assert {(past.stack, past.job) for past in log.moved().moves} == {("", "A"), ("other", "B")}


def results(log: AuditLog) -> list[str]:
    """Return what the log says of ends that a later run has found."""
    return [str(entry["result"]) for entry in log.entries() if entry and entry["event"] == "found"]


@pytest.mark.parametrize(
    ("found", "result"),
    [
        (inventory(host("hv1"), host("hv2", arrived())), "moved"),
        (inventory(host("hv1", machine(1)), host("hv2")), "not moved: the machine is where it was, on hv1"),
        (inventory(host("hv1"), host("hv3", machine(1, "hv3"))), "not seen to its end: the machine is on hv3 now"),
        (
            inventory(host("hv1"), host("hv2", machine(1, "hv2"))),
            "not seen to its end: the machine is on hv2, with other paths than were ordered",
        ),
        (inventory(host("hv1"), host("hv2")), "not seen on any host"),
    ],
)  # fmt: skip
def test_a_start_without_an_end_gets_the_end_that_hosts_show(
    tmp_path: Path, found: Inventory, result: str
) -> None:
    """Once: the next run has nothing to add."""
    log, _ = started(tmp_path)
    assert log.close(found) is None
    assert log.close(found) is None
    assert results(log) == [result]


def test_who_began_a_move_is_who_moved_the_machine(tmp_path: Path) -> None:
    """Whoever finds it: drift names the run that ordered it."""
    log, _ = started(tmp_path)
    start = next(log.entries())
    assert start is not None
    log.path.write_text(log.path.read_text(encoding="utf-8").replace(start["who"], "alice"), encoding="utf-8")
    log.close(inventory(host("hv1"), host("hv2", arrived())))
    (past,) = log.moved().moves
    assert (past.who, past.host) == ("alice", "hv2")
    (*_, found) = log.entries()
    assert found is not None
    assert found["begun"] == start["time"]


@pytest.mark.parametrize(
    "found",
    [
        inventory(host("hv1", machine(1), jobs=(job(1, "hv2"),)), host("hv2")),
        inventory(host("hv1", machine(1)), host("hv2", arrived())),
        inventory(host("hv1"), silent=("hv2",)),
    ],
    ids=["it runs", "on both hosts", "a host is silent"],
)  # fmt: skip
def test_an_end_that_cannot_be_known_yet_stays_open(tmp_path: Path, found: Inventory) -> None:
    """Unknown is no end."""
    log, _ = started(tmp_path)
    assert log.close(found) is None
    assert results(log) == []
    assert len(log.open_starts()) == 1


@pytest.mark.parametrize(
    ("event", "left"), [("end", 0), ("refused", 0), ("found", 0), ("left", 1), ("answer lost", 1)]
)
def test_what_ends_a_start(tmp_path: Path, event: str, left: int) -> None:
    """A run that stops following a move has not seen its end."""
    log, move = started(tmp_path)
    log.note(event, move, result="why")
    assert len(log.open_starts()) == left


def test_whose_a_file_was_is_told_by_the_last_move_of_any_stack(tmp_path: Path) -> None:
    """Brought there or left there; names compare as Windows', a failed move tells nothing, nor another host's file."""
    log, move = started(tmp_path)
    old, new = "d:\\hyper-v\\vm001\\VIRTUAL HARD DISKS\\os.vhdx", "e:/new/OS.vhdx"
    assert log.owner_of(HostName("hv2"), new) is None
    log.note("end", move, result="it failed")
    assert log.owner_of(HostName("hv2"), new) is None
    log.note("end", move, result="moved")
    assert log.owner_of(HostName("hv1"), new) is None
    came, left = log.owner_of(HostName("hv2"), new), log.owner_of(HostName("hv1"), old)
    assert came is not None
    assert (came.vm, came.left_for) == ("VM001", None)
    assert left is not None
    assert (left.vm, left.left_for) == ("VM001", "hv2")
    assert left.time.endswith("+00:00")
    other = AuditLog(audit_path(tmp_path, "other"), clock=SystemClock())
    assert other.owner_of(HostName("hv1"), old) == left

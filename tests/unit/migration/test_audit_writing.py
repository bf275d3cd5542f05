"""The audit log as it is written: who, from where, chained, for its owner alone, by several at once, over several files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.audit.store import opened
from hyperv_placement.audit.verifying import verify
from hyperv_placement.errors import AuditRefusedError
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.audit_tail import last_words
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.system import account
from tests.clocks import FastClock
from tests.estates import guid, host, machine
from tests.marks import PROJECT


def move(number: int) -> Move:
    """Return the order to take a machine from hv1 to hv2."""
    wanted = Placement(host=HostName("hv2"), config="E:\\New", disks={"scsi-0-0": "E:\\New\\os.vhdx"})
    found = order(machine(number), wanted, host("hv1", machine(number)), host("hv2"))
    assert found is not None
    return found


def lines(log: AuditLog) -> list[dict[str, Any]]:
    """Return the lines of the present file."""
    return [json.loads(line) for line in log.path.read_text(encoding="ascii").splitlines()]


def test_who_is_told_by_the_account_database_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOGNAME says what whoever starts a run wants it to say."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ceo")
    log = AuditLog(tmp_path / "lab.jsonl", clock=FastClock())
    log.note("start", move(1))
    (line,) = lines(log)
    assert (line["who"], line["uid"]) == (account().name, account().id)
    assert "ceo" not in json.dumps(line)


PIPELINES = (
    (
        {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.example", "GITHUB_REPOSITORY": "bank/estate",
         "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_ACTOR": "alice", "GITHUB_TRIGGERING_ACTOR": "bob"},
        {"run": "https://github.example/bank/estate/actions/runs/77/attempts/2", "actor": "alice", "triggering_actor": "bob"},
    ),
    (
        {"GITLAB_CI": "true", "CI_JOB_URL": "https://u:secret@gitlab.example/bank/-/jobs/5", "GITLAB_USER_LOGIN": "alice"},
        {"run": "https://***@gitlab.example/bank/-/jobs/5", "actor": "alice"},
    ),
    (
        {"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": "https://dev.example/bank/", "SYSTEM_TEAMPROJECT": "estate",
         "BUILD_BUILDID": "9", "BUILD_REQUESTEDFOR": "Alice"},
        {"run": "https://dev.example/bank/estate/_build/results?buildId=9", "actor": "Alice"},
    ),
    (
        {"JENKINS_URL": "https://ci.example/", "BUILD_URL": "https://ci.example/job/1/", "BUILD_USER_ID": "alice"},
        {"run": "https://ci.example/job/1/", "actor": "alice"},
    ),
    (
        {"SUDO_USER": "alice", "PLACEMENT_APPROVER": "bob\x1b[2J\n", "PLACEMENT_TICKET": "CHG0031337"},
        {"sudo_user": "alice", "approver": "bob\x1b[2J\n", "ticket": "CHG0031337"},
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "reported"), PIPELINES, ids=["github", "gitlab", "azure", "jenkins", "by hand"]
)
def test_what_the_environment_claims_stands_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], reported: dict[str, str]
) -> None:
    """Under its own key, and never as a character that steers a terminal."""
    for name in {name for each, _ in PIPELINES for name in each} & os.environ.keys():
        monkeypatch.delenv(name)
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    log = AuditLog(tmp_path / "lab.jsonl", clock=FastClock())
    log.note("start", move(1))
    assert lines(log)[0]["claimed"] == reported
    assert log.path.read_text(encoding="ascii").rstrip("\n").isprintable()


def test_a_claim_is_cut_where_it_is_longer_than_any_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable may hold a megabyte."""
    monkeypatch.setenv("SUDO_USER", "x" * 100_000)
    log = AuditLog(tmp_path / "lab.jsonl", clock=FastClock())
    log.note("start", move(1), result="y" * 100_000)
    assert log.path.stat().st_size < 20_000


def test_half_a_character_in_a_variable_makes_no_line_that_nobody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables may hold bytes that are no text: such a line would be taken for a torn one."""
    monkeypatch.setenv("SUDO_USER", "al\udc80ice")
    log = AuditLog(tmp_path / "lab.jsonl", clock=FastClock())
    log.note("start", move(1), result="\ud800")
    log.note("left", move(1))
    assert [start["claimed"]["sudo_user"][:6] for start in log.open_starts()] == ["al\ufffdice"]
    assert verify(opened(log.path)).is_whole


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_the_log_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever mask is set, and where an earlier version left it open to all."""
    folder = tmp_path / ".pulumi" / "audit"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    path = folder / "lab.jsonl"
    path.touch()
    path.chmod(0o644)
    before = os.umask(0)
    try:
        AuditLog(path, clock=FastClock()).note("start", move(1))
    finally:
        os.umask(before)
    assert [oct(each.stat().st_mode & 0o777) for each in (folder, *sorted(folder.iterdir()))] == [
        "0o700",
        "0o600",
        "0o600",
    ]


@pytest.mark.skipif(os.name == "nt", reason="links take a privilege there")
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_of_ours_is_not_written(tmp_path: Path, kind: str) -> None:
    """A link leads to somebody's file, a pipe to nobody."""
    path, other = tmp_path / "lab.jsonl", tmp_path / "other"
    other.write_bytes(b"as it was\n")
    if kind == "link":
        path.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    log = AuditLog(path, clock=FastClock())
    assert "cannot be written" in (log.note("start", move(1)) or "")
    assert other.read_bytes() == b"as it was\n"


WRITER = """
import sys
from pathlib import Path
from hyperv_placement.clock import SystemClock
from hyperv_placement.migration.audit import AuditLog
log = AuditLog(Path(sys.argv[1]), clock=SystemClock(), full=8_000)
sys.stdin.read()
for number in range(60):
    assert log.append({"event": "probe", "by": sys.argv[2], "number": number}) is None
"""


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    """Two runs of one stack on one machine, at once, over several files: no line is lost, none is torn."""
    path = tmp_path / "lab.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stdin=subprocess.PIPE, cwd=PROJECT)
        for name in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0, 0]
    found = verify(opened(path))
    assert found.is_whole, found.breaks
    entries = [entry for entry in AuditLog(path, clock=FastClock()).entries() if entry]
    assert sorted((entry["by"], entry["number"]) for entry in entries if entry["event"] == "probe") == [
        (name, number) for name in ("a", "b") for number in range(60)
    ]
    assert len(found.files) > 2


FULL = """
import resource, sys
from pathlib import Path
from hyperv_placement.clock import SystemClock
from hyperv_placement.migration.audit import AuditLog
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
log = AuditLog(Path(sys.argv[1]), clock=SystemClock())
trouble = [log.append({"event": "probe", "number": number}) for number in range(40)]
print([each is None for each in trouble].index(False), trouble[-1])
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_disk_that_is_full_leaves_whole_lines(tmp_path: Path) -> None:
    """What it has taken of a line is taken back, so that nothing is torn and nothing to be explained."""
    path = tmp_path / "lab.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
        timeout=60,
    )
    whole, why = done.stdout.split(" ", 1)
    assert "cannot be written: File too large" in why
    found = verify(opened(path))
    assert (found.is_whole, found.gaps, found.lines) == (True, (), int(whole)), found.breaks


KILLED = """
import os, sys
from pathlib import Path
from hyperv_placement.clock import SystemClock
from hyperv_placement.migration.audit import AuditLog
log = AuditLog(Path(sys.argv[1]), clock=SystemClock())
log.append({"event": "probe"})
if sys.argv[2] == "a line":
    os.fsync = lambda _: os._exit(9)
else:
    write = os.write
    os.write = lambda file, content: (write(file, bytes(content)[:40]), os._exit(9))
log.append({"event": "probe"})
"""


@pytest.mark.parametrize(("what", "gaps"), [("a line", 0), ("a part of it", 1)])
def test_a_process_that_is_killed_as_it_writes_leaves_a_chain_that_goes_on(
    tmp_path: Path, what: str, gaps: int
) -> None:
    """Between the writing and the disk, or within the line: nobody waits for its lock."""
    path = tmp_path / "lab.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), what], check=False, cwd=PROJECT, timeout=60
    )
    assert done.returncode == 9
    log = AuditLog(path, clock=FastClock())
    assert log.append({"event": "probe"}) is None
    found = verify(opened(path))
    assert (found.is_whole, len(found.gaps)) == (True, gaps), found.breaks


def test_open_starts_are_found_when_their_file_is_gone(tmp_path: Path) -> None:
    """A move of 20 hours outlives its file: what still runs is taken over into each next one."""
    path = tmp_path / "lab.jsonl"
    log = AuditLog(path, clock=FastClock(), full=20_000)
    log.note("staged", move(3))
    log.note("start", move(1))
    log.note("start", move(2))
    for _ in range(60):
        log.note("start", move(4))
        log.note("end", move(4), result="moved")
    log.note("end", move(2), result="moved")
    old = sorted(each for each in tmp_path.iterdir() if each.suffix[1:].isdigit())
    assert len(old) > 1
    assert last_words(path)[guid(2)].event == "end"
    for each in old:
        each.unlink()
    assert [start["id"] for start in log.open_starts()] == [guid(1)]
    assert log.staged(move(3)) == "E:\\New"
    assert last_words(path)[guid(1)].event == "start"


def test_moves_are_read_across_files(tmp_path: Path) -> None:
    """Drift, and whose a file was, look back further than the present file."""
    log = AuditLog(tmp_path / "lab.jsonl", clock=FastClock(), full=5_000)
    for number in range(1, 13):
        log.note("start", move(number))
        log.note(
            "end",
            move(number),
            result="moved",
            job=str(number),
            more={"left": {"files": [f"D:\\{number}.vhdx"]}},
        )
    found = log.moved()
    assert ([past.job for past in found.moves], found.unreadable) == (
        [str(number) for number in range(1, 13)],
        0,
    )
    assert len(log.left()) == 12
    assert len(last_words(log.path)) == 12
    owner = log.owner_of(HostName("hv1"), move(1).all_disks[0].source)
    assert owner is not None
    assert owner.vm == "VM001"


def test_a_log_that_must_be_written_and_cannot_be_lets_nothing_start(tmp_path: Path) -> None:
    """Where nothing requires it, it says so once and stops nothing."""
    (tmp_path / "lab.jsonl").mkdir()
    lax, strict = (
        AuditLog(tmp_path / "lab.jsonl", clock=FastClock(), required=each) for each in (False, True)
    )
    strict.check("VM001")
    for log in (lax, strict):
        assert "cannot be written" in (log.note("start", move(1)) or "")
        log.note("start", move(1))
        assert [log.news() is None, log.news() is None] == [False, True]
    lax.check("VM001")
    with pytest.raises(AuditRefusedError, match=r"VM001 was not started: .* cannot be written"):
        strict.check("VM001")


def test_lines_that_could_not_be_written_are_written_with_the_next_that_can_be(tmp_path: Path) -> None:
    """In their order, of their own time: the end of a move is not lost because a disk was full for a moment."""
    (tmp_path / "lab.jsonl").mkdir()
    clock = FastClock()
    log = AuditLog(tmp_path / "lab.jsonl", clock=clock)
    for number in (1, 2):
        assert "cannot be written" in (log.note("end", move(number)) or "")
        clock.wait(60.0)
    log.note("end", move(5), more={"warnings": ["x" * 2_000_000]})
    (tmp_path / "lab.jsonl").rmdir()
    assert log.note("end", move(3)) is None
    assert any(
        "does not take what would be said of VM005" in (said or "") for said in (log.news(), log.news())
    )
    assert [line["vm"] for line in lines(log)] == ["VM001", "VM002", "VM003"]
    times = [datetime.fromisoformat(line["time"]) for line in lines(log)]
    assert [(after - before).seconds for before, after in pairwise(times)] == [60, 60]
    assert log.note("end", move(4)) is None
    assert len(lines(log)) == 4


def test_of_what_was_refused_for_the_log_no_line_comes_later(tmp_path: Path) -> None:
    """Where the log is required, what could not be noted was not started."""
    (tmp_path / "lab.jsonl").mkdir()
    log = AuditLog(tmp_path / "lab.jsonl", clock=FastClock(), required=True)
    assert log.note("start", move(1)) is not None
    (tmp_path / "lab.jsonl").rmdir()
    assert log.note("end", move(2)) is None
    assert [line["vm"] for line in lines(log)] == ["VM002"]


def test_what_is_too_long_for_a_line_holds_up_its_own_machine_alone(tmp_path: Path) -> None:
    """A host may name a path of a megabyte."""
    log = AuditLog(tmp_path / "lab.jsonl", clock=FastClock(), required=True)
    trouble = log.note("start", move(1), more={"warnings": ["x" * 2_000_000]})
    assert "does not take what would be said of VM001" in (trouble or "")
    assert log.news() == trouble
    assert log.news() is None
    with pytest.raises(AuditRefusedError, match="VM001 was not started"):
        log.check("VM001", trouble)
    log.check("VM002")
    assert log.note("start", move(2)) is None
    assert [line["vm"] for line in lines(log)] == ["VM002"]

"""`bin/placement audit verify`, and the lines that commands add to the log: exit codes and words."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperv_placement.audit.store import opened
from hyperv_placement.audit.verifying import verify
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import audit, audit_notes
from hyperv_placement.commands.cli import main
from hyperv_placement.errors import AuditRefusedError, PlacementError
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.stacks import PROJECT

from .paper import PROJECT as HERE

NAME = "verified-by-a-test"
STACK = """
hosts: {hv1: {address: "https://hv1.example:5986"}}
vms: {VM001: {host: hv1}}
"""


@pytest.fixture
def log() -> Iterator[AuditLog]:
    """Return the log of a stack of this project that no file declares; it goes afterwards."""
    path = audit_path(PROJECT, NAME)
    yield AuditLog(path, clock=SystemClock())
    for each in path.parent.glob(f"{NAME}.jsonl*"):
        each.unlink()


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run `audit verify` on the log; return its exit code and what it said."""
    code = main(["audit", "verify", NAME, *words])
    reported = capsys.readouterr()
    return code, reported.out + reported.err


def test_verify_says_whole_broken_or_not_there(
    log: AuditLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0, 2 and 1; of a broken one where and how."""
    code, text = said(capsys)
    assert (code, "There is no audit log" in text) == (1, True)
    for number in range(3):
        log.append({"event": "probe", "number": number})
    code, text = said(capsys)
    assert (code, "whole, 3 lines in 1 file" in text) == (0, True)
    copy = shutil.copy(log.path, tmp_path / "copy")
    (last,) = re.findall(r"last line: ([0-9a-f]{64})", text)
    log.append({"event": "probe"})
    for anchor in (("--against", str(copy)), ("--from", last)):
        assert said(capsys, *anchor)[0] == 0
    text = log.path.read_text(encoding="ascii")
    log.path.write_text("".join(text.splitlines(keepends=True)[:2]), encoding="ascii")
    assert said(capsys)[0] == 0
    for anchor in (("--against", str(copy)), ("--from", last)):
        code, reported = said(capsys, *anchor)
        assert (code, "was cut, or replaced" in reported) == (2, True)
    log.path.write_text(text.replace('"number": 1', '"number": 7'), encoding="ascii")
    code, reported = said(capsys, "--json")
    found = json.loads(reported)
    assert (code, found["verdict"], found["stack"]) == (2, "broken", NAME)
    assert [(each["file"], each["line"]) for each in found["breaks"]] == [(f"{NAME}.jsonl", 3)]
    log.path.unlink()
    assert said(capsys, "--from", last)[0] == 2


@pytest.mark.parametrize(
    "words",
    [("--from", "abc"), ("--against", "/nonexistent"), ("--against", "/dev/zero"), ("--against", str(HERE))],
)
def test_what_is_no_anchor_is_an_error(
    log: AuditLog, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """1: nothing was judged."""
    log.append({"event": "probe"})
    assert said(capsys, *words)[0] == 1


@pytest.mark.parametrize("ticket", ["", "a b", "x\n", "\u202eCHG1", "x" * 65, "$(id)"])
def test_what_is_no_ticket_is_an_error(capsys: pytest.CaptureFixture[str], ticket: str) -> None:
    """Before anything is done; nothing of it steers a terminal."""
    assert main(["unlock", NAME, "--ticket", ticket]) == 1
    reported = capsys.readouterr().err
    assert "is not a ticket" in reported
    assert reported.rstrip("\n").isprintable()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose stack wants its log written."""
    path = tmp_path / "stacks" / f"{NAME}.yaml"
    path.parent.mkdir()
    path.write_text(STACK + "audit: required\n", encoding="utf-8")
    return tmp_path


def test_a_decision_is_noted_with_its_ticket_or_not_taken(project: Path) -> None:
    """Who wants it noted by all means gets an error before."""
    log = audit_path(project, NAME)
    audit_notes.note_of(NAME, SystemClock(), "CHG1", "unlock", project=project, lock="x")
    (line,) = (json.loads(each) for each in log.read_bytes().splitlines())
    assert (line["event"], line["lock"], line["claimed"]["ticket"]) == ("unlock", "x", "CHG1")
    assert line["file"] == load(project / "stacks" / f"{NAME}.yaml").digest
    log.unlink()
    log.symlink_to(project / "elsewhere")
    with pytest.raises(AuditRefusedError, match="unlock was not started"):
        audit_notes.note_of(NAME, SystemClock(), "", "unlock", project=project)
    assert not (project / "elsewhere").exists()


def test_a_line_of_ones_own_begins_an_old_log_and_records_a_torn_line(project: Path) -> None:
    """A pipeline that verifies before it runs would else never run again."""
    log, stack = audit_path(project, NAME), load(project / "stacks" / f"{NAME}.yaml")
    log.parent.mkdir(parents=True)
    log.write_bytes(b'{"event": "start", "time": "2026-11-29T00:00:00+00:00"}\n')
    for torn in (b"", b'{"prev": "0'):
        log.write_bytes(log.read_bytes() + torn)
        assert not verify(opened(log)).is_whole
        audit.write_note(stack, "CHG1", "looked into \x1b[2J", project)
        assert verify(opened(log)).is_whole
    line = json.loads(log.read_bytes().splitlines()[-1])
    assert (line["event"], line["text"], line["claimed"]["ticket"]) == ("note", "looked into \x1b[2J", "CHG1")
    for wrong in ("", "x" * 501):
        with pytest.raises(PlacementError, match="--text has"):
            audit.write_note(stack, "", wrong, project)
    log.unlink()
    log.symlink_to(project / "elsewhere")
    with pytest.raises(AuditRefusedError):
        audit.write_note(stack, "", "text", project)


def test_of_other_files_and_names_nothing_is_noted(project: Path, tmp_path: Path) -> None:
    """A stack file elsewhere may have the name of one of ours."""
    path = tmp_path / f"{NAME}.yaml"
    path.write_text(STACK, encoding="utf-8")
    audit_notes.note(load(path), SystemClock(), "", "adopt", project=project)
    for name in ("other", "../x", "a b"):
        audit_notes.note_of(name, SystemClock(), "", "unlock", project=project)
    assert not audit_path(project, NAME).exists()
    with pytest.raises(PlacementError, match="not a stack of this project"):
        audit.write_note(load(path), "", "text", project)

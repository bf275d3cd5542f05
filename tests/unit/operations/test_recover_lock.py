"""The lock of a stack: taken where its holder is gone, or where a person has named that holder; unknown is never taken."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.operations.recover.lock import LockFound, LockState, free_by_engine, free_in_folder
from hyperv_placement.workspace.engine_calls import Answer, EngineCalls

ENGINE = """import json, os, sys
from pathlib import Path
Path("asked").open("a").write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "refresh":
    held = os.environ["HELD"]
    if held and not Path("cancelled").exists():
        sys.stderr.write("error: the stack is currently locked by 1 lock(s). Either wait ...\\n" + held)
        sys.exit(255)
elif sys.argv[1] == "cancel":
    Path("cancelled").touch()
"""
"""Stands in for the engine of an object storage, in which nobody but it sees locks."""
Noted = list[tuple[str, str]]


def gone() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def content(**more: Any) -> Mapping[str, Any]:
    """Return what the engine writes into a lock (pkg/backend/diy/lock.go)."""
    return {
        "pid": gone(), "username": "ops", "hostname": platform.node(), "timestamp": "2026-11-30T06:00:00Z", **more,
    }  # fmt: skip


def in_folder(backend: Path, lock: Mapping[str, Any], taken_of: str | None = None) -> tuple[LockFound, Noted]:
    """Leave a lock in a folder and look at it."""
    folder = backend / "locks" / "organization" / "hyperv-placement" / "prod"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.json").write_text(json.dumps(lock), encoding="utf-8")
    noted: Noted = []
    found = free_in_folder(backend, "prod", taken_of, lambda name, why: noted.append((name, why)))
    assert (folder / "a.json").exists() == (found.state is not LockState.FREE)
    return found, noted


def by_engine(
    project: Path, *held: Mapping[str, Any], taken_of: str | None = None
) -> tuple[LockFound, Noted]:
    """Have the engine refuse to refresh because of locks, and look at them."""
    (project / "bin").mkdir(exist_ok=True)
    (project / "bin" / "pulumi").write_text(ENGINE, encoding="utf-8")
    lines = "".join(
        f"  s3://b/.pulumi/locks/prod/{number}.json: created by {each['username']}@{each['hostname']}"
        f" (pid {each['pid']}) at {each['timestamp']}\n"
        for number, each in enumerate(held)
    )
    calls = EngineCalls(project, "prod", {**os.environ, "HELD": lines})
    noted: Noted = []
    answer = calls.run("refresh")
    assert len(answer.holders) == len(held)
    return free_by_engine(calls, answer, taken_of, lambda name, why: noted.append((name, why))), noted


def test_a_lock_whose_holder_is_gone_is_taken_and_noted_first(tmp_path: Path) -> None:
    """In a folder its own file goes, elsewhere the engine removes it."""
    (tmp_path / "project").mkdir()
    for found, noted in (in_folder(tmp_path, content()), by_engine(tmp_path / "project", content())):
        assert (found.state, found.kept, len(found.removed)) == (LockState.FREE, (), 1)
        assert found.removed[0].startswith("lock removed; its holder is gone (process ")
        assert [why for _, why in noted] == list(found.removed)
    assert (tmp_path / "project" / "cancelled").exists()


def test_of_another_computer_it_is_taken_for_the_one_that_a_person_names(tmp_path: Path) -> None:
    """By user and host, as the lock has them; a slip takes nothing."""
    elsewhere = content(hostname="runner-7")
    (tmp_path / "project").mkdir()
    for taken_of in (None, "ops@runner-8", "runner-7", "OPS@runner-7"):
        for found, noted in (
            in_folder(tmp_path, elsewhere, taken_of),
            by_engine(tmp_path / "project", elsewhere, taken_of=taken_of),
        ):
            assert (found.state, found.removed, noted) == (LockState.NOT_KNOWN, (), [])
            assert found.kept[0].endswith("run this again with --take-lock-of ops@runner-7")
    for found, _ in (
        in_folder(tmp_path, elsewhere, "ops@runner-7"),
        by_engine(tmp_path / "project", elsewhere, taken_of="ops@runner-7"),
    ):
        assert (found.state, len(found.removed)) == (LockState.FREE, 1)


def test_one_that_stays_keeps_the_others_where_the_engine_removes_all(tmp_path: Path) -> None:
    """`pulumi cancel` knows no single lock."""
    found, noted = by_engine(tmp_path, content(), content(hostname="runner-7"))
    assert (found.state, found.removed, noted) == (LockState.NOT_KNOWN, (), [])
    assert not (tmp_path / "cancelled").exists()


@pytest.mark.skipif(os.name != "posix", reason="no copy of a program under another name")
def test_a_run_that_lives_keeps_its_lock_whoever_is_named(tmp_path: Path) -> None:
    """It goes on by itself."""
    program = tmp_path / "pulumi"
    program.write_bytes(Path("/bin/sleep").resolve().read_bytes())
    program.chmod(0o700)
    with subprocess.Popen([program, "60"]) as process:
        try:
            mine = content(pid=process.pid, timestamp="2100-01-01T00:00:00Z")
            account = f"ops@{platform.node()}"
            (tmp_path / "project").mkdir()
            for found, _ in (
                in_folder(tmp_path, mine, account),
                by_engine(tmp_path / "project", mine, taken_of=account),
            ):
                assert (found.state, found.removed) == (LockState.HELD, ())
                assert f"a run holds the lock: process {process.pid} of ops" in found.kept[0]
        finally:
            process.kill()


def test_a_refused_passphrase_is_told_with_what_to_set() -> None:
    """Once, whichever line has it; another error is told as it is."""
    error = "error: getting stack configuration: get stack secrets manager: incorrect passphrase"
    said = Answer(code=255, output=error, errors=f"{error}\n").reason
    assert said.startswith(f"{error}; PULUMI_CONFIG_PASSPHRASE, ")
    assert said.count("PULUMI_CONFIG_PASSPHRASE_FILE") == 1
    assert Answer(code=255, output="", errors="error: no such stack\n").reason == "error: no such stack"

"""Locks of Pulumi's local backend."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.workspace.locks import Lock, backend_folder, is_stale, locks


def write_lock(backend: Path, stack: str, pid: int, hostname: str | None = None) -> Path:
    """Write a lock file as Pulumi does (pkg/backend/diy/lock.go)."""
    folder = backend / "locks" / "organization" / "hyperv-placement" / stack
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pid}.json"
    content = {
        "pid": pid,
        "username": "me",
        "hostname": hostname or platform.node(),
        "timestamp": "2026-01-01",
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def whole(backend: Path, stack: str | None = None) -> list[Lock]:
    """Return the locks; nothing is torn there."""
    return [found for found in locks(backend, stack) if isinstance(found, Lock)]


def ended_process() -> int:
    """Return the pid of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_lock_of_a_process_that_is_gone_is_stale(tmp_path: Path) -> None:
    """It was here, and is no more."""
    write_lock(tmp_path, "lab", ended_process())
    (lock,) = whole(tmp_path)
    assert is_stale(lock)
    assert lock.stack == "lab"


def test_a_pid_that_serves_another_program_is_stale(tmp_path: Path) -> None:
    """Process ids come again; this one is a Python now."""
    write_lock(tmp_path, "lab", os.getpid())
    (lock,) = whole(tmp_path)
    assert is_stale(lock)


def test_a_lock_of_another_machine_is_never_ours_to_judge(tmp_path: Path) -> None:
    """Its processes cannot be seen from here."""
    write_lock(tmp_path, "lab", ended_process(), hostname="elsewhere")
    (lock,) = whole(tmp_path)
    assert not is_stale(lock)
    assert "elsewhere" in str(lock.holder)


def test_locks_of_one_stack_are_chosen_by_its_name(tmp_path: Path) -> None:
    """The others are not touched."""
    write_lock(tmp_path, "lab", 1)
    write_lock(tmp_path, "big", 1)
    assert [lock.stack for lock in whole(tmp_path, "big")] == ["big"]
    assert len(whole(tmp_path)) == 2


def test_only_local_folders_have_such_locks(tmp_path: Path) -> None:
    """For another backend the error names Pulumi's own command."""
    assert backend_folder(None, tmp_path) == tmp_path / ".pulumi"
    assert backend_folder("file:///srv/state", tmp_path) == Path("/srv/state/.pulumi")
    with pytest.raises(PlacementError, match="pulumi cancel"):
        backend_folder("s3://bucket", tmp_path)
    with pytest.raises(PlacementError) as error:
        backend_folder("postgres://placement:geheim@db/state", tmp_path)
    assert "geheim" not in str(error.value)

"""`bin/placement unlock` says what it did, heals what torn writes left, and never takes a lock from who holds it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .paper import PROJECT

STACK = Path(".pulumi") / "locks" / "organization" / "hyperv-placement" / "lab"


def unlock(backend: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a backend of its own."""
    return subprocess.run(
        [sys.executable, str(PROJECT / "bin" / "placement"), "unlock", *words],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PULUMI_BACKEND_URL": backend.as_uri()},
    )  # fmt: skip


def left(backend: Path, *names: str, content: str = "") -> None:
    """Leave files among the locks of the stack `lab`."""
    (backend / STACK).mkdir(parents=True, exist_ok=True)
    for name in names:
        (backend / STACK / name).write_text(content, encoding="utf-8")


def lying(backend: Path) -> list[str]:
    """Return what lies there."""
    return sorted(path.name for path in (backend / STACK).iterdir())


def lock_of(pid: int) -> str:
    """Return what the engine writes (pkg/backend/diy/lock.go)."""
    return json.dumps({"pid": pid, "username": "me", "hostname": platform.node(), "timestamp": "2026-01-01"})


def gone() -> int:
    """Return the pid of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@contextmanager
def engine(folder: Path, backend: Path) -> Iterator[int]:
    """Have a process that is called as the engine is, and works with a backend; yield its pid."""
    program = folder / "pulumi"
    shutil.copy(shutil.which("sleep") or pytest.skip("no sleep"), program)
    with subprocess.Popen([program, "60"], env={"PULUMI_BACKEND_URL": backend.as_uri()}) as process:
        try:
            yield process.pid
        finally:
            process.kill()


TORN = (
    "",
    "{",
    '{"pid": 1',
    "[]",
    "null",
    '{"pid": "x", "hostname": "y"}',
    '{"pid": -1, "hostname": "y"}',
    '{"pid": 1e999, "hostname": "y"}',
    "\x00" * 64,
)


def test_torn_locks_are_healed(tmp_path: Path) -> None:
    """Empty or half: the engine says "unexpected end of JSON input" for ever."""
    for number, content in enumerate(TORN):
        left(tmp_path, f"y{number}.json", f"y{number}.json.attrs", content=content)
    done = unlock(tmp_path, "lab")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"lab: y{number}.json removed; a full disk or a power cut has torn it, and no pulumi that may hold it runs here"
        for number in range(len(TORN))
    ]
    assert lying(tmp_path) == []


def test_what_is_larger_than_locks_are_stays_and_is_said(tmp_path: Path) -> None:
    """Nobody has torn it, and it is not read to the end."""
    left(tmp_path, "y1.json", content='{"pid": 1, "hostname": "' + "x" * (1 << 20) + '"}')
    done = unlock(tmp_path, "lab")
    assert (done.returncode, done.stdout) == (1, "")
    assert "larger than 1 MiB" in done.stderr
    assert "remove what is not a lock" in done.stderr
    assert lying(tmp_path) == ["y1.json"]


def test_what_a_full_disk_left_is_healed(tmp_path: Path) -> None:
    """A temporary file, which the engine takes for a lock, and attributes of a lock that is not there."""
    left(tmp_path, "x.json.18c2f.tmp", "z.json.attrs")
    done = unlock(tmp_path)
    assert done.returncode == 0
    assert [line.split(";")[0] for line in done.stdout.splitlines()] == [
        "lab: x.json.18c2f.tmp removed",
        "lab: z.json.attrs removed",
    ]
    assert lying(tmp_path) == []


def test_a_stale_lock_goes_with_its_attributes(tmp_path: Path) -> None:
    """The engine writes them beside it; alone they would lie there for ever."""
    left(tmp_path, "y.json", content=lock_of(gone()))
    left(tmp_path, "y.json.attrs", content="{}")
    done = unlock(tmp_path, "stacks/lab.yaml")
    assert done.returncode == 0
    assert "lab: lock removed; its holder is gone (process" in done.stdout
    assert lying(tmp_path) == []


def test_nothing_to_unlock_is_said(tmp_path: Path) -> None:
    """An error where a stack was named: whoever waits for its lock would go on waiting."""
    (tmp_path / ".pulumi" / "stacks" / "hyperv-placement").mkdir(parents=True)
    (tmp_path / ".pulumi" / "stacks" / "hyperv-placement" / "lab.json").write_text("{}", encoding="utf-8")
    backend = tmp_path / ".pulumi"
    assert unlock(tmp_path).stdout == f"There is no lock in {backend}\n"
    assert unlock(tmp_path).returncode == 0
    named, unknown = unlock(tmp_path, "lab"), unlock(tmp_path, "labb")
    assert (named.returncode, named.stdout, named.stderr) == (1, "", f"lab has no lock in {backend}\n")
    assert unknown.returncode == 1
    assert unknown.stderr == f"labb has no lock in {backend}. Stacks there: lab\n"


@pytest.mark.skipif(os.name != "posix", reason="no copy of a program under another name")
def test_what_an_engine_may_hold_stays(tmp_path: Path) -> None:
    """A lock that names it, and a torn one that it may have written: both are said, neither is touched."""
    with engine(tmp_path, tmp_path) as pid:
        left(tmp_path, "y.json")
        done = unlock(tmp_path, "lab")
        assert done.returncode == 1
        assert (
            f"y.json is torn and names no holder, and a pulumi that may be it runs here (process {pid})"
            in done.stderr
        )
        assert lying(tmp_path) == ["y.json"]
        left(tmp_path, "own.json", content=lock_of(pid))
        done = unlock(tmp_path, "lab")
        assert done.returncode == 1
        assert f"lab: still locked by process {pid} of me" in done.stderr
        assert lying(tmp_path) == ["own.json"], "its lock is another one, so it has not written the torn one"


@pytest.mark.skipif(os.name != "posix", reason="no copy of a program under another name")
def test_an_engine_of_another_backend_holds_nothing_here(tmp_path: Path) -> None:
    """Its environment says where it keeps state."""
    with engine(tmp_path, tmp_path / "elsewhere"):
        left(tmp_path, "y.json")
        assert unlock(tmp_path, "lab").returncode == 0
    assert lying(tmp_path) == []

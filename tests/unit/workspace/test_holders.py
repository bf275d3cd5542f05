"""Whether the holder of a lock is surely gone: by host, number, start and command line of its process."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hyperv_placement.workspace.holders import Holder, Holding, holders_in, holding, is_younger, takes_lock

REFUSED = """error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.
  s3://state/.pulumi/locks/organization/hyperv-placement/prod/7c0f.json: created by ops@runner-1 (pid 4711) at 2026-11-30T06:00:00Z
  postgres://****:****@db/.pulumi/locks/prod/1a.json: created by CORP\\jane doe@ws@corp (pid 12) at 2026-11-30T06:01:00+01:00
"""


def held_by(pid: int, *, hostname: str | None = None, at: datetime | None = None) -> Holder:
    """Return a holder of this computer, since now."""
    taken = (at or datetime.now(UTC)).isoformat()
    return Holder(pid=pid, hostname=hostname or platform.node(), username="me", timestamp=taken)


@contextmanager
def called_pulumi(folder: Path, *words: str) -> Iterator[int]:
    """Have a process that is called as the engine is; yield its number."""
    program = folder / "pulumi"
    shutil.copy(shutil.which("sleep") or pytest.skip("no sleep"), program)
    with subprocess.Popen([program, "60", *words]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def test_the_engine_names_every_holder_where_it_refuses_to_start() -> None:
    """Names of users have blanks and `@`; text without such lines names nobody."""
    first, second = holders_in(REFUSED)
    assert (first.account, first.pid, first.timestamp) == ("ops@runner-1", 4711, "2026-11-30T06:00:00Z")
    assert (second.username, second.hostname, second.pid) == ("CORP\\jane doe@ws", "corp", 12)
    assert holders_in("error: no stack named 'prod' found") == ()


def test_of_another_computer_nothing_is_known() -> None:
    """Its number may be anybody's here."""
    assert holding(held_by(os.getpid(), hostname="elsewhere")) is Holding.UNKNOWN


def test_a_number_that_nobody_has_or_another_program_has_is_gone() -> None:
    """As after a restart."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert holding(held_by(process.pid)) is Holding.GONE
    assert holding(held_by(os.getpid())) is Holding.GONE
    assert holding(held_by(1 << 70)) is Holding.GONE


@pytest.mark.skipif(os.name != "posix", reason="no copy of a program under another name")
def test_an_engine_with_the_number_is_another_only_where_it_is_younger_and_takes_no_lock(
    tmp_path: Path,
) -> None:
    """A clock that was set forward makes the holder itself look younger than its lock."""
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    with called_pulumi(tmp_path) as pid:
        assert holding(held_by(pid)) is Holding.ALIVE
        assert holding(held_by(pid, at=long_ago)) is Holding.GONE
        assert (
            holding(Holder(pid=pid, hostname=platform.node(), username="me", timestamp="")) is Holding.ALIVE
        )
    with called_pulumi(tmp_path, "up") as pid:
        # `sleep` has refused the word by now, or not yet: then it is a zombie, or runs.
        assert holding(held_by(pid, at=long_ago)) in {Holding.ALIVE, Holding.GONE}


def test_times_are_compared_with_their_zone_and_some_slack() -> None:
    """Of one without a zone, or that is none, nothing follows."""
    now = time.time()
    said = datetime.fromtimestamp(now, UTC)
    assert is_younger(now + 3, said.isoformat())
    assert not is_younger(now + 1, said.isoformat())
    assert is_younger(now, "2026-01-01T00:00:00.123456789Z")
    assert not is_younger(now, "2026-01-01T00:00:00")
    assert not is_younger(now, "yesterday")


def test_which_commands_may_hold_a_lock() -> None:
    """One that cannot be read may."""
    assert takes_lock(["/opt/pulumi", "up", "--yes"])
    assert takes_lock(["pulumi", "-C", "/srv", "refresh"])
    assert takes_lock([])
    assert not takes_lock(["pulumi", "preview", "--json"])
    assert not takes_lock(["pulumi", "60"])

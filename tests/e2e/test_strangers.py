"""Whoever else is on the computer while a run goes on: the plugin serves the engine that started it, and nobody else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from .conftest import Run, Site, until

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("what a stranger's call does is the same in both")]
STRANGER = Path(__file__).with_name("stranger.py")
NOBODY = 65534
CALLS = {method.name for method in provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"].methods}


@contextmanager
def strangers(*users: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Start processes that have all they need to call, and wait for a port."""
    started = [
        subprocess.Popen(
            [sys.executable, "-P", str(STRANGER), str(user)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for user in users
    ]  # fmt: skip
    try:
        yield started
    finally:
        for each in started:
            each.kill()
            each.communicate()


def port_of(run: Run) -> int | None:
    """Return where the run's plugin listens, as anybody can look it up; None as long as it does not."""
    for plugin in run.plugins():
        for each in plugin.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN:
                return int(each.laddr.port)
    return None


def called(callers: Sequence[subprocess.Popen[str]], port: int) -> list[list[tuple[str, str]]]:
    """Return what each got for its calls."""
    for each in callers:
        stdin: IO[str] | None = each.stdin
        assert stdin is not None
        stdin.write(f"{port}\n")
        stdin.flush()
    answers = [each.communicate(timeout=60) for each in callers]
    return [[tuple(pair) for pair in json.loads(out or f'"{err}"')] for out, err in answers]


def test_no_call_of_a_stranger_is_served_while_a_run_goes_on(site: Site) -> None:
    """Neither of another user nor of another process of this one, whatever the call: nothing is asked, moved or written."""
    trap = socket.create_server(("127.0.0.1", 0))
    trap.setblocking(False)  # noqa: FBT003 - the call has no other form
    evil = site.file("stacks/x/evil.yaml")
    evil.parent.mkdir()
    evil.write_text(
        yaml.safe_dump(
            {
                "connection": {"auth": "basic", "ca": "../../.lab/ca.pem", "credentials": "../../.lab/credentials.yaml"},
                "hosts": {"evil": {"address": f"https://127.0.0.1:{trap.getsockname()[1]}/wsman"}},
                "vms": {"VM001": {"host": "evil"}},
            }
        ),
        encoding="utf-8",
    )  # fmt: skip
    users = [-1, *([NOBODY] if os.geteuid() == 0 else [])]
    with strangers(*users) as callers:
        run = site.start("up", "--yes", "--skip-preview")
        port = until(lambda: port_of(run), within=180, what="the plugin listens")
        answers = called(callers, port)
    assert run.ended(within=300) == 0, run.text()
    for user, answer in zip(users, answers, strict=True):
        assert {name for name, _ in answer} > CALLS
        served = {name: status for name, status in answer if not status.startswith("PERMISSION_DENIED: ")}
        assert served == {}, user
    with pytest.raises(BlockingIOError):
        trap.accept()
    trap.close()
    declared = yaml.safe_load(site.file("stacks/lab.yaml").read_text(encoding="utf-8"))["vms"]
    for name, host in site.hosts().items():
        assert host in declared.get(name, {}).get("host", host), name
    assert not list(site.file(".pulumi").rglob("*evil*"))
    assert "Somebody else on this computer has called this run's plugin" in run.text()
    if os.geteuid() != 0:
        pytest.skip("that another user is refused was not tried: to become one takes root")

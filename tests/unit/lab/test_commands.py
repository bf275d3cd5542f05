"""`bin/lab` as a user types it: real processes, real ports, a home of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

PROJECT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.lab


class Lab:
    """A lab in a folder of its own."""

    def __init__(self, home: Path) -> None:
        """Keep everything in `home`."""
        self.home = home

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "lab", *words],
            cwd=PROJECT,
            env={**os.environ, "LAB_HOME": str(self.home)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def ok(self, *words: str) -> str:
        """Run one command that must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fails(self, *words: str) -> str:
        """Run one command that must fail; return its one line."""
        done = self.run(*words)
        assert done.returncode == 1, done.stdout
        assert done.stderr.startswith("lab: ")
        assert "Traceback" not in done.stderr
        return done.stderr

    def status(self) -> dict[str, Any]:
        """Return `status --json`."""
        return dict(json.loads(self.ok("status", "--json")))

    def process(self) -> psutil.Process:
        """Return the process in the background."""
        return psutil.Process(json.loads((self.home / "control.json").read_text(encoding="utf-8"))["pid"])


def until(condition: Callable[[], bool], *, within: float = 20) -> None:
    """Wait until `condition` holds."""
    pause, end = threading.Event(), time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.05)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab that is stopped afterwards."""
    one = Lab(tmp_path / "home")
    yield one
    one.run("down")


def test_up_status_move_down(lab: Lab) -> None:
    """The life of a lab: what status says is what the issue of it promises, and it survives `down`."""
    assert "3 hosts with 12 virtual machines" in lab.ok("up", "--ports", "auto", "--speed", "20")
    status = lab.status()
    assert status.keys() == {"hosts", "vms", "jobs", "peak_jobs", "violations"}
    host = status["hosts"]["hv1"]
    account = {"user", "password", "certificate", "key"}
    assert host.keys() == {"https", "http", "ca", "memory_mib", "memory_free_mib"} | account
    assert all(Path(host[name]).is_file() for name in ("ca", "certificate", "key"))
    vm = status["vms"]["VM003"]
    assert vm.keys() == {"id", "host", "state", "roots", "disks", "sha256"}
    assert vm["roots"].keys() == {"config", "checkpoints", "paging"}
    assert vm["sha256"].keys() == set(vm["disks"])
    assert (vm["host"], vm["state"]) == ("hv3", "Running")

    assert lab.ok("move", "VM003", "hv1") == "VM003 is on hv1.\n"
    after = lab.status()
    assert after["vms"]["VM003"]["host"] == "hv1"
    assert after["vms"]["VM003"]["sha256"] == vm["sha256"]
    job = after["jobs"][0]
    assert job.keys() == {"id", "vm", "from", "to", "state", "percent", "by", "options"}
    assert list(job.values())[1:-1] == ["VM003", "hv3", "hv1", "Completed", 100, "LAB\\operator"]
    assert (after["peak_jobs"], after["violations"]) == (1, [])

    assert lab.ok("down") == "The lab is down.\n"
    assert lab.ok("down") == "The lab was not running.\n"
    assert "not running" in lab.fails("status")
    lab.ok("up")
    again = lab.status()
    assert again["vms"] == after["vms"]
    assert again["hosts"] == after["hosts"]
    lab.ok("down")
    lab.ok("up", "--fresh", "--ports", "auto")
    assert lab.status()["vms"]["VM003"] == vm


def test_a_killed_lab_comes_back(lab: Lab) -> None:
    """Kill -9 in the middle of a move: the machine is at its source, whole, and moves again."""
    lab.ok("up", "--ports", "auto", "--speed", "3")
    before = lab.status()["vms"]["VM003"]
    assert lab.ok("move", "VM003", "hv1", "--no-wait")
    until(lambda: lab.status()["jobs"][0]["percent"] > 20)
    process = lab.process()
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=5)
    lab.ok("up")
    status = lab.status()
    assert status["vms"]["VM003"] == before
    assert [job["state"] for job in status["jobs"]] == ["Exception"]
    lab.ok("move", "VM003", "hv1")
    assert lab.status()["vms"]["VM003"]["sha256"] == before["sha256"]


def test_up_twice(lab: Lab) -> None:
    """The second says so; one that asks for another estate builds it, for another limit keeps the world."""
    lab.ok("up", "--ports", "auto", "--vms", "2")
    first = lab.status()["vms"]
    assert "runs already" in lab.ok("up")
    assert "runs already" in lab.ok("up", "--vms", "2")
    assert "is up" in lab.ok("up", "--migration-limit", "9")
    assert lab.status()["vms"] == first
    assert "is up" in lab.ok("up", "--vms", "3", "--ports", "auto")
    assert len(lab.status()["vms"]) == 3


def test_a_restart_never_breaks_a_move(lab: Lab) -> None:
    """What would only change a setting waits; nothing is interrupted by it."""
    lab.ok("up", "--ports", "auto")
    lab.ok("move", "VM003", "hv1", "--no-wait")
    assert "bin/lab down" in lab.fails("up", "--migration-limit", "9")
    assert lab.status()["jobs"][0]["state"] != "Exception"


def test_a_taken_port_is_one_line(lab: Lab) -> None:
    """Which port, whose, and the way out; the estate that was there stays."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = lab.fails("up", "--vms", "0", "--hosts", "1", "--ports", str(port))
    assert f"port {port} of hv1" in said
    assert "--ports auto" in said
    assert said.count("\n") == 1


def test_nothing_listens_outside_loopback_and_secrets_are_private(lab: Lab) -> None:
    """Every socket is on 127.0.0.1; whatever holds the password is for its owner alone."""
    lab.ok("up", "--ports", "auto", "--vms", "1")
    listening = [c.laddr for c in lab.process().net_connections() if c.status == psutil.CONN_LISTEN]
    assert len(listening) == 7  # HTTPS and HTTP of three hosts, and control
    assert {address.ip for address in listening} == {"127.0.0.1"}
    password = lab.status()["hosts"]["hv1"]["password"]
    texts = [path for path in lab.home.rglob("*") if path.is_file()]
    holders = [path for path in texts if password in path.read_text(encoding="utf-8", errors="replace")]
    assert lab.home / "credentials.yaml" in holders
    private = (*holders, lab.home / "control.json", lab.home / "client.key")
    assert {path.stat().st_mode & 0o077 for path in private} == {0}
    assert password not in " ".join(lab.process().cmdline())


def test_faults_make_a_move_fail(lab: Lab) -> None:
    """A person's move fails with the job's own text; the rule is used up and can be cleared."""
    lab.ok("up", "--ports", "auto", "--speed", "20")
    lab.ok("fault", "add", "migration-fails", "--vm", "vm003", "--after", "30")
    lab.ok("fault", "add", "host-down", "--host", "hv2")
    assert "0x8009030E" in lab.fails("move", "VM003", "hv1")
    lab.ok("move", "VM003", "hv1")
    assert "0x8007274C" in lab.fails("move", "VM003", "hv2")
    assert len(lab.ok("fault", "list").splitlines()) == 2
    assert lab.ok("fault", "clear") == "2 cleared.\n"
    assert "no virtual machine" in lab.fails("move", "VM999", "hv1")
    assert "no host" in lab.fails("fault", "add", "slow", "--host", "hv9")
    for kind, *wrong in (
        ("clock-jumps", "--seconds", "nan"),
        ("clock-jumps", "--seconds", "1e308"),
        ("host-restarts", "--seconds", "inf"),
        ("slow", "--seconds=-3"),
        ("completes-with-code", "--error", "0x80070070"),
        ("refuse-start", "--error", "4294967296"),
    ):
        assert f"{kind} takes" in lab.fails("fault", "add", kind, *wrong)
    assert "the lab has no directory" in lab.fails("purge", "hv1")
    assert lab.run("fault", "add", "nonsense").returncode == 2
    events = [json.loads(line)["event"] for line in lab.ok("log", "--json").splitlines()]
    assert events.count("start") == events.count("end") == 3


def test_an_estate_from_a_file(lab: Lab, tmp_path: Path) -> None:
    """Built as the file says; a wrong file is told by place, an absent one is a usage error."""
    path = tmp_path / "estate.yaml"
    path.write_text(
        "hosts: {hv1: , hv2: }\nvms: {WEB01: {host: hv2, checkpoints: [one]}}\n", encoding="utf-8"
    )
    lab.ok("up", "--ports", "auto", "--estate", str(path))
    assert lab.status()["vms"]["WEB01"]["host"] == "hv2"
    lab.ok("down")
    path.write_text("hosts: {hv1: }\nvms: {WEB01: {host: hv3}}\n", encoding="utf-8")
    assert "there is no host 'hv3'" in lab.fails("up", "--ports", "auto", "--estate", str(path))
    assert lab.run("up", "--estate", str(tmp_path / "none.yaml")).returncode == 2

"""The audit log through the real engine: required, chained by program and plugin alike, from whom, and for a syslog server."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess

import pytest

from hyperv_placement.system import account

from .conftest import Site

pytestmark = pytest.mark.e2e
CLAIMS = {
    "LOGNAME": "ceo",
    "USER": "ceo",
    "PLACEMENT_APPROVER": "alice",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "bank/estate",
    "GITHUB_RUN_ID": "77",
    "GITHUB_ACTOR": "bob",
}


def verified(site: Site) -> int:
    """Return what `audit verify` says."""
    words = ("placement", "audit", "verify", "lab")
    return site.workspace.run(*words, check=False, stdout=subprocess.DEVNULL).returncode


def test_a_run_is_written_down_or_starts_nothing(site: Site) -> None:
    """First the log cannot be written; then it can, and each line of the run says whose it is and follows the one before."""
    stack, log = site.file("stacks/lab.yaml"), site.file(".pulumi/audit/lab.jsonl")
    stack.write_text(f"{stack.read_text(encoding='utf-8')}audit: required\n", encoding="utf-8")
    before = site.hosts()
    log.mkdir(parents=True)
    refused = site.up()
    assert refused.returncode != 0
    assert "Nothing was started: The audit log .pulumi/audit/lab.jsonl cannot be written" in refused.stdout
    assert site.hosts() == before
    assert not site.status()["jobs"]

    log.rmdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        address = f"udp://127.0.0.1:{server.getsockname()[1]}"
        site.workspace.environment.update({**CLAIMS, "PLACEMENT_SYSLOG": address})
        run = site.up("--ticket", "CHG0031337")
        assert run.returncode == 0, run.stdout
        lines = log.read_bytes().splitlines()
        heard = {server.recv(65536).partition(b" - ")[2] for _ in lines}
    assert heard == set(lines)
    entries = [json.loads(line) for line in lines]
    assert entries[0]["event"] == "run"
    assert entries[0]["moves"] == sum(entry["event"] == "start" for entry in entries)
    assert entries[0]["moves"] > 1
    reported = {
        json.dumps({name: entry.get(name) for name in ("who", "uid", "plan", "file", "claimed")})
        for entry in entries
    }
    assert len(reported) == 1
    assert (entries[0]["who"], entries[0]["uid"]) == (account().name, account().id)
    assert entries[0]["file"] == hashlib.sha256(stack.read_bytes()).hexdigest()
    assert entries[0]["claimed"] == {
        "run": "https://github.example/bank/estate/actions/runs/77",
        "actor": "bob",
        "approver": "alice",
        "ticket": "CHG0031337",
    }
    assert verified(site) == 0
    if os.name == "posix":
        assert {oct(each.stat().st_mode & 0o777) for each in log.parent.iterdir()} == {"0o600"}
    text = log.read_text(encoding="ascii")
    log.write_text(text.replace('"who": ', '"who":  ', 1), encoding="ascii")
    assert verified(site) == 2

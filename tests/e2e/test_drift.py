"""The nightly question, and both answers to it: the file is changed, or a run brings the machine back."""

from __future__ import annotations

import difflib
import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.e2e.conftest import Site, until

pytestmark = pytest.mark.e2e


def drift(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `bin/placement drift lab`."""
    return site.workspace.run(
        "placement", "drift", "lab", *words, check=False, capture_output=True, stdin=subprocess.DEVNULL
    )


def reported(site: Site) -> dict[str, Any]:
    """Return the drift as a script reads it."""
    return dict(json.loads(drift(site, "--json").stdout))


def past_is_recorded(site: Site) -> None:
    """Look at what `history` and `report` say: our moves by log and state, those of others by what drift has found."""
    told = json.loads(
        site.workspace.run("placement", "history", "VM003", "--json", capture_output=True).stdout
    )
    assert told["state_unread"] is None
    ways = [(each["to"], each["moved"], each["known_from"]) for each in told["history"]]
    assert ("hv1", False, "drift") in ways
    assert ways.count(("hv2", True, "audit log")) == len([way for way in ways if way[1]])
    assert all(
        each["by"] and each["job"] and each["seconds"] is not None
        for each in told["history"]
        if each["moved"]
    )
    site.file(".pulumi/audit").rename(site.file(".pulumi/put-away"))
    told = json.loads(
        site.workspace.run("placement", "history", "VM003", "lab", "--json", capture_output=True).stdout
    )
    assert {each["known_from"] for each in told["history"]} == {"state"}
    # So it is on another computer: the host's job names the account that we log on with, the state whose run it was.
    (there,) = reported(site)["drifts"]
    assert there["mover"]["ours"], there
    assert there["mover"]["who"]
    shutil.rmtree(site.file(".pulumi/audit"), ignore_errors=True)
    site.file(".pulumi/put-away").rename(site.file(".pulumi/audit"))
    totals = json.loads(
        site.workspace.run("placement", "report", "lab", "--json", capture_output=True).stdout
    )["totals"]
    assert totals["moves"] == totals["bytes_known_of"] == totals["pause_known_of"] > 0
    assert totals["drifts"] > 0


def test_a_person_moves_two_machines_one_is_accepted_and_one_brought_back(site: Site) -> None:
    """Who and when are said, ours is told from theirs; afterwards there is none, and with a host down nothing is gone."""
    before = {each["subject"] for each in reported(site)["drifts"]}
    assert site.up().returncode == 0
    assert drift(site).returncode == 0
    assert {"VM002", "VM003"} <= before
    for name, host in (("VM003", "hv1"), ("VM001", "hv2")):
        site.lab("move", name, host)
    until(lambda: not site.running(), within=180, what="both moves end")
    found = drift(site)
    assert found.returncode == 2, found.stderr
    assert "2 drifts: 2 placed elsewhere" in found.stdout.splitlines()[0]
    movers = {each["subject"]: each["mover"] for each in reported(site)["drifts"]}
    assert {name: mover["who"] for name, mover in movers.items()} == dict.fromkeys(
        ("VM001", "VM003"), "LAB\\operator"
    )
    assert all(mover["when"] and not mover["ours"] for mover in movers.values())

    path = site.file("stacks/lab.yaml")
    old = path.read_text(encoding="utf-8")
    assert drift(site, "--accept", "VM001").returncode == 0
    lines = difflib.ndiff(old.splitlines(), path.read_text(encoding="utf-8").splitlines())
    changed = [line for line in lines if line[0] in "+-"]
    assert [line[0] for line in changed] == ["-", "+"]
    assert changed[1] == changed[0].replace("hv1", "hv2", 1).replace("-", "+", 1)
    assert site.up().returncode == 0
    assert drift(site).returncode == 0

    path.write_text(
        path.read_text(encoding="utf-8").replace("VM003: {host: hv2}", "VM003: {host: hv1}"), encoding="utf-8"
    )
    (ours,) = reported(site)["drifts"]
    assert (ours["subject"], ours["mover"]["ours"]) == ("VM003", True)
    past_is_recorded(site)
    path.write_text(
        path.read_text(encoding="utf-8").replace("VM003: {host: hv1}", "VM003: {host: hv2}"), encoding="utf-8"
    )

    site.lab("fault", "add", "host-down", "--host", "hv3")
    silent = drift(site)
    assert silent.returncode == 4
    assert "unknown: hv3" in silent.stdout.splitlines()[0]
    assert "missing" not in silent.stdout

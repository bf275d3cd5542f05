"""A run that is killed while the destination prepares, found and finished by the next one on another runner."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import Run, Site, until

pytestmark = pytest.mark.e2e


def killed(run: Run) -> None:
    """Kill the engine and its plugin, as a machine that goes down does: nobody has a last word."""
    plugins = run.plugins()
    assert plugins
    run.process.send_signal(signal.SIGKILL)
    for plugin in plugins:
        plugin.kill()
    _, alive = psutil.wait_procs(plugins, timeout=10)
    assert alive == []


def audited(site: Site, name: str) -> list[dict[str, Any]]:
    """Return the audit log's lines of a machine."""
    path = site.file(".pulumi/audit/lab.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [entry for line in lines if (entry := json.loads(line)).get("vm") == name]


def recovered(site: Site) -> subprocess.CompletedProcess[str]:
    """Type what the page says after a kill."""
    return site.workspace.run(
        "placement", "recover", "lab", check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def jobs(site: Site, name: str) -> list[str]:
    """Return the states of a machine's jobs."""
    return [job["state"] for job in site.status()["jobs"] if job["vm"] == name]


@pytest.mark.all
def test_staging_and_a_move_that_were_cut_are_finished_by_the_next_run(site: Site) -> None:
    """One `up` after the documented commands: staged into what was left, and the other move's end is in the log.

    The first kill comes between `staging` and `staged`; the runner after it knows nothing of the run before.
    """
    path = site.file("stacks/lab.yaml")
    declared = path.read_text(encoding="utf-8")
    staged = declared.replace("VM003: {host: hv2}", "VM003: {host: hv2, migration: {check: staged}}")
    path.write_text(staged, encoding="utf-8")
    site.lab("fault", "add", "stall", "--vm", "VM003")
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: site.running("VM003"), within=180, what="the planned machine of VM003 is made")
    until(lambda: not [job for job in site.running() if job["vm"] != "VM003"], within=180, what="others end")
    assert [entry["event"] for entry in audited(site, "VM003")] == ["staging"]
    killed(run)
    site.lab("fault", "clear")
    until(lambda: not site.running(), within=180, what="the host ends what it was told")
    assert jobs(site, "VM003") == ["Completed"]
    shutil.rmtree(site.file(".pulumi/audit"))

    done = recovered(site)
    assert (done.returncode, "is ready on hv2, which the next run moves into" in done.stdout) == (0, True), (
        done.stdout
    )
    again = site.up()
    assert again.returncode == 0, again.stdout
    assert site.hosts()["VM003"] == "hv2"
    assert [entry["event"] for entry in audited(site, "VM003")] == ["stage found", "start", "end"]
    assert site.in_order()

    path.write_text(declared.replace("VM001: {host: hv1", "VM001: {host: hv3"), encoding="utf-8")
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: site.running("VM001"), within=180, what="VM001 moves")
    killed(run)
    until(lambda: site.hosts()["VM001"] == "hv3", within=180, what="the host finishes the move")
    done = recovered(site)
    assert (done.returncode, "moved: VM001: hv1 -> hv3" in done.stdout) == (0, True), done.stdout
    last = site.up()
    assert last.returncode == 0, last.stdout
    ends = [(entry["event"], entry["result"]) for entry in audited(site, "VM001")]
    assert ends == [("start", ""), ("found", "moved")]
    assert site.in_order()
    assert [entry["event"] for entry in audited(site, "VM001")] == ["start", "found"]
    assert site.status()["violations"] == []

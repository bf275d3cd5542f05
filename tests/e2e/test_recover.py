"""A run that is killed, and `bin/placement recover`: it says what became of each machine, moves nothing, and the next `up` ends in order."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

import psutil
import pytest

from tests.answers import checked
from tests.documents import blocks
from tests.e2e.conftest import Run, Site, until
from tools.workspace import PROJECT

pytestmark = pytest.mark.e2e

PAGE = PROJECT / "docs" / "when-something-goes-wrong.md"


def recover(site: Site, *words: str) -> tuple[int, dict[str, Any]]:
    """Recover the stack; return the exit code and what was said."""
    done = site.workspace.run(
        "placement", "recover", "lab", "--json", *words, check=False, capture_output=True
    )
    return done.returncode, checked("recover", done.stdout) if done.stdout else {"error": done.stderr}


def killed(run: Run) -> None:
    """Kill the engine and its plugin, as a machine that goes down does."""
    plugins = run.plugins()
    run.process.send_signal(signal.SIGKILL)
    for plugin in plugins:
        plugin.kill()
    psutil.wait_procs(plugins, timeout=10)


def typed(site: Site, text: str) -> subprocess.CompletedProcess[str]:
    """Type a block of the page."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=site.workspace.folder, env=site.workspace.environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=300, check=False,
    )  # fmt: skip


def starts(site: Site) -> int:
    """Return how many moves were ordered; a host forgets a job some minutes after its end."""
    lines = site.file(".pulumi/audit/lab.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)["event"] == "start" for line in lines)


def became(found: dict[str, Any]) -> dict[str, str]:
    """Return what became of each machine."""
    return {each["name"]: each["became"] for each in found["machines"]}


def pending(site: Site) -> list[str]:
    """Return what the state says was begun and not finished."""
    state = json.loads(site.pulumi("stack", "export").stdout)
    return [each["type"] for each in state["deployment"].get("pending_operations") or []]


def test_a_killed_run_is_recovered(site: Site) -> None:
    """A move that goes on is waited for, or not; its end is in the log, the state has nothing pending, one `up` does the rest."""
    assert recover(site)[0] == 0
    site.lab("fault", "clear")
    site.lab("fault", "add", "stall", "--vm", "VM003", "--after", "40")
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: site.running("VM003"), within=180, what="VM003 moves")
    code, found = recover(site)
    assert (code, found["lock"]["state"]) == (2, "held")
    killed(run)
    ordered = starts(site)

    code, found = recover(site)
    assert (code, found["lock"]["state"], became(found)["VM003"]) == (2, "free", "goes on")
    assert found["lock"]["removed"]
    assert found["pending"]
    assert pending(site) == []
    site.lab("fault", "clear")
    code, found = recover(site, "--wait")
    assert (code, became(found)["VM003"]) == (0, "moved")
    code, found = recover(site)
    assert (code, found["interrupted"]) == (0, False)
    assert starts(site) == ordered

    [page] = [block.text for block in blocks(PAGE) if "placement recover" in block.text]
    done = typed(site, page)
    assert done.returncode == 0, done.stdout
    assert site.status()["violations"] == []

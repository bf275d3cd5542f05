"""The demo, as `make demo` runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tools.workspace import Workspace

from .conftest import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.one_form("the demo makes its own stack")]


def start(workspace: Workspace, log: Path) -> subprocess.Popen[bytes]:
    """Start the demo of the copy in a process group of its own."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tools.demo"], cwd=workspace.folder, env=workspace.environment, stdout=output,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip


def test_it_shows_what_it_promises_and_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    """The placement is reached, drift is found and repaired, and the copy it worked in is gone."""
    log = tmp_path / "demo.log"
    process = start(workspace, log)
    assert process.wait(timeout=200) == 0, log.read_text(encoding="utf-8")[-3000:]
    text = log.read_text(encoding="utf-8")
    assert "VM003: is on hv1, goes to hv2" in text
    assert "Done: the declared placement is reached" in text
    assert not (workspace.folder / ".lab" / "demo").exists()
    assert not (workspace.folder / ".pulumi").exists()


@pytest.mark.all
def test_ctrl_c_cleans_up(workspace: Workspace, tmp_path: Path) -> None:
    """In the middle of a move: the demo's lab is stopped, its folder removed, nothing lives on."""
    log = tmp_path / "demo.log"
    process = start(workspace, log)
    until(lambda: "migrating" in log.read_text(encoding="utf-8"), within=180, what="the demo moves a machine")
    below = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert psutil.wait_procs(below, timeout=10)[1] == []
    assert not (workspace.folder / ".lab" / "demo").exists()
    running = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
    assert not [words for words in running if str(workspace.folder) in words]

"""A run that was killed, and the next one: how soon after the start of its plugin it follows the job that still runs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from tools.workspace import stop_session

from .figure import Figure, listed, ratio
from .site import PATIENCE, STACK, Site, Sites, plugins, run

RUNS = 5
MOVER = "VM001"
UP = ("up", "--yes", "--skip-preview")
PROMISED_S, PREVIEW_S = 5.0, 3.0
"""What is promised on a machine that does nothing else, and how long a preview of these three hosts takes there."""
_EVERY = 0.05
"""Seconds between two looks."""


def measure(sites: Sites) -> list[Figure]:
    """Stall a move at its half, kill the engine, and run again; the next runs are killed as soon as they follow it.

    After each of them a preview of the same stack, so that a machine that is busy for a while slows both.
    """
    site = sites.small()
    site.adopt()
    content = site.declared()
    here = content["vms"][MOVER]["host"]
    content["vms"][MOVER]["host"] = next(name for name in content["hosts"] if name != here)
    site.declare(content)
    run(site.workspace, "lab", "fault", "add", "stall", "--vm", MOVER, "--after", "50")
    log = site.workspace.folder / ".pulumi" / "audit" / f"{STACK}.jsonl"
    _killed(site, _more(log, "start"))
    seconds, whole = [], []
    for _ in range(RUNS):
        seconds.append(_killed(site, _more(log, "adopted")))
        whole.append(_previewed(site))
    run(site.workspace, "lab", "fault", "clear")
    run(site.workspace, "pulumi", *UP, "--suppress-outputs")
    return [
        Figure(
            name="after kill -9: from the plugin's start until the running job is followed", unit="times a preview of the stack",
            result=ratio(seconds, whole), at_most=PROMISED_S / PREVIEW_S,
            notes=(f"{listed(seconds, 's')} beside {listed(whole, 's')}",),
        ),
        Figure(
            name="after kill -9: from the plugin's start until the running job is followed, in seconds", unit="s",
            result=median(seconds),
        ),
    ]  # fmt: skip


def _killed(site: Site, seen: Callable[[], Any]) -> float:
    """Start a run, wait for what is to be seen of it, and kill its engine; return the seconds since its plugin was started."""
    workspace = site.workspace
    with subprocess.Popen(
        workspace.command("pulumi", *UP), cwd=workspace.folder, env={**workspace.environment, "PULUMI_STACK": STACK},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            born = min(each.create_time() for each in _until(lambda: plugins(workspace.folder), process))
            _until(seen, process)
            taken: float = time.time() - born
            left = plugins(workspace.folder)
        finally:
            process.kill()  # bin/pulumi has become the engine; what is below it notices and leaves
    psutil.wait_procs(left, timeout=PATIENCE)
    stop_session(process.pid)
    run(workspace, "placement", "unlock")
    return taken


def _previewed(site: Site) -> float:
    """Run a preview to its end; return the seconds since its plugin was started."""
    workspace = site.workspace
    with subprocess.Popen(
        workspace.command("pulumi", "preview", "--suppress-outputs"), cwd=workspace.folder,
        env={**workspace.environment, "PULUMI_STACK": STACK},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        born = min(each.create_time() for each in _until(lambda: plugins(workspace.folder), process))
        code = process.wait(PATIENCE)
    taken: float = time.time() - born
    if code != 0:
        raise RuntimeError(f"the preview ended with {code}")
    return taken


def _more(log: Path, event: str) -> Callable[[], bool]:
    """Return a condition: the audit log has one more line of an event than now."""
    known = _noted(log, event)
    return lambda: _noted(log, event) > known


def _noted(log: Path, event: str) -> int:
    """Return how many lines of the audit log are of an event."""
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return 0
    return sum(1 for line in lines if json.loads(line).get("event") == event)


def _until(look: Callable[[], Any], process: subprocess.Popen[bytes]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError("the run ended before what was waited for")
        time.sleep(_EVERY)
    return found

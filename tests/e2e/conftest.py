"""Whole runs: the real engine, our plugin, and the lab on real sockets, in a copy of the project."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e import forms
from tools.workspace import Workspace, stop_session

QUICK = "6"
"""Speed of the lab in tests: a move takes about a second."""


NO_PROXY = "http://127.0.0.1:9"
"""Nobody listens there: hosts, engine and plugin must be dialled directly whatever the environment says."""


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """Undo what a shell does to its background jobs: they ignore SIGINT, and so would all that is started here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Run:
    """A `bin/pulumi` that runs in the background, as in a terminal of its own."""

    def __init__(self, workspace: Workspace, *words: str) -> None:
        """Start it, its output going to a file."""
        self.log = workspace.folder / "run.log"
        with self.log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                workspace.command("pulumi", *words), cwd=workspace.folder, env=workspace.environment,
                stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def interrupt(self) -> None:
        """Press Ctrl-C: the whole foreground group gets the signal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def plugins(self) -> list[psutil.Process]:
        """Return our plugin processes below this run."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "hyperv_placement.plugin" in " ".join(_words(child))]

    def ended(self, within: float) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(timeout=within)

    def text(self) -> str:
        """Return what it printed so far."""
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> None:
        """Leave nothing behind, whether it runs or was killed."""
        stop_session(self.process.pid)
        self.process.wait()


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def until(condition: Callable[[], Any], *, within: float, what: str) -> Any:
    """Return the first true value of `condition`, asked ten times a second; fail after `within` seconds."""
    waiting = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > waiting:
            pytest.fail(f"not within {within:g} s: {what}")
        _pause.wait(0.1)
    return value


_pause = threading.Event()


class Site:
    """A workspace whose lab runs, with the questions that tests ask."""

    def __init__(self, workspace: Workspace) -> None:
        """Wrap a workspace."""
        self.workspace = workspace
        self.runs: list[Run] = []

    def pulumi(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `bin/pulumi` to its end; output and errors together in `stdout`."""
        return self.workspace.run(
            "pulumi", *words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip

    def up(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `bin/pulumi up --yes`."""
        return self.pulumi("up", "--yes", "--skip-preview", *words)

    def in_order(self) -> bool:
        """Say whether a preview finds nothing to do."""
        return self.pulumi("preview", "--expect-no-changes").returncode == 0

    def watched(self, *words: str) -> tuple[Run, set[str]]:
        """Run `bin/pulumi` to its end, and return with it every command line that was seen on the machine meanwhile."""
        run, seen = self.start(*words), set[str]()

        def gather() -> bool:
            for process in psutil.process_iter(["cmdline"]):
                seen.add(" ".join(process.info["cmdline"] or ()))
            return run.process.poll() is not None

        until(gather, within=300, what="the run ends")
        return run, seen

    def holders(self, secret: str) -> set[str]:
        """Return the files of the project that contain a secret, as paths within it."""
        folder = self.workspace.folder
        return {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and not path.is_symlink() and ".venv" not in path.parts
            and path.stat().st_size < 1 << 20 and secret in path.read_text(encoding="utf-8", errors="replace")
        }  # fmt: skip

    def start(self, *words: str) -> Run:
        """Start `bin/pulumi` in the background."""
        run = Run(self.workspace, *words)
        self.runs.append(run)
        return run

    def lab(self, *words: str) -> str:
        """Run `bin/lab` and return what it printed."""
        return self.workspace.run("lab", *words, stdout=subprocess.PIPE).stdout

    def status(self) -> dict[str, Any]:
        """Return the lab's account of the estate."""
        return self.workspace.status()

    def hosts(self) -> dict[str, str]:
        """Return machine -> host."""
        return {name: vm["host"] for name, vm in self.status()["vms"].items()}

    def running(self, vm: str | None = None) -> list[dict[str, Any]]:
        """Return the running migration jobs, of one machine or of all."""
        jobs = [job for job in self.status()["jobs"] if job["state"] in {"New", "Starting", "Running"}]
        return [job for job in jobs if vm in (None, job["vm"])]

    def moved(self, vm: str) -> list[dict[str, Any]]:
        """Return every migration of a machine that a host has accepted, by the lab's log: hosts forget their jobs."""
        lines = map(json.loads, self.file(".lab/lab.log").read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["event"] == "start" and line["vm"] == vm]

    def file(self, name: str) -> Path:
        """Return a file of the copy."""
        return self.workspace.folder / name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have every whole run in both its forms, unless it says why not."""
    here = Path(__file__).parent
    left = forms.superfluous([item for item in items if here in item.path.parents])
    items[:] = [item for item in items if item not in left]


@pytest.fixture(params=[forms.FIRST, forms.ADOPTED])
def history(request: pytest.FixtureRequest) -> Callable[..., None]:
    """What happened to the stack before: nothing, or an `up` that took every machine in where it is."""
    return forms.adopting(request.param)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A copy of the project; its lab and its runs are stopped afterwards."""
    copy = Workspace(tmp_path / "project", keep={"HTTP_PROXY": NO_PROXY, "HTTPS_PROXY": NO_PROXY})
    yield copy
    copy.close()


@pytest.fixture
def site(workspace: Workspace, history: Callable[..., None]) -> Iterator[Site]:
    """The default lab, quick, and the stack `lab` that ships with the project."""
    workspace.run("lab", "up", "--ports", "auto", "--speed", QUICK, stdout=subprocess.DEVNULL)
    workspace.point_at_lab()
    here = Site(workspace)
    history(here)
    yield here
    for run in here.runs:
        run.stop()

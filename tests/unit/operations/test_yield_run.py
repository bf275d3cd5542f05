"""Asking the run of a stack to give it free: who held it, that it is free, and what is said where nobody answers."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperv_placement.clock import Clock
from hyperv_placement.operations.yield_run import Yielded, YieldError, Yielding
from hyperv_placement.workspace.yielding import TAG
from tests.clocks import FastClock
from tests.unit.workspace.test_holds import ENGINE
from tests.unit.workspace.test_locks import ended_process, write_lock

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a script is run under its own name")
PULUMI = "#!/bin/sh\nwhile :; do sleep 0.05; done\n"


class Brisk(FastClock):
    """Waits a moment, and counts it as the seconds that were asked for."""

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait a moment."""
        return super().wait(seconds) or (until or threading.Event()).wait(0.02)


class Project:
    """A project whose engine keeps tags in a file, and in the folder of its state."""

    def __init__(self, folder: Path, url: str) -> None:
        """No run, and no tag but the engine's own."""
        self.folder, self.url = folder, url
        (folder / "bin").mkdir()
        (folder / "bin" / "pulumi").write_text(ENGINE, encoding="utf-8")
        (folder / "Pulumi.yaml").write_text("name: placement\nruntime: python\n", encoding="utf-8")
        self.tags_file = folder / "tags"
        self.tags_file.write_text('{"pulumi:project": "placement"}', encoding="utf-8")
        kept = folder / ".pulumi" / "stacks" / "placement"
        kept.mkdir(parents=True)
        (kept / "lab.pulumi-tags").write_text('{"version": 1, "tags": {}}', encoding="utf-8")

    def tags(self) -> dict[str, str]:
        """Return the tags."""
        return dict(json.loads(self.tags_file.read_text(encoding="utf-8")))

    def asked(
        self, *, clock: Clock | None = None, wait: bool = True, said: list[str] | None = None
    ) -> Yielded:
        """Ask the run to yield."""
        heard = [] if said is None else said
        return Yielding(
            stack="lab", project=self.folder, clock=clock or Brisk(), environ={"PULUMI_BACKEND_URL": self.url},
            say=heard.append,
        ).run("firmware", wait=wait)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One whose state is in its folder."""
    return Project(tmp_path, tmp_path.as_uri())


@pytest.fixture
def holder(tmp_path: Path, project: Project) -> Iterator[Path]:
    """A process that is called `pulumi` and holds the lock of the stack."""
    script = tmp_path / "run" / "pulumi"
    script.parent.mkdir()
    script.write_text(PULUMI, encoding="utf-8")
    script.chmod(0o700)
    with subprocess.Popen([script]) as process:
        yield write_lock(project.folder / ".pulumi", "lab", process.pid)
        process.kill()


def once(condition: Callable[[], bool], then: Callable[[], object]) -> threading.Thread:
    """Do something in a thread of its own as soon as a condition holds."""

    def watch() -> None:
        pause = threading.Event()
        for _ in range(500):
            if condition():
                then()
                return
            pause.wait(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_where_nobody_runs_there_is_nobody_to_yield(project: Project) -> None:
    """And no request is left for a later run."""
    done = project.asked()
    assert (done.free, done.known, done.holder) == (True, True, "")
    assert TAG not in project.tags()


def test_who_held_it_is_said_once_it_is_free(project: Project, holder: Path) -> None:
    """The request is gone with the lock."""
    said = list[str]()
    waiter = once(lambda: TAG in project.tags(), holder.unlink)
    done = project.asked(said=said)
    waiter.join()
    assert done.free
    assert done.holder.startswith("process ")
    assert "waiting until its lock is free" in said[0]


def test_a_request_may_be_left_without_waiting(project: Project, holder: Path) -> None:
    """It names who is asked, why, and by whom."""
    assert holder.exists()
    done = project.asked(wait=False)
    assert not done.free
    request = json.loads(project.tags()[TAG])
    assert request["reason"] == "firmware"
    assert "@" in request["by"]


def test_a_run_that_does_not_yield_is_an_error(project: Project, holder: Path) -> None:
    """As one that waits for an answer of a person."""
    assert holder.exists()
    with pytest.raises(YieldError, match=r"still locked by process \d+ of .* 90 s after"):
        project.asked()


def test_a_holder_that_is_gone_cannot_yield(project: Project) -> None:
    """Its lock is for `recover` to take away."""
    write_lock(project.folder / ".pulumi", "lab", ended_process())
    with pytest.raises(YieldError, match=r"which is gone.*recover"):
        project.asked()


def test_elsewhere_a_run_answers_by_taking_the_request_away(tmp_path: Path) -> None:
    """Where the engine alone sees locks; no answer is not taken for no run."""
    project = Project(tmp_path, "s3://bucket")
    waiter = once(lambda: TAG in project.tags(), lambda: project.tags_file.write_text("{}", encoding="utf-8"))
    done = project.asked()
    waiter.join()
    assert (done.free, done.known) == (True, True)
    silent = project.asked()
    assert (silent.free, silent.known) == (False, False)
    assert TAG not in project.tags()

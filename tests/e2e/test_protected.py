"""Machines that must be left alone are, each with a line, while the others move."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.workspace import Workspace

from .conftest import Site

pytestmark = pytest.mark.e2e
ESTATE = Path(__file__).parent / "estates" / "protected.yaml"
REASONS = {
    "REPLICATED": "REPLICATED is replicated",
    "SECURED": "SECURED has a virtual TPM",
    "DIFFERENCING": "is a differencing disk of",
    "CLUSTERED": "CLUSTERED is a role of a failover cluster",
    "TWIN": "TWIN exists more than once",
    "COPY": "COPY exists more than once",
}


@pytest.fixture
def guarded(workspace: Workspace, history: Callable[..., None]) -> Iterator[Site]:
    """That estate, and a stack that wants every machine on hv2."""
    workspace.run(
        "lab", "up", "--ports", "auto", "--estate", str(ESTATE), "--write-stack", "stacks/lab.yaml",
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    path = workspace.folder / "stacks" / "lab.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("host: hv1", "host: hv2").replace("host: hv3", "host: hv2"), encoding="utf-8"
    )
    here = Site(workspace)
    history(here)
    yield here
    for run in here.runs:
        run.stop()


@pytest.mark.all
def test_each_is_left_alone_with_a_line_while_the_other_moves(guarded: Site) -> None:
    """The run ends non-zero, the hosts were never asked, and what somebody else moves is theirs."""
    guarded.lab("fault", "add", "stall", "--vm", "TAKEN")  # so that the person's move outlasts the run
    guarded.lab("move", "TAKEN", "hv3", "--no-wait")
    before = guarded.hosts()
    preview = guarded.pulumi("preview")
    for reason in REASONS.values():
        assert reason in preview.stdout
    run = guarded.up()
    assert run.returncode != 0
    for reason in REASONS.values():
        assert any(reason in line for line in run.stdout.splitlines())
    assert "TAKEN is being moved" in run.stdout
    assert "LAB\\operator" in run.stdout
    after = guarded.hosts()
    assert (after["FREE"], after["CHECKED"]) == ("hv2", "hv2")
    assert {name: after[name] for name in REASONS} == {name: before[name] for name in REASONS}
    assert {job["vm"] for job in guarded.status()["jobs"]} == {"CHECKED", "FREE", "TAKEN"}
    declared = "is realized on 2 hosts (hv1, hv3)"  # the estate says so itself
    assert [v for v in guarded.status()["violations"] if declared not in v["what"]] == []

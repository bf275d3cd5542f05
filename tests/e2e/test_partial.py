"""Runs of which a part cannot be made, with the real engine: who has no order stays and fails the run, the others move."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tools.workspace import Workspace

from .conftest import Site
from .test_order import declare, placed

pytestmark = pytest.mark.e2e
ESTATE = {
    "hosts": {"hv1": {"memory": "16 GiB"}, "hv2": {"memory": "16 GiB"}, "hv3": {"memory": "8 GiB"}, "hv4": {"memory": "8 GiB"}},
    "vms": {
        "LEFT": {"host": "hv1", "memory": "10 GiB"},
        "RIGHT": {"host": "hv2", "memory": "9 GiB"},
        "NEXT": {"host": "hv3", "memory": "4 GiB"},
    },
}  # fmt: skip
AS_IS = {"LEFT": "hv1", "RIGHT": "hv2", "NEXT": "hv3"}
ENDS = {"LEFT": "hv2", "RIGHT": "hv1", "NEXT": "hv4"}


@pytest.fixture
def tight(workspace: Workspace, history: Callable[..., None]) -> Iterator[Site]:
    """Two machines that shall change places and can stand nowhere meanwhile, and one that has room where it goes."""
    here = placed(workspace, ESTATE, "--speed", "12")
    declare(here, ENDS)
    history(here)
    yield here
    for run in here.runs:
        run.stop()


def started(site: Site) -> list[str]:
    """Return the machines whose moves hosts were asked for."""
    log = [json.loads(line) for line in site.lab("log", "--json").splitlines()]
    return [each["vm"] for each in log if each["event"] == "start"]


def asked(site: Site, *words: str) -> int:
    """Return the exit code of a command."""
    return site.workspace.run("placement", *words, check=False, stdout=subprocess.PIPE).returncode


def test_a_swap_without_an_order_fails_the_run_and_stops_nobody_else(tight: Site) -> None:
    """The preview warns, with the proof once; the run moves the third machine and ends with an error for each of the two.

    The next run says the same, and orders nothing.
    """
    preview = tight.pulumi("preview")
    assert preview.returncode == 0, preview.stdout
    told = preview.stdout.partition("Diagnostics:")[2]  # before it the live tree shows each line as it comes
    assert told.count("No order is safe (every order was tried)") == 1, preview.stdout
    assert "2 machines stay where they are (LEFT, RIGHT)" in preview.stdout
    assert asked(tight, "plan", "lab") == 1
    for _ in ("the run", "the next one"):
        run = tight.up()
        assert run.returncode != 0
        for why in ("LEFT (hv1 to hv2) lacks", "RIGHT (hv2 to hv1) lacks"):
            assert f"* {why}" in run.stdout or f"error: {why}" in run.stdout, run.stdout
        assert tight.hosts() == {**AS_IS, "NEXT": "hv4"}
        assert started(tight) == ["NEXT"]
    assert asked(tight, "result", "lab") == asked(tight, "drift", "lab") == 2


@pytest.mark.all
def test_all_or_nothing_moves_nothing(tight: Site) -> None:
    """The guard's word: the run ends with the proof before anything is registered."""
    path = tight.file("stacks/lab.yaml")
    path.write_text(path.read_text(encoding="utf-8") + "guard: {all_or_nothing: true}\n", encoding="utf-8")
    run = tight.up()
    assert run.returncode != 0
    assert "Nothing was moved (guard.all_or_nothing)" in run.stdout
    assert tight.hosts() == AS_IS
    assert started(tight) == []


def test_a_run_of_one_machine_says_nothing_of_the_others(tight: Site) -> None:
    """With `--target` the swap is no part of the run: it ends well, and headline and outputs are of the one machine."""
    run = tight.up("--target", "**NEXT")
    assert run.returncode == 0, run.stdout
    assert "No order is safe" not in run.stdout
    assert tight.hosts() == {**AS_IS, "NEXT": "hv4"}

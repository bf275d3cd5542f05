"""The guard through the real engine: refused as a whole, allowed once, and stopped by a cause that repeats itself."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.workspace import Workspace

from .conftest import Site

pytestmark = pytest.mark.e2e
ESTATE = Path(__file__).parent / "estates" / "protected.yaml"
MOVERS = ("FREE", "CHECKED", "TAKEN")
GUARD = """
guard:
  max_moves: 1
  max_failures: 1
  freeze: [{from: 2020-01-01T00:00Z, until: 2120-01-01T00:00Z}]
"""


@pytest.fixture
def guarded(workspace: Workspace, history: Callable[..., None]) -> Site:
    """An estate in which three machines can move, and a stack that wants them on hv2 and lets none of them."""
    workspace.run(
        "lab", "up", "--ports", "auto", "--estate", str(ESTATE), "--write-stack", "stacks/lab.yaml",
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    path = workspace.folder / "stacks" / "lab.yaml"
    kept, labels = path.read_text(encoding="utf-8").split("vms:")
    lines = [line for line in labels.splitlines() if line.strip().startswith(tuple(f"{n}:" for n in MOVERS))]
    vms = "\n".join(lines).replace("host: hv1", "host: hv2").replace("host: hv3", "host: hv2")
    path.write_text(f"{kept}vms:\n{vms}\n{GUARD}", encoding="utf-8")
    here = Site(workspace)
    history(here)
    return here


def test_a_run_over_its_limits_refuses_and_goes_on_once_it_is_allowed(guarded: Site) -> None:
    """Every limit is told at once; the variable reaches program and plugin; after one failure nothing starts.

    One machine alone is within the limit of moves, though three are elsewhere.
    """
    for name in MOVERS:
        guarded.lab("fault", "add", "migration-fails", "--vm", name)
    preview = guarded.pulumi("preview")
    assert preview.returncode != 0
    assert re.search(r"3 moves planned \(.+\), guard\.max_moves of lab\.yaml allows 1", preview.stdout)
    assert "guard.freeze of lab.yaml lets nothing start until 2120-01-01 00:00+00:00" in preview.stdout
    assert "PLACEMENT_ALLOW=max_moves,freeze bin/pulumi up" in preview.stdout
    guarded.workspace.environment["PLACEMENT_ALLOW"] = "max_moves,freeze"
    run = guarded.up()
    assert run.returncode != 0
    assert "failed with 0x8009030E (first: " in run.stdout
    assert "PLACEMENT_ALLOW=max_moves,freeze,max_failures bin/pulumi up" in run.stdout

    guarded.lab("fault", "clear")
    guarded.workspace.environment["PLACEMENT_ALLOW"] = "freeze"
    alone = guarded.up("--target", "**::FREE")
    assert alone.returncode == 0, alone.stdout
    assert guarded.hosts()["FREE"] == "hv2"
    assert guarded.hosts()["TAKEN"] != "hv2"  # no part of the run, and no move of it counted

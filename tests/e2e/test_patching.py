"""The page "Patch a group of hosts", typed as it stands there: six hosts, each emptied once, by whole runs."""

from __future__ import annotations

import subprocess

import pytest

from tests.documents import blocks
from tools.workspace import PROJECT, Workspace

from .conftest import QUICK, Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.one_form("the page begins without a stack")]
HOSTS = tuple(f"hv{number}" for number in range(1, 7))


@pytest.mark.timeout(900)  # nine runs and some thirty commands of one lab
def test_every_block_of_the_page_does_what_it_says(workspace: Workspace) -> None:
    """Each host gets empty once, everybody is back in the end, N + 1 holds throughout, and a hold is shown and lifted."""
    workspace.run(
        "lab", "up", "--ports", "auto", "--speed", QUICK, "--hosts", "6", "--vms", "12", "--write-stack", "stacks/group.yaml",
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    workspace.point_at_lab("group")
    site = Site(workspace)
    before = site.hosts()
    said: dict[str, str] = {}
    for block in blocks(PROJECT / "docs" / "patch-a-group-of-hosts.md"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text], cwd=workspace.folder, env=workspace.environment, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip
        assert done.returncode == block.code, f"{block.text}\nended with {done.returncode}:\n{done.stdout}"
        said[block.text] = done.stdout
        if "drain hv1" in block.text:
            assert "hv1" not in site.hosts().values(), done.stdout
    assert (site.hosts(), site.status()["violations"]) == (before, [])
    [sequence] = [text for block, text in said.items() if "--rolling" in block]
    assert "6 hosts emptied one after the other" in sequence
    assert "n_plus_1" not in sequence
    [loop] = [text for block, text in said.items() if block.startswith("before=")]
    assert "no drift, 12 machines on 6 hosts as declared" in loop
    assert "does not hold" not in "".join(said.values())
    [held] = [text for block, text in said.items() if "placement hold" in block]
    assert "hv3 is held until 2099-12-31: its memory is being looked at, by " in held
    assert all(each in sequence for each in HOSTS)

"""The page "Patch a group of hosts", typed as it stands there: six hosts, each emptied once, by whole runs."""

from __future__ import annotations

import subprocess
from itertools import pairwise

import pytest

from tests.documents import Block, blocks
from tools.workspace import PROJECT, Workspace

from .conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.one_form("the page begins without a stack")]
HOSTS = tuple(f"hv{number}" for number in range(1, 7))


SPEED = "60"
"""A move takes a tenth of a second: the engine's own time is what this test costs."""


def typed(workspace: Workspace, block: Block) -> subprocess.CompletedProcess[str]:
    """Type a block; output and errors together in `stdout`."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text], cwd=workspace.folder, env=workspace.environment, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip


def failed(site: Site, block: Block, asking: Block, mending: Block, before: dict[str, str]) -> str:
    """Type a step of which one move fails, and then what the page says to type at three in the morning; return what was said."""
    stays = next(name for name, host in before.items() if host == "hv2")
    site.lab("fault", "add", "migration-fails", "--vm", stays, "--times", "always")
    step = typed(site.workspace, block)
    assert step.returncode != 0, step.stdout
    assert site.hosts()[stays] == "hv2"
    site.lab("fault", "clear")
    asked = typed(site.workspace, asking)
    assert asked.returncode == asking.code, asked.stdout
    assert f"{stays} (on hv2)" in asked.stdout
    mended = typed(site.workspace, mending)
    assert mended.returncode == 0, mended.stdout
    assert "hv2" not in site.hosts().values()
    return step.stdout + mended.stdout


@pytest.mark.timeout(900)  # ten runs and some thirty commands of one lab
@pytest.mark.all
def test_every_block_of_the_page_does_what_it_says(workspace: Workspace) -> None:
    """Each host gets empty once, everybody is back in the end, N + 1 holds throughout, a step that fails is mended, a hold is shown and lifted."""
    workspace.run(
        "lab", "up", "--ports", "auto", "--speed", SPEED, "--hosts", "6", "--vms", "12", "--write-stack", "stacks/group.yaml",
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    workspace.point_at_lab("group")
    site = Site(workspace)
    before = site.hosts()
    said: dict[str, str] = {}
    page = list(blocks(PROJECT / "docs" / "patch-a-group-of-hosts.md"))
    [(asking, mending)] = [
        (each, after) for each, after in pairwise(page) if each.text.startswith("bin/placement result group")
    ]
    for block in page:
        if "drain hv2" in block.text:
            said[block.text] = failed(site, block, asking, mending, before)
        elif block not in (asking, mending):
            done = typed(workspace, block)
            assert done.returncode == block.code, (
                f"{block.text}\nended with {done.returncode}:\n{done.stdout}"
            )
            said[block.text] = done.stdout
        if "drain hv1" in block.text:
            assert "hv1" not in site.hosts().values(), said[block.text]
    assert (site.hosts(), site.status()["violations"]) == (before, [])
    [sequence] = [text for block, text in said.items() if "--rolling" in block]
    assert "6 hosts emptied one after the other" in sequence
    assert "n_plus_1" not in sequence
    [loop] = [text for block, text in said.items() if block.startswith("before=")]
    assert "no drift, 12 machines on 6 hosts as declared" in loop
    assert "does not hold" not in "".join(said.values())
    [held] = [text for block, text in said.items() if "placement hold" in block]
    assert "hv3 is held until 2099-12-31 UTC: its memory is being looked at, by " in held
    assert all(each in sequence for each in HOSTS)

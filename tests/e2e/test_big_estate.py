"""Eight hosts, three hundred machines, forty moves at once."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.workspace import Workspace

from .conftest import Site, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MOVES = 40


def shifted(path: Path) -> int:
    """Let the first machines of each host go to the next host; return how many."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    moved: dict[str, int] = {}
    for number, line in enumerate(lines):
        found = re.match(r"(\s+VM\d+:.*host: )hv(\d)", line)
        if found and moved.get(found.group(2), 0) < MOVES // 8:
            here = int(found.group(2))
            moved[found.group(2)] = moved.get(found.group(2), 0) + 1
            lines[number] = re.sub(r"host: hv\d", f"host: hv{here % 8 + 1}", line, count=1)
    path.write_text("".join(lines), encoding="utf-8")
    return sum(moved.values())


@pytest.fixture
def big(workspace: Workspace) -> Iterator[Callable[..., Site]]:
    """A function that starts the estate with some limits and adopts it as stack `big`."""
    sites: list[Site] = []

    def start(*limits: str, speed: str) -> Site:
        workspace.run(
            "lab", "up", "--ports", "auto", "--hosts", "8", "--vms", "300", "--speed", speed, *limits,
            "--write-stack", "stacks/big.yaml", stdout=subprocess.DEVNULL,
        )  # fmt: skip
        site = Site(workspace)
        sites.append(site)
        assert site.pulumi("stack", "init", "big").returncode == 0
        return site

    yield start
    for site in sites:
        for run in site.runs:
            run.stop()


@pytest.mark.all
@pytest.mark.one_form("its first `up` adopts")
def test_forty_moves_at_once(big: Callable[..., Site]) -> None:
    """With limits of 16 nothing waits; the first `up` only adopted. No move ends before all have begun."""
    site = big("--migration-limit", "16", speed="8")
    adopted = site.up("--suppress-outputs")
    assert adopted.returncode == 0, adopted.stdout[-3000:]
    assert site.status()["jobs"] == []
    assert shifted(site.file("stacks/big.yaml")) == MOVES
    assert site.pulumi("preview").stdout.count("live migration with storage") >= MOVES
    site.lab("fault", "add", "stall", "--times", "always")
    run = site.start("up", "--yes", "--skip-preview", "--parallel", "64", "--suppress-outputs")
    until(lambda: site.status()["peak_jobs"] == MOVES, within=300, what="all moves are under way")
    site.lab("fault", "clear")
    assert run.ended(within=300) == 0, run.text()[-3000:]
    assert site.status()["violations"] == []
    assert site.in_order()


@pytest.mark.all
def test_the_default_limits_are_kept(big: Callable[..., Site], history: Callable[..., None]) -> None:
    """With limits of 2 the same run waits its turn, and no host ever refuses a job."""
    site = big(speed="8")
    history(site, "big")
    assert shifted(site.file("stacks/big.yaml")) == MOVES
    run = site.up("--parallel", "64", "--suppress-outputs")
    assert run.returncode == 0, run.stdout[-3000:]
    status = site.status()
    assert status["violations"] == []
    assert status["peak_jobs"] <= 8
    assert len([job for job in status["jobs"] if job["state"] == "Completed"]) <= MOVES
    assert site.in_order()

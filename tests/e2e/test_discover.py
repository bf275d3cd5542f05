"""From hosts alone to a first run that adopts: nothing is written by hand, and nothing moves."""

from __future__ import annotations

import json

import pytest

from .conftest import Site

pytestmark = pytest.mark.e2e


def test_the_first_run_after_discover_adopts_and_moves_nothing(site: Site) -> None:
    """Every machine is created in state, the lab saw no job, and the next preview has nothing to do."""
    urls = [host["https"] for host in site.status()["hosts"].values()]
    made = site.workspace.run(
        "placement", "discover", *urls, "--stack", "new", "--credentials", ".lab/credentials.yaml", "--ca", ".lab/ca.pem",
        capture_output=True,
    )  # fmt: skip
    assert "12 machines on 3 hosts" in str(made.stdout)
    assert "credentials: ../.lab/credentials.yaml" in site.file("stacks/new.yaml").read_text(encoding="utf-8")
    jobs = site.status()["jobs"]
    assert site.pulumi("stack", "init", "new").returncode == 0
    run = site.up("--stack", "new")
    assert run.returncode == 0, run.stdout
    placed = json.loads(site.pulumi("stack", "output", "placement", "--json", "--stack", "new").stdout)
    assert placed == site.hosts()
    assert site.status()["jobs"] == jobs
    assert site.pulumi("preview", "--expect-no-changes", "--stack", "new").returncode == 0

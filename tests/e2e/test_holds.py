"""Holds of the night by whole runs: what somebody holds in the shared state is left alone until it is released."""

from __future__ import annotations

import subprocess

import pytest

from .conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
HELD = {"VM003": "hv3", "VM012": "hv3"}
"""Machine -> where it is; the stack file wants the first on hv2, and the second on hv1."""


def placement(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `bin/placement`; output and errors together in `stdout`."""
    return site.workspace.run(
        "placement", *words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100
    )


@pytest.mark.one_form("the story holds before the first run, and goes on from run to run")
def test_what_is_held_stays_in_every_run_and_moves_after_the_release(site: Site) -> None:
    """A host and a machine: the run says so and ends with 0, so does the next; after `release` the machines go where they are declared."""
    words = ("--until", "2099-12-31", "--reason", "hands at it")
    early = placement(site, "hold", "hv1", *words)
    assert early.returncode == 1
    assert "bin/pulumi stack select --create lab" in early.stdout
    assert site.pulumi("stack", "select", "--create", "lab").returncode == 0
    for subject in ("hv1", "VM003"):
        done = placement(site, "hold", subject, *words)
        assert done.returncode == 0, done.stdout
    first = site.up()
    assert first.returncode == 0, first.stdout
    assert "hv1 is held until 2099-12-31 UTC: hands at it, by " in first.stdout
    assert "nothing comes to it. When that is done: bin/placement release hv1 lab" in first.stdout
    assert "VM012 stays on hv3: hv1 is held until 2099-12-31 UTC" in first.stdout
    assert "VM003 stays on hv3: VM003 is held until 2099-12-31 UTC" in first.stdout
    assert "2 held" in first.stdout
    hosts = site.hosts()
    assert {name: hosts[name] for name in HELD} == HELD
    assert (hosts["VM002"], hosts["VM010"]) == ("hv3", "hv2")  # nobody else is kept by it
    jobs = site.status()["jobs"]
    second = site.up("--expect-no-changes")
    assert second.returncode == 0, second.stdout
    assert "VM003 stays on hv3: VM003 is held" in second.stdout
    assert site.status()["jobs"] == jobs
    for subject in ("hv1", "VM003"):
        done = placement(site, "release", subject)
        assert done.returncode == 0, done.stdout
    third = site.up()
    assert third.returncode == 0, third.stdout
    assert "held" not in third.stdout
    assert {name: site.hosts()[name] for name in HELD} == {"VM003": "hv2", "VM012": "hv1"}

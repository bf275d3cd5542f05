"""The first run against hosts of every build, some of which speak Japanese."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from lab.world.builds import BUILDS
from tools.workspace import Workspace

from .conftest import QUICK, Site
from .test_whole_runs import checksums, declared

pytestmark = pytest.mark.e2e
LOCALES = {"2012R2": "ja-JP", "2025": "ja-JP"}
"""The oldest and the newest speak Japanese, the others English."""
OLDEST = "2012R2"
"""Differs most from the newest, which every other whole run has."""


@pytest.mark.parametrize(
    "release", [each if each == OLDEST else pytest.param(each, marks=pytest.mark.all) for each in BUILDS]
)
def test_every_build_ends_where_it_is_declared(
    workspace: Workspace, history: Callable[..., None], release: str
) -> None:
    """The shipped stack: every machine on an allowed host, no byte lost, no rule broken."""
    sort = ("--build", release, "--locale", LOCALES.get(release, "en-US"))
    workspace.run("lab", "up", "--ports", "auto", "--speed", QUICK, *sort, stdout=subprocess.DEVNULL)
    workspace.point_at_lab()
    site = Site(workspace)
    history(site)
    before = site.status()
    up = site.up()
    assert up.returncode == 0, up.stdout
    after = site.status()
    assert all(after["vms"][name]["host"] in hosts for name, hosts in declared(site).items())
    assert checksums(after) == checksums(before)
    assert after["violations"] == []

"""Settings of hosts as code: set by the first run, found when somebody changes them, left as they are at the end."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator

import pytest
import yaml

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.host_settings import HostConfigurator, read_migration
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import LiveMigration
from hyperv_placement.stackfile import load
from tools.workspace import Workspace

from .conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("its first `up` adopts")]


@pytest.fixture
def site(workspace: Workspace) -> Iterator[Site]:
    """Two hosts with two machines, adopted."""
    workspace.run(
        "lab", "up", "--ports", "auto", "--hosts", "2", "--vms", "2", "--write-stack", "stacks/lab.yaml",
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    here = Site(workspace)
    assert here.up().returncode == 0
    yield here
    for run in here.runs:
        run.stop()


def declare(site: Site, **sections: object) -> None:
    """Add sections to the stack file."""
    path = site.file("stacks/lab.yaml")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**content, **sections}, sort_keys=False), encoding="utf-8")


def as_somebody_else(site: Site, wanted: LiveMigration) -> HostMigration:
    """Read hv1's settings as an administrator would, and change them."""
    estate = Estate(load(site.file("stacks/lab.yaml")).hosts, clock=SystemClock())
    try:
        client = estate.client(HostName("hv1"))
        before = read_migration(client)
        HostConfigurator(client, SystemClock(), threading.Event()).apply(wanted, before)
        return before
    finally:
        estate.close()


@pytest.mark.all
def test_settings_are_set_kept_and_left(site: Site) -> None:
    """Preview shows them, up sets them before the move that needs them, drift is named, destroy touches nothing."""
    content = yaml.safe_load(site.file("stacks/lab.yaml").read_text(encoding="utf-8"))
    content["vms"]["VM001"]["host"] = "hv2"
    as_somebody_else(site, LiveMigration(enabled=False))
    declare(
        site, live_migration={"enabled": True, "live_limit": 4, "networks": "any"},
        hosts={**content["hosts"], "hv2": {**content["hosts"]["hv2"], "live_migration": {"performance": "smb"}}},
        vms=content["vms"],
    )  # fmt: skip
    run = site.up()
    assert run.returncode == 0, run.stdout
    lines = map(json.loads, site.file(".pulumi/audit/lab.jsonl").read_text(encoding="ascii").splitlines())
    noted = {line["host"]: line for line in lines if line["event"] == "host-settings"}
    assert (noted["hv1"]["before"]["enabled"], noted["hv1"]["wanted"]["enabled"]) == (False, True)
    assert site.hosts()["VM001"] == "hv2"
    assert site.in_order()

    before = as_somebody_else(site, LiveMigration(live_limit=1))
    assert (before.enabled, before.live_limit, before.performance) == (True, 4, "compression")
    preview = site.pulumi("preview", "--diff")
    assert "liveLimit" in preview.stdout
    assert site.up().returncode == 0
    assert site.in_order()

    assert site.pulumi("destroy", "--yes", "--skip-preview").returncode == 0
    assert as_somebody_else(site, LiveMigration()).live_limit == 4
    assert site.status()["violations"] == []

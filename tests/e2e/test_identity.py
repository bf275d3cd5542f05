"""Which machine a key means, through the real engine: state's GUID decides, and the preview says what `up` will."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.workspace import Workspace

from .conftest import Site
from .test_order import declare, placed

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("it is about stacks that were adopted before")]
ESTATE = {
    "hosts": {"hv1": {"memory": "64 GiB"}, "hv2": {"memory": "64 GiB"}},
    "vms": {name: {"host": "hv1"} for name in ("WEB", "DB", "APP", "KEEP")},
}
MADE_ANEW = str(uuid.UUID(int=7, version=4)).upper()


@pytest.fixture
def managed(workspace: Workspace) -> Iterator[Site]:
    """Four machines of one host, which the stack manages where they are."""
    here = placed(workspace, ESTATE, "--speed", "6")
    run = here.up()
    assert run.returncode == 0, run.stdout
    yield here
    for each in here.runs:
        each.stop()


def behind_everybodys_back(site: Site, change: Callable[[dict[str, Any]], None]) -> None:
    """Change hosts and machines as an administrator would, while nobody looks."""
    site.lab("down")
    path = site.file(".lab/world.json")
    world = json.loads(path.read_text(encoding="utf-8"))
    before = set(world["hosts"]["hv1"]["realized"])
    change(world["hosts"])
    for gone in before - set(world["hosts"]["hv1"]["realized"]):
        for file in [*site.file(".lab/hosts/hv1").rglob(f"{gone}*")]:  # named by the GUID of their machine
            file.rename(file.with_name(file.name.replace(gone, MADE_ANEW)))
    path.write_text(json.dumps(world), encoding="utf-8")
    site.lab("up", "--ports", "auto", "--speed", "6")
    site.workspace.point_at_lab()


def renamed_and_made_anew(hosts: dict[str, Any]) -> None:
    """Rename APP; rename WEB, and name another machine WEB; delete DB, and make it anew."""
    machines = hosts["hv1"]["realized"]
    by_name = {vm["name"]: vm for vm in machines.values()}
    by_name["APP"]["name"] = "APPSRV01"
    by_name["WEB"]["name"], by_name["KEEP"]["name"] = "WEB-old", "WEB"
    fresh = machines.pop(by_name["DB"]["id"])
    machines[MADE_ANEW] = {**fresh, "id": MADE_ANEW}


def command(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `bin/placement` to its end; output and errors together."""
    return site.workspace.run(
        "placement",
        *words,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )


def test_a_guid_decides_in_preview_plan_drift_and_up_alike(managed: Site) -> None:
    """Renamed machines move as usual with a word; one made anew under an old name is not moved until a line adopts it."""
    ids = {name: vm["id"] for name, vm in managed.status()["vms"].items()}
    path = managed.file("stacks/lab.yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^\s+KEEP:.*\n", "", text), encoding="utf-8")
    forgotten = managed.up()
    assert forgotten.returncode == 0, forgotten.stdout
    behind_everybodys_back(managed, renamed_and_made_anew)
    declare(managed, {"WEB": "hv2", "DB": "hv2", "APP": "hv2"})

    preview = managed.pulumi("preview")
    plan, drift = command(managed, "plan", "lab"), command(managed, "drift", "lab")
    for reported in (preview.stdout, plan.stdout, drift.stdout):
        assert f"APP: the machine {ids['APP']} is now named 'APPSRV01'" in reported, reported
        assert f"WEB: the machine {ids['WEB']} is now named 'WEB-old'" in reported, reported
        assert f"'WEB' is another machine now, {ids['KEEP']} on hv1" in reported, reported
        assert f"DB is missing: no machine with id {ids['DB']}" in reported, reported
        assert f"'DB' is another machine now, {MADE_ANEW} on hv1" in reported, reported
        assert "bin/placement adopt DB --id" in reported, reported
        assert "DB: is on hv1, goes to hv2" not in reported, reported
    assert "Machines are identified by the GUIDs of the last run, " in plan.stdout
    assert "Machines are identified by the GUIDs of the last run, " in drift.stdout

    run = managed.up()
    assert run.returncode != 0
    assert f"DB is missing: no machine with id {ids['DB']}" in run.stdout, run.stdout
    now = {vm["id"]: vm["host"] for vm in managed.status()["vms"].values()}
    assert now == {ids["APP"]: "hv2", ids["WEB"]: "hv2", ids["KEEP"]: "hv1", MADE_ANEW: "hv1"}

    adopted = command(managed, "adopt", "DB", "--id", MADE_ANEW)
    assert adopted.returncode == 0, adopted.stdout
    assert f"{MADE_ANEW} is taken over in its place" in adopted.stdout
    preview = managed.pulumi("preview", "--refresh=false")
    assert f"{ids['DB']} is on no host any more; {MADE_ANEW} is taken over in its place" in preview.stdout
    run = managed.up()
    assert run.returncode == 0, run.stdout
    assert managed.in_order()
    assert {vm["id"]: vm["host"] for vm in managed.status()["vms"].values()}[MADE_ANEW] == "hv2"
    managed.pulumi("refresh", "--yes")
    state = json.loads(managed.pulumi("stack", "export").stdout)["deployment"]["resources"]
    (db,) = [each for each in state if each["urn"].endswith("::DB")]
    assert db["id"] == db["outputs"]["vmId"] == MADE_ANEW

    def another_board(hosts: dict[str, Any]) -> None:
        hosts["hv2"]["uuid"] = str(uuid.UUID(int=8, version=4)).upper()

    behind_everybodys_back(managed, another_board)
    declare(managed, {"APP": "hv1"})
    plan = command(managed, "plan", "lab")
    assert "hv2 is another computer than in the last run" in plan.stdout, plan.stdout
    assert "APP (on hv2)" in plan.stdout
    accepted = command(managed, "accept-host", "hv2")
    assert accepted.returncode == 0, accepted.stdout
    assert "another computer" not in command(managed, "plan", "lab").stdout

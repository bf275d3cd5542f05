"""Ways back with the real engine: after maintenance, and of machines that a killed run has left where they only made room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from tools.workspace import Workspace

from .conftest import QUICK, Site, until
from .test_cut import killed
from .test_order import placed

pytestmark = pytest.mark.e2e
THREE = {
    "hosts": {name: {"memory": "64 GiB"} for name in ("hv1", "hv2", "hv3")},
    "vms": {
        "PINNED": {"host": "hv1", "memory": "4 GiB"},
        "FLOATS": {"host": "hv1", "memory": "4 GiB"},
        "LISTED": {"host": "hv1", "memory": "4 GiB"},
        "EDITED": {"host": "hv1", "memory": "4 GiB"},
        "OTHER": {"host": "hv2", "memory": "4 GiB"},
    },
}
ENTRIES: Mapping[str, dict[str, Any]] = {
    "PINNED": {"host": "hv1"},
    "FLOATS": {},
    "LISTED": {"host": ["hv1", "hv2", "hv3"]},
    "EDITED": {"host": ["hv1", "hv2", "hv3"]},
    "OTHER": {"host": "hv2"},
}


def written(site: Site, **changes: Any) -> None:
    """Change keys of the stack file; None takes one out."""
    path = site.file("stacks/lab.yaml")
    stack = {**yaml.safe_load(path.read_text(encoding="utf-8")), **changes}
    kept = {name: value for name, value in stack.items() if value is not None}
    path.write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")


def reached(site: Site, wanted: Mapping[str, str]) -> None:
    """Run `up` twice: the first comes to these hosts, the second finds nothing to do."""
    run = site.up()
    assert run.returncode == 0, run.stdout
    assert site.hosts() == wanted, run.stdout
    jobs = {job["id"] for job in site.status()["jobs"]}
    again = site.up("--expect-no-changes")
    assert again.returncode == 0, again.stdout
    assert {job["id"] for job in site.status()["jobs"]} <= jobs  # hosts forget jobs in time


@pytest.fixture
def three(workspace: Workspace, history: Callable[..., None]) -> Site:
    """A host whose machines are pinned, on a list, or without a host."""
    here = placed(workspace, THREE, "--speed", QUICK)
    written(here, vms=dict(ENTRIES))
    history(here)
    return here


def test_who_floats_goes_back_after_maintenance_unless_its_entry_has_changed(three: Site) -> None:
    """Pinned by his pin, the others to where they were; whose entry somebody has changed meanwhile stays."""
    begun = three.hosts()
    written(three, maintenance=["hv1"])
    run = three.up()
    assert run.returncode == 0, run.stdout
    away = three.hosts()
    assert "hv1" not in away.values(), run.stdout
    assert three.in_order()
    written(
        three,
        maintenance=None,
        vms={
            **ENTRIES,
            "EDITED": {
                "host": ["hv1", "hv3", "hv2"],
            },
        },
    )
    reached(three, {**begun, "EDITED": away["EDITED"]})


BYSTANDER = {
    "hosts": {name: {"memory": "64 GiB"} for name in ("hv1", "hv2", "hv3")},
    "vms": {
        "MAIL": {"host": "hv1", "memory": "48 GiB"},
        "WIKI": {"host": "hv2", "memory": "40 GiB"},
        "NEWS": {"host": "hv3", "memory": "13 GiB"},
        "FILE": {"host": "hv3", "memory": "13 GiB"},
    },
}
"""MAIL and WIKI shall change hosts, which needs hv3 with one of its two machines away."""
VOLUMES = {"C:\\": "256 GiB", "D:\\": "100 GiB", "E:\\": "100 GiB"}
MOVER = {
    "hosts": {name: {"volumes": VOLUMES} for name in ("hv1", "hv2")},
    "vms": {
        "MAIL": {
            "host": "hv1",
            "folder": "D:\\Hyper-V\\MAIL",
            "disks": [{"path": "m.vhdx", "size": "80 GiB"}],
        },
        "WIKI": {
            "host": "hv1",
            "folder": "E:\\Hyper-V\\WIKI",
            "disks": [{"path": "w.vhdx", "size": "80 GiB"}],
        },
    },
}
"""Their files shall change volumes of hv1, on which there is no room beside them."""


def cut(site: Site, stops: str, on: str) -> None:
    """Kill engine and plugin of a run once a machine has stopped on a host where it only makes room; its host ends what was ordered."""
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: site.hosts()[stops] == on, within=300, what=f"{stops} makes room on {on}")
    killed(run)
    site.lab("fault", "clear")
    until(lambda: not site.running(), within=180, what="hosts end what they were told")
    site.workspace.run("placement", "unlock", capture_output=True)


@pytest.mark.one_form("a machine in its place that steps aside was adopted by an `up` before")
@pytest.mark.all
def test_a_bystander_that_a_killed_run_left_aside_is_brought_home_by_the_next(workspace: Workspace) -> None:
    """NEWS is in its place and made room on another host when the run was killed: by its pin it goes home."""
    site = placed(workspace, BYSTANDER, "--speed", QUICK)
    assert site.up("--suppress-outputs").returncode == 0
    wanted = {"MAIL": "hv2", "WIKI": "hv1", "NEWS": "hv3", "FILE": "hv3"}
    written(
        site,
        vms={name: {"host": host} for name, host in wanted.items()},
        bystanders="allow",
        guard={"protected": ["FILE"]},
    )
    site.lab("fault", "add", "stall", "--vm", "WIKI")
    try:
        cut(site, "NEWS", "hv1")
    finally:
        for run in site.runs:
            run.stop()
    assert site.hosts()["NEWS"] == "hv1"
    reached(site, wanted)
    assert site.status()["violations"] == []


@pytest.mark.all
def test_a_storage_move_over_another_host_that_was_killed_between_its_legs_is_finished(
    workspace: Workspace, history: Callable[..., None]
) -> None:
    """One of them stops on hv2 with its files; the next run brings it back to hv1, on the other volume."""
    site = placed(workspace, MOVER, "--speed", QUICK)
    written(
        site,
        vms={
            "MAIL": {"host": "hv1", "storage": "E:\\Hyper-V\\MAIL"},
            "WIKI": {"host": "hv1", "storage": "D:\\Hyper-V\\WIKI"},
        },
    )
    history(site)
    plan = site.workspace.run("placement", "plan", "lab", capture_output=True, check=False).stdout
    stops = "MAIL" if "MAIL     hv1 -> hv2" in plan else "WIKI"
    try:
        cut(site, stops, "hv2")
    finally:
        for run in site.runs:
            run.stop()
    reached(site, {"MAIL": "hv1", "WIKI": "hv1"})
    disks = {name: vm["disks"] for name, vm in site.status()["vms"].items()}
    assert disks == {
        "MAIL": ["E:\\Hyper-V\\MAIL\\Virtual Hard Disks\\m.vhdx"],
        "WIKI": ["D:\\Hyper-V\\WIKI\\Virtual Hard Disks\\w.vhdx"],
    }
    assert site.status()["violations"] == []

"""A machine that steps aside into a named root, with the real engine: where it is in the end, and in the run after."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import yaml

from hyperv_placement.migration.mover import START_MAX_AGE_S
from tools.workspace import Workspace

from .conftest import Site, until
from .test_order import placed

pytestmark = pytest.mark.e2e
VOLUMES = {"C:\\": "256 GiB", "D:\\": "100 GiB", "E:\\": "200 GiB"}
FULL = {
    "hosts": {"hv1": {"volumes": VOLUMES}, "hv2": {"volumes": VOLUMES}},
    "vms": {
        "A": {"host": "hv1", "folder": "D:\\Hyper-V\\A", "disks": [{"path": "a.vhdx", "size": "80 GiB"}]},
        "B": {"host": "hv2", "folder": "D:\\Hyper-V\\B", "disks": [{"path": "b.vhdx", "size": "80 GiB"}]},
    },
}
"""Two machines that fit on a D: one at a time, and an E: beside it that is empty."""
PLACES = {name: [f"D:\\Hyper-V\\{name}\\Virtual Hard Disks\\{name.lower()}.vhdx"] for name in "AB"}


def swapped(site: Site) -> None:
    """Declare that the two change hosts, whose E: is a named root; of storage nothing is declared."""
    path = site.file("stacks/lab.yaml")
    stack = yaml.safe_load(path.read_text(encoding="utf-8"))
    stack["hosts"] = {
        name: {**host, "storage": {"bulk": "E:\\Bulk"}} for name, host in stack["hosts"].items()
    }
    now = site.hosts()
    stack["vms"] = {"A": {"host": now["B"]}, "B": {"host": now["A"]}}
    path.write_text(yaml.safe_dump(stack, sort_keys=False), encoding="utf-8")


def disks(site: Site) -> dict[str, list[str]]:
    """Return machine -> paths of its disks."""
    return {name: vm["disks"] for name, vm in site.status()["vms"].items()}


@pytest.fixture
def full(workspace: Workspace, history: Callable[..., None]) -> Iterator[Site]:
    """Two machines that shall change places."""
    here = placed(workspace, FULL, "--speed", "20")
    swapped(here)
    history(here)
    yield here
    for run in here.runs:
        run.stop()


def test_a_machine_with_undeclared_storage_comes_back_to_its_paths(full: Site) -> None:
    """It was parked in a root; then it is in order, and no volume was overfilled."""
    run = full.up()
    assert run.returncode == 0, run.stdout
    assert full.hosts() == {"A": "hv2", "B": "hv1"}
    assert disks(full) == PLACES
    assert full.status()["violations"] == []
    assert full.in_order()


ROOM = {
    "hosts": {
        name: {"volumes": {"C:\\": "256 GiB", "D:\\": "200 GiB", "E:\\": "100 GiB"}}
        for name in ("hv1", "hv2", "hv3")
    },
    "vms": {
        "LEFT": {
            "host": "hv1",
            "folder": "D:\\Hyper-V\\LEFT",
            "disks": [{"path": "l.vhdx", "size": "60 GiB"}],
        },
        "RIGHT": {
            "host": "hv1",
            "folder": "E:\\Hyper-V\\RIGHT",
            "disks": [{"path": "r.vhdx", "size": "60 GiB"}],
        },
    },
}
"""LEFT's files shall go to the E: of its host, which has room for them when RIGHT has left it."""


@pytest.fixture
def waiting(workspace: Workspace, history: Callable[..., None]) -> Iterator[Site]:
    """LEFT waits for RIGHT, whose move stands still until the fault is cleared."""
    here = placed(workspace, ROOM, "--speed", "20")
    path = here.file("stacks/lab.yaml")
    stack = yaml.safe_load(path.read_text(encoding="utf-8"))
    stack["vms"] = {"LEFT": {"host": "hv1", "storage": "E:\\Hyper-V\\LEFT"}, "RIGHT": {"host": "hv2"}}
    path.write_text(yaml.safe_dump(stack, sort_keys=False), encoding="utf-8")
    history(here)
    here.lab("fault", "add", "stall", "--vm", "RIGHT")
    yield here
    for run in here.runs:
        run.stop()


@pytest.mark.all
def test_a_leg_that_would_be_another_move_is_refused(waiting: Site) -> None:
    """A person has moved LEFT to another host since the plan: its order would be one whose room nobody has counted."""
    run = waiting.start("up", "--yes", "--skip-preview")
    until(lambda: waiting.running("RIGHT"), within=180, what="RIGHT moves")
    waiting.lab("move", "LEFT", "hv3")
    old = time.monotonic() + START_MAX_AGE_S
    until(
        lambda: time.monotonic() > old,
        within=2 * START_MAX_AGE_S,
        what="no sweep from before serves a start any more",
    )
    waiting.lab("fault", "clear")
    assert run.ended(within=300) != 0
    assert (
        "LEFT is not moved, for the estate has changed since the plan: it would be a live migration with storage, a storage"
        " migration was planned. Run again"
    ) in run.text()
    assert waiting.hosts() == {"LEFT": "hv3", "RIGHT": "hv2"}
    assert len(waiting.moved("LEFT")) == 1

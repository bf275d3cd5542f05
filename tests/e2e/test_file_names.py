"""Machines whose disks have one name, as in Hyper-V's default folder, with the real engine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.workspace import Workspace

from .conftest import Site
from .test_order import declare, placed

pytestmark = pytest.mark.e2e
SYSTEM, BASE = "C:\\VHD\\os.vhdx", "D:\\VHD\\base.vhdx"


def _vm(host: str, path: str, **more: Any) -> dict[str, Any]:
    return {"host": host, "memory": "1 GiB", "disks": [{"path": path, "size": "2 GiB"}], **more}


ESTATE = {
    "hosts": {name: {"memory": "32 GiB"} for name in ("hv1", "hv2", "hv3")},
    "vms": {
        "COMES": _vm("hv1", SYSTEM),
        "GOES": _vm("hv2", SYSTEM, state="off"),
        "LEFT": _vm("hv1", BASE),
        "RIGHT": _vm("hv2", BASE, state="off", checkpoints=["before"]),
        "STAYS": _vm("hv3", "E:\\VHD\\stays.vhdx"),
        "FREE": _vm("hv1", "E:\\VHD\\free.vhdx"),
    },
}
AS_IS = {name: vm["host"] for name, vm in ESTATE["vms"].items()}


@pytest.fixture
def named(workspace: Workspace, history: Callable[..., None]) -> Iterator[Site]:
    """Three hosts, and pairs of machines whose disks have one path."""
    here = placed(workspace, ESTATE, "--speed", "12")
    history(here)
    yield here
    for run in here.runs:
        run.stop()


def events(site: Site) -> list[tuple[str, str]]:
    """Return what the lab has seen of moves: event and machine."""
    log = [json.loads(line) for line in site.lab("log", "--json").splitlines()]
    return [(each["event"], each["vm"]) for each in log if each["event"] in {"start", "end"}]


def test_names_are_waited_for_and_swapped_in_one_run(named: Site) -> None:
    """A machine comes when the one that has its file's name has gone, and two change places over a third host."""
    declare(named, {"COMES": "hv2", "GOES": "hv3", "LEFT": "hv2", "RIGHT": "hv1"})
    run = named.up()
    assert run.returncode == 0, run.stdout
    assert named.hosts() == {**AS_IS, "COMES": "hv2", "GOES": "hv3", "LEFT": "hv2", "RIGHT": "hv1"}
    seen = events(named)
    assert seen.index(("end", "GOES")) < seen.index(("start", "COMES"))
    assert [each for each in seen if each[1] in {"LEFT", "RIGHT"}] == [
        (event, name) for name in ("LEFT", "RIGHT", "LEFT") for event in ("start", "end")
    ]
    assert named.status()["violations"] == []
    assert named.in_order()


def test_who_can_never_have_a_name_is_refused_alone(named: Site) -> None:
    """Before anything starts, with both names, everywhere alike; the others go."""
    path = named.file("stacks/lab.yaml")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "GOES:" not in line), encoding="utf-8")
    declare(named, {"COMES": "hv2", "LEFT": "hv3", "RIGHT": "hv3", "FREE": "hv2"})
    stays = f"COMES would get the file {SYSTEM} on hv2, which is a disk of GOES on hv2"
    both = "would both get the file D:\\VHD\\base"
    recorded = str(named.file("inventory.json"))
    asked = [
        ("inventory", "lab", "--save", recorded), ("check", "lab", "--inventory", recorded),
        ("plan", "lab"), ("doctor", "lab"),
    ]  # fmt: skip
    said = [
        named.workspace.run("placement", *words, check=False, stdout=subprocess.PIPE).stdout
        for words in asked
    ][1:]
    said.append(named.pulumi("preview").stdout)
    assert all(stays in text and both in text for text in said), said
    run = named.up()
    assert run.returncode != 0
    for why in (
        stays,
        "LEFT and RIGHT would both get",
    ):  # the error itself says so, not the warning beside it alone
        assert f"* {why}" in run.stdout or f"error: {why}" in run.stdout, run.stdout
    assert named.hosts() == {**AS_IS, "FREE": "hv2"}
    assert events(named) == [("start", "FREE"), ("end", "FREE")]

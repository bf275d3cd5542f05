"""What `bin/placement inventory --save` writes is all that a plan asks of hosts: with none of them it is the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.commands.cli import main
from hyperv_placement.model.estate import VmState
from hyperv_placement.model.names import HostName
from hyperv_placement.workspace.inventory_file import read
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
GIB = 1024


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two large machines on two hosts that hold one of them each, a third host that no move names, machines with checkpoints and without power."""
    return make_fabric(
        estate(
            machine("LEFT", memory_mib=40 * GIB),
            machine("RIGHT", "hv2", memory_mib=41 * GIB),
            machine("SNAP01", checkpoints=("before", "after")),
            machine("OFF01", "hv2", enabled_state=3),
            machine("STAYS", "hv3", vtpm=True),
        )
    )


def stack_file(fabric: Fabric, tmp_path: Path, vms: dict[str, Any]) -> str:
    """Write the stack file of the lab's hosts with these machines."""
    document = {
        "connection": {
            "auth": "ntlm",
            "credentials": str(fabric.home / "credentials.yaml"),
            "ca": str(fabric.home / "ca.pem"),
        },
        "hosts": {
            name: {"address": spec.endpoint, "storage": {"bulk": "E:\\Bulk"}}
            for name, spec in fabric.specs.items()
        },
        "vms": vms,
    }
    path = tmp_path / "stack.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)


SWAP = {
    "LEFT": {"host": "hv2"},
    "RIGHT": {"host": "hv1"},
    "SNAP01": {"host": "hv1", "storage": "bulk"},
    "OFF01": {"host": "hv1"},
    "STAYS": {"host": "hv3"},
}


def test_a_plan_from_the_file_equals_the_plan_from_the_hosts(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Move by move, with bytes and times; also for a stack file that was changed after the recording."""
    stack, saved = stack_file(fabric, tmp_path, {name: {} for name in SWAP}), str(tmp_path / "inventory.json")
    assert main(["inventory", stack, "--save", saved]) == 0
    assert capsys.readouterr().out == f"{saved}: 5 machines on 3 hosts\n"
    stack_file(fabric, tmp_path, SWAP)

    assert main(["plan", stack, "--json"]) == 0
    live = json.loads(capsys.readouterr().out)
    assert main(["plan", stack, "--inventory", saved, "--json"]) == 0
    recorded = json.loads(capsys.readouterr().out)
    assert recorded == live
    assert {"LEFT", "RIGHT", "SNAP01", "OFF01"} == {move["label"] for move in live["moves"]}
    aside = [move for move in live["moves"] if move["aside"]]
    assert [move["to"] for move in aside] == [
        "hv3"
    ]  # to which nothing else moves: it was looked at for that alone
    assert fabric.world.state.jobs == []


def test_the_recording_has_what_any_move_would_ask(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of every machine, mover or not: sizes of all disks, also of checkpoints, and what it needs of a processor."""
    saved = tmp_path / "inventory.json"
    assert main(["inventory", stack_file(fabric, tmp_path, SWAP), "--save", str(saved)]) == 0
    found = read(saved).inventory
    vms = {vm.name: vm for vm in found.vms()}
    assert set(vms) == set(SWAP)
    assert all(host.facts is not None for host in found.hosts.values())
    disks = [disk for vm in vms.values() for disk in (*vm.disks, *vm.frozen)]
    assert vms["SNAP01"].frozen
    assert all(disk.size_bytes is not None for disk in disks)
    assert all(vm.vectors for vm in vms.values() if vm.state == VmState.RUNNING)
    text = saved.read_text(encoding="utf-8")
    assert fabric.account.password not in text
    assert fabric.account.username.split("\\")[-1] not in text
    capsys.readouterr()


def test_a_silent_host_is_in_the_file_as_silent(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is written all the same; the exit code says that it is not whole, and so does a plan from it."""
    stack, saved = stack_file(fabric, tmp_path, SWAP), tmp_path / "inventory.json"
    fabric.fault("host-down", host="hv3")
    assert main(["inventory", stack, "--save", str(saved)]) == 1
    assert "hv3: did not answer: " in capsys.readouterr().err
    assert set(read(saved).inventory.unreachable) == {HostName("hv3")}
    assert main(["plan", stack, "--inventory", str(saved)]) != 0
    assert "hv3 did not answer, its machines are unknown" in capsys.readouterr().out

"""Worlds that estate files can say: each is read, planned and examined without a surprise, and moves or is refused with reasons."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from hyperv_placement.commands.cli import main
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.model.plan import Standing
from hyperv_placement.planning.plan import plan
from hyperv_placement.stackfile import load
from lab.estate.reading import read_estate
from lab.estate.spec import EstateSpec
from lab.estate.stack_file import write_stack
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.test_estate_files import EXAMPLE

pytestmark = pytest.mark.lab

WORLD = r"""
migration_limit: 8
hosts:
  hv1:
    memory: 128 GiB
    volumes: {'C:\': 256 GiB, 'D:\': 2 TiB, 'D:\Mount\Data\': 1 TiB, '\\?\Volume{4B7E2F10-93C5-4E86-B1F7-2D1A6C8E9F01}\': 512 GiB}
  hv2: {memory: 128 GiB, addresses: ['fd00:10::12'], migration_networks: ['fd00:10::/64'], clock_skew: 20}
shares:
  '\\sofs.lab.example\vms': {hosts: [hv1, hv2], aliases: ['\\lab.example\dfs\vms']}
vms:
  GEN1: {host: hv1, generation: 1, disks: [os.vhd, data.vhdx, {path: more.vhdx, slot: scsi-1-0}]}
  FLOPPY: {host: hv1, generation: 1, disks: [os.vhd, {path: '\\sofs.lab.example\vms\x.vfd', kind: floppy}]}
  LOCAL: {host: hv1, generation: 1, disks: [os.vhd, {path: 'D:\x.vfd', kind: floppy}]}
  COM: {host: hv1, com_ports: ['\\.\pipe\com1', null]}
  NIC: {host: hv1, switches: [External, null]}
  SCSI: {host: hv1, scsi_controllers: 4, disks: [os.vhdx, {path: data.vhdx, slot: scsi-1-0}]}
  ROOTS: {host: hv1, roots: {config: 'D:\c', checkpoints: 'D:\s', paging: 'C:\p', guest_state: 'D:\C\'}}
  MOUNT: {host: hv1, folder: 'D:\Mount\Data\MOUNT'}
  VOLUME: {host: hv1, folder: '\\?\Volume{4B7E2F10-93C5-4E86-B1F7-2D1A6C8E9F01}\VOLUME'}
  DFS: {host: hv1, folder: '\\lab.example\dfs\vms\DFS'}
  LEFT: {host: hv1, planned_on: [hv2]}
"""
LOST = {"BAD01": Standing.REFUSED}
"""What of the example's machines nobody plans: one whose host does not know where its files are."""
MOVED = ("GEN1", "FLOPPY", "COM", "NIC", "SCSI", "ROOTS", "MOUNT", "DFS")


def written(fabric: Fabric) -> Path:
    """Return the stack file that declares a lab's estate as it is."""
    path = fabric.home.parent / "stack.yaml"
    write_stack(path, fabric.home, fabric.world.state)
    return path


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_an_estate_of_everything_is_read_planned_and_examined(
    make_fabric: Maker, locale: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is to move where the stack file declares what is; no command trips over anything that a world can have."""
    spec = read_estate(EXAMPLE)
    fabric = make_fabric(replace(spec, hosts=tuple(replace(host, locale=locale) for host in spec.hosts)))
    path = written(fabric)
    planned = plan(load(path), fabric.estate.read(Detail.MOVE))
    others = {step.label: step.standing for step in planned.steps if step.standing != Standing.IN_PLACE}
    assert others == LOST
    for words in (["inventory"], ["plan"], ["drift"], ["doctor"]):
        assert main([*words, str(path)]) in {0, 1, 2, 6}, words
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert said.out


def test_what_discover_writes_of_everything_is_sound_and_moves_nothing(make_fabric: Maker) -> None:
    """Paths that no stack file takes, as a volume by its GUID, are left out; so are names that no key can be."""
    fabric = make_fabric(read_estate(EXAMPLE))
    output = fabric.home.parent / "found.yaml"
    words = ["discover", *(host.url for host in fabric.world.hosts.values()), "--stack", "found"]
    words += ["--credentials", str(fabric.home / "credentials.yaml"), "--ca", str(fabric.home / "ca.pem")]
    assert main([*words, "--output", str(output)]) == 0
    planned = plan(load(output), fabric.estate.read(Detail.PLACEMENT))
    others = {step.label: step.standing for step in planned.steps if step.standing != Standing.IN_PLACE}
    assert others.items() <= LOST.items()
    assert len(planned.steps) > len(fabric.world.vms()) / 2


@pytest.fixture
def world(tmp_path: Path) -> EstateSpec:
    """Two hosts with one machine of each sort."""
    path = tmp_path / "world.yaml"
    path.write_text(WORLD, encoding="utf-8")
    return read_estate(path)


@pytest.mark.parametrize("locale", ["de-DE"])
def test_one_machine_of_each_sort_moves_or_is_refused(
    make_fabric: Maker, world: EstateSpec, locale: str
) -> None:
    """Unchanged disks, adapters, ports and controllers; what cannot move says why, whatever its host speaks."""
    fabric = make_fabric(replace(world, hosts=tuple(replace(host, locale=locale) for host in world.hosts)))
    before = {name: (fabric.sums(name), fabric.lab_vm(name)) for name in MOVED}
    under_way = [fabric.behind(partial(fabric.timed, fabric.order(name, "hv2"))) for name in MOVED]
    for each in under_way:
        each.join()
    for name, (sums, was) in before.items():
        now = fabric.lab_vm(name)
        assert (name, now.host, fabric.sums(name)) == (name, "hv2", sums)
        assert (now.com_ports, now.nics, now.idle_controllers) == (
            was.com_ports,
            was.nics,
            was.idle_controllers,
        )
        assert [disk.slot for disk in now.disks] == [disk.slot for disk in was.disks]
    assert not fabric.world.state.violations
    for name, words in (
        ("VOLUME", "hv2 has no volume for"),
        ("LEFT", "planned"),
        ("LOCAL", "0x80070002"),
    ):
        with pytest.raises(PlacementError) as caught:
            fabric.timed(fabric.order(name, "hv2"))
        assert words in f"{caught.value} {caught.value.detail}", name
        assert fabric.lab_vm(name).host == "hv1"

"""What is read of hosts and machines so that a machine can step aside, or go back, where its own entry would not ask for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.model.guard import Guard
from hyperv_placement.model.identity import Home, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack, StorageSpec, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.operations.plan import compare
from hyperv_placement.planning.machine.home import fingerprint
from lab.estate.spec import DiskSpec, VolumeSpec
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
VOLUMES = (
    VolumeSpec(path="C:\\", capacity_bytes=256 * GIB),
    VolumeSpec(path="D:\\", capacity_bytes=100 * GIB),
    VolumeSpec(path="E:\\", capacity_bytes=100 * GIB),
)


def planned(
    fabric: Fabric, tmp_path: Path, vms: Mapping[str, tuple[str, str | None]], **more: object
) -> Plan:
    """Return the plan for machines that belong on a host, with a folder for their files or none."""
    specs = {
        name: VmSpec(
            label=name, name=name, hosts=(HostName(host),),
            storage=None if folder is None else StorageSpec(config=folder, checkpoints=folder, paging=folder, all_disks=folder),
        )
        for name, (host, folder) in vms.items()
    }  # fmt: skip
    hosts = {name: replace(spec, storage={}) for name, spec in fabric.specs.items()}
    stack = Stack(path=tmp_path / "stack.yaml", hosts=hosts, vms=specs)
    return compare(replace(stack, **more), fabric.estate)[1]  # type: ignore[arg-type]


def ways(plan: Plan) -> list[tuple[str, str, str, bool]]:
    """Return each move of the schedule."""
    return [(each.label, each.move.source, each.move.destination, each.aside) for each in plan.schedule.moves]


def test_a_machine_whose_files_alone_move_stops_on_another_host(make_fabric: Maker, tmp_path: Path) -> None:
    """What it needs of a processor was not asked for its own move, and is read before it is sent there."""
    disk = {"MAIL": "D:\\Hyper-V\\MAIL\\m.vhdx", "WIKI": "E:\\Hyper-V\\WIKI\\w.vhdx"}
    fabric = make_fabric(
        estate(
            machine("MAIL", disks=(DiskSpec(path=disk["MAIL"], size_bytes=80 * GIB),)),
            machine(
                "WIKI", folder="E:\\Hyper-V\\WIKI", disks=(DiskSpec(path=disk["WIKI"], size_bytes=70 * GIB),)
            ),
            volumes=VOLUMES,
        )
    )
    plan = planned(
        fabric, tmp_path, {"MAIL": ("hv1", "E:\\Hyper-V\\MAIL"), "WIKI": ("hv1", "D:\\Hyper-V\\WIKI")}
    )
    assert [(label, aside) for label, _, _, aside in ways(plan)] == [
        ("WIKI", True),
        ("MAIL", False),
        ("WIKI", False),
    ]
    stop = plan.schedule.moves[0]
    assert stop.move.changes_host
    assert stop.move.vm.vectors


def test_a_machine_in_its_place_is_read_before_it_steps_aside(make_fabric: Maker, tmp_path: Path) -> None:
    """Nothing but where it is was known of it; its disks are counted."""
    fabric = make_fabric(
        estate(
            machine("MAIL", memory_mib=48 * 1024),
            machine("WIKI", "hv2", memory_mib=40 * 1024),
            machine("NEWS", "hv3", memory_mib=13 * 1024),
            machine("FILE", "hv3", memory_mib=13 * 1024),
            memory_mib=64 * 1024,
        )
    )
    hosts = {"MAIL": ("hv2", None), "WIKI": ("hv1", None), "NEWS": ("hv3", None), "FILE": ("hv3", None)}
    assert ways(planned(fabric, tmp_path, hosts)) == []
    plan = planned(fabric, tmp_path, hosts, bystanders=True, guard=Guard(protected=("FILE",)))
    assert ways(plan)[0] == ("NEWS", "hv3", "hv1", True)
    assert ways(plan)[-1][:3] == ("NEWS", ways(plan)[-1][1], "hv3")
    assert plan.schedule.moves[0].bytes > 13 * GIB  # memory, and the files that it takes along


def test_who_goes_back_after_maintenance_is_read_for_it(make_fabric: Maker, tmp_path: Path) -> None:
    """Its entry wants nothing of it, so that the sweep alone says nothing of its way back; it was put off for ever."""
    fabric = make_fabric(estate(machine("MAIL", "hv2"), machine("WIKI", "hv2")))
    specs = {
        "MAIL": VmSpec(label="MAIL", name="MAIL", hosts=()),
        "WIKI": VmSpec(label="WIKI", name="WIKI", hosts=(HostName("hv1"), HostName("hv2"))),
    }
    stack = Stack(path=tmp_path / "stack.yaml", hosts=dict(fabric.specs), vms=specs)
    homes = {
        fabric.vm(name).id: Home(host=HostName("hv1"), entry=fingerprint(spec))
        for name, spec in specs.items()
    }
    plan = compare(stack, fabric.estate, known=Kept(homes=homes))[1]
    assert sorted(ways(plan)) == [("MAIL", "hv2", "hv1", False), ("WIKI", "hv2", "hv1", False)]
    assert "return-put-off" not in [each.id for each in plan.findings]

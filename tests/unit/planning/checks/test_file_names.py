"""Whose a file is: names that other machines have, keep, give up, or are about to get."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.estate import DiskKind, Inventory, ParentFile, VirtualMachine
from hyperv_placement.model.finding import Severity
from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import StorageSpec, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, job, machine, spec, stack

BASE = "D:\\VHD\\base.vhdx"


def having(number: int, on: str, path: str = BASE, **more: Any) -> VirtualMachine:
    """Return a machine whose one disk has that path."""
    return machine(number, on, disks=(disk(number, path, **more),))


def planned(found: Inventory, *specs: dict[str, VmSpec]) -> Plan:
    """Return the plan of what is declared."""
    return plan(stack({label: each for one in specs for label, each in one.items()}), found)


def reported(step: Step) -> str:
    """Return what is said of a machine."""
    return "; ".join(map(str, step.findings))


def test_a_frozen_disk_is_a_file_like_any_other() -> None:
    """The machine's own disk has another name since its checkpoint; the file under it keeps the old one."""
    other = replace(having(2, "hv2", "D:\\VHD\\base_1.avhdx"), checkpoints=1, frozen=(disk(2, BASE),))
    result = planned(inventory(host("hv1", having(1, "hv1")), host("hv2", other)), spec(1, "hv2"))
    assert result.steps[0].standing == Standing.REFUSED
    assert "which is a disk of VM002 on hv2" in reported(result.steps[0])


@pytest.mark.parametrize("kind", [{"kind": DiskKind.ISO}, {"shared": True}])
def test_what_many_machines_may_attach_is_nobodys(kind: dict[str, Any]) -> None:
    """An ISO is only read; a shared disk is refused by a rule of its own where it would move."""
    found = inventory(host("hv1", having(1, "hv1")), host("hv2", having(2, "hv2", **kind)))
    assert planned(found, spec(1, "hv2")).steps[0].standing == Standing.MOVE


def test_the_reason_why_an_owner_stays_is_said() -> None:
    """Refused itself, or leaving its files where they are."""
    found = inventory(host("hv1", having(1, "hv1")), host("hv2", having(2, "hv2")), host("hv3"))
    stays = found.hosts[HostName("hv2")].vms[0]
    held = inventory(
        found.hosts[HostName("hv1")], host("hv2", replace(stays, replication_mode=1)), host("hv3")
    )
    result = planned(held, spec(1, "hv2"), spec(2, "hv3"))
    assert "VM002 does not leave, because its own move is refused" in reported(result.steps[0])
    retained = planned(
        found, spec(1, "hv2"), spec(2, "hv3", migration=MigrationOptions(avoid_removing_vhds=True))
    )
    assert [step.standing for step in retained.steps] == [Standing.REFUSED, Standing.MOVE]
    assert "VM002 leaves it there when it goes (avoid_removing_vhds" in reported(retained.steps[0])


def test_a_refusal_goes_on_along_a_chain() -> None:
    """Who is refused for a name keeps its own, and so on; who is not concerned goes."""
    found = inventory(
        host("hv1", having(1, "hv1"), machine(5, "hv1")),
        host("hv2", having(2, "hv2")), host("hv3", having(3, "hv3")), host("hv4", having(4, "hv4")),
    )  # fmt: skip
    declared = {**spec(1, "hv2"), **spec(2, "hv3"), **spec(3, "hv4"), **spec(5, "hv2")}
    result = plan(stack(declared, hosts=("hv1", "hv2", "hv3", "hv4")), found)
    assert [step.standing for step in result.steps] == [Standing.REFUSED] * 3 + [Standing.MOVE]


def test_a_move_that_runs_already_has_the_name_that_it_makes() -> None:
    """Only the one that would come second is refused; who moves it, and whether it is declared, plays no part."""
    found = inventory(
        host("hv1", having(1, "hv1")),
        host("hv2", having(2, "hv2", "D:\\Two\\base.vhdx"), jobs=(job(2, "hv3.lab.example", BASE),)),
        host("hv3"),
    )
    step = planned(found, spec(1, "hv3")).steps[0]
    assert step.standing == Standing.REFUSED
    assert f"would get the file {BASE} on hv3, which is a disk of VM002" in reported(step)
    storage = StorageSpec(disks={"base.vhdx": BASE})
    both = planned(found, spec(1, "hv3"), spec(2, "hv3", storage=storage))
    assert [step.standing for step in both.steps] == [Standing.REFUSED, Standing.MOVE]
    assert both.steps[1].under_way


def test_a_machine_does_not_get_the_name_of_its_own_other_disk() -> None:
    """Neither of one that stays, nor in a swap of two; without overwrite the host would refuse the file."""
    vm = machine(1, disks=(disk(1, BASE), disk(1, "D:\\VHD\\data.vhdx", slot="scsi-0-1")))
    places = StorageSpec(disks={"base.vhdx": "D:\\VHD\\data.vhdx", "data.vhdx": BASE})
    step = planned(inventory(host("hv1", vm)), spec(1, "hv1", storage=places)).steps[0]
    assert step.standing == Standing.REFUSED
    assert "VM001 would get the file D:\\VHD\\data.vhdx, which is its own disk scsi-0-1" in reported(step)


def test_a_share_by_a_name_that_each_host_has_for_itself_is_no_share() -> None:
    r"""`\\localhost\vms` is another folder on each host."""
    here = "\\\\localhost\\vms\\base.vhdx"
    found = inventory(host("hv1", having(1, "hv1")), host("hv2", having(2, "hv2", here)))
    step = planned(found, spec(1, "hv1", storage=StorageSpec(disks={"base.vhdx": here}))).steps[0]
    assert step.standing == Standing.MOVE


def test_two_copies_of_one_parent_are_two_files() -> None:
    """Machines that share a parent and take it along into one folder would both make it there."""
    parent = ParentFile(path="D:\\Golden\\base.vhdx", size_bytes=GIB)
    one, two = (
        having(number, f"hv{number}", f"D:\\{number}.vhdx", parent_path=parent.path, above=(parent,))
        for number in (1, 2)
    )
    found = inventory(host("hv1", one), host("hv2", two), host("hv3"))
    copying: dict[str, Any] = {
        "storage": StorageSpec(all_disks="E:\\All", layout="flat"),
        "migration": MigrationOptions(parents="copy"),
    }
    result = planned(found, spec(1, "hv3", **copying), spec(2, "hv3", **copying))
    assert [step.standing for step in result.steps] == [Standing.REFUSED] * 2
    assert "VM001 and VM002 would both get the file E:\\All\\base.vhdx" in reported(result.steps[0])


def test_a_move_that_runs_is_followed_though_another_has_the_name() -> None:
    """Nobody asks us whether it may start: it is not refused, and what it meets is said."""
    found = inventory(
        host("hv1", having(1, "hv1"), jobs=(job(1, "hv2.lab.example"),)), host("hv2", having(2, "hv2"))
    )
    step = planned(found, spec(1, "hv2"), spec(2, "hv2")).steps[0]
    assert (step.standing, step.under_way) == (Standing.MOVE, True)
    assert {each.severity for each in step.findings} == {Severity.WARNING}
    assert f"VM001 would get the file {BASE} on hv2, which is a disk of VM002 on hv2" in reported(step)
    assert "This run follows that migration" in reported(step)


def test_a_file_that_two_machines_have_already_costs_no_choice() -> None:
    """Both attach one file on a share, one is not declared: the other may stay, and nothing moves."""
    path = "\\\\sofs\\vms\\both.vhdx"
    found = inventory(host("hv1", having(1, "hv1", path)), host("hv2", having(2, "hv2", path)))
    result = plan(stack(spec(1, "hv1", "hv2"), hosts=("hv1", "hv2")), found)
    assert result.steps[0].standing == Standing.IN_PLACE
    assert result.choice is not None
    assert (result.choice.bytes, result.choice.proved) == (0, True)

"""A disk is named so that it cannot be mistaken, and what could be is refused with the keys that do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.estate import Disk, DiskKind, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Standing, Step
from hyperv_placement.model.slots import place_of, slot_name
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.operations.discovery.storage import storage_of
from hyperv_placement.planning.machine.difference import differences, observed
from hyperv_placement.planning.machine.disk_keys import key_of, matching_disks
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.standing import judge
from tests.estates import disk, guid, host, inventory, machine, spec, stack

A, B, C = (f"{digit * 8}-0000-4000-8000-{digit * 12}" for digit in "A1F")


def hung(controller: str, slot: int, path: str, *others: str) -> Disk:
    """Return a disk on a SCSI controller of a machine that has `others`, too."""
    place = place_of(instance := f"Microsoft:{guid(1)}\\{controller}\\0\\{slot}\\L")
    assert place is not None
    return Disk(slot=slot_name(place, {controller, *others}), instance_id=instance, path=path)


def several(*paths: str) -> VirtualMachine:
    """Return a machine with a disk in slot 0 of each of three controllers."""
    paths = paths or ("D:\\s\\os.vhdx", "D:\\s\\db.vhdx", "D:\\s\\log.vhdx")
    return machine(
        1, disks=tuple(hung(at, 0, path, A, B, C) for at, path in zip((A, B, C), paths, strict=True))
    )


def stands(vm: VirtualMachine, **disks: str) -> Step:
    """Return the step of a machine on hv1 with disks declared by key."""
    declared = spec(1, "hv1", storage=StorageSpec(disks={k.replace("_", " "): v for k, v in disks.items()}))
    (step,) = plan(stack(declared), inventory(host("hv1", vm))).steps
    return step


def refused(step: Step) -> str:
    """Return why."""
    assert step.standing == Standing.REFUSED
    return "\n".join(str(each) for each in step.findings if each.refuses)


def test_the_number_of_one_of_several_controllers_is_refused() -> None:
    r"""Seen: `SCSI 1:0` moved the system disk to E:\\fast\\db.vhdx, for the numbers were ours and not Hyper-V's."""
    step = stands(several(), **{"SCSI 1:0": "E:\\fast\\db.vhdx"})
    said = refused(step)
    assert "disk 'SCSI 1:0', and VM001 has several SCSI controllers" in said
    assert (
        "Write instead 'os.vhdx' for D:\\s\\os.vhdx, or 'db.vhdx' for D:\\s\\db.vhdx, or 'log.vhdx'" in said
    )


def test_the_keys_of_files_of_one_name_are_their_controllers() -> None:
    """Each is printed with the file that it means, and means it."""
    vm = several("D:\\a\\disk.vhdx", "D:\\b\\disk.vhdx", "D:\\c\\log.vhdx")
    said = refused(stands(vm, **{"SCSI 0:0": "E:\\"}))
    assert (
        "Write instead 'SCSI AAAAAAAA:0' for D:\\a\\disk.vhdx, or 'SCSI 11111111:0' for D:\\b\\disk.vhdx"
        in said
    )
    for each in vm.disks:
        assert matching_disks(key_of(each, vm), vm) == [each]


@pytest.mark.parametrize("key", ["SCSI 11111111:0", "scsi 11111111:0", f"SCSI {B}:0", "db.vhdx", "DB.VHDX"])
def test_a_controllers_own_id_names_a_disk(key: str) -> None:
    """Its first group will do, or all of it; so does the name of a file that no other disk has."""
    step = stands(several(), **{key: "E:\\fast\\db.vhdx"})
    assert step.move is not None
    assert [(each.source, each.target) for each in step.move.disks] == [
        ("D:\\s\\db.vhdx", "E:\\fast\\db.vhdx")
    ]


def test_a_controller_that_is_added_changes_no_key() -> None:
    """It may sort before the others: what the old ones are called stays; `SCSI 0:0` then is refused, not another disk."""
    one = machine(1, disks=(hung(B, 0, "D:\\os.vhdx"),))
    two = replace(one, disks=(hung(B, 0, "D:\\os.vhdx", A), hung(A, 0, "D:\\new.vhdx", B)))
    for vm in (one, two):
        assert matching_disks("SCSI 11111111:0", vm) == [vm.disks[0]]
    assert matching_disks("SCSI 0:0", one) == [one.disks[0]]
    assert matching_disks("SCSI 0:0", two) == []
    assert "Write instead 'os.vhdx' for D:\\os.vhdx" in refused(stands(two, **{"SCSI 0:0": "D:\\"}))


def test_ide_keys_stay() -> None:
    """Both IDE controllers have their numbers in their rows."""
    ide = disk(1, "D:\\s\\boot.vhdx", slot="ide-1-0")
    vm = replace(several(), disks=(*several().disks, ide))
    assert matching_disks("IDE 1:0", vm) == [ide]


def test_numbers_of_an_older_reading_are_refused_too() -> None:
    """A recorded inventory may have disks by the numbers that were ours."""
    vm = machine(1, disks=(disk(1, "D:\\os.vhdx"), disk(1, "D:\\db.vhdx", slot="scsi-1-0")))
    assert "several SCSI controllers" in refused(stands(vm, **{"SCSI 1:0": "E:\\"}))
    assert stands(vm, **{"db.vhdx": "E:\\"}).standing == Standing.MOVE


def test_the_name_of_another_disk_is_refused() -> None:
    """With one controller, too: who writes it most likely means that other disk."""
    vm = machine(1, disks=(disk(1, "D:\\s\\os.vhdx"), disk(1, "D:\\s\\db.vhdx", slot="scsi-0-1")))
    said = refused(stands(vm, **{"SCSI 0:0": "E:\\fast\\DB.vhdx"}))
    assert "disk 'SCSI 0:0' is D:\\s\\os.vhdx, declared as E:\\fast\\DB.vhdx" in said
    assert "Write 'db.vhdx' if that one is meant" in said
    twins = machine(1, disks=(disk(1, "D:\\a\\os.vhdx"), disk(1, "D:\\b\\os.vhdx", slot="scsi-0-1")))
    assert stands(twins, **{"SCSI 0:0": "E:\\x\\os.vhdx"}).standing == Standing.MOVE


def test_two_keys_of_one_disk_are_refused() -> None:
    """Else the first would win without a word."""
    vm = machine(1, disks=(disk(1, "D:\\s\\os.vhdx"),))
    said = refused(stands(vm, **{"os.vhdx": "E:\\a", "SCSI 0:0": "E:\\b"}))
    assert "disks 'os.vhdx' and 'SCSI 0:0' are one disk, D:\\s\\os.vhdx" in said


def test_discover_writes_ids_of_controllers() -> None:
    """Where the names of files do not tell the disks apart."""
    found = storage_of(
        several("D:\\os\\disk.vhdx", "E:\\db\\disk.vhdx", "F:\\log.vhdx"), lambda folder: folder
    )
    assert list(found.disks) == ["SCSI AAAAAAAA:0", "SCSI 11111111:0", "log.vhdx"]


def test_state_with_other_names_of_slots_is_no_change() -> None:
    """Numbers that we once gave several controllers, or the 0 of one that has got company: the files tell."""
    now = observed(several())
    old = replace(now, disks={f"scsi-{n}-0": path for n, path in enumerate(now.disks.values())})
    assert not differences(now, old)
    assert not differences(old, now)
    moved = replace(now, disks={**now.disks, "scsi-11111111-0": "E:\\fast\\db.vhdx"})
    assert [change.property for change in differences(moved, old)] == ["disks.scsi-11111111-0"]


def test_a_place_that_is_gone_is_refused_and_not_forgotten() -> None:
    """Between plan and start somebody added a controller: the disk that was to move has another name now."""
    declared, sweep = stack(spec(1, "hv1")), inventory(host("hv1", several()))
    wanted = Placement(host=HostName("hv1"), disks={"scsi-0-0": "E:\\fast\\os.vhdx"})
    step = judge(declared.vms["VM001"], several(), wanted, sweep, declared.hosts[HostName("hv1")])
    assert "E:\\fast\\os.vhdx was to be the file of the disk in scsi-0-0" in refused(step)


def test_a_key_of_a_machine_without_virtual_hard_disks_is_to_be_removed() -> None:
    """A pass-through disk or an ISO has no key: there is none to write instead."""
    only = machine(1, disks=(disk(1, "D:\\ISO\\win.iso", "ide-1-0", kind=DiskKind.ISO),))
    step = stands(only, **{"os.vhdx": "D:\\New"})
    assert step.standing == Standing.REFUSED
    assert [each.remedy for each in step.findings if each.refuses] == ["Remove that key"]

"""Disks of checkpoints in the plan: they go where the disk in their slot goes."""

from __future__ import annotations

import pytest

from hyperv_placement.model.estate import Disk, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.planning.plan import plan
from tests.estates import disk, guid, host, inventory, machine, spec, stack

LEAF, BASE = "D:\\a\\os_4F1C.avhdx", "D:\\a\\os.vhdx"


def frozen(path: str, slot: str = "scsi-0-0") -> Disk:
    """Return a disk of a checkpoint."""
    return Disk(slot=slot, instance_id=f"Microsoft:{guid(99)}\\{slot}\\{path}\\L", path=path)


VM = machine(1, folder="D:\\a", checkpoints=1, disks=(disk(1, LEAF),), frozen=(frozen(BASE),))


def step_of(storage: StorageSpec | None, *hosts: str, vm: VirtualMachine = VM) -> Step:
    """Return how the machine stands."""
    others = tuple(host(name) for name in hosts if name != "hv1")
    (step,) = plan(stack(spec(1, *hosts, storage=storage)), inventory(host("hv1", vm), *others)).steps
    return step


def targets(move: Move | None) -> dict[str, str]:
    """Return source -> target of all disks of a move."""
    assert move is not None
    return {disk.source: disk.target for disk in move.all_disks}


@pytest.mark.parametrize("key", ["os.vhdx", "os_4F1C.avhdx", "SCSI 0:0"])
@pytest.mark.parametrize("location", ["E:\\b", "E:\\b\\os.vhdx"])
def test_the_whole_chain_goes_to_one_folder(key: str, location: str) -> None:
    """Named by its slot, its file, or the file that a checkpoint froze; no file is renamed."""
    step = step_of(StorageSpec(disks={key: location}, layout="flat"))
    assert step.standing == Standing.MOVE
    assert targets(step.move) == {LEAF: "E:\\b\\os_4F1C.avhdx", BASE: "E:\\b\\os.vhdx"}


def test_a_chain_in_its_folder_is_in_place() -> None:
    """Also where its first file is named in full."""
    assert step_of(StorageSpec(disks={"os.vhdx": BASE})).standing == Standing.IN_PLACE


def test_a_file_is_not_renamed_while_checkpoints_depend_on_it() -> None:
    """The chain would have to be linked anew."""
    step = step_of(StorageSpec(disks={"os.vhdx": "E:\\b\\system.vhdx"}))
    assert step.standing == Standing.REFUSED
    assert "no file is renamed while checkpoints" in str(step.findings[0])


def test_another_host_takes_every_file_of_every_checkpoint() -> None:
    """Also of a disk that the machine has no more."""
    vm = machine(
        1, folder="D:\\a", checkpoints=1, disks=(disk(1, LEAF),),
        frozen=(frozen(BASE), frozen("D:\\a\\gone.vhdx", "scsi-0-3")),
    )  # fmt: skip
    step = step_of(None, "hv2", vm=vm)
    assert set(targets(step.move).items()) == {(path, path) for path in (LEAF, BASE, "D:\\a\\gone.vhdx")}


def test_files_of_one_name_that_would_meet_are_refused() -> None:
    """Two disks whose checkpoints froze an os.vhdx each, into one folder."""
    vm = machine(
        1,
        folder="D:\\a",
        checkpoints=1,
        disks=(disk(1, LEAF), disk(1, "D:\\b\\os_77.avhdx", slot="scsi-0-1")),
        frozen=(frozen(BASE), frozen("D:\\b\\os.vhdx", "scsi-0-1")),
    )
    step = step_of(StorageSpec(all_disks="E:\\c"), vm=vm)
    assert step.standing == Standing.REFUSED
    assert "would both become" in " ".join(map(str, step.findings))

"""The legs of a machine's way: whole at each end, ordered as booked, refused where they would be another move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hyperv_placement.errors import PlanError
from hyperv_placement.model.estate import Inventory, Roots, VirtualMachine, Volume
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.machine.legs import after, departures, end_of, onward, refitted, whole
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.planning.plan import plan
from tests.estates import disk, facts, host, inventory, machine, stack

HOME = "D:\\Hyper-V\\VM001"
NEAR = "D:\\Hyper-V\\VM001\\Virtual Hard Disks\\os.vhdx"


def two_full_volumes() -> tuple[Stack, Inventory]:
    """Two machines of 80 GiB that change places on D: of 100 GiB, storage undeclared, with a root on an empty E:."""
    volumes = (
        Volume(path="D:\\", capacity_bytes=100 * GIB, free_bytes=20 * GIB),
        Volume(path="E:\\", capacity_bytes=200 * GIB, free_bytes=200 * GIB),
    )
    vms = {
        at: machine(number, at, disks=(disk(number, NEAR.replace("VM001", f"VM{number:03d}"), size_bytes=80 * GIB),))
        for number, at in ((1, "hv1"), (2, "hv2"))
    }  # fmt: skip
    specs = {
        f"VM00{number}": VmSpec(label=f"VM00{number}", name=f"VM00{number}", hosts=(HostName(at),))
        for number, at in ((1, "hv2"), (2, "hv1"))
    }
    found = inventory(*(replace(host(at, vm), facts=facts(at, volumes=volumes)) for at, vm in vms.items()))
    return stack(specs, hosts=("hv1", "hv2")), found


def parked() -> Schedule:
    """Return the schedule of that swap."""
    wanted, found = two_full_volumes()
    return plan(wanted, found).schedule


def test_a_machine_that_was_parked_in_a_root_comes_back_to_its_paths() -> None:
    """It steps aside to E: and goes on to the D: that it had: storage that nobody declares ends where it was."""
    schedule = parked()
    aside, last = (schedule.moves[number] for number in schedule.legs("VM001"))
    assert aside.aside
    assert aside.placement.disks == {"scsi-0-0": "E:\\Fast\\VM001\\Virtual Hard Disks\\os.vhdx"}
    assert (last.placement.host, last.placement.config) == ("hv2", HOME)
    assert last.placement.disks == {"scsi-0-0": NEAR}
    assert [(moved.source, moved.target) for moved in last.move.disks] == [
        ("E:\\Fast\\VM001\\Virtual Hard Disks\\os.vhdx", NEAR)
    ]


def test_each_leg_is_ordered_from_where_the_one_before_it_ended() -> None:
    """And ends where the schedule says that it ends: what is booked is what is ordered."""
    _, found = two_full_volumes()
    schedule = parked()
    for label in ("VM001", "VM002"):
        at = None
        for move, end in (
            (schedule.moves[n].move, schedule.moves[n].placement) for n in schedule.legs(label)
        ):
            assert at is None or (move.vm, move.source) == (at, at.host)
            assert end_of(move) == end
            assert onward(move.vm, end, found).disks == move.disks
            at = after(move)


def test_a_way_back_takes_checkpoints_and_guest_state_where_they_were() -> None:
    """Also where they did not lie beside the disk, or the configuration, to which they belong."""
    roots = Roots(config=HOME, checkpoints=HOME, paging=HOME, guest_state="F:\\State")
    vm = machine(
        1, roots=roots, frozen=(replace(disk(1, "G:\\Old\\os.vhdx"), instance_id="Microsoft:AAAA\\0"),)
    )
    found = inventory(host("hv1", vm), host("hv2"))
    root = "E:\\Fast\\VM001"
    spot = Placement(
        host=HostName("hv1"), config=root, checkpoints=root, paging=root,
        disks={"scsi-0-0": f"{root}\\os.vhdx"}, guest_state=root,
    )  # fmt: skip
    aside = onward(vm, replace(spot, frozen={vm.frozen[0].instance_id: f"{root}\\old.vhdx"}), found)
    back = onward(after(aside), replace(whole(vm), host=HostName("hv2")), found)
    assert after(back) == replace(vm, host=HostName("hv2"))


def test_a_folder_that_was_not_told_when_it_was_booked_is_not_compared() -> None:
    """The host where it steps aside may tell of guest state, which the one before it did not."""
    vm = machine(1)
    found = inventory(host("hv1", vm), host("hv2"), host("hv3"))
    aside = onward(vm, replace(whole(vm), host=HostName("hv3")), found)
    booked = onward(after(aside), replace(whole(vm), host=HostName("hv2")), found)
    newer = replace(booked.vm, roots=replace(booked.vm.roots, guest_state=HOME))
    live = onward(newer, end_of(booked), found)
    assert booked.roots.guest_state is None
    assert list(departures(booked, live)) == []


def test_a_leg_without_an_order_is_a_fault_of_the_planner() -> None:
    """It is never replaced by another order that happens to be there."""
    vm = machine(1)
    with pytest.raises(PlanError, match="nothing to order"):
        onward(vm, whole(vm), inventory(host("hv1", vm)))


def planned(vm: VirtualMachine, target: str = "E:\\Fast\\os.vhdx") -> Move:
    """Return the order for `vm` to hv2, its disk to `target`."""
    wanted = Placement(host=HostName("hv2"), disks={"scsi-0-0": target})
    move = order(vm, wanted, host("hv1", vm), host("hv2"))
    assert move is not None
    return move


def with_disk(path: str) -> Callable[[Move], Move]:
    """Return what puts another file in the machine's slot and orders by that."""
    return lambda move: planned(replace(move.vm, disks=(disk(1, path),)))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda move: move, []),
        (lambda move: planned(replace(move.vm, host=HostName("hv3"))), []),
        (
            lambda move: replace(move, destination=HostName("hv3")),
            ["it would go to hv3, hv2 was planned"],
        ),
        (
            lambda move: replace(move, moves=Moves.STORAGE),
            ["it would be a storage migration, a live migration with storage was planned"],
        ),
        (
            lambda move: replace(move, roots=replace(move.roots, paging="F:\\")),
            [f"its paging folder would be F:\\, {HOME} was planned"],
        ),
        (
            lambda move: planned(move.vm, "E:\\Fast\\other.vhdx"),
            ["disk scsi-0-0 would become E:\\Fast\\other.vhdx, E:\\Fast\\os.vhdx was planned"],
        ),
        (
            with_disk("D:\\Hyper-V\\VM001\\Virtual Hard Disks\\os_4F1C.avhdx"),
            [f"disk scsi-0-0 is {NEAR.replace('os.vhdx', 'os_4F1C.avhdx')}, it was {NEAR}"],
        ),
        (with_disk(NEAR.upper()), []),
        (
            lambda move: planned(
                replace(move.vm, disks=(*move.vm.disks, disk(1, "D:\\new.vhdx", "scsi-0-1")))
            ),
            ["disk scsi-0-1 (D:\\new.vhdx) was not there"],
        ),
        (
            lambda move: planned(replace(move.vm, disks=())),
            ["disk scsi-0-0 (E:\\Fast\\os.vhdx as planned) is gone"],
        ),
    ],
    ids=[
        "the same", "from another host", "to another host", "another type", "another folder", "another file",
        "a checkpoint taken meanwhile", "spelled otherwise", "a disk more", "a disk less",
    ],
)  # fmt: skip
def test_what_differs_from_what_was_booked_is_said(changed: Callable[[Move], Move], said: list[str]) -> None:
    """Destination, type, folders, where each disk goes and which file it is; not from where the machine comes."""
    booked = planned(machine(1))
    assert list(departures(booked, changed(booked))) == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (with_disk("D:\\Hyper-V\\VM001\\Virtual Hard Disks\\os_4F1C.avhdx"), []),
        (lambda move: planned(move.vm, "E:\\Fast\\os_4F1C.avhdx"), []),
        (
            lambda move: planned(move.vm, "E:\\Slow\\os.vhdx"),
            ["disk scsi-0-0 would become E:\\Slow, E:\\Fast was planned"],
        ),
        (
            lambda move: replace(move, roots=replace(move.roots, paging="F:\\")),
            [f"its paging folder would be F:\\, {HOME} was planned"],
        ),
    ],
)
def test_what_a_backup_has_renamed_is_as_booked(changed: Callable[[Move], Move], said: list[str]) -> None:
    """It begins and ends with another file in each slot; where they go to still counts."""
    booked = planned(machine(1))
    assert list(departures(booked, changed(booked), renamed=True)) == said


def test_a_file_keeps_the_name_that_it_has_when_a_backup_is_over() -> None:
    """It goes to the folder that was meant for the file in its slot; one that is given another name gets that."""
    before = machine(1, disks=(disk(1, "D:\\A\\os_4F1C.avhdx"), disk(1, "D:\\A\\data.vhdx", "scsi-0-1")))
    now = machine(1, disks=(disk(1, "D:\\A\\os.vhdx"), disk(1, "D:\\A\\data.vhdx", "scsi-0-1")))
    wanted = Placement(
        disks={"scsi-0-0": "E:\\B\\OS_4F1C.avhdx", "scsi-0-1": "E:\\B\\other.vhdx"},
        frozen={"x": "E:\\os.vhdx"},
    )
    assert refitted(wanted, before, now) == Placement(
        disks={"scsi-0-0": "E:\\B\\os.vhdx", "scsi-0-1": "E:\\B\\other.vhdx"}
    )

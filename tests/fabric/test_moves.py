"""Each kind of move against hosts of the lab: the machine arrives, its disks unchanged, and nothing is left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.errors import MoveRefusedError, NoRoomError
from hyperv_placement.model.estate import VmState
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.units import GIB
from lab.estate.generated import SHARE
from lab.estate.spec import DiskSpec
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
HV2 = HostName("hv2")
HOME = "D:\\Hyper-V\\WEB01"
DISKS = (DiskSpec(path=f"{HOME}\\os.vhdx"), DiskSpec(path=f"{HOME}\\data.vhdx"))


def moved(fabric: Fabric, move: Move) -> None:
    """Carry out a move; host and checksums are as ordered, and the lab has nothing to complain of."""
    name, before = move.vm.name, fabric.sums(move.vm.name)
    done = fabric.timed(move)
    assert done.seconds is not None
    assert done.seconds > 0
    after = done.vm
    assert after.host == fabric.lab_vm(name).host == move.destination
    assert fabric.sums(name) == before
    assert after.state == move.vm.state
    assert {disk.slot: disk.path for disk in after.disks} == {
        **{disk.slot: disk.path for disk in move.vm.disks},
        **{disk.slot: disk.target for disk in move.disks},
    }
    assert after.roots == move.roots
    assert not fabric.world.state.violations
    assert not any(host.planned for host in fabric.world.hosts.values())
    assert fabric.audited() == ["start", "end"]


def test_a_host_alone(make_fabric: Maker) -> None:
    """A machine on a share that both hosts see changes hosts and copies nothing."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01")))
    move = fabric.order("WEB01", "hv2")
    assert move.moves == Moves.HOST
    moved(fabric, move)


@pytest.mark.parametrize(("source", "destination"), [(2, 3), (3, 2), (3, 3)])
def test_a_guest_that_is_older_than_its_host_beats(make_fabric: Maker, source: int, destination: int) -> None:
    """It speaks an older version of the heartbeat's protocol there: Degraded, and it answers (Msvm_HeartbeatComponent page)."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01")))
    fabric.world.hosts["hv1"].heartbeat_status = source
    fabric.world.hosts["hv2"].heartbeat_status = destination
    moved(fabric, fabric.order("WEB01", "hv2"))
    assert not [each for each in fabric.progress if each.warns]


def test_a_degraded_heartbeat_that_does_not_come_back_is_said(make_fabric: Maker) -> None:
    """The source showed that the guest answers: its silence afterwards is a warning, not passed over."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01")))
    fabric.world.hosts["hv1"].heartbeat_status = 3
    fabric.fault("heartbeat-lost", vm="WEB01")
    fabric.run(fabric.order("WEB01", "hv2"))
    assert [each.phase for each in fabric.progress if each.warns] == [
        "WEB01 (hv1 -> hv2): its guest's heartbeat has not come back"
    ]


def test_a_host_with_all_storage(make_fabric: Maker) -> None:
    """Roots and disks go to new places on another host."""
    fabric = make_fabric(estate(machine("WEB01", disks=DISKS)))
    vm = fabric.vm("WEB01")
    new = "E:\\VMs\\WEB01"
    disks = {disk.slot: f"{new}\\{disk.path.rsplit(chr(92), 1)[1]}" for disk in vm.disks}
    move = fabric.order("WEB01", "hv2", config=new, checkpoints=new, paging=new, disks=disks)
    assert move.moves == Moves.HOST_AND_STORAGE
    moved(fabric, move)


def test_a_host_with_unchanged_paths(make_fabric: Maker) -> None:
    """Where no storage is declared every file keeps its path on the other host."""
    fabric = make_fabric(estate(machine("WEB01", disks=DISKS)))
    move = fabric.order("WEB01", "hv2")
    assert move.moves == Moves.HOST_AND_STORAGE
    moved(fabric, move)


def test_the_roots_alone(make_fabric: Maker) -> None:
    """Configuration, checkpoints and paging move, each to a place of its own; the disks stay."""
    fabric = make_fabric(estate(machine("WEB01", disks=DISKS)))
    move = fabric.order("WEB01", config="E:\\C", checkpoints="E:\\S", paging="D:\\P")
    assert (move.moves, move.disks) == (Moves.STORAGE, ())
    moved(fabric, move)


def test_all_disks_alone(make_fabric: Maker) -> None:
    """Both disks move, the roots stay."""
    fabric = make_fabric(estate(machine("WEB01", disks=DISKS)))
    move = fabric.order("WEB01", disks={"scsi-0-0": "E:\\a\\os.vhdx", "scsi-0-1": "E:\\b\\data.vhdx"})
    assert (move.moves, len(move.disks)) == (Moves.STORAGE, 2)
    moved(fabric, move)


def test_one_disk_of_several(make_fabric: Maker) -> None:
    """What is left out of the order is not moved."""
    fabric = make_fabric(estate(machine("WEB01", disks=DISKS)))
    move = fabric.order("WEB01", disks={"scsi-0-1": "E:\\b\\data.vhdx"})
    assert [disk.slot for disk in move.disks] == ["scsi-0-1"]
    moved(fabric, move)


@pytest.mark.parametrize("state", [VmState.OFF, VmState.SAVED])
def test_a_machine_that_does_not_run(make_fabric: Maker, state: VmState) -> None:
    """It moves by the same job and is as before, without a heartbeat to wait for."""
    fabric = make_fabric(estate(machine("WEB01", enabled_state=int(state))))
    moved(fabric, fabric.order("WEB01", "hv2"))


def test_a_machine_with_a_virtual_tpm(make_fabric: Maker) -> None:
    """Its guest state goes where the configuration goes, to a host that holds its certificates."""
    fabric = make_fabric(estate(machine("WEB01", vtpm=True), guardians=("hv1", "hv2")))
    fabric.estate.specs[HV2] = replace(fabric.estate.specs[HV2], allow_vtpm=True)
    new = "E:\\VMs\\WEB01"
    move = fabric.order("WEB01", "hv2", config=new, checkpoints=new, paging=new)
    assert move.roots.guest_state == new
    moved(fabric, move)


def test_a_paused_machine(make_fabric: Maker) -> None:
    """It moves in the lab, which is a guess: nobody has seen one move."""
    fabric = make_fabric(estate(machine("WEB01", enabled_state=int(VmState.PAUSED))))
    moved(fabric, fabric.order("WEB01", "hv2"))


def test_a_machine_on_a_host_that_speaks_japanese(make_fabric: Maker) -> None:
    """Nothing is told by localised text."""
    fabric = make_fabric(estate(machine("WEB01"), locale="ja-JP"))
    moved(fabric, fabric.order("WEB01", "hv2"))


def test_progress_is_told_by_the_host(make_fabric: Maker) -> None:
    """Percent grows, and the phase is what the machine's host reports."""
    fabric = make_fabric(estate(machine("WEB01")))
    fabric.run(fabric.order("WEB01", "hv2"))
    percents = [progress.percent for progress in fabric.progress if progress.percent is not None]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert "moving storage" in {progress.phase for progress in fabric.progress}


def test_a_differencing_disk_is_refused_before_anything_starts(make_fabric: Maker) -> None:
    """Its parent is read only now, for a machine that would move."""
    disk = DiskSpec(path=f"{HOME}\\child.vhdx", parent="D:\\base.vhdx")
    fabric = make_fabric(estate(machine("WEB01", disks=(disk,))))
    with pytest.raises(MoveRefusedError, match=r"differencing disk of D:\\base\.vhdx"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert not fabric.log("start")


@pytest.mark.outcome
def test_a_machine_that_has_changed_since_is_refused(make_fabric: Maker) -> None:
    """Between plan and start somebody moved a disk: the order would speak of a file that is gone."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01")))
    stale = fabric.order("WEB01", "hv2")
    fabric.run(fabric.order("WEB01", disks={"scsi-0-0": "E:\\b\\data.vhdx"}))
    with pytest.raises(MoveRefusedError, match=r"has changed on hv1.*E:.b.data\.vhdx"):
        fabric.run(stale)
    assert fabric.lab_vm("WEB01").host == "hv1"


def test_a_disk_that_came_since_is_not_left_behind(make_fabric: Maker) -> None:
    """Everything else is as planned, but an order without the new disk would part it from its machine."""
    fabric = make_fabric(estate(machine("WEB01"), machine("WEB02", disks=DISKS)))
    stale, vm = fabric.order("WEB01", "hv2"), fabric.lab_vm("WEB01")
    vm.disks.append(replace(fabric.lab_vm("WEB02").disks[1]))
    with pytest.raises(MoveRefusedError, match=r"has changed on hv1.*it has .*data\.vhdx"):
        fabric.run(stale)
    assert not fabric.log("start")


def test_other_folders_since_are_not_undone(make_fabric: Maker) -> None:
    """Somebody moved the configuration by hand: the next plan sees it."""
    fabric = make_fabric(estate(machine("WEB01")))
    stale = fabric.order("WEB01", "hv2")
    fabric.run(fabric.order("WEB01", config="E:\\C"))
    with pytest.raises(MoveRefusedError, match=r"has changed on hv1.*a folder is E:\\C"):
        fabric.run(stale)


def test_a_shared_disk_with_a_local_parent_stays(make_fabric: Maker) -> None:
    """The file is seen by both hosts, what it depends on is not."""
    disk = DiskSpec(path=f"{SHARE}\\WEB01\\child.vhdx", parent="D:\\Masters\\base.vhdx")
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01", disks=(disk,))))
    move = fabric.order("WEB01", "hv2")
    assert move.moves == Moves.HOST
    with pytest.raises(MoveRefusedError, match=r"differencing disk of D:.Masters.base\.vhdx"):
        fabric.run(move)
    assert not fabric.log("start")


@pytest.mark.outcome
def test_a_machine_that_has_arrived_by_itself_is_left_alone(make_fabric: Maker) -> None:
    """Somebody was quicker: nothing is ordered, the machine is in place."""
    fabric = make_fabric(estate(machine("WEB01")))
    stale = fabric.order("WEB01", "hv2")
    fabric.run(stale)
    assert fabric.run(stale).host == "hv2"
    assert len(fabric.log("start")) == 1


def test_no_room_at_all_is_one_line(make_fabric: Maker) -> None:
    """Nothing is under way that could make the room, so waiting ends."""
    fabric = make_fabric(estate(machine("WEB01")))
    fabric.reserve("hv2", Reserve(memory_mib=1024 * 1024))
    with pytest.raises(NoRoomError, match=r"hv2 lacks .* of memory"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert not fabric.log("start")


def test_no_room_on_disk_is_one_line(make_fabric: Maker) -> None:
    """Both ends hold the files until the end; the reserve stays free."""
    fabric = make_fabric(estate(machine("WEB01")))
    fabric.reserve("hv2", Reserve(disk_bytes=4096 * GIB))
    with pytest.raises(NoRoomError, match=r"hv2 lacks .* on D:"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert not fabric.log("start")

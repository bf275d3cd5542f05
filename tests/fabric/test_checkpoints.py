"""Machines with checkpoints and differencing disks: every file of a chain goes along, or nothing moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.errors import InterruptedRunError, MoveRefusedError
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.options import MigrationOptions
from lab.estate.generated import SHARE
from lab.estate.spec import DiskSpec
from lab.storage.checksums import Checksums
from lab.world.objects import OFF, RUNNING, SAVED
from tests.fabric.conftest import Fabric, Maker, until
from tests.fabric.test_moves import moved
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
HOME = "D:\\Hyper-V\\WEB01"
NEW = "E:\\VMs\\WEB01"
TWO = ("before", "after")


def frozen_sums(fabric: Fabric) -> list[str | None]:
    """Return the checksums of the disks of the machine's checkpoints."""
    vm = fabric.lab_vm("WEB01")
    disks = [disk for checkpoint in vm.checkpoints for disk in checkpoint.disks]
    return [Checksums().sha256(fabric.world.files.real(vm.host, disk.path)) for disk in disks]


def folder(fabric: Fabric, host: str, path: str) -> set[str]:
    """Return the names of the files in a folder."""
    real = fabric.world.files.real(host, path)
    return {file.name for file in real.iterdir()} if real.exists() else set()


def moved_with_checkpoints(fabric: Fabric, move: Move) -> None:
    """Carry out a move; checkpoints are whole, every chain is linked, and nothing is left at the source."""
    before, sources = frozen_sums(fabric), [disk.source for disk in move.all_disks]
    targets = {disk.target for disk in move.all_disks}
    moved(fabric, move)
    vm = fabric.lab_vm("WEB01")
    assert None not in before
    assert frozen_sums(fabric) == before
    paths = {disk.path for disk in vm.disks} | {d.path for c in vm.checkpoints for d in c.disks}
    parents = {disk.parent_path for disk in vm.disks if disk.parent_path}
    assert parents <= paths
    assert targets <= paths
    left = [path for path in sources if fabric.world.files.real(str(move.source), path).exists()]
    assert left == ([] if move.changes_host else [path for path in sources if path in targets])


@pytest.mark.parametrize("state", [RUNNING, SAVED, OFF])
@pytest.mark.parametrize("host", ["hv2", None])
def test_all_of_a_machine_with_checkpoints(make_fabric: Maker, state: int, host: str | None) -> None:
    """Storage alone and with the host, in every state that rests: two checkpoints, so chains of three."""
    fabric = make_fabric(estate(machine("WEB01", checkpoints=TWO, enabled_state=state)))
    vm = fabric.vm("WEB01")
    assert (vm.checkpoints, len(vm.frozen)) == (2, 2)
    name = vm.disks[0].path.rsplit("\\", 1)[1]
    move = fabric.order(
        "WEB01", host, config=NEW, checkpoints=NEW, paging=NEW, disks={"scsi-0-0": f"{NEW}\\{name}"}
    )
    assert len(move.all_disks) == 3
    moved_with_checkpoints(fabric, move)
    place = host or "hv1"
    assert len(folder(fabric, place, f"{NEW}\\Snapshots")) == 2
    assert not folder(fabric, "hv1", f"{HOME}\\Snapshots")


@pytest.mark.parametrize("retained", [True, False])
def test_read_only_disks_stay_at_the_source_where_that_was_chosen(
    make_fabric: Maker, *, retained: bool
) -> None:
    """The disks of checkpoints are copied and kept, the one that the machine writes to leaves."""
    fabric = make_fabric(estate(machine("WEB01", checkpoints=TWO)))
    move = fabric.order("WEB01", "hv2")
    moved(fabric, replace(move, options=MigrationOptions(retain_vhd_copies_on_source=retained)))
    frozen, own = {disk.source for disk in move.frozen}, {disk.source for disk in move.disks}
    kept = {path for path in frozen | own if fabric.world.files.real("hv1", path).exists()}
    assert kept == (frozen - own if retained else set())


def test_unchanged_paths_on_another_host(make_fabric: Maker) -> None:
    """Where no storage is declared, the files of checkpoints keep their paths, too."""
    fabric = make_fabric(estate(machine("WEB01", checkpoints=TWO)))
    moved_with_checkpoints(fabric, fabric.order("WEB01", "hv2"))


def test_one_disk_of_two(make_fabric: Maker) -> None:
    """Only the chain of the disk that moves goes along."""
    disks = (DiskSpec(path=f"{HOME}\\os.vhdx"), DiskSpec(path=f"{HOME}\\data.vhdx"))
    fabric = make_fabric(estate(machine("WEB01", disks=disks, checkpoints=("one",))))
    name = fabric.vm("WEB01").disks[1].path.rsplit("\\", 1)[1]
    move = fabric.order("WEB01", disks={"scsi-0-1": f"{NEW}\\{name}"})
    assert [disk.slot for disk in move.all_disks] == ["scsi-0-1", "scsi-0-1"]
    moved_with_checkpoints(fabric, move)
    assert folder(fabric, "hv1", NEW) == {"data.vhdx", name}


def test_a_host_alone_with_checkpoints_on_a_share(make_fabric: Maker) -> None:
    """No file is copied; disks of checkpoints must be seen by both hosts, as all others."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01", checkpoints=TWO)))
    move = fabric.order("WEB01", "hv2")
    assert (move.moves, move.frozen) == (Moves.HOST, ())
    moved(fabric, move)
    assert None not in frozen_sums(fabric)


CHILD = DiskSpec(path=f"{HOME}\\child.vhdx", parent="D:\\Masters\\base.vhdx")


@pytest.mark.parametrize("host", ["hv2", None])
def test_a_parent_that_nothing_attaches_is_copied_where_that_was_chosen(
    make_fabric: Maker, host: str | None
) -> None:
    """It lies beside its disk afterwards, and at its old place as before: others may depend on it."""
    fabric = make_fabric(estate(machine("WEB01", disks=(CHILD,))))
    base = fabric.world.files.real("hv1", "D:\\Masters\\base.vhdx")
    before = base.read_bytes()
    move = fabric.order("WEB01", host, disks={"scsi-0-0": f"{NEW}\\child.vhdx"})
    moved(fabric, replace(move, options=MigrationOptions(parents="copy")))
    assert base.read_bytes() == before
    copy = fabric.world.files.real(host or "hv1", f"{NEW}\\base.vhdx")
    assert copy.read_bytes() == before
    assert fabric.lab_vm("WEB01").disks[0].parent_path == f"{NEW}\\base.vhdx"


@pytest.mark.parametrize("host", ["hv2", None])
def test_a_move_with_parents_is_adopted_by_the_next_run(make_fabric: Maker, host: str | None) -> None:
    """The parents that it copies are those that the run would have it copy, though it runs already."""
    fabric = make_fabric(estate(machine("WEB01", disks=(CHILD,))))
    rule = fabric.fault("stall", vm="WEB01", after=40)
    move = fabric.order("WEB01", host, disks={"scsi-0-0": f"{NEW}\\child.vhdx"})
    move = replace(move, options=MigrationOptions(parents="copy"))
    first = fabric.behind(lambda: fabric.run(move))
    until(lambda: any(job.running and job.percent > 0 for job in fabric.world.state.jobs))
    fabric.cancelled.set()
    with pytest.raises(InterruptedRunError):
        first.join(10)
    fabric.cancelled.clear()
    second = fabric.behind(lambda: fabric.run(move))
    until(lambda: "adopted" in fabric.audited())
    fabric.world.faults.clear(rule)
    second.join()
    assert fabric.lab_vm("WEB01").disks[0].parent_path == f"{NEW}\\base.vhdx"
    assert len(fabric.log("start")) == 1


def test_a_parent_is_never_written_over_a_file(make_fabric: Maker) -> None:
    """A copy of it lies there already, or something else of that name: the host refuses."""
    fabric = make_fabric(estate(machine("WEB01", disks=(CHILD,))))
    there = fabric.world.files.real("hv2", f"{NEW}\\base.vhdx")
    there.parent.mkdir(parents=True)
    there.write_bytes(b"somebody's")
    move = fabric.order("WEB01", "hv2", disks={"scsi-0-0": f"{NEW}\\child.vhdx"})
    with pytest.raises(Exception, match="The file exists"):
        fabric.run(replace(move, options=MigrationOptions(parents="copy")))
    assert there.read_bytes() == b"somebody's"


def test_a_chain_that_cannot_be_examined_moves_nowhere(make_fabric: Maker) -> None:
    """A parent whose file is gone is no parent to copy."""
    fabric = make_fabric(estate(machine("WEB01", disks=(CHILD,))))
    fabric.world.files.real("hv1", "D:\\Masters\\base.vhdx").unlink()
    move = fabric.order("WEB01", "hv2", disks={"scsi-0-0": f"{NEW}\\child.vhdx"})
    with pytest.raises(MoveRefusedError, match=r"base\.vhdx\) cannot be examined"):
        fabric.run(replace(move, options=MigrationOptions(parents="copy")))
    assert not fabric.log("start")

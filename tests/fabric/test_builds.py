"""Our client against hosts of each build: the same inventory, and moves that end well."""

from __future__ import annotations

import pytest

from hyperv_placement.model.move import Moves
from lab.world.builds import BUILDS
from tests.fabric.conftest import Maker
from tests.fabric.test_moves import moved
from tests.unit.lab.conftest import estate, machine


@pytest.mark.lab
@pytest.mark.parametrize("build", BUILDS.values(), ids=str)
def test_each_build_is_read_and_obeys(make_fabric: Maker, build: int) -> None:
    """Whatever classes and properties a build lacks: roots, disks and vTPM are known; storage moves, then the host."""
    fabric = make_fabric(estate(machine("WEB01"), machine("SNAP01", checkpoints=("one",)), build=build))
    web, snap = fabric.vm("WEB01"), fabric.vm("SNAP01")
    assert (web.vtpm, snap.checkpoints) == (False, 1)
    assert [disk.path for disk in web.disks] == [disk.path for disk in fabric.lab_vm("WEB01").disks]
    here = fabric.order("WEB01", disks={"scsi-0-0": "E:\\VMs\\WEB01.vhdx"})
    assert here.moves == Moves.STORAGE
    moved(fabric, here)
    there = fabric.order("WEB01", "hv2")
    assert there.moves == Moves.HOST_AND_STORAGE
    fabric.audit.path.unlink()
    moved(fabric, there)

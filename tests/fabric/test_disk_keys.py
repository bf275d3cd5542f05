"""Machines with several SCSI controllers: the disk that a key means is the disk that moves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model import winpath
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.planning.plan import plan
from lab.estate.spec import DiskSpec
from tests.estates import spec, stack
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
FILES = ("os", "db", "log", "tmp")
FOUR = tuple(DiskSpec(path=f"D:\\s\\{name}.vhdx", slot=f"scsi-{n}-0") for n, name in enumerate(FILES))
NEW = "E:\\fast\\db.vhdx"


def step(fabric: Fabric, key: str) -> Step:
    """Return how the machine stands with one disk declared at a new place."""
    declared = spec(1, "hv1", storage=StorageSpec(disks={key: NEW}))
    (found,) = plan(stack(declared), fabric.inventory()).steps
    return found


@pytest.mark.parametrize("seed", [1, 4])
def test_the_key_of_one_of_four_controllers(make_fabric: Maker, seed: int) -> None:
    """Seen with seeds 1 to 6: `SCSI 1:0` never was the disk on Hyper-V's controller 1, and the system disk moved once."""
    built = replace(estate(machine("VM001", folder="D:\\s", disks=FOUR)), seed=seed)
    fabric = make_fabric(built)
    held = {disk.path: disk.controller_id for disk in fabric.lab_vm("VM001").disks}

    counted = step(fabric, "SCSI 1:0")
    assert counted.standing == Standing.REFUSED
    (said,) = (each for each in counted.findings if each.refuses)
    for path in held:
        assert f"'{winpath.base_name(path)}' for {path}" in said.remedy

    named = step(fabric, f"SCSI {held[FOUR[1].path][:8].upper()}:0")
    assert named.move is not None
    assert [(disk.source, disk.target) for disk in named.move.disks] == [(FOUR[1].path, NEW)]
    fabric.run(named.move)
    after = {disk.controller_id: disk.path for disk in fabric.lab_vm("VM001").disks}
    assert after == {guid: NEW if path == FOUR[1].path else path for path, guid in held.items()}
    assert step(fabric, "db.vhdx").standing == Standing.IN_PLACE

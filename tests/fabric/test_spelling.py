"""Hosts spell one folder in several ways, and nothing moves for it."""

from __future__ import annotations

import pytest

from hyperv_placement.model.move import Moves
from hyperv_placement.model.plan import Standing
from hyperv_placement.planning.plan import plan
from lab.estate.generated import SHARE
from tests.estates import spec, stack
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


def respelled(make_fabric: Maker, folder: str) -> Fabric:
    """Return hosts with a machine whose guest state lies with its configuration, spelled otherwise."""
    fabric = make_fabric(estate(machine("VM001", folder=folder)))
    roots = fabric.lab_vm("VM001").roots
    assert roots.guest_state == roots.config
    roots.guest_state = roots.config.swapcase().replace(SHARE.swapcase(), SHARE) + "\\"
    return fabric


def test_a_machine_in_place_stays(make_fabric: Maker) -> None:
    """Seen: a storage move at every run, for ever, and "hv1 no longer answers" in drift."""
    fabric = respelled(make_fabric, "D:\\Hyper-V\\VM001")
    (step,) = plan(stack(spec(1, "hv1")), fabric.inventory()).steps
    assert (step.standing, step.move, step.findings) == (Standing.IN_PLACE, None, ())


def test_a_machine_on_a_share_moves_alone_and_is_proven(make_fabric: Maker) -> None:
    """Seen: refused, for it "would keep its path while other files are copied"."""
    fabric = respelled(make_fabric, f"{SHARE}\\VM001")
    (step,) = plan(stack(spec(1, "hv2")), fabric.inventory()).steps
    assert step.move is not None
    assert step.move.moves == Moves.HOST
    assert fabric.run(step.move).host == "hv2"

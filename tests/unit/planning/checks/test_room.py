"""When what waits for a move may go on: at its end, whoever made it, and when the machine has gone elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, ScheduledMove
from hyperv_placement.planning.machine.difference import has_made_room
from tests.estates import machine

HOME = "D:\\Hyper-V\\VM001"


def ordered(destination: str, folder: str) -> ScheduledMove:
    """Return a move of VM001 from hv1, of its files as well."""
    vm = machine(1, "hv1", HOME)
    type_ = Moves.STORAGE if destination == "hv1" else Moves.HOST_AND_STORAGE
    move = Move(
        vm=vm, moves=type_, source=HostName("hv1"),
        destination=HostName(destination), roots=machine(1, destination, folder).roots,
    )  # fmt: skip
    placement = Placement(host=HostName(destination), config=folder, checkpoints=folder, paging=folder)
    return ScheduledMove(label="VM001", move=move, placement=placement, start=0.0, end=9.0, after=())


@pytest.mark.parametrize(
    ("planned", "now", "free"),
    [
        (ordered("hv2", HOME), machine(1, "hv2", HOME), True),
        (ordered("hv2", HOME), machine(1, "hv3", "E:\\elsewhere"), True),
        (ordered("hv2", HOME), machine(1, "hv1", HOME), False),
        (ordered("hv1", "E:\\VM001"), machine(1, "hv1", "E:\\VM001"), True),
        (ordered("hv1", "E:\\VM001"), machine(1, "hv1", HOME), False),
        (ordered("hv1", "E:\\VM001"), machine(1, "hv2", HOME), False),
    ],
    ids=["arrived", "moved elsewhere by a person", "still there", "files moved", "files still there", "another room"],
)  # fmt: skip
def test_room_is_free_when_the_machine_has_left(
    planned: ScheduledMove, now: VirtualMachine, *, free: bool
) -> None:
    """A move between hosts frees its host however it ends there; one of files alone frees their old place."""
    assert has_made_room(planned, replace(now, disks=())) is free

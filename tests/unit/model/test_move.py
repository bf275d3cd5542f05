"""What a move is called: nothing is live of a machine that does not run."""

from __future__ import annotations

import pytest

from hyperv_placement.model.estate import VmState
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from tests.estates import machine


@pytest.mark.parametrize(
    ("state", "moves", "kind", "described"),
    [
        (VmState.RUNNING, Moves.HOST, "live", "live migration"),
        (VmState.PAUSED, Moves.HOST, "live", "live migration"),
        (VmState.OFF, Moves.HOST, "offline", "offline migration"),
        (VmState.SAVED, Moves.HOST_AND_STORAGE, "offline+storage", "offline migration with storage"),
        (VmState.RUNNING, Moves.HOST_AND_STORAGE, "live+storage", "live migration with storage"),
        (VmState.OFF, Moves.STORAGE, "storage", "storage migration"),
    ],
)
def test_a_machine_that_is_off_is_not_moved_live(
    state: VmState, moves: Moves, kind: str, described: str
) -> None:
    """By its state when the plan was made; what only takes files has one name."""
    vm = machine(1, state=state)
    move = Move(
        vm=vm, moves=moves, source=HostName("hv1"), destination=HostName("hv2"), roots=vm.roots
    )  # fmt: skip
    assert (move.kind, move.described) == (kind, described)

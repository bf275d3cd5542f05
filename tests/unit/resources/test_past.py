"""What outputs remember of a machine's moves."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from providers.model.names import HostName
from providers.model.paces import PastMove
from providers.resources.past import KEPT, Past, past_in, plain_past
from providers.resources.properties import outputs_of
from providers.resources.vm_placement import VmPlacement
from tests.estates import machine


def move(number: int) -> PastMove:
    """Return one of several moves."""
    return PastMove(
        ended=1_767_225_600 + number,
        source=HostName("hv1"),
        destination=HostName("hv2"),
        bytes=3 * 2**40 + number,
        seconds=61.5,
        estimated=60.0,
    )


PAST = Past().and_then(move(1)).and_then(None).and_then(move(2))


def test_state_gives_back_what_it_was_given() -> None:
    """Numbers become floats on their way through the engine."""
    struct = struct_pb2.Struct()
    struct.update(plain_past(PAST))
    assert past_in(rpc.deserialize_properties(struct)) == PAST == Past(moves=3, last=(move(1), move(2)))


def test_a_few_are_kept_and_none_is_not_told() -> None:
    """State does not grow with the years."""
    past = Past()
    assert plain_past(past) == {"moves": 0}
    for number in range(2 * KEPT):
        past = past.and_then(move(number))
    assert past.last == tuple(move(number) for number in range(KEPT, 2 * KEPT))
    assert past.moves == 2 * KEPT


@pytest.mark.parametrize(
    "told",
    [None, 7, {}, [7], ["text"], [{}], [{**plain_past(PAST)["lastMoves"][0], "seconds": "NaN"}],
     [{**plain_past(PAST)["lastMoves"][0], "bytes": float("inf")}]],
)  # fmt: skip
def test_what_is_no_past_is_left_out(told: Any) -> None:
    """State that somebody has edited, or an older release wrote, stops no run."""
    assert past_in({"moves": 2.0, "lastMoves": told}) == Past(moves=2)


def test_the_past_makes_no_change() -> None:
    """Neither when it is new nor when it differs: it is nothing that anybody wants."""
    vm = machine(1)
    wanted = {"host": "hv1", "vmId": vm.id}
    assert VmPlacement()._compared(vm.id, outputs_of(vm, PAST), wanted).detailed == {}
    assert VmPlacement()._compared(vm.id, outputs_of(vm, Past()), {**wanted, "lastMoves": []}).detailed == {}

"""What outputs remember of a machine's moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from hyperv_placement.audit.origin import Origin
from hyperv_placement.migration.migrate import Moved
from hyperv_placement.model.estate import Roots
from hyperv_placement.model.identity import Home
from hyperv_placement.model.move import DiskMove, Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, ScheduledMove, Standing, Step
from hyperv_placement.model.throughput import MadeBy, PastMove
from hyperv_placement.resources.past_moves import KEPT, MoveHistory, made_by, past_in, plain_past, remembered
from hyperv_placement.resources.properties import inputs_of, outputs_of
from hyperv_placement.resources.vm_placement import VmPlacement
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
        by=MadeBy(
            who="runner",
            actor="alice",
            run="https://forge/runs/7",
            job=f"JOB-{number}",
            config="D:\\A",
            disks=("D:\\A\\os.vhdx",),
        ),
    )


PAST = MoveHistory().append(move(1)).append(None).append(move(2))


def test_state_gives_back_what_it_was_given() -> None:
    """Numbers become floats on their way through the engine."""
    struct = struct_pb2.Struct()
    struct.update(plain_past(PAST))
    assert (
        past_in(rpc.deserialize_properties(struct)) == PAST == MoveHistory(moves=3, last=(move(1), move(2)))
    )


def test_a_few_are_kept_and_none_is_not_told() -> None:
    """State does not grow with the years."""
    past = MoveHistory()
    assert plain_past(past) == {"moves": 0}
    for number in range(2 * KEPT):
        past = past.append(move(number))
    assert past.last == tuple(move(number) for number in range(KEPT, 2 * KEPT))
    assert past.moves == 2 * KEPT


def test_what_was_planned_otherwise_is_remembered_without_an_estimate() -> None:
    """A move from another host and one without a plan say who and where alone; one whose order somebody else gave is none of ours."""
    vm = machine(1)
    order = Move(vm=vm, moves=Moves.HOST, source=vm.host, destination=HostName("hv2"), roots=vm.roots)
    planned = ScheduledMove(
        label="VM001", move=order, placement=Placement(), start=5, end=65.04, after=(), bytes=10**10
    )
    when = datetime(2026, 1, 1, tzinfo=UTC)
    assert remembered(planned, order, 61.52, when) == PastMove(
        ended=1_767_225_600,
        source=vm.host,
        destination=HostName("hv2"),
        bytes=10**10,
        seconds=61.5,
        estimated=60.0,
    )
    for without in (
        remembered(None, order, 61.5, when),
        remembered(planned, replace(order, source=HostName("hv3")), 61.5, when),
        remembered(planned, replace(order, moves=Moves.STORAGE), 61.5, when),
    ):
        assert without is not None
        assert (without.bytes, without.estimated, without.destination) == (0, 0.0, "hv2")
    assert remembered(planned, order, None, when) is None


def test_who_made_a_move_is_the_origin_of_its_audit_line() -> None:
    """A pipeline's run and actor where there is one, else the number of the engine's run."""
    vm = machine(1)
    order = Move(
        vm=vm, moves=Moves.HOST_AND_STORAGE, source=vm.host, destination=HostName("hv2"),
        roots=Roots(config="E:\\A", checkpoints="E:\\A", paging="E:\\A"),
        disks=(DiskMove(slot="scsi-0-0", instance_id="x", source="D:\\A\\os.vhdx", target="E:\\A\\os.vhdx"),),
    )  # fmt: skip
    moved = Moved(vm=vm, seconds=61.5, job="JOB-1")
    by_hand = made_by(order, moved, Origin(who="root", uid="0"), "0f" * 16)
    assert by_hand == MadeBy(
        who="root", run="0f" * 16, job="JOB-1", config="E:\\A", disks=("E:\\A\\os.vhdx",)
    )
    claims = {"run": "https://forge/runs/7", "actor": "alice"}
    by_pipeline = made_by(order, moved, Origin(who="runner", uid="1000", claimed=claims), "0f" * 16)
    assert (by_pipeline.who, by_pipeline.actor, by_pipeline.run) == (
        "runner",
        "alice",
        "https://forge/runs/7",
    )


@pytest.mark.parametrize(
    "reported",
    [None, 7, {}, [7], ["text"], [{}], [{**plain_past(PAST)["lastMoves"][0], "seconds": "NaN"}],
     [{**plain_past(PAST)["lastMoves"][0], "bytes": float("inf")}]],
)  # fmt: skip
def test_what_is_no_past_is_left_out(reported: Any) -> None:
    """State that somebody has edited, or an older release wrote, stops no run."""
    assert past_in({"moves": 2.0, "lastMoves": reported}) == MoveHistory(moves=2)


def test_the_past_makes_no_change() -> None:
    """Neither when it is new nor when it differs: it is nothing that anybody wants."""
    vm = machine(1)
    wanted = {"host": "hv1", "vmId": vm.id}
    assert VmPlacement()._compared(vm.id, outputs_of(vm, PAST), wanted).detailed == {}
    assert (
        VmPlacement()._compared(vm.id, outputs_of(vm, MoveHistory()), {**wanted, "lastMoves": []}).detailed
        == {}
    )


def test_a_machine_that_does_not_count_is_no_change_whatever_was_said_of_it_before() -> None:
    """It was missing in an earlier run, and is unknown now, for its host is away: state still has what was said then."""
    olds = {"vmId": "x", "reachable": False, "problem": "VM001 is missing"}
    assert VmPlacement()._compared("x", olds, {"name": "VM001"}).detailed == {}


def test_where_a_machine_goes_back_to_is_kept_until_it_goes() -> None:
    """An input that the outputs keep; what somebody has made of it by hand is no such place."""
    home = Home(host=HostName("hv1"), entry="0a")
    vm = machine(1, "hv2")
    outputs = outputs_of(vm, MoveHistory(home=home))
    assert outputs["home"] == {"host": "hv1", "entry": "0a"}
    assert past_in(outputs).home == home
    for spoilt in (None, 7, {}, {"host": ""}, ["hv1"]):
        assert past_in({"home": spoilt}).home is None
    step = Step(label="VM001", standing=Standing.IN_PLACE, placement=Placement(), vm=vm, home=home)
    assert inputs_of(step)["home"] == outputs["home"]
    back = Move(
        vm=vm, moves=Moves.HOST, source=HostName("hv2"), destination=home.host, roots=vm.roots, disks=()
    )
    assert "home" not in inputs_of(replace(step, standing=Standing.MOVE, move=back))

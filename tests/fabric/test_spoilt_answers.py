"""Answers that do not come, or not as they were written: no reading is taken for whole, no order is sent twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.names import HostName
from hyperv_placement.winrm.bounds import BOUNDS
from lab.world.faults import Fault
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_failures import Watching
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
METHOD = "MigrateVirtualSystemToHost"
SPOILT: dict[str, dict[str, Any]] = {
    "no-answer": {},
    "answer-truncated": {"after": 50},
    "answer-garbled": {"seed": 3},
    "answer-doubled": {},
}


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine on hv1, hosts that are given a second to answer."""
    made = make_fabric(estate(machine("WEB01")))
    made.estate.close()
    made.estate = Estate(made.specs, clock=made.clock, bounds=replace(BOUNDS, answer_seconds=2.0))
    return made


def spoil(fabric: Fabric, kind: str, **more: Any) -> None:
    """Add a rule for hv1."""
    fabric.world.faults.add(Fault(id=0, kind=kind, host="hv1", **more))


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize("operation", ["Enumerate", "Pull"])
@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_answer_is_no_reading(fabric: Fabric, kind: str, operation: str, times: int | None) -> None:
    """The host is read whole, or is not read and says why; the others are read all the same."""
    whole = fabric.estate.read(Detail.PLACEMENT)
    spoil(fabric, kind, operation=operation, left=times, **SPOILT[kind])
    found = fabric.estate.read(Detail.PLACEMENT)
    assert found.hosts.keys() | found.unreachable.keys() == whole.hosts.keys()
    assert {HostName("hv2"), HostName("hv3")} <= found.hosts.keys()
    if HostName("hv1") in found.hosts:
        assert list(found.vms()) == list(whole.vms())
    else:
        assert "hv1" in str(found.unreachable[HostName("hv1")])


@pytest.mark.parametrize("kind", SPOILT)
def test_an_order_whose_answer_is_spoilt_is_looked_for(fabric: Fabric, kind: str) -> None:
    """It is sent once, its job is found and followed."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: spoil(fabric, kind, operation=METHOD, left=1, **SPOILT[kind]),
    })  # fmt: skip
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert "answer lost" in fabric.audited()
    assert [entry["operation"] for entry in fabric.log("request")].count(METHOD) == 1
    assert not fabric.world.state.violations


@pytest.mark.parametrize("kind", ["redirected", "half-open"])
def test_a_host_that_answers_nobody_is_unreachable(fabric: Fabric, kind: str) -> None:
    """Nothing follows a redirect, least of all with a password; silence ends at its deadline."""
    move = fabric.order("WEB01", "hv2")
    spoil(fabric, kind, text="https://127.0.0.1:9/wsman")
    with pytest.raises(PlacementError, match="hv1"):
        fabric.run(move)
    assert not fabric.log("request")
    fabric.world.faults.clear()
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"


def test_a_host_that_stops_meanwhile_comes_back_to_a_machine_that_has_not_moved(fabric: Fabric) -> None:
    """The run waits for it, says how the job ended, and the next run moves."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: spoil(
            fabric, "host-restarts", seconds=20.0, left=1, since=fabric.world.clock.now() + timedelta(seconds=4)
        ),
    })  # fmt: skip
    with pytest.raises(PlacementError, match="WEB01"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert fabric.lab_vm("WEB01").host == "hv1"
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert not fabric.world.state.violations


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
def test_a_clock_that_jumps_meanwhile_decides_nothing(fabric: Fabric, seconds: float) -> None:
    """Neither how long a job has run nor whether it has ended goes by the host's clock."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: spoil(
            fabric, "clock-jumps", seconds=seconds, left=1, since=fabric.world.clock.now() + timedelta(seconds=4)
        ),
    })  # fmt: skip
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert fabric.world.hosts["hv1"].clock_skew == seconds
    assert fabric.audited() == ["start", "end"]


def test_a_volume_that_fills_up_meanwhile_has_no_room_in_the_next_run_either(fabric: Fabric) -> None:
    """The machine stays whole where it is until there is room."""
    fabric.world.faults.add(Fault(id=0, kind="disk-fills", host="hv2", after=30))
    with pytest.raises(PlacementError, match="0x80070070"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert fabric.lab_vm("WEB01").host == "hv1"
    facts = fabric.inventory().hosts[HostName("hv2")].facts
    assert facts is not None
    assert {volume.free_bytes for volume in facts.volumes or ()} == {0}
    fabric.world.faults.clear()
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert not fabric.world.state.violations

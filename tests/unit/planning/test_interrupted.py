"""What became of machines that an interrupted run had begun."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.drift import OpenStart
from hyperv_placement.planning.interrupted import Became, Begun, doubtful, fate_of
from tests.estates import guid, host, inventory, job, machine

OLD, NEW = "D:\\Hyper-V\\VM001", "E:\\Hyper-V\\VM001"
HV1, HV2, HV3 = HostName("hv1"), HostName("hv2"), HostName("hv3")


def begun(**more: Any) -> Begun:
    """Return VM001, whose move from hv1 to hv2 has no end in the log."""
    start = OpenStart(vm_id=guid(1), source=HV1, destination=HV2, config="")
    return Begun(**{"name": "VM001", "vm_id": guid(1), "start": start, **more})


def became(seen: Inventory, **more: Any) -> Became:
    """Return what became of it."""
    return fate_of(begun(**more), seen).became


AT_SOURCE = inventory(host("hv1", machine(1)), host("hv2"), host("hv3"))
AT_DESTINATION = inventory(host("hv1"), host("hv2", machine(1, "hv2")), host("hv3"))


def test_a_machine_that_rests_is_moved_not_moved_or_elsewhere() -> None:
    """By both hosts of the move; none of it needs a person."""
    fates = {
        Became.NOT_MOVED: AT_SOURCE,
        Became.MOVED: AT_DESTINATION,
        Became.ELSEWHERE: inventory(host("hv1"), host("hv2"), host("hv3", machine(1, "hv3"))),
    }
    for expected, seen in fates.items():
        fate = fate_of(begun(), seen)
        assert (fate.became, fate.needs_a_person, doubtful([fate])) == (expected, False, False)
    assert "on hv1, running" in fate_of(begun(), AT_SOURCE).text


def test_a_job_that_runs_goes_before_everything() -> None:
    """Both ends may show the machine meanwhile, and a planned one; percent and host are said."""
    running = replace(job(1, "hv2.lab.example"), percent=37)
    seen = inventory(host("hv1", machine(1), jobs=(running,)), replace(host("hv2"), planned=(guid(1),)))
    fate = fate_of(begun(), seen)
    assert (fate.became, fate.percent, fate.host, fate.needs_a_person) == (Became.GOES_ON, 37, HV1, False)
    assert "at 37 %" in fate.text
    assert fate.planned is None


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (inventory(host("hv1", machine(1)), host("hv2", machine(1, "hv2"))), Became.TWICE),
        (inventory(host("hv1"), host("hv2"), host("hv3")), Became.NOT_SEEN),
        (inventory(host("hv2"), silent=("hv1",)), Became.UNKNOWN),
        (inventory(host("hv2", machine(1, "hv2")), silent=("hv1",)), Became.UNKNOWN),
    ],
    ids=["twice", "nowhere", "behind silence", "its source is silent"],
)
def test_what_is_not_known_or_not_right_needs_a_person(seen: Inventory, expected: Became) -> None:
    """Never taken for moved, nor for gone. Only another sweep could show more of a machine seen twice or not at all."""
    fate = fate_of(begun(), seen)
    assert (fate.became, fate.needs_a_person) == (expected, True)
    assert doubtful([fate]) is (expected in {Became.TWICE, Became.NOT_SEEN})


def test_a_silent_destination_hides_nothing_of_a_machine_that_rests_at_its_source() -> None:
    """Its job would run there, and none does."""
    assert became(inventory(host("hv1", machine(1)), silent=("hv2",))) is Became.NOT_MOVED


def test_a_planned_machine_is_a_leftover_unless_our_staging_made_it() -> None:
    """The next run moves into its own; any other is looked at by a person, once it has had the time to vanish."""
    seen = inventory(host("hv1", machine(1)), replace(host("hv2"), planned=(guid(1),)))
    left, ours = fate_of(begun(), seen), fate_of(begun(start=None, staged_on=HV2), seen)
    assert (left.planned, left.needs_a_person, doubtful([left])) == (HV2, True, True)
    assert (ours.planned, ours.needs_a_person) == (None, False)
    assert "ready on hv2, which the next run moves into" in ours.text
    assert fate_of(begun(start=None, staged_on=HV3), seen).planned == HV2
    # On another runner no log says so, but the entry does: a run takes what lies where it would order it.
    assert fate_of(begun(start=None, stages=True, declared=frozenset({HV2})), seen).planned is None
    assert fate_of(begun(start=None, stages=True, declared=frozenset({HV3})), seen).planned == HV2


def test_a_machine_without_a_start_was_not_begun_or_has_ended() -> None:
    """The engine had come to it, or the run itself saw its move end: a first leg, after which another was to come."""
    assert became(AT_SOURCE, start=None, pending="creating") is Became.NOT_BEGUN
    fate = fate_of(begun(start=None, ended="hv1 -> hv2: moved", declared=frozenset({HV3})), AT_DESTINATION)
    assert fate.became is Became.ENDED
    assert fate.text.endswith("it is declared on hv3, and the next run does what is left")

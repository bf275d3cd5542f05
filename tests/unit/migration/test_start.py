"""Which job is ours after the answer to an order was lost."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import MovedByOthersError
from hyperv_placement.hyperv.host_names import HostNames
from hyperv_placement.migration.start import ours_among
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.wsman import Instance, Value
from tests.estates import guid, machine

MOVE = Move(
    vm=machine(1), moves=Moves.HOST_AND_STORAGE, source=HostName("hv1"),
    destination=HostName("hv2"), roots=machine(1).roots,
)  # fmt: skip
HV2 = HostNames(computer_name="HV2", full_name="hv2.lab.example", proven=("hv2.lab.example",))


def job(id_: str, destination: str, **more: Value) -> Instance:
    """Return a job's row; it runs unless told otherwise."""
    values: dict[str, Value] = {
        "InstanceID": id_, "JobState": 4, "VirtualSystemName": guid(1), "DestinationHost": destination,
    }  # fmt: skip
    return Instance("Msvm_MigrationJob", {**values, **more})


def test_a_job_that_does_what_was_ordered_is_ours() -> None:
    """Also where it is over: then it tells how it went."""
    running, over = job("A", "hv2.lab.example"), job("B", "HV2", JobState=10)
    assert ours_among([running], MOVE, HV2) == running
    assert ours_among([over], MOVE, HV2) == over


def test_a_job_that_leads_elsewhere_and_runs_is_somebodys() -> None:
    """It is not followed as if it were ours."""
    with pytest.raises(MovedByOthersError, match=r"to hv3\.lab\.example"):
        ours_among([job("A", "hv3.lab.example")], MOVE, HV2)


@pytest.mark.parametrize("kind", [300, 301, 302, 303, 304])
def test_a_job_that_only_checks_is_no_move(kind: int) -> None:
    """Whoever compares the machine with our destination does not move it."""
    with pytest.raises(MovedByOthersError, match="is being prepared for a move"):
        ours_among([job("A", "hv2.lab.example", JobType=kind)], MOVE, HV2)


def test_a_job_that_led_elsewhere_and_is_over_says_nothing() -> None:
    """Nor does one of no machine."""
    rows = [job("A", "hv3.lab.example", JobState=8), job("B", "hv2.lab.example", VirtualSystemName="")]
    assert ours_among(rows, MOVE, HV2) is None

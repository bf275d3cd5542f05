"""What a machine's own state says against a move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.estate import Roots, VmState
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Standing, Step
from hyperv_placement.model.units import GIB
from hyperv_placement.operations.discovery.storage import undeclarable
from hyperv_placement.planning.checks.state import (
    ACTIVITIES,
    HEALTH,
    STATUS,
    Treatment,
    passing,
    state_findings,
)
from hyperv_placement.planning.machine.difference import differences, observed
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, machine, spec, stack


def said(**vm: Any) -> list[Finding]:
    """Return what is said of VM001 in some state."""
    return list(state_findings(machine(1, **vm)))


def test_nothing_is_said_of_a_machine_that_is_well() -> None:
    """Running or off, one value of OperationalStatus and HealthState 5."""
    assert said() == []
    assert said(state=VmState.OFF, enabled_state=3) == []


@pytest.mark.parametrize(
    ("vm", "ids", "words"),
    [
        ({"operational_status": (3,)}, ["machine-failing"], "does not reach the storage of its configuration"),
        ({"operational_status": (5,)}, ["machine-state-doubtful"], "low on space"),
        ({"operational_status": (11,)}, ["machine-busy"], "is busy with a request"),
        ({"operational_status": (11, 32776)}, ["machine-busy"], "is being backed up"),
        ({"operational_status": (2, 32774)}, ["machine-busy"], "is being migrated"),
        ({"operational_status": (2, 32795)}, ["machine-failing"], "critical error of its storage"),
        ({"operational_status": (6,)}, ["machine-state-unnamed"], "reports OperationalStatus 6, which"),
        ({"operational_status": (2, 32775)}, ["machine-state-unnamed"], "reports OperationalStatus 32775, which"),
        ({"operational_status": ()}, ["machine-state-unnamed"], "reports no OperationalStatus of VM001"),
        ({"health_state": 20}, ["machine-failing"], "has suffered a major failure"),
        ({"health_state": 25}, ["machine-failing"], "has suffered a critical failure"),
        ({"health_state": 10}, ["machine-state-unnamed"], "reports HealthState 10, which"),
        ({"health_state": None}, ["machine-state-unnamed"], "reports no HealthState of VM001"),
        ({"state": VmState.OTHER, "enabled_state": 10}, ["machine-between-states"], "is starting, between two"),
        ({"state": VmState.OTHER, "enabled_state": 32783}, ["machine-between-states"], "hibernated, a state in"),
        ({"roots": Roots(config="", checkpoints="", paging="")}, ["machine-without-folders"], "reports no folder"),
    ],
)  # fmt: skip
def test_each_state_has_its_finding(vm: dict[str, Any], ids: list[str], words: str) -> None:
    """What the class page says of a value decides; one that it does not name warns."""
    found = said(**vm)
    assert [each.id for each in found] == ids
    assert words in found[0].text
    assert found[0].refuses == (found[0].id not in {"machine-state-doubtful", "machine-state-unnamed"})


def test_a_request_that_has_no_name_is_still_a_request() -> None:
    """In Service with a second value that nobody knows: busy, and a warning."""
    assert [each.id for each in said(operational_status=(11, 40000))] == [
        "machine-busy",
        "machine-state-unnamed",
    ]


def test_only_what_passes_by_itself_can_be_waited_for() -> None:
    """A migration is followed or left alone; a critical error stays."""
    passing = {value for value, meaning in ACTIVITIES.items() if meaning.treatment is Treatment.PASSES}
    assert passing == {32768, 32769, 32770, 32771, 32772, 32773, 32776, 32777}
    assert {value for value, meaning in STATUS.items() if meaning.treatment is Treatment.PASSES} == {11}
    assert {meaning.treatment for meaning in HEALTH.values()} == {Treatment.FINE, Treatment.REFUSED}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ((2,), ""), ((), ""), ((2, 32776), "is being backed up"), ((11, 32776), "is being backed up"),
        ((11,), "is busy with a request"), ((11, 40000), "is busy with a request"), ((11, 32774), ""),
        ((3, 32776), ""), ((2, 40000), ""),
    ],
)  # fmt: skip
def test_what_is_waited_for_is_what_passes(status: tuple[int, ...], words: str) -> None:
    """Where a migration or an error of its storage is shown as well, waiting ends, and the rules are asked again."""
    assert passing(status) == words


def stepped(seconds: int, **vm: Any) -> Step:
    """Return the step of VM001, on its way to hv2, in a stack that waits for some seconds."""
    declared = replace(stack(spec(1, "hv2")), wait_for_activity=seconds)
    result = plan(declared, inventory(host("hv1", machine(1, **vm)), host("hv2"), host("hv3")))
    return result.steps[0]


BACKUP: dict[str, Any] = {
    "operational_status": (11, 32776),
    "checkpoints": 1,
    "special_checkpoints": 1,
    "disks": (
        disk(1, "D:\\Hyper-V\\VM001\\os_1.avhdx", parent_path="D:\\Hyper-V\\VM001\\os.vhdx", size_bytes=GIB),
    ),
    "frozen": (disk(9, "D:\\Hyper-V\\VM001\\os.vhdx", size_bytes=GIB),),
}
"""A machine during its backup: it writes to another disk, and has a checkpoint that the backup has taken."""


def test_a_machine_that_is_backed_up_is_waited_for_where_the_stack_file_says_so() -> None:
    """The plan has its move and says that it waits; without the key it is refused, as what the backup has made is."""
    waits = stepped(7200, **BACKUP)
    assert (waits.standing, waits.waits) == (Standing.MOVE, True)
    (said,) = waits.findings
    assert (
        said.text
        == "VM001 is being backed up; its move waits up to 2 h 00 min for that to end (wait_for_activity)"
    )
    refused = stepped(0, **BACKUP)
    assert (refused.standing, refused.waits) == (Standing.REFUSED, False)
    assert [each.id for each in refused.findings] == ["machine-busy", "checkpoint-special"]


def test_a_machine_whose_folders_are_out_of_reach_is_refused_wherever_it_is_declared() -> None:
    """Where its files are is not known, which is neither the declared place nor another one."""
    lost = machine(1, roots=Roots(config="", checkpoints="", paging=""), health_state=25)
    for declared in (spec(1, "hv1", storage="E:\\New"), spec(1, "hv2")):
        (step,) = plan(stack(declared), inventory(host("hv1", lost), host("hv2"), host("hv3"))).steps
        assert step.standing == Standing.REFUSED
        assert {"machine-without-folders", "machine-failing"} <= {each.id for each in step.findings}
    wanted = Placement(host=HostName("hv1"), config="E:\\New")
    assert differences(wanted, observed(lost)) == ()
    assert undeclarable(lost) == (
        "its host does not reach the storage of its configuration, and reports no folder"
    )


@pytest.mark.parametrize(
    "vm", [{"operational_status": (2, 32774)}, {"operational_status": (3,)}, {"health_state": 25}]
)
def test_what_does_not_pass_is_refused_all_the_same(vm: dict[str, Any]) -> None:
    """A migration of others, a machine whose storage is gone."""
    assert stepped(7200, **vm).standing == Standing.REFUSED
    assert stepped(7200, **{**BACKUP, **vm}).standing == Standing.REFUSED


def test_what_a_backup_makes_is_refused_where_no_backup_runs() -> None:
    """A checkpoint that a backup has left is somebody's to clear up."""
    left = stepped(7200, **{**BACKUP, "operational_status": (2,)})
    assert [each.id for each in left.findings if each.refuses] == ["checkpoint-special"]

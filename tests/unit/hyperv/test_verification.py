"""What the hosts must show after a move, and what shows that nothing has moved."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from providers.hyperv.verification import deviations, unmoved
from providers.model.estate import Roots, VirtualMachine, VmState
from providers.model.names import HostName
from providers.model.plan import DiskMove, MigrationType, Move
from tests.estates import disk, machine

BEFORE = machine(1, disks=(disk(1, "D:\\a\\os.vhdx"), disk(1, "D:\\a\\data.vhdx", slot="scsi-0-1")))
TARGET = Roots(config="E:\\c", checkpoints="E:\\s", paging="E:\\p", guest_state="E:\\c")
MOVE = Move(
    vm=BEFORE, type=MigrationType.VIRTUAL_SYSTEM_AND_STORAGE, source=HostName("hv1"), destination=HostName("hv2"),
    roots=TARGET,
    disks=(DiskMove(slot="scsi-0-0", instance_id="x", source="D:\\a\\os.vhdx", target="E:\\os.vhdx"),),
)  # fmt: skip
STORAGE = dataclasses.replace(MOVE, type=MigrationType.STORAGE, destination=HostName("hv1"))


def after(**more: Any) -> VirtualMachine:
    """Return the machine as MOVE orders it, but for `more`."""
    disks = (disk(1, "e:/OS.vhdx"), disk(1, "D:\\a\\data.vhdx", slot="scsi-0-1"))
    return dataclasses.replace(BEFORE, **{"host": "hv2", "roots": TARGET, "disks": disks, **more})


def test_a_machine_as_ordered_deviates_in_nothing() -> None:
    """Paths compare as Windows paths; the source no longer has the machine."""
    assert deviations(MOVE, None, after()) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"enabled_state": 3, "state": VmState.OFF}, "its EnabledState is 3, it was 2"),
        ({"roots": dataclasses.replace(TARGET, paging="D:\\p")}, r"its paging folder is D:\p, not E:\p"),
        (
            {"roots": dataclasses.replace(TARGET, guest_state=None)},
            r"its guest_state folder is None, not E:\c",
        ),
        ({"disks": (disk(1, "E:\\os.vhdx"),)}, r"its disk scsi-0-1 is None, not D:\a\data.vhdx"),
        ({"switches": ()}, "its switches are none, they were external"),
    ],
)
def test_each_deviation_is_said(more: dict[str, Any], said: str) -> None:
    """State, roots, guest state, each disk, network connections: only all of them as ordered is success."""
    assert deviations(MOVE, None, after(**more)) == [said]


def test_a_disk_too_many_is_a_deviation() -> None:
    """The machine must be the same."""
    strange = after().disks + (disk(1, "E:\\new.vhdx", slot="scsi-0-9"),)  # noqa: RUF005 - one more, not a copy
    assert deviations(MOVE, None, after(disks=strange)) == [r"its disk scsi-0-9 is E:\new.vhdx, not None"]


def test_a_machine_on_both_hosts_or_on_none_is_no_success() -> None:
    """A job may end without either host showing what it did."""
    assert deviations(MOVE, BEFORE, after()) == ["it is still on hv1 as well"]
    assert deviations(MOVE, None, None) == ["it is not on hv2"]


def test_a_storage_migration_looks_at_one_host() -> None:
    """The machine stays where it is."""
    here = after(host="hv1")
    assert deviations(STORAGE, here, here) == []


def test_unmoved_means_exactly_as_before() -> None:
    """Only then may an order be given again."""
    assert unmoved(MOVE, BEFORE, None)
    assert not unmoved(MOVE, None, None)
    assert not unmoved(MOVE, BEFORE, after())
    assert not unmoved(MOVE, dataclasses.replace(BEFORE, roots=TARGET), None)
    assert not unmoved(STORAGE, after(host="hv1"), after(host="hv1"))
    assert unmoved(STORAGE, BEFORE, BEFORE)

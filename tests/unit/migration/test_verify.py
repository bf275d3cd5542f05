"""What the hosts must show after a move, and what shows that nothing has moved."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hyperv_placement.migration.verify import (
    Look,
    Unread,
    deviations,
    found_elsewhere,
    remarks,
    unmoved,
    where,
)
from hyperv_placement.model.estate import Roots, VirtualMachine, VmState
from hyperv_placement.model.move import DiskMove, Move, Moves
from hyperv_placement.model.names import HostName
from tests.estates import disk, machine

BEFORE = machine(1, disks=(disk(1, "D:\\a\\os.vhdx"), disk(1, "D:\\a\\data.vhdx", slot="scsi-0-1")))
TARGET = Roots(config="E:\\c", checkpoints="E:\\s", paging="E:\\p", guest_state="E:\\c")
MOVE = Move(
    vm=BEFORE, moves=Moves.HOST_AND_STORAGE, source=HostName("hv1"), destination=HostName("hv2"),
    roots=TARGET,
    disks=(DiskMove(slot="scsi-0-0", instance_id="x", source="D:\\a\\os.vhdx", target="E:\\os.vhdx"),),
)  # fmt: skip
DOWN = Unread(reason="hv2 is down")
STORAGE = dataclasses.replace(MOVE, moves=Moves.STORAGE, destination=HostName("hv1"))


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
        ({"roots": dataclasses.replace(TARGET, paging="D:\\p")}, r"its paging folder is D:\p, not E:\p"),
        (
            {"roots": dataclasses.replace(TARGET, guest_state=None)},
            r"its guest state folder is not reported, not E:\c",
        ),
        ({"disks": (disk(1, "E:\\os.vhdx"),)}, r"its disk scsi-0-1 is not there, not D:\a\data.vhdx"),
        ({"switches": ()}, "its switches are none, they were external"),
    ],
)
def test_each_deviation_is_said(more: dict[str, Any], said: str) -> None:
    """State, roots, guest state, each disk, network connections: only all of them as ordered is success."""
    assert deviations(MOVE, None, after(**more)) == [said]


def test_what_is_no_part_of_its_place_is_a_remark() -> None:
    """Whether it runs, and what it is called: worth a warning, in words."""
    now = after(enabled_state=3, state=VmState.OFF, name="OLD")
    assert deviations(MOVE, None, now) == []
    assert list(remarks(MOVE, 2, now)) == ["it is off, was running", "it is now named OLD"]


@pytest.mark.parametrize(("before", "now"), [(None, ("external",)), (("external",), None)])
def test_what_was_not_read_is_not_compared(
    before: tuple[str, ...] | None, now: tuple[str, ...] | None
) -> None:
    """Not read is not none, on either side."""
    move = dataclasses.replace(MOVE, vm=dataclasses.replace(BEFORE, switches=before))
    assert deviations(move, None, after(switches=now)) == []


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (Look(source=BEFORE, destination=None), "it is on hv1, running"),
        (Look(source=None, destination=after(enabled_state=3)), "it is on hv2, off, was running"),
        (
            Look(source=BEFORE, destination=after(enabled_state=9)),
            "it is on hv1, running and on hv2, paused, was running",
        ),
        (Look(source=None, destination=None), ""),
        (
            Look(source=None, destination=DOWN),
            "it is not on hv1, and where it is could not be read (hv2 is down)",
        ),
        (Look(source=DOWN, destination=DOWN), "where it is could not be read (hv2 is down)"),
        (
            Look(source=None, destination=after(enabled_state=5)),
            "it is on hv2, in a state without a name (EnabledState 5), was running",
        ),
    ],
)
def test_where_a_machine_is_is_said_in_words(look: Look, said: str) -> None:
    """Hosts and states by their names; what could not be read as that."""
    assert where(look, MOVE, 2) == said


def test_a_machine_elsewhere_is_named_and_silence_with_it() -> None:
    """Of all hosts."""
    third = after(host="hv3")
    assert found_elsewhere([third], [], 4, 2) == "it is on hv3, running"
    assert found_elsewhere([], ["hv4"], 4, 2) == "it is on no host that answers; hv4 did not"  # type: ignore[list-item]
    assert found_elsewhere([], [], 4, 2) == "it is on none of 4 hosts"


def test_an_end_that_was_not_read_proves_nothing() -> None:
    """Neither that the machine has arrived nor that it has not moved, as far as the destination goes."""
    assert Look(source=DOWN, destination=after()).arrived(MOVE) is None
    assert not Look(source=DOWN, destination=None).unmoved(MOVE)
    assert Look(source=BEFORE, destination=DOWN).differences(MOVE) == ["hv2 is down"]
    assert Look(source=None, destination=after()).arrived(MOVE) == after()


def test_a_disk_too_many_is_a_deviation() -> None:
    """The machine must be the same."""
    strange = after().disks + (disk(1, "E:\\new.vhdx", slot="scsi-0-9"),)  # noqa: RUF005 - one more, not a copy
    assert deviations(MOVE, None, after(disks=strange)) == [
        r"it has E:\new.vhdx as scsi-0-9, which it had not"
    ]


def test_a_machine_on_both_hosts_or_on_none_is_no_success() -> None:
    """A job may end without either host showing what it did."""
    assert deviations(MOVE, BEFORE, after()) == ["it is still on hv1 as well"]
    assert deviations(MOVE, None, None) == ["it is not on hv2"]


def test_a_storage_migration_looks_at_one_host() -> None:
    """The machine stays where it is."""
    here = after(host="hv1")
    assert deviations(STORAGE, here, here) == []


@pytest.mark.parametrize(
    "look",
    [
        Look(source=BEFORE, destination=None, planned=None),
        Look(source=BEFORE, destination=None, planned=True),
        Look(source=BEFORE, destination=DOWN, planned=False),
        Look(source=BEFORE, destination=after(), planned=False),
        Look(source=None, destination=None, planned=False),
    ],
)
def test_what_was_not_read_lets_no_order_be_given_again(look: Look) -> None:
    """Whether a planned system is left there decides as well: not read is not none."""
    assert Look(source=BEFORE, destination=None, planned=False).at_rest(MOVE)
    assert not look.at_rest(MOVE)


def test_unmoved_means_exactly_as_before() -> None:
    """Only then may an order be given again."""
    assert unmoved(MOVE, BEFORE, None)
    assert not unmoved(MOVE, None, None)
    assert not unmoved(MOVE, BEFORE, after())
    assert not unmoved(MOVE, dataclasses.replace(BEFORE, roots=TARGET), None)
    assert not unmoved(STORAGE, after(host="hv1"), after(host="hv1"))
    assert unmoved(STORAGE, BEFORE, BEFORE)

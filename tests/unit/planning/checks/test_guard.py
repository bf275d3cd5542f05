"""The guard: every limit that a run would exceed is told at once, with what to type to exceed it once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from hyperv_placement.model.estate import Host, VmState
from hyperv_placement.model.finding import Finding, Severity
from hyperv_placement.model.guard import Guard, Limit, Occasion, OneOff
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, job, machine, spec, stack

NEW_YEAR = OneOff(
    begins=datetime(2026, 12, 24, 12, tzinfo=UTC),
    ends=datetime(2027, 1, 2, 6, tzinfo=UTC),
    reason="year's end",
)
INSIDE, AFTER = datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 2, 6, tzinfo=UTC)
FILE = "D:\\Hyper-V\\VM001\\Virtual Hard Disks\\os.vhdx"


def planned(
    guard: Guard,
    declared: dict[str, VmSpec],
    *hosts: Host,
    now: datetime | None = None,
    allow: Iterable[Limit] = (),
) -> Plan:
    """Return the plan at a moment."""
    occasion = Occasion(now=now, allowed=frozenset(allow))
    return plan(stack(declared, guard=guard), inventory(*hosts), occasion=occasion)


def test_machines_that_the_run_does_not_take_count_for_no_limit() -> None:
    """`--target` of one machine is the careful answer to drift of many: the guard must not shut it."""
    declared = {**spec(1, "hv2"), **spec(2, "hv2")}
    hosts = inventory(host("hv1", machine(1), machine(2)), host("hv2"))
    guarded = stack(declared, guard=Guard(max_moves=1))
    for labels, refused in (
        (None, True),
        (frozenset({"VM002"}), False),
        (frozenset({"VM001", "VM002"}), True),
    ):
        found = plan(guarded, hosts, occasion=Occasion(in_run=labels))
        assert bool(found.refusals) is refused


def two_moves(guard: Guard, **more: Any) -> tuple[Finding, ...]:
    """Return what is said of two running machines of 2 GiB that go from hv1 to hv2, each with a disk of 10 GiB."""
    vms = [
        machine(n, disks=(disk(n, f"D:\\Hyper-V\\VM00{n}\\os.vhdx", size_bytes=10 * GIB),)) for n in (1, 2)
    ]
    return planned(
        guard, {**spec(1, "hv2"), **spec(2, "hv2")}, host("hv1", *vms), host("hv2"), **more
    ).findings


@pytest.mark.parametrize(
    ("guard", "name", "said"),
    [
        (Guard(max_moves=1), "max_moves", "2 moves planned (VM001, VM002), guard.max_moves of test.yaml allows 1"),
        (Guard(max_bytes=24 * GIB - 1), "max_bytes", f"{24 * GIB} B would be moved, guard.max_bytes of test.yaml allows {24 * GIB - 1} B"),
        (Guard(max_bytes=23 * GIB), "max_bytes", "24 GiB would be moved, guard.max_bytes of test.yaml allows 23 GiB"),
        (Guard(max_hosts=1), "max_hosts", "2 hosts touched (hv1, hv2), guard.max_hosts of test.yaml allows 1"),
        (Guard(freeze=(NEW_YEAR,)), "freeze", "guard.freeze of test.yaml lets nothing start until 2027-01-02 06:00+00:00 (year's end)"),
    ],
)  # fmt: skip
def test_a_run_over_a_limit_refuses_and_says_how_to_allow_it(guard: Guard, name: Limit, said: str) -> None:
    """The line says what is planned, where the limit stands, and what to type; that passes."""
    (found,) = two_moves(guard, now=INSIDE)
    assert found.refuses
    assert said in str(found)
    assert f"allow it once: PLACEMENT_ALLOW={name} bin/pulumi up" in str(found)
    assert two_moves(guard, now=INSIDE, allow=[name]) == ()


@pytest.mark.parametrize(
    "guard", [Guard(max_moves=2), Guard(max_bytes=24 * GIB), Guard(max_hosts=2), Guard(freeze=(NEW_YEAR,))]
)
def test_a_run_at_its_limit_passes(guard: Guard) -> None:
    """The limit itself is allowed, and the end of a freeze is free."""
    assert two_moves(guard, now=AFTER) == ()


def test_all_limits_are_told_at_once() -> None:
    """What is to be typed allows all of them, and keeps what is allowed already."""
    guard = Guard(max_moves=1, max_bytes=GIB, max_hosts=1, freeze=(NEW_YEAR,))
    found = two_moves(guard, now=INSIDE, allow=["max_hosts"])
    assert len(found) == 3
    assert all(
        "PLACEMENT_ALLOW=max_moves,max_bytes,max_hosts,freeze bin/pulumi up" in str(each) for each in found
    )


def test_a_machine_that_is_off_takes_no_memory_along() -> None:
    """Only its disk counts."""
    off = machine(1, state=VmState.OFF, enabled_state=3, disks=(disk(1, FILE, size_bytes=10 * GIB),))
    hosts = host("hv1", off), host("hv2")
    assert planned(Guard(max_bytes=10 * GIB), spec(1, "hv2"), *hosts).findings == ()


def test_disks_that_stay_do_not_count() -> None:
    """A machine that stays copies only the disk that changes its folder, and no memory."""
    disks = (
        disk(1, FILE, size_bytes=10 * GIB),
        disk(1, "E:\\VM001\\d.vhdx", slot="scsi-0-1", size_bytes=40 * GIB),
    )
    declared = spec(1, storage="E:\\VM001")
    found = planned(Guard(max_bytes=10 * GIB), declared, host("hv1", machine(1, disks=disks)))
    assert len(found.starts) == 1
    assert found.findings == ()


@pytest.mark.parametrize(
    "unknown",
    [
        {"memory_certain": False},
        {"disks": (disk(1, FILE),)},
        {"disks": (disk(1, FILE, size_bytes=GIB, parent_path="D:\\base.vhdx"),)},
    ],
)
def test_a_size_that_nobody_knows_is_a_warning(unknown: dict[str, Any]) -> None:
    """What cannot be counted is never taken for nothing in silence: memory, a disk, a parent that goes along."""
    values = {"disks": (disk(1, FILE, size_bytes=GIB),), **unknown}
    declared = spec(1, "hv2", migration=MigrationOptions(parents="copy"))
    hosts = host("hv1", machine(1, **values)), host("hv2")
    (found,) = planned(Guard(max_bytes=100 * GIB), declared, *hosts).findings
    assert found.severity == Severity.WARNING
    assert "guard.max_bytes of test.yaml does not count all of VM001" in str(found)
    assert planned(Guard(), declared, *hosts).findings == ()


def test_what_runs_already_is_followed_whatever_the_guard_says() -> None:
    """In a freeze, too: nothing is started for it."""
    moving = host("hv1", machine(1), jobs=(job(1, "hv2.lab.example"),))
    guard = Guard(max_moves=0, max_bytes=0, max_hosts=0, freeze=(NEW_YEAR,))
    found = planned(guard, spec(1, "hv2"), moving, host("hv2"), now=INSIDE)
    assert (len(found.moves), found.starts, found.findings) == (1, (), ())


def test_a_freeze_stops_only_what_would_move() -> None:
    """A preview that finds everything in place is fine in a freeze."""
    guard = Guard(freeze=(NEW_YEAR,))
    assert planned(guard, spec(1, "hv1"), host("hv1", machine(1)), now=INSIDE).findings == ()


def test_a_protected_machine_does_not_count() -> None:
    """It is not moved, so it is not among the moves of the run."""
    guard = Guard(max_moves=0, protected=("VM001",))
    assert planned(guard, spec(1, "hv2"), host("hv1", machine(1)), host("hv2")).findings == ()

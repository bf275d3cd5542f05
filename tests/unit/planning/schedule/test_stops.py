"""Where a machine stops on its way: what its own host shows of it now does not keep it from coming back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.estate import Inventory, Volume
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.places import Verdicts
from hyperv_placement.planning.schedule.schedule import schedule_of
from tests.estates import disk, facts, guid, host, inventory, machine, spec, stack

from .test_schedule import declared, grown
from .test_schedule import estate as estate_of

D = Volume(path="D:\\", capacity_bytes=100 * GIB, free_bytes=40 * GIB)
EMPTY = replace(D, free_bytes=100 * GIB)


def estate(*there: VmId) -> Inventory:
    """Return two hosts as they answer live, with the machines that they have; `there`: what the second one shows besides."""
    vm = machine(1, "hv1", disks=(disk(1, "D:\\Hyper-V\\VM001\\a.vhdx", size_bytes=60 * GIB),))
    return inventory(
        replace(host("hv1", vm), facts=facts("hv1", volumes=(D,), realized=(guid(1),))),
        replace(host("hv2"), facts=facts("hv2", volumes=(EMPTY,), realized=there)),
    )


@pytest.mark.parametrize(
    ("there", "legs"), [((), [("hv1", "hv2"), ("hv2", "hv1")]), ((guid(1),), [])], ids=["empty", "a copy"]
)
def test_a_machine_comes_back_to_a_host_that_shows_it_now(
    there: tuple[VmId, ...], legs: list[tuple[str, str]]
) -> None:
    """Its old and new files do not fit its volume together. To a host that has a copy of it, it does not go."""
    wanted = stack(spec(1, "hv1", storage="D:\\New\\VM001"), hosts=("hv1", "hv2"))
    found = plan(wanted, estate(*there))
    assert [(each.move.source, each.move.destination) for each in found.schedule.moves] == legs


FULL = tuple(f"hv{number}" for number in range(1, 31))


def full_hosts(*roomy: str) -> tuple[Stack, Inventory]:
    """Return thirty hosts without memory to spare but for 8 GiB on some, of which two are to exchange machines of 8 GiB."""
    found = estate_of(
        {name: 8 if name in roomy else 0 for name in FULL}, grown(1, "hv1", 8), grown(2, "hv2", 8)
    )
    return replace(declared({1: "hv2", 2: "hv1"}), hosts=stack({}, hosts=FULL).hosts), found


def test_of_many_full_hosts_every_order_is_tried() -> None:
    """No order leads over a host whose memory never suffices, so that there are few to look at; with room on the last one it is found."""
    proofs = [each.text for each in plan(*full_hosts()).findings if each.id == "moves-left-out"]
    assert len(proofs) == 1
    assert "(every order was tried)" in proofs[0]
    assert len(plan(*full_hosts("hv17")).schedule.moves) == 3


def test_what_a_start_would_accept_is_asked_once_for_all_schedules_of_a_plan() -> None:
    """The second schedule of the same machines asks nothing more, and is the same."""
    wanted, found = full_hosts("hv17")
    steps = plan(wanted, found).steps
    verdicts: Verdicts = {}
    first = schedule_of(wanted, found, Plan(steps=steps), verdicts=verdicts)
    asked = set(verdicts)
    assert asked
    assert schedule_of(wanted, found, Plan(steps=steps), verdicts=verdicts) == first
    assert set(verdicts) == asked


def test_a_root_of_a_host_without_memory_is_a_path_on_another_one() -> None:
    """Old and new files do not fit D: together; E: of hv1 is a root of hv2 alone, which has no memory for the machine."""
    vm = machine(
        1, "hv1", memory_mib=8192, disks=(disk(1, "D:\\Hyper-V\\VM001\\a.vhdx", size_bytes=60 * GIB),)
    )
    there = inventory(
        replace(host("hv1", vm), facts=facts("hv1", volumes=(D, replace(EMPTY, path="E:\\")))),
        replace(host("hv2"), facts=facts("hv2", volumes=(EMPTY,), memory_free_mib=0)),
    )
    wanted = stack(spec(1, "hv1", storage="D:\\New\\VM001"), hosts=("hv1", "hv2"))
    rooted = {
        name: replace(each, storage={"bulk": "E:\\Bulk"} if name == "hv2" else {})
        for name, each in wanted.hosts.items()
    }
    found = plan(replace(wanted, hosts=rooted), there)
    assert [each.move.source for each in found.schedule.moves] == ["hv1", "hv1"]

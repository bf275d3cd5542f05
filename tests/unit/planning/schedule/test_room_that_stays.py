"""Room that is taken although nobody says so: old files that stay, parents, sizes not known, machines on their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hyperv_placement.model.estate import Inventory, ParentFile, VirtualMachine, Volume
from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Hold, Stack
from hyperv_placement.model.units import GIB, MIB
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.peaks import Room, rooms
from hyperv_placement.report.plan_text import render_plan
from tests.estates import disk, facts, host, inventory, job, machine, spec, stack

GIB_IN_MIB = 1024
HV1, HV2 = HostName("hv1"), HostName("hv2")


def home(number: int) -> str:
    """Return the folder of VM00N."""
    return f"D:\\Hyper-V\\VM{number:03d}"


def grown(number: int, at: str, gib: int | None = 80, memory: int = 4, **more: Any) -> VirtualMachine:
    """Return VM00N with a disk of that size, or of none that is known."""
    size = None if gib is None else gib * GIB
    own = disk(number, f"{home(number)}\\os.vhdx", size_bytes=size, **more)
    return machine(number, at, home(number), memory_mib=memory * GIB_IN_MIB, disks=(own,))


def estate(
    *vms: VirtualMachine, disk_gib: int = 100, jobs: dict[str, Any] | None = None, hidden: int = 0
) -> Inventory:
    """Return three hosts of 64 GiB and a D: of `disk_gib`, with free what their machines leave.

    `hidden`: GiB of memory and of disk that hv2 has in use besides.
    """

    def one(name: str) -> Any:
        here = [vm for vm in vms if vm.host == name]
        more = hidden if name == "hv2" else 0
        used = sum(d.size_bytes or 0 for vm in here for d in vm.disks) + more * GIB
        free = disk_gib * GIB - used
        memory = 65536 - sum(vm.memory_mib or 0 for vm in here) - more * GIB_IN_MIB
        volume = Volume(path="D:\\", capacity_bytes=disk_gib * GIB, free_bytes=free)
        known = facts(name, memory_mib=65536, memory_free_mib=memory, volumes=(volume,))
        return replace(host(name, *here, jobs=(jobs or {}).get(name, ())), facts=known)

    return inventory(*(one(name) for name in ("hv1", "hv2", "hv3")))


def moves(wanted: Stack, found: Inventory) -> tuple[Plan, list[tuple[str, str, tuple[int, ...]]]]:
    """Return the plan, and of each move machine, destination and for whom it waits."""
    result = plan(wanted, found)
    return result, [(each.label, each.move.destination, each.after) for each in result.schedule.moves]


def refused(wanted: Stack, found: Inventory) -> str:
    """Return why machines stay where they are."""
    result = plan(wanted, found)
    of_steps = [each for step in result.steps for each in step.findings if each.refuses]
    return "; ".join(str(each) for each in (*result.findings, *of_steps))


def room(wanted: Stack, found: Inventory, result: Plan, at: str, kind: str = "disk") -> Room:
    """Return a host's volume, or its memory, through a run."""
    return next(each for each in rooms(wanted, found, result) if (each.host, each.kind) == (at, kind))


def leaving(**options: Any) -> Stack:
    """Return a stack in which VM001 goes to where VM002 leaves from, and that one goes with `options`."""
    return stack({**spec(1, "hv2"), **spec(2, "hv3", migration=MigrationOptions(**options))})


def test_room_of_a_machine_that_leaves_is_freed() -> None:
    """As long as nothing says otherwise: the first waits for the second."""
    _, order = moves(leaving(), estate(grown(1, "hv1"), grown(2, "hv2")))
    assert order == [("VM002", "hv3", ()), ("VM001", "hv2", (0,))]


def test_disks_that_are_not_removed_take_their_room_at_the_source() -> None:
    """avoid_removing_vhds: 80 of 100 GiB stay taken, so that nobody else fits; the proof says whose they are."""
    result, order = moves(leaving(avoid_removing_vhds=True), estate(grown(1, "hv1"), grown(2, "hv2")))
    assert order == [("VM002", "hv3", ())]
    said = [str(finding) for finding in result.findings]
    assert "The declared places do not fit: D:\\ of hv2 would lack 60 GiB" in said[0]
    assert said[1] == "VM002 leaves 80 GiB of files at hv2 (avoid_removing_vhds), which count as taken"


@pytest.mark.parametrize(("options", "end"), [({}, "hv2"), ({"avoid_removing_vhds": True}, "hv3")])
def test_a_choice_of_hosts_knows_what_stays(options: dict[str, Any], end: str) -> None:
    """VM001 must leave hv1, and hv3 has little memory: hv2, the first choice, has room only if VM002 takes its files along."""
    small = replace(with_free(estate(), HostName("hv3"), 85), vms=())
    assert small.facts is not None
    small = replace(small, facts=replace(small.facts, memory_free_mib=8 * GIB_IN_MIB))
    found = estate(grown(1, "hv1"), grown(2, "hv2"))
    found = replace(found, hosts={**found.hosts, HostName("hv3"): replace(small, name=HostName("hv3"))})
    wanted = stack({**spec(1, "hv2", "hv3"), **spec(2, "hv1", migration=MigrationOptions(**options))})
    ends = {step.label: step.move.destination for step in plan(wanted, found).steps if step.move}
    assert (ends["VM001"], ends["VM002"]) == (end, "hv1")


def test_who_leaves_files_behind_does_not_step_aside() -> None:
    """It would meet its own old files on the way back: in a swap the other one does, and without it there is no order."""
    swap = estate(grown(1, "hv1", memory=40), grown(2, "hv2", memory=41), disk_gib=400)
    keeps = MigrationOptions(avoid_removing_vhds=True)
    _, order = moves(stack({**spec(1, "hv2"), **spec(2, "hv1")}), swap)
    assert order[0] == ("VM001", "hv3", ())
    _, order = moves(stack({**spec(1, "hv2", migration=keeps), **spec(2, "hv1")}), swap)
    assert order[0] == ("VM002", "hv3", ())
    both = stack({**spec(1, "hv2", migration=keeps), **spec(2, "hv1", migration=keeps)})
    assert "No order is safe" in refused(both, swap)


@pytest.mark.parametrize(("options", "after"), [({}, 100), ({"retain_vhd_copies_on_source": True}, 70)])
def test_copies_of_read_only_disks_are_retained(options: dict[str, Any], after: int) -> None:
    """Those of checkpoints; the disk that is written is removed as ever."""
    frozen = replace(disk(2, f"{home(2)}\\base.vhdx", size_bytes=30 * GIB), instance_id="Microsoft:OLD\\0")
    vm = replace(grown(2, "hv2", 20), frozen=(frozen,), checkpoints=1)
    wanted, found = leaving(**options), estate(grown(1, "hv3", 1), vm)
    found = replace(found, hosts={**found.hosts, HV2: with_free(found, HV2, 50)})
    only = replace(wanted, vms={"VM002": wanted.vms["VM002"]})
    assert room(only, found, plan(only, found), "hv2").after == after * GIB


def with_free(found: Inventory, name: HostName, gib: int) -> Any:
    """Return a host of `found` whose D: has that many GiB free."""
    here = found.hosts[name]
    assert here.facts is not None
    volume = Volume(path="D:\\", capacity_bytes=100 * GIB, free_bytes=gib * GIB)
    return replace(here, facts=replace(here.facts, volumes=(volume,)))


def test_parents_that_are_copied_take_room_once() -> None:
    """Two disks with one parent, which stays at the source as well: 20 GiB more at the destination."""
    parent = (ParentFile(path="D:\\base\\base.vhdx", size_bytes=20 * GIB),)
    disks = tuple(
        disk(1, f"{home(1)}\\{slot}.vhdx", f"scsi-0-{slot}", size_bytes=5 * GIB, parent_path=parent[0].path, above=parent)
        for slot in (0, 1)
    )  # fmt: skip
    vm = machine(1, "hv1", home(1), disks=disks)
    wanted = stack(spec(1, "hv2", migration=MigrationOptions(parents="copy")))
    found = estate(vm)
    result = plan(wanted, found)
    assert [room(wanted, found, result, at).after // GIB for at in ("hv1", "hv2")] == [100, 70]
    assert result.schedule.moves[0].bytes == 30 * GIB + 2048 * MIB
    assert result.steps[0].findings == ()
    full = estate(vm, disk_gib=25)
    assert "would lack 5 GiB" in refused(wanted, full)


def test_a_disk_of_unknown_size_counts_as_the_largest_it_may_have() -> None:
    """And that is said with the disk's name: 127 GiB do not fit on a D: of 100."""
    found = estate(grown(1, "hv1", None, max_bytes=60 * GIB), grown(2, "hv1", 50))
    wanted = stack({**spec(1, "hv2"), **spec(2, "hv2")})
    assert "D:\\ of hv2 would lack 10 GiB" in refused(wanted, found)
    alone = stack(spec(1, "hv2"))
    result = plan(alone, found)
    assert [each.text for each in result.steps[0].findings] == [
        f"VM001: the size of disk scsi-0-0 ({home(1)}\\os.vhdx) could not be read: it counts as 60 GiB, the largest that it may have"
    ]
    assert room(alone, found, result, "hv2").after == 40 * GIB


def test_a_volume_gets_a_disk_of_which_nothing_is_known() -> None:
    """It is named, and what the volume has after it is not known: never 0 in silence."""
    found, wanted = estate(grown(1, "hv1", None)), stack(spec(1, "hv2"))
    result = plan(wanted, found)
    assert "how much room D:\\ of hv2 has after it is not known" in str(result.steps[0].findings[0])
    assert not room(wanted, found, result, "hv2").known
    shown = render_plan(result)
    assert shown.startswith("1 move, at least 4 GiB, about ")
    assert "  4 GiB + ?  00:00" in shown
    assert room(wanted, found, result, "hv2", "memory").known


def under_way(**more: Any) -> tuple[Stack, Inventory]:
    """Return hv2 with 20 of 64 GiB, to which VM001 (30) is on its way and VM003 (20) shall go as well."""
    vms = (grown(1, "hv1", 10, memory=30), grown(2, "hv2", 10, memory=20), grown(3, "hv3", 10, memory=20))
    going = {"hv1": (replace(job(1, "hv2.lab.example"), job_type=306),)}
    return stack({**spec(1, "hv2"), **spec(2, "hv2"), **spec(3, "hv2")}), estate(*vms, jobs=going, **more)


def test_a_machine_under_way_has_its_room_at_the_destination() -> None:
    """The reading does not show it there yet: 20 + 30 + 20 of 64 GiB do not fit."""
    assert "memory of hv2 would lack 6 GiB" in refused(*under_way())


def test_what_the_reading_shows_already_is_not_counted_twice() -> None:
    """34 GiB are in use at hv2 that no machine there explains, 30 of them those of VM001: 14 are free, and 20 do not fit.

    With a machine of 10 GiB more they do.
    """
    wanted, found = under_way(hidden=34)
    assert "memory of hv2 would lack 10 GiB" in refused(wanted, found)
    fewer = replace(wanted, vms={label: wanted.vms[label] for label in ("VM001", "VM002")})
    result = plan(fewer, found)
    memory = room(fewer, found, result, "hv2", "memory")
    assert (memory.before, memory.after) == (10 * GIB, 10 * GIB)
    assert room(fewer, found, result, "hv1", "memory").after == 64 * GIB


def test_disks_of_a_machine_under_way_count_at_both_ends() -> None:
    """400 GiB come to a D: of 1,000 that has 700 free and shall get 350 more."""
    vms = grown(1, "hv1", 400), grown(2, "hv2", 300), grown(3, "hv3", 350)
    going = {"hv1": (replace(job(1, "hv2.lab.example"), job_type=306),)}
    found = estate(*vms, disk_gib=1000, jobs=going)
    wanted = stack({**spec(1, "hv2"), **spec(3, "hv2")})
    assert "D:\\ of hv2 would lack 50 GiB" in refused(wanted, found)


def test_a_machine_under_way_is_no_move_of_nothing() -> None:
    """It has its size, and ends when what is left of it is copied, not when it begins."""
    wanted, found = under_way()
    alone = replace(wanted, vms={"VM001": wanted.vms["VM001"]})
    (followed,) = plan(alone, found).schedule.moves
    standing = plan(alone, replace(found, hosts={**found.hosts, HV1: replace(found.hosts[HV1], jobs=())}))
    (started,) = standing.schedule.moves
    assert followed.bytes == started.bytes == 40 * GIB
    assert followed.start == 0
    assert followed.end == pytest.approx(0.63 * started.end)


def test_who_needs_the_room_of_a_machine_under_way_waits_for_it() -> None:
    """It holds its source until its job has ended."""
    vms = grown(1, "hv1", 10, memory=40), grown(2, "hv3", 10, memory=40)
    going = {"hv1": (replace(job(1, "hv2.lab.example"), job_type=306),)}
    wanted = stack({**spec(1, "hv2"), **spec(2, "hv1")})
    _, order = moves(wanted, estate(*vms, jobs=going))
    assert order == [("VM001", "hv2", ()), ("VM002", "hv1", (0,))]


def test_a_machine_that_somebody_else_moves_has_its_room_too() -> None:
    """Nobody declares VM001, and it comes to hv2 with 30 GiB."""
    wanted, found = under_way()
    others = replace(wanted, vms={"VM003": wanted.vms["VM003"]})
    assert "memory of hv2 would lack 6 GiB" in refused(others, found)


def test_files_of_one_name_on_their_way_are_counted_each() -> None:
    """Two disks os.vhdx of 40 GiB in two folders: 80 GiB come to hv2, and 30 more do not fit into its 100."""
    vm = grown(1, "hv1", 40)
    second = disk(1, "D:\\Second\\os.vhdx", "scsi-0-1", size_bytes=40 * GIB)
    vm = replace(vm, disks=(*vm.disks, second))
    going = replace(job(1, "hv2.lab.example", "D:\\A\\os.vhdx", "D:\\B\\os.vhdx"), job_type=306)
    found = estate(vm, grown(2, "hv3", 30), jobs={"hv1": (going,)})
    assert "D:\\ of hv2 would lack 10 GiB" in refused(stack(spec(2, "hv2")), found)


def test_a_machine_under_way_that_finds_no_room_is_told() -> None:
    """It runs already, so nothing refuses it, and nobody else is planned into what is not there."""
    vms = grown(1, "hv1", 10, memory=50), grown(2, "hv2", 10, memory=20)
    going = {"hv1": (replace(job(1, "hv2.lab.example"), job_type=306),)}
    result = plan(stack(spec(1, "hv2")), estate(*vms, jobs=going))
    assert [each.text for each in result.findings] == [
        "What is arriving on hv2 needs 6 GiB more of its memory than is free there"
    ]
    assert len(result.schedule.moves) == 1


@pytest.mark.parametrize("held", [True, False])
def test_nobody_leaves_a_held_host_to_which_he_has_to_come_back(held: bool) -> None:
    """The files alone are to move, by way of another host: nothing comes to a host under a hold, its own machines neither."""
    found = estate(grown(1, "hv2", 20), disk_gib=26)
    hold = Hold(host=HV2, until=date(9999, 1, 1), reason="hands are at it")
    wanted = stack(spec(1, "hv2", storage="D:\\New\\VM001"))
    wanted = replace(wanted, holds=(hold,) if held else ())
    assert len(moves(wanted, found)[1]) == (0 if held else 2)

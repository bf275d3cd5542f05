"""The schedule of a plan: who waits for whom, who steps aside, and what is said where nothing would be safe."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.estate import Inventory, VirtualMachine, VmState, Volume
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Schedule
from hyperv_placement.model.stack import Rule, Stack, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from tests.estates import facts, host, inventory, job, machine, spec, stack

GIB_IN_MIB = 1024


def grown(number: int, on: str, gib: int, disk_gib: int = 10) -> VirtualMachine:
    """Return a machine with that much memory and a disk of that size."""
    vm = machine(number, on, memory_mib=gib * GIB_IN_MIB)
    return replace(vm, disks=tuple(replace(d, size_bytes=disk_gib * GIB) for d in vm.disks))


def estate(free: dict[str, int], *vms: VirtualMachine, disk: int = 1000) -> Inventory:
    """Return hosts with that many GiB of memory free and a volume D: with `disk` GiB free."""
    volumes = (Volume(path="D:\\", capacity_bytes=4000 * GIB, free_bytes=disk * GIB),)
    return inventory(
        *(
            replace(
                host(name, *(vm for vm in vms if vm.host == name)),
                facts=facts(name, memory_free_mib=gib * GIB_IN_MIB, volumes=volumes),
            )
            for name, gib in free.items()
        )
    )


def declared(ends: dict[int, str], *rules: Rule) -> Stack:
    """Return a stack that pins each machine."""
    specs = {
        f"VM{number:03d}": VmSpec(label=f"VM{number:03d}", name=f"VM{number:03d}", hosts=(HostName(end),))
        for number, end in ends.items()
    }
    return replace(stack(specs), rules=rules)


def scheduled(wanted: Stack, found: Inventory) -> Schedule:
    """Return the schedule of what is wanted."""
    return plan(wanted, found).schedule


def said(found: Plan) -> list[str]:
    """Return the lines of what is said of the plan as a whole."""
    return [line for finding in found.findings for line in finding.lines]


def ways(schedule: Schedule) -> list[tuple[str, str, tuple[int, ...]]]:
    """Return machine, destination and predecessors of each move."""
    return [(each.label, each.move.destination, each.after) for each in schedule.moves]


def test_a_move_waits_for_the_room_that_another_one_frees() -> None:
    """The second machine goes to the first one's host when that has left, and says so; a third one waits for nobody."""
    found = estate({"hv1": 0, "hv2": 8, "hv3": 8}, grown(1, "hv1", 8), grown(2, "hv2", 8), grown(3, "hv2", 4))
    assert ways(scheduled(declared({1: "hv3", 2: "hv1"}), found)) == [
        ("VM001", "hv3", ()),
        ("VM002", "hv1", (0,)),
    ]


def test_a_swap_takes_the_way_over_a_third_host() -> None:
    """The machine with fewer bytes steps aside, keeps its paths there, and goes on when the other one has left."""
    found = estate({"hv1": 0, "hv2": 2, "hv3": 8}, grown(1, "hv1", 8), grown(2, "hv2", 6))
    schedule = scheduled(declared({1: "hv2", 2: "hv1"}), found)
    assert ways(schedule) == [("VM002", "hv3", ()), ("VM001", "hv2", (0,)), ("VM002", "hv1", (1,))]
    assert [each.aside for each in schedule.moves] == [True, False, False]
    assert schedule.moves[2].move.source == "hv3"


def test_machines_that_must_be_apart_are_so_on_the_way() -> None:
    """One leaves before the other one comes, although there is room for both."""
    found = estate({"hv1": 32, "hv2": 32, "hv3": 32}, grown(1, "hv1", 2), grown(2, "hv2", 2))
    apart = Rule(kind="apart", labels=("VM001", "VM002"), line=9)
    schedule = scheduled(declared({1: "hv2", 2: "hv3"}, apart), found)
    assert ways(schedule) == [("VM002", "hv3", ()), ("VM001", "hv2", (0,))]


def test_two_rules_in_one_line_are_two() -> None:
    """Whoever sits on a host by the one does not keep machines of the other one from it."""
    found = estate(
        {"hv1": 32, "hv2": 32, "hv3": 32},
        grown(1, "hv1", 2),
        grown(2, "hv3", 2),
        grown(3, "hv2", 2),
        grown(4, "hv1", 2),
    )
    one = Rule(kind="apart", labels=("VM001", "VM002"), line=9)
    other = Rule(kind="apart", labels=("VM003", "VM004"), line=9)
    schedule = scheduled(declared({1: "hv2", 2: "hv3", 3: "hv2", 4: "hv1"}, one, other), found)
    assert ways(schedule) == [("VM001", "hv2", ())]


def test_disks_count_until_the_move_has_ended() -> None:
    """A volume that would hold both copies only one after the other makes the second move wait, and refuses what never fits."""
    found = estate({"hv1": 32, "hv2": 32, "hv3": 32}, grown(1, "hv1", 2, 60), grown(2, "hv2", 2, 80), disk=70)
    result = plan(declared({1: "hv2", 2: "hv3"}), found)
    assert ways(result.schedule) == [("VM001", "hv2", ())]
    assert "D:\\ of hv3 would lack 10 GiB" in said(result)[0]


def test_what_does_not_fit_in_the_end_is_said_at_once() -> None:
    """Host, and how much is missing; of two that are alike one goes."""
    found = estate({"hv1": 0, "hv2": 4}, grown(1, "hv1", 3), grown(2, "hv1", 3))
    result = plan(declared({1: "hv2", 2: "hv2"}), found)
    assert said(result) == [
        "1 machine stays where it is (VM001). The declared places do not fit: memory of hv2 would lack 2 GiB"
    ]
    assert ways(result.schedule) == [("VM002", "hv2", ())]


def test_a_swap_without_a_third_place_is_refused_with_what_would_do() -> None:
    """Every order was tried; each waits for what the other holds; one of them off, or a host more, would do."""
    found = estate({"hv1": 0, "hv2": 2}, grown(1, "hv1", 8), grown(2, "hv2", 6))
    result = plan(declared({1: "hv2", 2: "hv1"}), found)
    assert result.schedule.moves == ()
    assert said(result) == [
        "2 machines stay where they are (VM001, VM002). No order is safe (every order was tried): after 0 of 2 moves no other can start",
        "VM001 (hv1 to hv2) lacks 6 GiB of memory of hv2",
        "VM002 (hv2 to hv1) lacks 6 GiB of memory of hv1",
        "With VM002 shut down there is one",
        "With another host that has 8 GiB of memory and 10 GiB of disk free there is one",
    ]


def test_the_order_of_the_file_changes_nothing() -> None:
    """The same machines declared the other way round, and hosts read in another order, make the same schedule."""
    vms = [grown(number, f"hv{number % 3 + 1}", 2 + number % 5) for number in range(1, 13)]
    ends = {number: f"hv{(number + number % 2) % 3 + 1}" for number in range(1, 13)}
    free = {"hv1": 6, "hv2": 6, "hv3": 6}
    one = scheduled(declared(ends), estate(free, *vms))
    other = scheduled(
        declared(dict(reversed(ends.items()))), estate(dict(reversed(free.items())), *reversed(vms))
    )
    assert ways(one) == ways(other)
    assert ways(one)


def test_moves_that_copy_nothing_have_a_schedule() -> None:
    """Machines that are off, with their files on a share: no byte goes, and still one order follows the other."""
    folder = "\\\\sofs\\vms\\VM001"
    off = machine(1, "hv1", folder, state=VmState.OFF, enabled_state=3)
    single = facts("hv2", migration={"max_live": 1})
    other = machine(2, "hv1", "\\\\sofs\\vms\\VM002", state=VmState.OFF, enabled_state=3)
    found = inventory(host("hv1", off, other), replace(host("hv2"), facts=single))
    result = plan(stack({**spec(1, "hv2"), **spec(2, "hv2")}, hosts=("hv1", "hv2")), found)
    assert [each.label for each in result.schedule.moves] == ["VM001", "VM002"]


def test_files_that_move_on_a_host_of_which_no_facts_were_read_hold_nobody_up() -> None:
    """A run that was killed left the copy to its host; the next one plans first by a sweep alone, and once more by facts."""
    copying = replace(host("hv1", machine(1), jobs=(job(1, None, "E:\\New\\os.vhdx"),)), facts=None)
    seen = inventory(copying, host("hv2", machine(2, "hv2")), host("hv3"))
    found = plan(stack({**spec(1, "hv1"), **spec(2, "hv3")}), seen)
    assert [move.label for move in found.schedule.moves] == ["VM002"]

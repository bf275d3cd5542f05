"""What a run says first: adopted, forgotten and renamed machines in our words, and what moves of how many."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.estate import Host, Inventory, Roots
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Plan, Standing, Step
from hyperv_placement.planning.machine.keys import keys_of
from hyperv_placement.report.run_words import opening
from tests.estates import machine

from .schedules import planned, scheduled

NOBODY = Inventory(hosts={})


def in_place(number: int, label: str = "") -> Step:
    """Return how a machine stands that is where it belongs."""
    vm = machine(number)
    return Step(label=label or vm.name, standing=Standing.IN_PLACE, placement=Placement(), vm=vm, vm_id=vm.id)


def said(plan: Plan, state: tuple[Step, ...] = (), inventory: Inventory = NOBODY) -> list[str]:
    """Return the lines; `state`: what it has, by step."""
    known = {step.label: step.vm.id for step in state if step.vm is not None}
    return opening(plan, keys_of(plan, known), inventory).splitlines()


def test_a_first_run_adopts_and_moves_none() -> None:
    """The machines are named by the hosts that they stay on, and what the engine calls it is said once."""
    steps = in_place(1), in_place(2)
    lines = said(Plan(steps=steps))
    assert lines[0] == "adopts 2 machines, moves none"
    assert lines[1] == "adopted, stay on hv1: VM001, VM002"
    assert "the engine's word for adopting" in lines[2]


def test_a_later_run_says_how_many_move_of_how_many() -> None:
    """Nothing is said of machines that stay; bytes and times follow."""
    plan = planned(scheduled(1, 0, 60), others=(in_place(2), in_place(3)))
    lines = said(plan, plan.steps)
    assert lines[0] == "moves 1 of 3 machines"
    assert lines[1].startswith("1 move, 1 GiB, about 1 min")
    assert len(lines) == 2
    assert said(Plan(steps=(in_place(2),)), (in_place(2),)) == ["moves none of 1 machine"]


def test_a_machine_that_is_not_there_is_not_made() -> None:
    """Neither is it adopted: the engine shows `create` for it as for the others."""
    missing = Step(label="VM9", standing=Standing.MISSING, placement=Placement())
    assert said(Plan(steps=(in_place(1), missing)))[0] == (
        "adopts 1 machine, moves none; 1 missing (nothing is made)"
    )


def test_an_entry_that_is_gone_is_only_forgotten() -> None:
    """Its machine is named, and where it stays, if any host shows it."""
    gone, stays = in_place(1), in_place(2)
    assert gone.vm is not None
    inventory = Inventory(hosts={gone.vm.host: Host(name=gone.vm.host, vms=(gone.vm,))})
    lines = said(Plan(steps=(stays,)), (gone, stays), inventory)
    assert lines[:2] == [
        "moves none of 1 machine, forgets 1 (left as it is)",
        "only forgotten, stays on hv1 as it is: VM001",
    ]
    assert said(Plan(steps=(stays,)), (gone, stays))[1] == "only forgotten, stays where it is: VM001"


def test_a_key_with_another_name_is_neither_adopted_nor_forgotten() -> None:
    """The machine is the same, by its GUID."""
    lines = said(Plan(steps=(in_place(1, label="WEB"),)), (in_place(1),))
    assert lines == [
        "moves none of 1 machine, renames 1 key (nothing happens to its machine)",
        "VM001 is WEB now, the same machine: nothing happens to it for that",
    ]


def test_files_that_would_move_for_a_new_key_are_in_the_first_line() -> None:
    """Below a named root each machine has a folder of its key's name; the way to leave the files is said."""
    there = Roots(config=r"D:\Hyper-V\VM001", checkpoints=r"D:\Hyper-V\VM001", paging=r"D:\Hyper-V\VM001")
    vm = replace(machine(1), roots=there)
    goes = Roots(config=r"D:\Hyper-V\WEB", checkpoints=r"D:\Hyper-V\WEB", paging=r"D:\Hyper-V\WEB")
    move = Move(vm=vm, moves=Moves.STORAGE, source=HostName("hv1"), destination=HostName("hv1"), roots=goes)
    step = Step(label="WEB", standing=Standing.MOVE, placement=Placement(), vm=vm, vm_id=vm.id, move=move)
    lines = said(Plan(steps=(step,)), (replace(step, label="VM001"),))
    assert lines[0] == "moves 1 of 1 machine, the files of VM001 would move, since its key is WEB now"
    assert lines[1].endswith(r"write their folder into its entry: storage: 'D:\Hyper-V\VM001'")
    onwards = replace(step, move=replace(move, roots=replace(goes, config=r"E:\other")))
    assert "renames 1 key" in said(Plan(steps=(onwards,)), (replace(step, label="VM001"),))[0]


def test_a_large_estate_is_counted_and_not_listed() -> None:
    """Of a host with very many machines some are named; of very many hosts none."""
    many = tuple(in_place(number) for number in range(1, 31))
    assert said(Plan(steps=many))[1].endswith("VM012 and 18 more")
    spread = tuple(
        replace(step, vm=replace(step.vm, host=HostName(f"hv{number}")))
        for number, step in enumerate(many)
        if step.vm is not None
    )
    assert said(Plan(steps=spread))[1] == "adopted, stay where they are: 30 machines on 30 hosts"

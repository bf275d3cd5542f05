"""A plan carried out on values ends in the desired state, and equal states need no plan."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.model.estate import Host, Inventory, VirtualMachine
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Stack, StorageSpec, VmSpec
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, machine, stack

HOSTS = ("hv1", "hv2", "hv3")
FOLDERS = ("D:\\Hyper-V\\a", "E:\\b", "\\\\sofs\\vms\\c")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Stack, Inventory]:
    """Draw some machines with one or two disks, and a declaration for each."""
    vms: list[VirtualMachine] = []
    declared: dict[str, VmSpec] = {}
    for number in range(1, draw(st.integers(1, 6)) + 1):
        folder = f"{draw(st.sampled_from(FOLDERS))}\\VM{number:03d}"
        disks = tuple(
            disk(number, f"{folder}\\disk{n}.vhdx", slot=f"scsi-0-{n}")
            for n in range(draw(st.integers(0, 2)))
        )
        vms.append(machine(number, draw(st.sampled_from(HOSTS)), folder, disks=disks))
        label = f"VM{number:03d}"
        hosts = tuple(
            HostName(name) for name in draw(st.lists(st.sampled_from(HOSTS), unique=True, max_size=3))
        )
        declared[label] = VmSpec(label=label, name=label, hosts=hosts, storage=draw(storages(number)))
    return stack(declared), inventory(*(host(h, *(vm for vm in vms if vm.host == h)) for h in HOSTS))


@st.composite
def storages(draw: st.DrawFn, number: int) -> StorageSpec | None:
    """Draw no storage, all of it, or roots and disks apart."""
    place = st.none() | st.sampled_from([f"{folder}\\VM{number:03d}" for folder in FOLDERS])
    if draw(st.booleans()):
        return None
    return StorageSpec(
        config=draw(place), checkpoints=draw(place), paging=draw(place), all_disks=draw(place),
        layout=draw(st.sampled_from(["hyper-v", "flat"])),
    )  # fmt: skip


def carried_out(before: Inventory, moves: tuple[Move, ...]) -> Inventory:
    """Return the estate after `moves`, as Hyper-V would leave it."""
    after = {vm.id: vm for vm in before.vms()}
    for move in moves:
        targets = {d.slot: d.target for d in move.disks}
        disks = tuple(dataclasses.replace(d, path=targets.get(d.slot, d.path)) for d in move.vm.disks)
        after[move.vm.id] = dataclasses.replace(move.vm, host=move.destination, roots=move.roots, disks=disks)
    hosts: list[Host] = [
        dataclasses.replace(h, vms=tuple(vm for vm in after.values() if vm.host == h.name))
        for h in before.hosts.values()
    ]
    return inventory(*hosts)


@given(worlds())
def test_a_plan_carried_out_leaves_nothing_to_do(world: tuple[Stack, Inventory]) -> None:
    """One pass converges: whatever was ordered is in place afterwards, and stays so."""
    declared, before = world
    first = plan(declared, before)
    second = plan(declared, carried_out(before, first.moves))
    for step, again in zip(first.steps, second.steps, strict=True):
        if step.standing in {Standing.MOVE, Standing.IN_PLACE}:
            assert again.standing == Standing.IN_PLACE, (step, again)


@given(worlds())
def test_every_move_is_of_the_type_that_its_differences_ask_for(world: tuple[Stack, Inventory]) -> None:
    """Storage moves stay, host moves go, and a host alone copies nothing and needs nothing copied."""
    declared, before = world
    for move in plan(declared, before).moves:
        copied = [d for d in move.disks if d.source != d.target]
        match move.moves:
            case Moves.STORAGE:
                assert move.source == move.destination
                assert copied or move.roots != move.vm.roots
                assert copied == list(move.disks)
            case Moves.HOST:
                assert move.source != move.destination
                assert not move.disks
                assert all(d.path.startswith("\\\\") for d in move.vm.disks)
            case Moves.HOST_AND_STORAGE:
                assert move.source != move.destination
                assert len(move.disks) == len(move.vm.disks)
                assert all(not d.target.startswith("\\\\") or d.source != d.target for d in move.disks)


@given(worlds())
def test_a_plan_depends_on_nothing_but_its_input(world: tuple[Stack, Inventory]) -> None:
    """The same two states give the same plan."""
    assert plan(*world) == plan(*world)

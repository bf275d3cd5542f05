"""Estates in which many machines have the same file names, as in Hyper-V's default folder: no two ever have one file."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.model.estate import Inventory, VirtualMachine, Volume
from hyperv_placement.model.finding import Topic
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Stack, StorageSpec, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from tests.estates import disk, facts, host, inventory, machine, spec, stack
from tests.scenarios.walk import file_of, walked

HOSTS = ("hv1", "hv2", "hv3")
FOLDERS = ("D:\\VHD", "d:/vhd/", "D:\\Other", "E:\\VHD", "\\\\files\\vms")
NAMES = ("os.vhdx", "OS.VHDX", "data.vhdx")
ESTATES = 300


@st.composite
def estates(draw: st.DrawFn) -> tuple[Stack, Inventory]:
    """Draw hosts with machines that share folders and names, and where they shall be; some are not declared, some free."""
    vms: list[VirtualMachine] = []
    declared: dict[str, VmSpec] = {}
    taken: set[tuple[str, str]] = set()
    for number in range(1, draw(st.integers(2, 7)) + 1):
        on, path = (
            draw(st.sampled_from(HOSTS)),
            f"{draw(st.sampled_from(FOLDERS))}\\{draw(st.sampled_from(NAMES))}",
        )
        if file_of(on, path) in taken:
            continue  # no estate has that
        taken.add(file_of(on, path))
        folder = f"D:\\Config\\{number}"
        vms.append(
            machine(
                number, on, folder, memory_mib=draw(st.integers(1, 6)) * 1024,
                disks=(disk(number, path, size_bytes=GIB),),
            )
        )  # fmt: skip
        if draw(st.integers(0, 3)):
            declared |= _declared(draw, number)
    tight = draw(st.integers(4, 40)) * 1024
    volumes = tuple(Volume(path=p, capacity_bytes=900 * GIB, free_bytes=900 * GIB) for p in ("D:\\", "E:\\"))
    found = inventory(
        *(
            replace(
                host(name, *(vm for vm in vms if vm.host == name)),
                facts=facts(name, memory_free_mib=tight, volumes=volumes),
            )
            for name in HOSTS
        )
    )
    return stack(declared, hosts=HOSTS), found


def _declared(draw: st.DrawFn, number: int) -> dict[str, VmSpec]:
    """Draw a declaration: a host, a disk's place, or both."""
    goal = draw(st.sampled_from((*HOSTS, "")))
    folder = draw(st.sampled_from(("", "", *FOLDERS, "fast")))
    storage = StorageSpec(all_disks=folder, layout="flat") if folder else None
    return spec(number, *([goal] if goal else []), storage=storage)


@given(estates())
@settings(max_examples=ESTATES)
def test_no_two_machines_ever_have_onefile_of(estate: tuple[Stack, Inventory]) -> None:
    """Replayed instant by instant, both ends of a move held until it ends."""
    wanted, found = estate
    result = plan(wanted, found)
    ends, wrong = walked(wanted, found, result.schedule)
    assert wrong == []
    files = [(vm.id, {file_of(vm.host, disk.path) for disk in vm.disks}) for vm in ends.values()]
    assert all(not one & other for (_, one), (_, other) in combinations(files, 2))


@given(estates())
@settings(max_examples=ESTATES)
def test_only_those_are_refused_for_a_name_whose_name_is_not_to_be_had(
    estate: tuple[Stack, Inventory],
) -> None:
    """In the end another machine has it, or another one that is refused wants it; both are named."""
    wanted, found = estate
    result = plan(wanted, found)
    if result.refusals:
        return  # nothing is moved at all
    ends, _ = walked(wanted, found, result.schedule)
    for label, reason in refused(result).items():
        held = {
            file_of(vm.host, disk.path) for name, vm in ends.items() if name != label for disk in vm.disks
        }
        hoped = {file for other in refused(result) if other != label for file in goals(result, other)}
        assert goals(result, label) & (held | hoped), (label, reason)
    assert all(result.schedule.legs(move.vm.name) for move in result.moves)


def refused(result: Plan) -> dict[str, str]:
    """Return who is refused for a name, and why."""
    return {
        step.label: str(finding)
        for step in result.steps
        for finding in step.findings
        if finding.topic == Topic.FILE_NAME and step.standing == Standing.REFUSED
    }


def goals(result: Plan, label: str) -> set[tuple[str, str]]:
    """Return the files that a machine would have got."""
    move = next(step.move for step in result.steps if step.label == label)
    assert move is not None
    return {file_of(move.destination, disk.target) for disk in move.disks}

"""A machine in its place that steps aside for others in a run: it comes back, also in the run after one that broke off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import GIB
from tests.estates import guid, machine, spec, stack
from tests.standin.engine import Engine
from tests.standin.world import Fate, World

GIB_IN_MIB = 1024
SIZES = {1: ("hv1", 8), 2: ("hv2", 6), 3: ("hv3", 4)}
"""Number of a machine -> where it is, and its memory."""
HOME = {1: "hv1", 2: "hv2", 3: "hv3"}
SWAPPED = {1: "hv2", 2: "hv1", 3: "hv3"}
ONLY_WAY = [
    ("VM003", "hv3", "hv4"),
    ("VM002", "hv2", "hv3"),
    ("VM001", "hv1", "hv2"),
    ("VM002", "hv3", "hv1"),
    ("VM003", "hv4", "hv3"),
]


def declared(ends: dict[int, str], *, bystanders: bool = True) -> Stack:
    """Return a stack that pins the three machines."""
    specs = {label: each for number, end in ends.items() for label, each in spec(number, end).items()}
    return replace(stack(specs, hosts=("hv1", "hv2", "hv3", "hv4")), bystanders=bystanders)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Three machines that are managed where they are; the first two can change places only if the third one leaves for a while."""
    memory = {"hv1": 10, "hv2": 10, "hv3": 9, "hv4": 4}
    vms = {}
    for number, (at, gib) in SIZES.items():
        vm = machine(number, at, memory_mib=gib * GIB_IN_MIB)
        disks = tuple(replace(each, size_bytes=GIB) for each in vm.disks)
        vms[guid(number)] = replace(vm, disks=disks)
    world = World(memory={HostName(name): gib * GIB_IN_MIB for name, gib in memory.items()}, vms=vms)
    here = Engine(world=world, folder=tmp_path)
    assert here.up(declared(HOME)).code == 0
    return here


def hosts(engine: Engine) -> dict[int, str]:
    """Return where the machines are."""
    return {number: engine.world.vms[guid(number)].host for number in SIZES}


def test_it_steps_aside_and_comes_back_in_one_run(engine: Engine) -> None:
    """In the only order there is; a second run has nothing to do."""
    run = engine.up(declared(SWAPPED))
    assert run.errors == []
    assert engine.world.orders == ONLY_WAY
    assert engine.world.violations == []
    assert hosts(engine) == SWAPPED
    assert engine.up(declared(SWAPPED)).code == 0
    assert engine.world.orders == ONLY_WAY


def test_without_the_key_it_is_never_moved(engine: Engine) -> None:
    """Then there is no safe order, and the run ends with that."""
    assert engine.up(declared(SWAPPED, bystanders=False)).code == 1
    assert engine.world.orders == []
    assert hosts(engine) == HOME


@pytest.mark.parametrize("broken", [1, 4])
def test_where_a_move_fails_the_next_run_ends_the_same(engine: Engine, broken: int) -> None:
    """Whether the swap or the way back fails once: nothing is overfilled, and the run after it brings everybody to his place."""
    name = ONLY_WAY[broken][0]
    earlier = sum(moved == name for moved, *_ in ONLY_WAY[:broken])
    engine.world.fates[name] = [*([Fate.MOVES] * earlier), Fate.FAILS]
    assert engine.up(declared(SWAPPED)).code == 1
    assert engine.up(declared(SWAPPED)).code == 0
    assert hosts(engine) == SWAPPED
    assert engine.world.violations == []

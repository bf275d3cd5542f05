"""Exit code 0 means that the map is reached: over generated estates, maps, faults and runs one after the other.

The engine, the hosts and the clock are stand-ins of this process (tests/standin): the program's planning, the hand-over, the
resources, the order of the run and the admission are the product's own; what carries out one order, and its proofs, is a value. Orders through
sockets and the real engine are what tests/fabric, tests/e2e and `make chaos` are for: a case here takes some 20 ms.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.workspace.handoff import Handoff
from tests.estates import guid, machine, spec, stack
from tests.standin.engine import Engine, Run
from tests.standin.world import Fate, World

CASES = 600
"""Of one to four runs each."""
MORE = 4
"""Runs at most after the first."""
HOSTS = tuple(HostName(name) for name in ("hv1", "hv2", "hv3"))
GIB = 1024
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Thousands of files that are flushed to a disk would take minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An estate, its map, and what happens."""

    memory: tuple[int, ...]
    """GiB of each host above what its machines take."""
    machines: tuple[tuple[int, int], ...]
    """Host and GiB of each."""
    wanted: tuple[tuple[int, ...], ...]
    """Hosts on which each may be."""
    adopted: bool
    fates: tuple[tuple[Fate, ...], ...]
    silent: tuple[frozenset[int], ...]
    left: str
    """What befalls the order of the first run that moves."""
    target: frozenset[int] | None


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw one: little room, so that moves wait for each other, and a fault or two."""
    count = draw(st.integers(1, 3))
    hosts = st.integers(0, len(HOSTS) - 1)
    return Case(
        memory=draw(st.tuples(*(st.integers(0, 6) for _ in HOSTS))),
        machines=tuple(draw(st.tuples(hosts, st.integers(1, 6))) for _ in range(count)),
        wanted=tuple(tuple(draw(st.lists(hosts, min_size=1, max_size=2, unique=True))) for _ in range(count)),
        adopted=draw(st.booleans()),
        fates=tuple(
            tuple(draw(st.lists(st.sampled_from(Fate), max_size=2))) if draw(st.integers(0, 2)) == 0 else ()
            for _ in range(count)
        ),
        silent=tuple(draw(st.lists(st.frozensets(hosts, max_size=1), max_size=4))) if draw(st.integers(0, 3)) == 0 else (),
        left=draw(st.sampled_from(["whole", "whole", "whole", "torn", "gone", "saved"])),
        target=draw(st.none() | st.none() | st.frozensets(st.integers(0, count - 1), min_size=1)),
    )  # fmt: skip


def world_of(case: Case) -> World:
    """Return the hosts with their machines."""
    vms = [
        machine(number, HOSTS[host], memory_mib=size * GIB)
        for number, (host, size) in enumerate(case.machines, start=1)
    ]
    taken = [sum(size for at, size in case.machines if at == host) for host in range(len(HOSTS))]
    return World(
        memory={
            name: (spare + used) * GIB for name, spare, used in zip(HOSTS, case.memory, taken, strict=True)
        },
        vms={vm.id: vm for vm in vms},
    )


def stack_of(case: Case, *, as_it_is: bool = False) -> Stack:
    """Return the map; `as_it_is`: that of the estate as it begins."""
    vms = {}
    for number, (at, _) in enumerate(case.machines, start=1):
        vms.update(spec(number, *([HOSTS[at]] if as_it_is else [HOSTS[x] for x in case.wanted[number - 1]])))
    return replace(stack(vms), digest="as it is" if as_it_is else "the map")


def befalls(case: Case) -> object:
    """Return what happens to the order that the program has left."""

    def leave(handoff: Handoff) -> None:
        assert handoff.orders is not None
        if case.left == "torn":
            handoff.orders.write_bytes(handoff.orders.read_bytes()[:-9])
        if case.left == "gone":
            handoff.orders.unlink()

    return leave


def reached(world: World, wanted: Stack, labels: frozenset[str]) -> bool:
    """Say whether every machine is where the map has it."""
    return all(
        world.vms[guid(number)].host in wanted.vms[f"VM{number:03d}"].hosts
        for number in range(1, len(world.vms) + 1)
        if f"VM{number:03d}" in labels
    )


@given(cases())
@settings(max_examples=CASES)
def test_exit_code_0_means_that_the_map_is_reached(case: Case) -> None:
    """In the first run and in every one after it, whatever went wrong before; nothing is ordered twice or without room.

    When nothing goes wrong any more, the runs come to an end: the map is reached, or has no safe order.
    """
    world, wanted = world_of(case), stack_of(case)
    everything = frozenset(wanted.vms)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        engine = Engine(world=world, folder=Path(folder))
        if case.adopted:
            assert engine.up(stack_of(case, as_it_is=True)).code == 0
            assert world.orders == []
        world.fates = {f"VM{n:03d}": list(fates) for n, fates in enumerate(case.fates, start=1)}
        world.silent = [frozenset(HOSTS[x] for x in each) for each in case.silent]
        chosen = (
            everything if case.target is None else frozenset(f"VM{1 + number:03d}" for number in case.target)
        )
        first = engine.up(
            wanted, leave=befalls(case), targets=None if case.target is None else chosen,  # type: ignore[arg-type]
            read_by_plugin=replace(wanted, digest="saved") if case.left == "saved" else None,
        )  # fmt: skip
        judge(world, wanted, first, chosen)
        if case.left != "whole":
            assert world.orders == []
        for _ in range(MORE):
            known = len(world.orders)
            run = engine.up(wanted)
            judge(world, wanted, run, everything)
            if run.code == 0 or (len(world.orders) == known and not world.arriving):
                break  # reached, or it has no safe order: the next run would say the same


def judge(world: World, wanted: Stack, run: Run, labels: frozenset[str]) -> None:
    """Hold a run against what the hosts show after it."""
    assert world.violations == [], (run, world.orders)
    assert not any("A bug of" in each for each in run.errors)
    if run.code == 0:
        assert reached(world, wanted, labels), (run, world.orders)


def test_a_swap_on_an_adopted_stack_steps_aside() -> None:
    """The stand-in does what the real engine does: both forms of the run make the three moves."""
    for adopted in (False, True):
        case = Case(
            memory=(6, 6, 12), machines=((0, 10), (1, 9)), wanted=((1,), (0,)), adopted=adopted, fates=((), ()),
            silent=(), left="whole", target=None,
        )  # fmt: skip
        world = world_of(case)
        with tempfile.TemporaryDirectory() as folder:
            engine = Engine(world=world, folder=Path(folder))
            if adopted:
                engine.up(stack_of(case, as_it_is=True))
            run = engine.up(stack_of(case))
        assert run.code == 0, run
        assert world.orders == [("VM002", "hv2", "hv3"), ("VM001", "hv1", "hv2"), ("VM002", "hv3", "hv1")]
        assert any("run took" in each for each in run.said)

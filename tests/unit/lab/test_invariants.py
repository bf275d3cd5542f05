"""Whatever is asked of the lab, in whatever order: no machine doubled, no byte lost, no bound exceeded."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.estate.building import build
from lab.storage.checksums import Checksums
from lab.world import LabVm, World, room, vmms
from lab.world.faults import Fault
from lab.world.objects import OFF, PAUSED, RUNNING, SAVED, LabRoots
from lab.world.restart import resume

from .conftest import SHARE, Stage, StillClock, estate, machine

NAMES = "ABC"
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("move"),
            st.sampled_from(NAMES),
            st.sampled_from((None, "HV1", "HV2", "HV3")),
            st.sampled_from((32768, 32769, 32771)),
            st.sampled_from(("D:\\X", "E:\\X", f"{SHARE}\\X", None)),
        ),
        st.tuples(st.just("state"), st.sampled_from(NAMES), st.sampled_from((2, 3, 4, 6, 9, 11))),
        st.tuples(st.just("wait"), st.sampled_from((0.1, 1.0, 3.0, 9.0))),
        st.tuples(st.just("fail"), st.integers(0, 99)),
        st.just(("kill",)),
    ),
    max_size=14,
)


def ask(here: Stage, name: str, destination: str | None, kind: int, folder: str | None) -> None:
    """Ask for a move, sensible or not."""
    vm = here.vm(name)
    place = f"{folder}\\{name}" if folder else None
    roots = LabRoots(config=place, checkpoints=place, paging=place) if place else vm.roots
    disks = {disk.slot: f"{place}\\{disk.slot}.vhdx" if place else disk.path for disk in vm.disks}
    files = {} if kind == 32768 else {"roots": roots, "disks": disks}
    here.ask(name, type=kind, destination=destination, **files)


def contents(world: World, vm: LabVm) -> list[str | None]:
    """Return the checksums of the machine's disks."""
    return [Checksums().sha256(world.files.real(vm.host, disk.path)) for disk in vm.disks]


def bounds_hold(world: World) -> bool:
    """Say whether each machine is realized once and no limit, memory or volume is exceeded."""
    return not list(room.excesses(world.hosts, world.shares, world.state.jobs))


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_nothing_is_lost_whatever_is_asked(steps: list[tuple[object, ...]]) -> None:
    """Moves, failures, kills and machines that are stopped and started in any order end with every disk whole, once, and nothing beside it."""
    with tempfile.TemporaryDirectory() as folder:
        clock = StillClock()
        spec = estate(*(machine(name, folder=f"D:\\{name}") for name in NAMES))
        world = build(spec, Path(folder), clock, ports={"hv1": 1, "hv2": 2, "hv3": 3})
        here = Stage(world, clock)
        before = {vm.name: contents(world, vm) for vm in world.vms()}
        for step in steps:
            match step:
                case ("move", str(name), destination, int(kind), target):
                    ask(here, name, destination, kind, target)  # type: ignore[arg-type]
                case ("state", str(name), int(wanted)):
                    vm = here.vm(name)
                    vmms.request_state(here.world, vm.host, vm.id, wanted, "LAB\\tester")
                case ("wait", float(seconds)):
                    here.pass_time(seconds, step=0.5 if seconds > 1 else 0.1)
                case ("fail", int(percent)):
                    here.world.faults.add(Fault(id=0, kind="migration-fails", left=1, after=percent))
                case _:
                    here = Stage(resume(Path(folder), clock=clock), clock)
            assert bounds_hold(here.world)
        here.pass_time(10, step=0.5)
        assert bounds_hold(here.world)
        assert {vm.name: contents(here.world, vm) for vm in here.world.vms()} == before
        assert len(list(Path(folder).rglob("*.vhdx"))) == len(NAMES)
        assert len(list(Path(folder).rglob("*.vmcx"))) == len(NAMES)
        assert not [job for job in here.world.jobs() if job.running]
        assert {vm.enabled_state for vm in here.world.vms()} <= {RUNNING, OFF, SAVED, PAUSED}
        assert {vm.requested_state for vm in here.world.vms()} == {None}

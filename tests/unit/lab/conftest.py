"""Small worlds whose time stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hyperv_placement.wsman import MSCLUSTER
from lab.estate.building import build
from lab.estate.generated import SHARE, generate
from lab.estate.spec import DiskSpec, EstateSpec, VmSpec
from lab.storage.checksums import Checksums
from lab.wmi.classes import CLASSES, WmiClass, namespace_of
from lab.wmi.schema import has_class
from lab.world import LabHost, LabJob, LabVm, MigrationRequest, Refusal, World, vmms
from lab.world.callers import SecondHopCaller
from lab.world.objects import CLUSTER_RUNS, LabRoots
from lab.world.room import disks_of

TESTER = SecondHopCaller(name="LAB\\tester")
AT_THE_HOST = SecondHopCaller(name="LAB\\alice", scheme="console")


class StillClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        """Start on a fixed day."""
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time last set."""
        return self.time


class Stage:
    """A world with the short words that tests use."""

    def __init__(self, world: World, clock: StillClock) -> None:
        """Wrap a world whose time `clock` tells."""
        self.world = world
        self.clock = clock

    def vm(self, name: str) -> LabVm:
        """Return the machine of this name."""
        return next(vm for vm in self.world.vms() if vm.name == name)

    def pass_time(self, seconds: float, step: float = 0.1) -> None:
        """Let time pass in small steps."""
        for _ in range(round(seconds / step)):
            self.clock.time += timedelta(seconds=step)
            vmms.advance(self.world)

    def ask(self, name: str, **given: object) -> LabJob | Refusal:
        """Ask the machine's host for a migration."""
        vm = self.vm(name)
        request = MigrationRequest(vm_id=vm.id, **{"caller": TESTER, **given})  # type: ignore[arg-type]
        return vmms.migrate(self.world, vm.host, request)

    def start(self, name: str, **given: object) -> LabJob:
        """Ask, and expect a job."""
        job = self.ask(name, **given)
        assert isinstance(job, LabJob), job
        return job

    def start_everything(
        self, name: str, destination: str, folder: str | None = None, *, with_checkpoints: bool = False
    ) -> LabJob:
        """Start a 32771 move with unchanged paths, or into `folder`; disks of checkpoints are part of it or left out."""
        vm = self.vm(name)
        roots = (
            LabRoots(config=folder, checkpoints=folder, paging=folder, guest_state=folder)
            if folder
            else vm.roots
        )
        files = [d for d in vm.disks if d.kind != "dvd"]
        disks = {d.slot: f"{folder}\\{d.path.rsplit(chr(92), 1)[1]}" if folder else d.path for d in files}
        asked = vm.checkpoints if with_checkpoints else ()
        frozen = {f"{each.id}/{disk.slot}": disk.path for each in asked for disk in each.disks}
        return self.start(name, type=32771, destination=destination, roots=roots, disks=disks, frozen=frozen)

    def real(self, vm: LabVm, path: str) -> Path:
        """Return the real file behind `path` at the machine's host."""
        return self.world.files.real(vm.host, path)

    def sums(self, name: str) -> list[str | None]:
        """Return the checksums of the machine's disks and those of its checkpoints, read anew."""
        vm = self.vm(name)
        return [Checksums().sha256(self.real(vm, disk.path)) for disk in disks_of(vm)]

    def files_of(self, host: str) -> set[str]:
        """Return every real file of a host."""
        root = self.world.home / "hosts" / host
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def machine(name: str, host: str = "hv1", **given: object) -> VmSpec:
    """Return a machine with one disk in a folder of its own."""
    folder = str(given.pop("folder", f"D:\\Hyper-V\\{name}"))
    disks = given.pop("disks", (DiskSpec(path=f"{folder}\\Virtual Hard Disks\\{name}.vhdx"),))
    return VmSpec(name=name, host=host, folder=folder, disks=disks, **given)  # type: ignore[arg-type]


def estate(*vms: VmSpec, **changes: object) -> EstateSpec:
    """Return the default three hosts with these machines; `changes` apply to every host."""
    plain = generate(vms=0)
    hosts = tuple(replace(host, **changes) for host in plain.hosts)  # type: ignore[arg-type]
    return replace(plain, hosts=hosts, vms=vms)


def readable(host: LabHost) -> Iterator[WmiClass]:
    """Yield the classes whose instances a host shows: those of a cluster only where its service runs."""
    for each in CLASSES:
        away = each.namespace == MSCLUSTER and host.cluster_service != CLUSTER_RUNS
        if namespace_of(host, each.namespace) is not None and has_class(each.name, host.build) and not away:
            yield each


@pytest.fixture
def stage(tmp_path: Path) -> Callable[[EstateSpec], Stage]:
    """Return a maker of worlds."""

    def make(spec: EstateSpec) -> Stage:
        clock = StillClock()
        ports = {host.name: 25986 + number for number, host in enumerate(spec.hosts)}
        return Stage(build(spec, tmp_path / "lab", clock, ports=ports), clock)

    return make


@pytest.fixture
def default(stage: Callable[[EstateSpec], Stage]) -> Stage:
    """The default estate."""
    return stage(generate())


__all__ = ["AT_THE_HOST", "SHARE", "TESTER", "Stage", "StillClock", "estate", "machine", "readable"]

"""A run, what befalls it, and the run after it: over sockets to the lab, in no more time than they compute."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hyperv_placement.migration.audit import audit_path
from lab.estate.building import build
from lab.storage.checksums import Checksums
from lab.world import LabVm, World
from lab.world.faults import KINDS, Fault
from lab.world.room import disks_of
from tests.standin.engine import Run

from .labs import LabRuns, Time, served, stack_of
from .moves import Kind

Meddling = Callable[[World], object]


class Story:
    """One lab and one stack; every run begins when the last one has ended."""

    def __init__(self, kind: Kind, home: Path, world: World, time: Time) -> None:
        """Tell of a lab that listens."""
        self.kind, self.home, self.world, self._time = kind, home, world, time
        self.runs: list[Run] = []
        self._engine = LabRuns(folder=home / "project", world=world, time=time)
        self._sums = self.sums()

    def up(self, *, before_the_move: Meddling = lambda _: None, declared: str | None = None) -> Run:
        """Run to the end. `before_the_move`: what somebody does after the plan. `declared`: machines of the stack file, where it has changed."""
        kind = self.kind if declared is None else _declaring(self.kind, declared)
        stack = stack_of(self.world, self.home, kind.text)

        def leave(_: object) -> None:
            before_the_move(self.world)

        self.runs.append(self._engine.up(stack, leave=leave))
        return self.runs[-1]

    def fault(self, kind: str, vm: str | None = None, **more: Any) -> None:
        """Add a fault to the lab, as often as its kind says."""
        values: dict[str, Any] = {"left": KINDS[kind].times, **more}
        self.world.faults.add(Fault(id=0, kind=kind, vm=vm and self.vm(vm).id, **values))

    def at(self, percent: int, meddle: Meddling) -> None:
        """Have somebody do something as soon as a move has come so far."""

        def look(world: World) -> bool:
            far = any(job.running and job.percent >= percent for job in world.state.jobs)
            if far:
                meddle(world)
            return far

        self._time.meddling.append(look)

    def pass_on(self, seconds: float) -> None:
        """Let time pass while nobody runs."""
        self._time.pass_on(seconds, self.world)

    def vm(self, name: str = "WEB01") -> LabVm:
        """Return the lab's own record of a machine."""
        return next(vm for vm in self.world.vms() if vm.name == name)

    def jobs(self, name: str = "WEB01") -> int:
        """Return how many migrations of a machine were begun."""
        return sum(line["vm"] == name for line in self.log("start"))

    def log(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of one kind in the lab's log."""
        lines = (self.home / "lab.log").read_text(encoding="utf-8").splitlines()
        return [line for line in map(json.loads, lines) if line["event"] == event]

    def sums(self) -> dict[str, list[str | None]]:
        """Return the content of all disks, by machine."""
        return {
            vm.name: [Checksums().sha256(self.world.files.real(vm.host, disk.path)) for disk in disks_of(vm)]
            for vm in self.world.vms()
        }

    def unharmed(self) -> bool:
        """Say whether each machine has its disks as they were, and nothing happened that no run may do."""
        return self.sums() == self._sums and not self.world.state.violations

    def audited(self) -> list[str]:
        """Return the events of the audit log."""
        lines = audit_path(self.home / "project", "lab").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["event"] for line in lines]


def _declaring(kind: Kind, vms: str) -> Kind:
    return Kind(estate=kind.estate, vms=vms, wanted=kind.wanted, roots=kind.roots)


@contextmanager
def told(kind: Kind, home: Path) -> Iterator[Story]:
    """Build a lab in `home` and have its hosts listen meanwhile."""
    time = Time()
    shutil.rmtree(home / "project", ignore_errors=True)
    world = build(kind.estate, home, time, ports={host.name: 0 for host in kind.estate.hosts})
    with served(world, home):
        yield Story(kind, home, world, time)

"""One round: a lab, runs that meet a broken answer each, a run after them, and what became of the machines."""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.stack import Stack
from lab.estate.building import build
from lab.storage.checksums import Checksums
from lab.world import World
from lab.world.jobs import MOVE
from tests.standin.engine import Run

from .labs import PATIENCE, LabRuns, Time, served, stack_of
from .moves import Kind
from .wire import Case, Tap, breaking

ORDER = "MigrateVirtualSystemToHost"
_LIMIT = 120.0
"""Seconds of the machine's after which a run counts as stuck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a round has shown: nothing that is named here may be."""

    met: int
    """How many answers have broken."""
    codes: tuple[int, ...]
    asked: Mapping[str, list[str]] = field(default_factory=dict)
    """What the first run has asked of each host."""
    errors: tuple[str, ...] = ()
    """What the first run has said."""
    wrong: tuple[str, ...] = ()
    """`kind: what` for each thing that must not be."""


WRONG = ("ordered twice", "false success", "not recovered", "traceback", "machine")
"""A second order or job; exit 0 away from the declared place; the next run does not reach it; a bug; a machine that is not as it was."""


def play(kind: Kind, home: Path, *cases: Case) -> list[Verdict]:
    """Play cases one after the other in one lab for as long as nothing is ordered there, and a run after the last.

    Return a verdict for each case that was played, one at least; without cases, that of a run in which nothing breaks. Each
    run is the one after the case before, and no more than one may be needed. `home` keeps certificates for the next round.
    """
    time, tap = Time(), Tap(PATIENCE)
    world = build(kind.estate, home, time, ports={host.name: 0 for host in kind.estate.hosts})
    with served(world, home, breaking(tap)):
        try:
            return list(_Round(kind, home, world, time, tap).play(cases or (None,)))
        finally:
            tap.over.set()


class _Round:
    def __init__(self, kind: Kind, home: Path, world: World, time: Time, tap: Tap) -> None:
        self.kind, self.home, self.world, self.time, self.tap = kind, home, world, time, tap
        self.wrong: list[str] = []
        self.before = self._machines()

    def play(self, cases: Sequence[Case | None]) -> Iterator[Verdict]:
        folder = self.home / "project"
        for old in (*folder.glob("**/*.jsonl"), *folder.glob("**/*.json")):
            old.unlink()
        stack = stack_of(self.world, self.home, self.kind.text)
        engine = LabRuns(folder=folder, world=self.world, time=self.time)
        for number, case in enumerate(cases, 1):
            self.tap.begin_anew(case)
            run = self._run(engine, stack)
            verdict = Verdict(
                met=self.tap.met, codes=(run.code,), asked=dict(self.tap.asked), errors=tuple(run.errors)
            )
            if run.code and number < len(cases) and self._is_untouched():
                yield replace(verdict, wrong=self._found())
                continue
            yield self._ended(verdict, engine, stack)
            return

    def _ended(self, verdict: Verdict, engine: LabRuns, stack: Stack) -> Verdict:
        """Let the next run reach the map, and return the verdict with how that went."""
        if verdict.codes[-1] != 0:
            self.tap.begin_anew(None)
            last = self._run(engine, stack)
            verdict = replace(verdict, codes=(*verdict.codes, last.code))
            if last.code:
                self.wrong.append(f"not recovered: {' | '.join(last.errors)}")
        self._judge_end()
        return replace(verdict, wrong=self._found())

    def _found(self) -> tuple[str, ...]:
        found, self.wrong = tuple(self.wrong), []
        return found

    def _is_untouched(self) -> bool:
        """Say whether nothing was begun at any host: the next run meets what the last one met."""
        return not self.world.state.jobs and not any(host.planned for host in self.world.hosts.values())

    def _run(self, engine: LabRuns, stack: Stack) -> Run:
        ended: list[Run] = []

        def up() -> None:
            try:
                ended.append(engine.up(stack, leave=lambda _: self.tap.begin()))
            except PlacementError as error:
                ended.append(Run(errors=[str(error)]))
            except Exception as error:  # noqa: BLE001 - what nobody expects is what is looked for
                self.wrong.append(f"traceback: {''.join(traceback.format_exception(error))}")
                ended.append(Run(errors=["a bug"]))

        thread = threading.Thread(target=up, daemon=True)
        thread.start()
        thread.join(_LIMIT)
        run = ended[0] if ended else Run(errors=[f"it did not end within {_LIMIT:g} s"])
        self._judge_run(run)
        return run

    def _judge_run(self, run: Run) -> None:
        if run.code == 0 and (off := self._off()):
            self.wrong.append(f"false success: {off}")
        most = sum(self.kind.orders.get(name, 1) for name in self.kind.wanted) * (
            2 if self.kind.staged else 1
        )
        if (ordered := sum(asked.count(ORDER) for asked in self.tap.asked.values())) > most:
            self.wrong.append(f"ordered twice: {ordered} orders in one run, {most} at most")

    def _judge_end(self) -> None:
        jobs = Counter(job.vm_name for job in self.world.state.jobs if job.purpose == MOVE)
        self.wrong += [
            f"ordered twice: {count} jobs of {name}"
            for name, count in jobs.items()
            if count > self.kind.orders.get(name, 1)
        ]
        self.wrong += [f"machine: {each['what']}" for each in self.world.state.violations]
        after = self._machines()
        self.wrong += [
            f"machine: {name} was {was}, is {after.get(name)}"
            for name, was in self.before.items()
            if after.get(name) != was
        ]
        self.wrong += [
            f"machine: a planned {vm.name} is left on {host.name}"
            for host in self.world.hosts.values()
            for vm in host.planned.values()
        ]
        self.wrong += [
            f"machine: a job of {job.vm_name} runs on" for job in self.world.state.jobs if job.running
        ]

    def _machines(self) -> dict[str, list[object]]:
        """Return what must be after all as before: each machine once, its state, the content of its disks."""
        found: dict[str, list[object]] = {}
        for vm in self.world.vms():
            disks = [*vm.disks, *(disk for checkpoint in vm.checkpoints for disk in checkpoint.disks)]
            sums = [Checksums().sha256(self.world.files.real(vm.host, disk.path)) for disk in disks]
            found.setdefault(vm.name, []).append((vm.id, vm.enabled_state, sums))
        return found

    def _off(self) -> str:
        """Return which machine is not where it is declared; empty where all are."""
        for name, (host, start) in self.kind.wanted.items():
            for vm in (vm for vm in self.world.vms() if vm.name == name):
                if vm.host != host or not all(disk.path.startswith(start) for disk in vm.disks):
                    return f"{name} is on {vm.host}: {', '.join(disk.path for disk in vm.disks)}"
        return ""

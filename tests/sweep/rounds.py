"""One round: a lab, runs that meet a broken answer each, a run after them, and what became of the machines."""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.migrate import mover_for
from hyperv_placement.migration.mover import Movers
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load
from hyperv_placement.winrm.bounds import BOUNDS
from lab.estate.building import build
from lab.home import certificates, credentials
from lab.server import serve
from lab.storage.checksums import Checksums
from lab.world import World, vmms
from lab.world.jobs import MOVE
from tests.standin.clock import Turns
from tests.standin.engine import Run, Runs

from .moves import Kind
from .wire import Case, Tap, breaking

PATIENCE = 2.0
"""Seconds of the machine's that a host has for an answer."""
ORDER = "MigrateVirtualSystemToHost"
_BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LIMIT = 120.0
"""Seconds of the machine's after which a run counts as stuck."""


class Time:
    """The lab's time: what the runs have waited, one after the other."""

    def __init__(self) -> None:
        """Begin on a fixed day."""
        self._before = 0.0
        self._clock = Turns()

    def clock(self, world: World) -> Turns:
        """Return the clock of the next run, which moves the world along."""
        self._before += self._clock.now()
        self._clock = Turns(lambda _: vmms.advance(world))
        return self._clock

    def now(self) -> datetime:
        """Return the world's date and time."""
        return _BEGIN + timedelta(seconds=self._before + self._clock.now())

    def pass_on(self, seconds: float) -> None:
        """Let time pass while nobody runs."""
        self._before += seconds


@dataclass(slots=True, kw_only=True)
class LabRuns(Runs):
    """Runs on hosts of the lab, over sockets."""

    world: World
    time: Time

    def clock(self) -> Turns:
        """Go on where the last run has ended."""
        return self.time.clock(self.world)

    def estate(self, stack: Stack, clock: Turns) -> Estate:
        """Dial, with little patience."""
        bounds = replace(BOUNDS, answer_seconds=PATIENCE, connect_seconds=PATIENCE)
        return Estate(stack.hosts, clock=clock, bounds=bounds)

    def movers(self) -> Movers:
        """Move by the hosts' own migration."""
        return mover_for


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
    with _served(world, home, tap):
        return list(_Round(kind, home, world, time, tap).play(cases or (None,)))


@contextmanager
def _served(world: World, home: Path, tap: Tap) -> Iterator[None]:
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
    servers = serve(world, home, talk=breaking(tap))
    servers.start()
    try:
        yield
    finally:
        tap.over.set()
        servers.stop()


class _Round:
    def __init__(self, kind: Kind, home: Path, world: World, time: Time, tap: Tap) -> None:
        self.kind, self.home, self.world, self.time, self.tap = kind, home, world, time, tap
        self.wrong: list[str] = []
        self.before = self._machines()

    def play(self, cases: Sequence[Case | None]) -> Iterator[Verdict]:
        folder = self.home / "project"
        for old in (*folder.glob("**/*.jsonl"), *folder.glob("**/*.json")):
            old.unlink()
        stack = self._stack()
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

    def _stack(self) -> Stack:
        path = self.home / "project" / "stacks" / "lab.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        hosts = "".join(
            f"  {name}: {{address: '{host.url}'{self.kind.roots}}}\n"
            for name, host in self.world.hosts.items()
        )
        login = f"{{credentials: '{self.home / credentials.FILE}', ca: '{self.home / 'ca.pem'}'}}"
        text = f"connection: {login}\nhosts:\n{hosts}vms: {self.kind.vms}\n{self.kind.more}"
        path.write_text(text, encoding="utf-8")
        return load(path)

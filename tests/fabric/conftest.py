"""Our client against hosts of the lab on real sockets; both clocks run fast."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.migration.admission import Admission
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.failure_guard import FailureGuard
from hyperv_placement.migration.interruption import Interruption
from hyperv_placement.migration.known_delegation import SecondHop
from hyperv_placement.migration.migrate import Moved, migrate
from hyperv_placement.migration.mover import Collaborators, MoveContext, MoveRecord
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.planning.machine.wanted_move import order
from lab.estate.building import build
from lab.estate.spec import EstateSpec
from lab.home import certificates, credentials
from lab.server import serve
from lab.storage.checksums import Checksums
from lab.world import LabVm, RunningClock, vmms
from lab.world.faults import KINDS, Fault

SPEED = 10.0
"""How fast the lab's world and our own waiting run."""


class FastClock:
    """A clock whose seconds pass `SPEED` times as fast as the machine's."""

    def __init__(self) -> None:
        """Count from here on."""
        self._waits = Counter[int]()

    def waits(self) -> Counter[int]:
        """Return for how many milliseconds each thread has asked to wait, which is the same on a busy machine."""
        return Counter(self._waits)

    def now(self) -> float:
        """Return fast seconds."""
        return time.monotonic() * SPEED

    def utc(self) -> datetime:
        """Return the machine's date and time."""
        return datetime.now(UTC)

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait a part of `seconds`, or until the event is set."""
        self._waits[threading.get_ident()] += round(seconds * 1000)
        return (until or threading.Event()).wait(seconds / SPEED)


class Fabric:
    """Hosts that listen, and our client's view of them."""

    def __init__(self, spec: EstateSpec, home: Path) -> None:
        """Build the estate and start its hosts."""
        self.home = home
        any_free = {host.name: 0 for host in spec.hosts}
        self.world = build(spec, home, RunningClock(speed=SPEED), ports=any_free)
        self.account = credentials.ensure(home, self.world.settings.netbios)
        certificates.ensure(home, [(host.name, host.full_name) for host in self.world.hosts.values()])
        self.servers = serve(self.world, home)
        self.servers.start()
        self.clock = FastClock()
        self.specs = {HostName(name): self.spec(name) for name in self.world.hosts}
        self.estate = Estate(self.specs, clock=self.clock)
        self.admission = Admission(self.estate, clock=self.clock)
        self.audit = AuditLog(home / "audit" / "log.jsonl", clock=self.clock)
        self.cancelled = threading.Event()
        self.progress: list[Progress] = []
        self._over = threading.Event()
        self._ticking = threading.Thread(target=self._tick)
        self._ticking.start()

    def _tick(self) -> None:
        while not self._over.wait(0.02):
            vmms.advance(self.world)

    def spec(self, name: str, *, auth: str = "ntlm", file: str = credentials.FILE, **more: Any) -> HostSpec:
        """Return how a host is reached."""
        connection = Connection(auth=auth, credentials=self.home / file, ca=self.home / "ca.pem")  # type: ignore[arg-type]
        host = self.world.hosts[name]
        return HostSpec(name=HostName(name), endpoint=host.url, connection=connection, **more)

    def reserve(self, name: str, reserve: Reserve) -> None:
        """Let our side keep `reserve` free on a host."""
        self.estate.specs[HostName(name)] = self.spec(name, reserve=reserve)

    def lab_vm(self, name: str) -> LabVm:
        """Return the lab's own record of a machine."""
        return next(vm for vm in self.world.vms() if vm.name == name)

    def vm(self, name: str) -> VirtualMachine:
        """Return a machine as a reading for moves shows it."""
        return next(vm for vm in self.inventory().vms() if vm.name == name)

    def inventory(self) -> Inventory:
        """Return a sweep with all that moves ask of hosts and machines."""
        found = self.estate.read(Detail.MOVE)
        assert not found.unreachable
        return found

    def order(self, name: str, host: str | None = None, **wanted: Any) -> Move:
        """Return the move that takes a machine to a placement."""
        found = self.inventory()
        vm = next(vm for vm in found.vms() if vm.name == name)
        destination = None if host is None else found.hosts[HostName(host)]
        placement = Placement(host=None if host is None else HostName(host), **wanted)
        move = order(vm, placement, found.hosts[vm.host], destination)
        assert move is not None
        return move

    def run(
        self, move: Move, second_hop: SecondHop | None = None, failure_guard: FailureGuard | None = None
    ) -> VirtualMachine:
        """Carry out a move to its end."""
        return self.timed(move, second_hop, failure_guard).vm

    def timed(
        self, move: Move, second_hop: SecondHop | None = None, failure_guard: FailureGuard | None = None
    ) -> Moved:
        """Carry out a move to its end and return with it how long it took."""
        shared = self.collaborators(second_hop=second_hop, failure_guard=failure_guard)
        return migrate(move, shared, report=self.progress.append, cancelled=self.cancelled)

    def collaborators(self, **others: Any) -> Collaborators:
        """Return what moves share, with some of it chosen by the test."""
        known: dict[str, Any] = {
            "estate": self.estate, "clock": self.clock, "admission": self.admission, "audit": self.audit
        }  # fmt: skip
        return Collaborators(**{**known, **others})

    def context(self, move: Move) -> MoveContext:
        """Return one move as whoever carries it out sees it."""
        shared, report = self.collaborators(), self.progress.append
        record = MoveRecord(audit=shared.audit, move=move, report=report)
        return MoveContext(
            shared=shared,
            move=move,
            record=record,
            report=report,
            cancelled=self.cancelled,
            stop=Interruption.of(self.cancelled),
            asked=self.clock.now(),
        )

    def behind(self, work: Callable[[], object]) -> Behind:
        """Do something in a thread of its own."""
        return Behind(work)

    def fault(self, kind: str, *, vm: str | None = None, **more: Any) -> int:
        """Add a fault to the lab, as often as its kind says."""
        guid = None if vm is None else self.lab_vm(vm).id
        values: dict[str, Any] = {"left": KINDS[kind].times, **more}
        return self.world.faults.add(Fault(id=0, kind=kind, vm=guid, **values)).id

    def sums(self, name: str) -> list[str | None]:
        """Return the checksums of a machine's disks, by slot, read anew."""
        vm = self.lab_vm(name)
        disks = sorted(vm.disks, key=lambda disk: disk.slot)
        return [Checksums().sha256(self.world.files.real(vm.host, disk.path)) for disk in disks]

    def log(self, event: str) -> list[dict[str, Any]]:
        """Return the entries of one kind in the lab's log."""
        path = self.home / "lab.log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [entry for line in lines if (entry := json.loads(line)).get("event") == event]

    def audited(self) -> list[str]:
        """Return the events of the audit log."""
        lines = self.audit.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["event"] for line in lines]

    def close(self) -> None:
        """Stop everything."""
        self.estate.close()
        self._over.set()
        self._ticking.join()
        self.servers.stop()


class Behind:
    """Work in a thread; its result or error is for whoever joins."""

    def __init__(self, work: Callable[[], object]) -> None:
        """Start."""
        self._work = work
        self.result: object = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._work()
        except Exception as error:  # noqa: BLE001 - handed to whoever joins
            self.error = error

    def join(self, seconds: float = 60) -> object:
        """Wait for the end; raise what the work raised."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "still at work"
        if self.error is not None:
            raise self.error
        return self.result


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a condition holds."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        pause.wait(0.02)


Maker = Callable[[EstateSpec], Fabric]


@pytest.fixture
def make_fabric(tmp_path: Path) -> Iterator[Maker]:
    """Return a maker of labs with our client before them."""
    made: list[Fabric] = []

    def make(spec: EstateSpec) -> Fabric:
        made.append(Fabric(spec, tmp_path / f"lab{len(made)}"))
        return made[-1]

    yield make
    for fabric in made:
        fabric.close()

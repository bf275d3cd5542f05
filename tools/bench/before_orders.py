"""How many requests a move between two hosts takes before its order, the first of a run and the second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.run_audit import audit_of
from hyperv_placement.stackfile import load
from hyperv_placement.wsman import Enumerate, Get, Invoke, Request, class_of
from lab.estate.building import build
from lab.estate.generated import generate
from lab.home import certificates, credentials
from lab.server import serve
from lab.world import RunningClock, World, vmms

from .figure import Figure
from .site import Sites
from .watching import watching

FIRST, SECOND = 20, 12
"""Requests that may go before the first order of a run and before the second, the one that proves the connection among them."""
LATENCY = 0.05
"""Seconds that a request takes by the clock of the run: how old a reading has become decides what is asked again."""
SPEED = 10.0
ORDER = "MigrateVirtualSystemToHost"


class Wire:
    """What a run has asked, and a clock that moves by each request and by each wait."""

    def __init__(self) -> None:
        """Nothing has been asked yet."""
        self._lock = threading.Lock()
        self._now = 0.0
        self.asked: list[str] = []

    def now(self) -> float:
        """Return the seconds that requests and waits have taken."""
        with self._lock:
            return self._now

    def utc(self) -> datetime:
        """Return a date that moves with the seconds."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now())

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Let the lab go on meanwhile, whose clock runs fast."""
        over = (until or threading.Event()).wait(seconds / SPEED)
        with self._lock:
            self._now += seconds
        return over

    def heard(self, request: Request, _answer: bytes) -> None:
        """Count a request that was answered."""
        with self._lock:
            self._now += LATENCY
            self.asked.append(_named(request))


def _named(request: Request) -> str:
    match request:
        case Enumerate(query=query):
            return query or class_of(request.resource_uri)
        case Invoke(method=method):
            return method
        case Get(target=target):
            return f"Get {class_of(target.resource_uri)}"
        case _:
            return type(request).__name__


def measure(sites: Sites) -> list[Figure]:
    """Move two machines from one host to another, one after the other."""
    return [
        Figure(
            name=f"requests before the {which} order of a run between two hosts",
            unit="",
            result=len(asked),
            at_most=goal,
            notes=tuple(f"  {each}" for each in asked),
        )
        for which, goal, asked in zip(
            ("first", "second"),
            (FIRST, SECOND),
            asked_before_orders(sites.folder / "before-orders"),
            strict=True,
        )
    ]


def asked_before_orders(home: Path) -> list[list[str]]:
    """Return what is asked between the judgement of each of two moves and its order."""
    wire = Wire()
    with _lab(home) as world:
        stack = _stack(home, world)
        estate = Estate(stack.hosts, clock=wire, heard=wire.heard)
        audit = audit_of(stack, home / "audit" / "lab.jsonl", wire)
        fleet = Fleet(stack, wire, audit, estate=estate)
        try:
            return [_asked_before(fleet, wire, label) for label in stack.vms]
        finally:
            estate.close()


def _asked_before(fleet: Fleet, wire: Wire, label: str) -> list[str]:
    source, target = fleet.stack.hosts
    vm = next(each for each in fleet.readings.sweep(max_age=0.0).inventory.vms() if each.name == label)
    found = fleet.readings.ends(fleet.readings.sweep().inventory, vm, target)
    judged = next(each for each in found.hosts[source].vms if each.id == vm.id)
    judged = fleet.estate.with_vectors(judged, fleet.estate.facts(source))
    move = order(judged, Placement(host=target), found.hosts[source], found.hosts[target])
    if move is None:
        raise RuntimeError(f"{label} is on {target} already")
    begun = len(wire.asked)
    fleet.move(label, move, report=lambda _progress: None, cancelled=threading.Event())
    asked = wire.asked[begun:]
    return asked[: asked.index(ORDER)]


@contextmanager
def _lab(home: Path) -> Iterator[World]:
    """Serve two machines of one disk each on the first of two hosts."""
    spec = generate(hosts=2, vms=2)
    first = spec.hosts[0].name
    vms = tuple(replace(vm, host=first, disks=vm.disks[:1], checkpoints=()) for vm in spec.vms)
    world = build(
        replace(spec, vms=vms), home, RunningClock(speed=SPEED), ports={host.name: 0 for host in spec.hosts}
    )
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
    servers = serve(world, home)
    servers.start()
    try:
        with watching(lambda: vmms.advance(world), 0.02):
            yield world
    finally:
        servers.stop()


def _stack(home: Path, world: World) -> Stack:
    path = home / "stacks" / "lab.yaml"
    path.parent.mkdir()
    hosts = "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in world.hosts.items())
    last = list(world.hosts)[-1]
    vms = "".join(f"  {vm.name}: {{host: {last}}}\n" for vm in world.vms())
    login = f"{{credentials: '{home / credentials.FILE}', ca: '{home / 'ca.pem'}'}}"
    path.write_text(f"connection: {login}\nhosts:\n{hosts}vms:\n{vms}", encoding="utf-8")
    return load(path)

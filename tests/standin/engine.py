"""The engine: reads and compares what it knows, runs the program, then checks, compares, creates and updates in its order.

As pulumi 3.27x was seen to do it (docs/how-it-works.md): with `refresh_before_update` each known resource is read, and compared
with its *old* inputs, before the program runs; a resource is registered when all that it depends on is made; what depends on a
failed one is left out; whatever failed, the run ends non-zero.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hyperv_placement.audit.origin import Origin
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.migration.mover import Movers
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.plan import Plan, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.plan import compare
from hyperv_placement.resources.call import Call, HalfDoneError, current
from hyperv_placement.resources.declare import before, in_order
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.fleets import Fleets
from hyperv_placement.resources.properties import inputs_of
from hyperv_placement.resources.vm_placement import TYPE, VmPlacement
from hyperv_placement.workspace.handoff import Handoff

from .clock import Turns
from .world import Values, World, movers

ORIGIN = Origin(who="stand-in", uid="0")


class OneFleet(Fleets):
    """The fleet of one run."""

    def __init__(self, fleet: Fleet) -> None:
        """Serve it, whatever the stack is called."""
        super().__init__(Path(), fleet.clock)
        self._fleet = fleet

    def of(self, _stack: str) -> Fleet:
        """Return it."""
        return self._fleet


@dataclass(slots=True, kw_only=True)
class Resource:
    """One machine in the stack's state."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Run:
    """How a run has ended."""

    errors: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code."""
        return 1 if self.errors else 0


@dataclass(slots=True, kw_only=True)
class Runs(ABC):
    """The runs of one stack in one project folder, whatever its hosts are."""

    folder: Path
    state: dict[str, Resource] = field(default_factory=dict)
    _port: int = 40000

    @abstractmethod
    def clock(self) -> Turns:
        """Return the time of the next run."""

    @abstractmethod
    def estate(self, stack: Stack, clock: Turns) -> Estate:
        """Return what reads the hosts; program and plugin of a run have one each."""

    def known(self, stack: Stack) -> Kept:  # noqa: ARG002 - a project on disk keeps something
        """Return what the last run has kept for the program."""
        return NOTHING_KEPT

    @abstractmethod
    def movers(self) -> Movers:
        """Return what carries out moves."""

    def up(
        self,
        stack: Stack,
        *,
        read_by_plugin: Stack | None = None,
        leave: Callable[[Handoff], None] | None = None,
        targets: frozenset[str] | None = None,
    ) -> Run:
        """Run. `read_by_plugin`: what the plugin has read, where the file was saved meanwhile. `leave`: what befalls the order that was left."""
        self._port += 1
        pass_ = _Pass(self, stack, read_by_plugin or stack, f"127.0.0.1:{self._port}", targets)
        try:
            return pass_.run(leave or (lambda _: None))
        finally:
            pass_.close()


@dataclass(slots=True, kw_only=True)
class Engine(Runs):
    """Runs on hosts that are values."""

    world: World

    def clock(self) -> Turns:
        """Begin at 0."""
        return Turns()

    def estate(self, stack: Stack, clock: Turns) -> Estate:
        """Read the values."""
        return Values(self.world, stack, clock)

    def movers(self) -> Movers:
        """Change them."""
        return movers(self.world)


class _Pass:
    def __init__(
        self, engine: Runs, stack: Stack, theirs: Stack, address: str, targets: frozenset[str] | None
    ) -> None:
        self.engine = engine
        self.stack = stack
        self.clock = engine.clock()
        self.ended = Run()
        self.targets = targets
        self.program = Handoff(project=engine.folder, engine=address, stack=stack)
        plugin = Handoff(project=engine.folder, engine=address, stack=theirs)
        # Git has nothing to say of a stack file that is nowhere, and would be asked in thousands of runs.
        audit = AuditLog(
            audit_path(engine.folder, stack.path.stem),
            clock=self.clock,
            of=lambda: ORIGIN,
            required=theirs.must_be_audited,
        )
        self.estates = [engine.estate(each, self.clock) for each in (stack, theirs)]
        fleet = Fleet(theirs, self.clock, audit, plugin, estate=self.estates[1], movers=engine.movers())
        self.provider = VmPlacement(lambda: OneFleet(fleet))
        self.done = {label: threading.Event() for label in stack.vms}
        self.failed: set[str] = set()
        self.turn = threading.Lock()

    def run(self, leave: Callable[[Handoff], None]) -> Run:
        self._refresh()
        plan = self._planned()
        if plan is None:
            return self.ended
        self.program.leave_schedule(plan.schedule, self.clock.utc())
        leave(self.program)
        for label in self.done.keys() - (self.targets or self.done.keys()):
            self.done[label].set()  # what is not targeted is the same at once
        waits = before(plan.schedule)
        works = [
            self.clock.start(lambda step=step: self._registered(step, waits.get(step.label, [])))  # type: ignore[misc]
            for step in in_order(plan, waits)
            if self.targets is None or step.label in self.targets
        ]
        with self.clock.away():
            for work in works:
                work.result()
        return self.ended

    def close(self) -> None:
        for estate in self.estates:
            estate.close()

    def _refresh(self) -> None:
        for label, known in list(self.engine.state.items()):
            read = self._call(label, lambda known=known: self.provider.read(known.id, known.outputs))  # type: ignore[misc]
            if read is None:
                continue
            if not read.id:
                del self.engine.state[label]
                continue
            known.outputs = dict(read.outs)
            self._call(label, lambda known=known: self.provider.diff(known.id, known.outputs, known.inputs))  # type: ignore[misc]

    def _planned(self) -> Plan | None:
        inventory, plan = compare(
            self.stack, self.estates[0], self.program, known=self.engine.known(self.stack)
        )
        if plan.refusals or not inventory.hosts:
            self.ended.errors += [str(each) for each in plan.refusals] or ["no host answered"]
            return None
        return plan

    def _registered(self, step: Step, waits: list[str]) -> None:
        label = step.label
        try:
            with self.clock.away():
                for other in waits:
                    self.done[other].wait()
            if self.failed.isdisjoint(waits):
                self._made(label, inputs_of(step))
            else:
                self.failed.add(label)
        finally:
            self.done[label].set()

    def _made(self, label: str, inputs: dict[str, Any]) -> None:
        known = self.engine.state.get(label)
        with self.turn:
            self._call(label, lambda: self.provider.check(known.inputs if known else {}, inputs))
            changes = known is None or self._call(
                label, lambda: self.provider.diff(known.id, known.outputs, inputs).detailed
            )
        if known is None:
            made = self._call(label, lambda: self.provider.create(inputs))
            if made is not None:
                self.engine.state[label] = Resource(id=made.id, inputs=inputs, outputs=dict(made.outs))
        elif changes:
            updated = self._call(label, lambda: self.provider.update(known.id, known.outputs, inputs))
            if updated is not None:
                known.inputs, known.outputs = inputs, dict(updated.outs)

    def _call(self, label: str, verb: Callable[[], Any]) -> Any:
        call = Call(
            urn=f"urn:pulumi:lab::hyperv-placement::{TYPE}::{label}",
            say=lambda _level, text, **_: self.ended.said.append(f"{label}: {text}"),
            cancelled=threading.Event(),
        )

        def within() -> Any:
            current.set(call)
            return verb()

        try:
            return copy_context().run(within)
        except HalfDoneError as partial:
            self.engine.state[label] = Resource(id=partial.id, inputs={}, outputs=dict(partial.outputs))
            self._fails(label, partial.reason)
        except PlacementError as error:
            self._fails(label, str(error))
        return None

    def _fails(self, label: str, text: str) -> None:
        self.failed.add(label)
        self.ended.errors.append(f"{label}: {text}")

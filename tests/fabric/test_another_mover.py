"""A second mover serves a whole run: plan, room, start, follow, verify, audit log, outputs; nothing else knows of it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hyperv_placement.errors import MigrationFailedError, PlacementError
from hyperv_placement.migration.admission import Facts
from hyperv_placement.migration.host_migration import HostMigration
from hyperv_placement.migration.mover import Arrived, MoveContext, Movers, OpenMover, Retry, Started
from hyperv_placement.migration.needs import Needs, Slot
from hyperv_placement.migration.verify import deviations
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.operations.plan import compare
from hyperv_placement.report.text import describe
from hyperv_placement.resources.call import Call, current
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.run_audit import audit_of
from hyperv_placement.resources.vm_placement import TYPE, VmPlacement
from hyperv_placement.workspace.handoff import Handoff
from lab.world import person
from tests.fabric.conftest import Fabric, Maker
from tests.standin.engine import OneFleet
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
OPERATOR = Slot(name="by hand", active=lambda _: 0, limit=lambda _: 1)


@dataclass(slots=True)
class ByHand:
    """Has the operator at the lab's console move the machine: nothing is ordered over WS-Management."""

    context: MoveContext
    fabric: Fabric
    failures: list[PlacementError] = field(default_factory=list)
    """How its first attempts end."""
    seen: list[str] = field(default_factory=list)
    """What was asked of it, in order."""

    def running(self) -> Started | None:
        """Adopt nothing."""
        self.seen.append("running")
        return None

    def arrived(self) -> VirtualMachine | None:
        """Leave that to the start."""
        self.seen.append("arrived")
        return None

    def needs(self) -> Needs:
        """Return one operator's hands at each end."""
        move = self.context.move
        return Needs(hosts=(move.source, move.destination), destination=move.destination, slots=(OPERATOR,))

    def prepare(self) -> Needs:
        """Ask nothing more."""
        self.seen.append("prepare")
        return self.needs()

    def start(self, facts: Facts) -> Started:
        """Ask the operator."""
        self.seen.append("start")
        assert set(facts) == {self.context.move.source, self.context.move.destination}
        self.context.record.announce("start")
        if self.failures:
            return Started(job_id="a failure", begun=self.context.clock.now())
        job = person.move(self.fabric.world, self.context.move.vm.name, self.context.move.destination)
        return Started(job_id=job.id, begun=self.context.clock.now())

    def follow(self) -> None:
        """Wait until the operator is done."""
        self.seen.append("follow")
        if self.failures:
            raise self.failures.pop(0)
        while any(job.running for job in self.fabric.world.state.jobs):
            self.context.clock.wait(1.0)

    def verify(self) -> Arrived:
        """Read the destination."""
        self.seen.append("verify")
        move = self.context.move
        vm = self.context.estate.read_vm(move.destination, move.vm.id)
        assert vm is not None
        assert deviations(move, None, vm) == []
        return Arrived(vm=vm, warnings=("moved by hand",))

    def given_up(self, error: PlacementError) -> None:
        """Clear up nothing."""
        self.seen.append(f"given up: {error.message}")

    def retry(self, error: PlacementError, attempt: int) -> Retry | None:  # noqa: ARG002 - alike for every failure
        """Try once more, after a rest."""
        return Retry(seconds=2.0, reason="the operator rests") if attempt == 1 else None


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


@dataclass(slots=True)
class Run:
    """One run of a stack with the movers of a test."""

    fabric: Fabric
    folder: Path
    said: list[str] = field(default_factory=list)

    def up(self, movers: Movers, *labels: str) -> list[str]:
        """Plan, then have each machine brought to hv2; return what the plan said of each."""
        path = self.folder / "stack.yaml"
        path.write_text("a stack file", encoding="utf-8")
        vms = {label: VmSpec(label=label, name=label, hosts=(HostName("hv2"),)) for label in labels}
        stack = Stack(path=path, hosts=self.fabric.specs, vms=vms)
        handoff = Handoff(project=self.folder, engine="127.0.0.1:4711", stack=stack)
        _, plan = compare(stack, self.fabric.estate, handoff)
        handoff.leave_schedule(plan.schedule, self.fabric.clock.utc())
        path = self.folder / ".pulumi" / "audit" / "lab.jsonl"
        fleet = Fleet(
            stack, self.fabric.clock, audit_of(stack, path, self.fabric.clock), handoff,
            estate=self.fabric.estate, movers=movers,
        )  # fmt: skip
        provider = VmPlacement(lambda: OneFleet(fleet))
        for label in labels:
            urn = f"urn:pulumi:lab::hyperv-placement::{TYPE}::{label}"
            current.set(Call(urn=urn, say=self._say, cancelled=threading.Event()))
            inputs = {"name": label, "vmId": self.fabric.lab_vm(label).id, "host": "hv2"}
            provider.check(inputs, inputs)
            outputs = provider.create(inputs).outs
            assert outputs is not None
            assert (outputs["host"], outputs["moves"]) == ("hv2", 1)
        return [describe(step) for step in plan.steps]

    def _say(self, _severity: str, text: str, **_: object) -> None:
        self.said.append(text)

    def audited(self) -> list[tuple[str, str]]:
        """Return event and result of the audit log's lines."""
        lines = (self.folder / ".pulumi" / "audit" / "lab.jsonl").read_text(encoding="utf-8").splitlines()
        return [(line["event"], line["result"]) for line in map(json.loads, lines)]


def test_a_run_uses_the_mover_that_serves_each_move(fabric: Fabric, tmp_path: Path) -> None:
    """One machine goes by hand, the other by its host's own migration: chosen by the move and the facts of its hosts."""
    opened: list[ByHand] = []

    def movers(move: Move, facts: Facts) -> OpenMover:
        assert set(facts) == {move.source, move.destination}
        if move.vm.name != "WEB01":
            return HostMigration

        def by_hand(context: MoveContext) -> ByHand:
            opened.append(ByHand(context, fabric))
            return opened[-1]

        return by_hand

    run = Run(fabric=fabric, folder=tmp_path)
    planned = run.up(movers, "WEB01", "WEB02")
    assert all("live migration with storage" in line for line in planned)
    assert [mover.seen for mover in opened] == [
        ["running", "arrived", "prepare", "start", "follow", "verify"]
    ]
    assert {job.vm_name for job in fabric.world.state.jobs if job.owner == "LAB\\operator"} == {"WEB01"}
    assert len(fabric.world.state.jobs) == 2
    assert run.audited() == [("start", ""), ("end", "moved")] * 2
    assert "moved by hand" in run.said
    assert [fabric.lab_vm(name).host for name in ("WEB01", "WEB02")] == ["hv2", "hv2"]
    assert fabric.world.state.violations == []


def test_a_failed_attempt_of_any_mover_is_tried_again_as_it_says(fabric: Fabric, tmp_path: Path) -> None:
    """Room is given back meanwhile, each end is in the audit log, and the wait is reported with its reason."""
    opened: list[ByHand] = []

    def by_hand(context: MoveContext) -> ByHand:
        opened.append(ByHand(context, fabric, failures=[MigrationFailedError("The operator slipped")]))
        return opened[-1]

    run = Run(fabric=fabric, folder=tmp_path)
    run.up(lambda _move, _facts: by_hand, "WEB01")
    (mover,) = opened
    assert mover.seen[3:] == [
        "start",
        "follow",
        "given up: The operator slipped",
        "start",
        "follow",
        "verify",
    ]
    assert [event for event, _ in run.audited()] == ["start", "end", "start", "end"]
    assert any("waiting 2 s: the operator rests" in line for line in run.said)

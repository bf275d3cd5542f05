"""A machine that is being backed up: waited for where the stack file says so, and nothing is ordered before it is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.errors import InterruptedRunError, MachineBusyError, MoveRefusedError
from hyperv_placement.model.plan import Standing
from hyperv_placement.operations.plan import compare
from hyperv_placement.resources.call import Call, current
from hyperv_placement.resources.fleets import Fleets
from hyperv_placement.resources.properties import inputs_of
from hyperv_placement.resources.vm_placement import VmPlacement
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.handoff import Handoff
from lab.world import person
from tests.fabric.conftest import Fabric, Maker, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
BACKUP = 32776
Said = Callable[[str], None]
Bring = Callable[..., dict[str, Any]]


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """A machine that is being backed up, without an end, with the checkpoint that the backup took; and another one."""
    return make_fabric(estate(machine("WEB01", checkpoints=("backup",), busy=BACKUP), machine("WEB02")))


@pytest.fixture
def brought(fabric: Fabric, tmp_path: Path) -> Bring:
    """Return what plans, and has the engine bring WEB01 to hv2: its outputs. `said` is called with each line."""

    def bring(
        wait: str, said: Said, cancelled: threading.Event | None = None, storage: str = ""
    ) -> dict[str, Any]:
        file = tmp_path / "stacks" / "lab.yaml"
        file.parent.mkdir()
        hosts = "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
        file.write_text(
            f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
            f"hosts:\n{hosts}vms:\n  WEB01: {{host: hv2{storage}}}\n{wait}\n",
            encoding="utf-8",
        )
        stack, engine = load(file), "127.0.0.1:4719"
        handoff = Handoff(project=tmp_path, engine=engine, stack=stack)
        _, plan = compare(stack, fabric.estate, handoff)
        handoff.leave_schedule(plan.schedule, fabric.clock.utc())
        assert plan.steps[0].standing == (Standing.MOVE if wait else Standing.REFUSED)
        fleets = Fleets(tmp_path, fabric.clock, engine=engine)
        with called(said, cancelled or threading.Event()):
            provider, vm = VmPlacement(lambda: fleets), fabric.lab_vm("WEB01").id
            olds = provider.read(vm, {"vmId": vm, "name": "WEB01"}).outs or {}
            try:
                return provider.update(vm, olds, inputs_of(plan.steps[0])).outs or {}
            finally:
                fleets.of("lab").estate.close()

    return bring


@contextmanager
def called(said: Said, cancelled: threading.Event) -> Iterator[None]:
    """Have what happens here be a call of the engine for WEB01."""
    urn = "urn:pulumi:lab::hyperv-placement::pulumi-python:hv:Vm::WEB01"
    token = current.set(Call(urn=urn, say=lambda _level, text, **_: said(text), cancelled=cancelled))
    try:
        yield
    finally:
        current.reset(token)


def ended(fabric: Fabric) -> None:
    """End the backup as a host does: its checkpoint goes, and the machine writes to its own disk again."""
    vm = fabric.lab_vm("WEB01")
    vm.disks = [*vm.checkpoints[0].disks]
    vm.checkpoints = []
    vm.busy = None


@pytest.mark.outcome
@pytest.mark.parametrize(
    ("storage", "folder"), [("", "D:\\Hyper-V\\WEB01"), (", storage: {folder: 'E:\\New'}", "E:\\New")]
)
def test_a_backup_is_waited_for_and_then_the_machine_moves(
    fabric: Fabric, brought: Bring, storage: str, folder: str
) -> None:
    """Said while it lasts; the order is sent when it is over, for the files that are there then."""
    lines: list[str] = []

    def said(text: str) -> None:
        lines.append(text)
        if text.startswith("waiting: it is being backed up, for") and "for 0 s" not in text:
            assert not fabric.world.state.jobs
            ended(fabric)

    outputs = brought("wait_for_activity: 10 min", said, storage=storage)
    assert outputs["host"] == fabric.lab_vm("WEB01").host == "hv2"
    assert outputs["disks"] == {"scsi-0-0": f"{folder}\\Virtual Hard Disks\\WEB01.vhdx"}
    assert "is being backed up: its move waits up to 10 min for that" in lines
    assert not fabric.world.state.violations


def test_waiting_has_an_end(fabric: Fabric, brought: Bring) -> None:
    """A backup that does not end is an error of one line, and nothing was ordered."""
    with pytest.raises(
        MoveRefusedError,
        match=r"WEB01 is being backed up, and its move has waited 2\d s for that \(wait_for_activity: 20 s\)",
    ):
        brought("wait_for_activity: 20 s", lambda _: None)
    assert not fabric.world.state.jobs
    assert not fabric.world.state.violations


def test_a_machine_that_has_left_its_host_is_not_waited_for(fabric: Fabric, brought: Bring) -> None:
    """Said at once: its host has nothing that could become free."""
    lines: list[str] = []

    def said(text: str) -> None:
        lines.append(text)
        if text.startswith("waiting: ") and fabric.lab_vm("WEB01").host == "hv1":
            ended(fabric)
            job = person.move(fabric.world, "WEB01", "hv3")
            until(lambda: not job.running)

    with pytest.raises(MoveRefusedError, match="WEB01 is no longer on hv1"):
        brought("wait_for_activity: 2 min", said)
    assert len([line for line in lines if line.startswith("waiting: ")]) == 1
    assert len(fabric.world.state.jobs) == 1


def test_an_interrupted_run_stops_waiting(fabric: Fabric, brought: Bring) -> None:
    """At once, and the machine is where it was."""
    cancelled = threading.Event()

    def said(text: str) -> None:
        if text.startswith("waiting: "):
            cancelled.set()

    with pytest.raises(InterruptedRunError, match="WEB01 was not started"):
        brought("wait_for_activity: 2 h", said, cancelled)
    assert not fabric.world.state.jobs


def test_without_the_key_it_is_refused_as_before(fabric: Fabric, brought: Bring) -> None:
    """By default nobody waits."""
    with pytest.raises(MoveRefusedError, match="WEB01 is being backed up"):
        brought("", lambda _: None)
    assert not fabric.world.state.jobs


def test_a_backup_that_begins_while_the_move_waits_for_room_is_waited_for_too(
    fabric: Fabric, brought: Bring
) -> None:
    """The last reading before the order shows it: the room is given back, and the move begins anew when it is over."""
    ended(fabric)
    fabric.world.hosts["hv2"].max_live = fabric.world.hosts["hv2"].max_storage = 1
    stalled = fabric.fault("stall", vm="WEB02", after=50)
    job = person.move(fabric.world, "WEB02", "hv2")
    until(lambda: job.percent > 0)
    vm, lines = fabric.lab_vm("WEB01"), list[str]()

    def said(text: str) -> None:
        lines.append(text)
        if text.startswith("waiting: hv2") and vm.busy is None:
            vm.busy, vm.busy_until = BACKUP, fabric.world.clock.now() + timedelta(seconds=60)
            fabric.world.faults.clear(stalled)

    assert brought("wait_for_activity: 10 min", said)["host"] == "hv2"
    assert any(line.startswith("waiting: it is being backed up") for line in lines)
    assert not fabric.world.state.violations


@pytest.mark.parametrize("files", [False, True])
def test_the_last_reading_before_an_order_shows_a_backup(fabric: Fabric, *, files: bool) -> None:
    """Whoever asks for the move, and whether it has come to other files already: no order is sent."""
    vm = fabric.lab_vm("WEB01")
    disks, checkpoints = vm.disks, vm.checkpoints
    ended(fabric)
    move = fabric.order("WEB01", "hv2")
    vm.busy = BACKUP
    if files:
        vm.disks, vm.checkpoints = disks, checkpoints
    with pytest.raises(MachineBusyError, match=r"WEB01 (is being backed up|has changed)"):
        fabric.run(move)
    assert not fabric.world.state.jobs
    assert not fabric.world.state.violations

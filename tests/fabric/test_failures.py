"""What goes wrong on the way of a move, and that the machine is never worse off for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.clock import Clock
from hyperv_placement.errors import (
    HostUnreachableError,
    InterruptedRunError,
    MigrationFailedError,
    MigrationStalledError,
    MigrationStartError,
    MovedByOthersError,
    PlacementError,
)
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.admission import Admission
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.migrate import migrate
from hyperv_placement.model.move import Move
from hyperv_placement.model.options import MigrationOptions
from lab.world import LabJob, MigrationRequest, vmms
from tests.fabric.conftest import Fabric, FastClock, Maker, until
from tests.unit.lab.conftest import AT_THE_HOST, estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Three machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02"), machine("WEB03")))


def person_moves(fabric: Fabric, name: str, destination: str) -> LabJob:
    """Let somebody at the source move a machine, unchanged paths."""
    vm = fabric.lab_vm(name)
    request = MigrationRequest(
        vm_id=vm.id, type=32771, destination=f"{destination}.lab.example", roots=vm.roots,
        disks={disk.slot: disk.path for disk in vm.disks}, caller=AT_THE_HOST,
    )  # fmt: skip
    job = vmms.migrate(fabric.world, vm.host, request)
    assert isinstance(job, LabJob)
    return job


class Impatient(FastClock):
    """Fifteen minutes pass in a second."""

    def now(self) -> float:
        """Return very fast seconds."""
        return super().now() * 100


def run_impatiently(fabric: Fabric, name: str) -> None:
    """Move a machine to hv2, and give up on a job that makes no progress for a second."""
    shared = fabric.collaborators(clock=Impatient())
    migrate(fabric.order(name, "hv2"), shared, report=fabric.progress.append, cancelled=fabric.cancelled)


def running(fabric: Fabric) -> bool:
    """Whether some job has come a part of its way."""
    return any(job.running and job.percent > 0 for job in fabric.world.state.jobs)


def test_a_failed_migration_leaves_the_machine_where_it_was(fabric: Fabric) -> None:
    """The error has the cause and the exact delegation that is missing; nothing is tried again."""
    fabric.fault("migration-fails", vm="WEB01")
    before = fabric.sums("WEB01")
    with pytest.raises(MigrationFailedError) as caught:
        fabric.run(fabric.order("WEB01", "hv2"))
    assert caught.value.codes == (0x8009030E,)
    for part in ("WEB01", "hv1.lab.example", "cifs/hv2.lab.example", "0x8009030E", "no suitable credentials"):
        assert part in str(caught.value)
    assert "Microsoft Virtual System Migration Service/hv2.lab.example" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert fabric.lab_vm("WEB01").host == "hv1"
    assert fabric.sums("WEB01") == before
    assert len(fabric.log("start")) == 1
    assert fabric.audited() == ["start", "end"]


@pytest.mark.outcome
def test_the_next_run_finishes_what_a_failure_left(fabric: Fabric) -> None:
    """A failure late in the copy is cleaned up by the host; the same order works then."""
    fabric.fault("migration-fails", vm="WEB01", after=80, text="The disk is on fire. (0x80070070)")
    with pytest.raises(MigrationFailedError, match="Free space on the destination volume"):
        fabric.run(fabric.order("WEB01", "hv2"))
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert not fabric.world.state.violations


@pytest.mark.outcome
def test_a_lost_race_for_a_slot_is_run_again(fabric: Fabric) -> None:
    """The one failure that waiting cures; both hosts show the machine unmoved before the order is given again."""
    words = "virtual machine migration limit '2' was reached, please wait for completion"
    fabric.fault("migration-fails", vm="WEB01", text=words)
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert len(fabric.log("start")) == 2


def test_a_refused_start_is_an_error_and_no_job(fabric: Fabric) -> None:
    """A ReturnValue that is neither 0 nor 4096 has started nothing."""
    fabric.fault("refuse-start", vm="WEB01", code=32769)
    with pytest.raises(MigrationStartError, match="access denied") as caught:
        fabric.run(fabric.order("WEB01", "hv2"))
    assert caught.value.return_value == 32769
    assert fabric.audited() == ["start", "refused"]


@pytest.mark.outcome
def test_a_lost_answer_is_looked_for_and_not_sent_again(fabric: Fabric) -> None:
    """The order was taken, the connection cut before the answer: its job is found and followed."""
    fabric.fault("drop-answer", host="hv1")
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert len(fabric.log("start")) == 1
    assert not fabric.world.state.violations
    assert fabric.audited() == ["start", "answer lost", "end"]


@pytest.mark.outcome
@pytest.mark.parametrize(("whereto", "outcome"), [("hv2", "arrives"), ("hv3", "is left alone")])
def test_a_race_that_is_lost_right_before_the_order(make_fabric: Maker, whereto: str, outcome: str) -> None:
    """Somebody's order came between our last look and ours: a job to our target is followed, another one is theirs."""
    fabric = make_fabric(estate(machine("WEB01")))
    fabric.audit = Watching(
        fabric.audit, fabric.clock, {"start": lambda: person_moves(fabric, "WEB01", whereto)}
    )
    move = fabric.order("WEB01", "hv2")
    if outcome == "arrives":
        assert fabric.run(move).host == "hv2"
    else:
        with pytest.raises(MovedByOthersError, match="hv3"):
            fabric.run(move)
    assert len(fabric.log("start")) == 1
    assert fabric.audited()[:2] == ["start", "adopted" if outcome == "arrives" else "refused"]


class Watching(AuditLog):
    """An audit log that lets something happen before the first line of an event."""

    def __init__(self, log: AuditLog, clock: Clock, happenings: dict[str, Callable[[], object]]) -> None:
        """`happenings`: event -> what is called."""
        super().__init__(log.path, clock=clock)
        self._happenings = happenings

    def note(self, event: str, move: Move, **said: Any) -> str | None:
        """Let it happen, then write the line."""
        self._happenings.pop(event, lambda: None)()
        return super().note(event, move, **said)


@pytest.mark.parametrize("options", [MigrationOptions(), MigrationOptions(check="staged")])
def test_trouble_after_a_lost_answer_says_nothing_of_the_order(
    fabric: Fabric, options: MigrationOptions
) -> None:
    """A service that restarts refuses the next readings: the job is found all the same, and nothing is destroyed."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: fabric.fault("drop-answer", host="hv1"),
        "answer lost": lambda: fabric.fault(
            "wsman-fault", host="hv1", operation="Enumerate", code=2150858817, left=3
        ),
    })  # fmt: skip
    move = replace(fabric.order("WEB01", "hv2"), options=options)
    assert fabric.run(move).host == "hv2"
    assert "answer lost" in fabric.audited()
    assert not fabric.log("destroy")
    assert not fabric.world.state.violations


@pytest.mark.outcome
def test_a_vanished_job_is_answered_by_the_machine(fabric: Fabric) -> None:
    """A host keeps an ended job for five minutes; whoever looks later looks at the machine."""
    fabric.fault("job-vanishes", vm="WEB01")
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"


@pytest.mark.outcome
def test_a_job_without_progress_is_left_alone(fabric: Fabric) -> None:
    """Following ends, the job does not: its machine arrives when the fault is gone."""
    rule = fabric.fault("stall", vm="WEB01", after=30)
    with pytest.raises(MigrationStalledError, match=r"\d+ %, nothing moved for \d+ min") as caught:
        run_impatiently(fabric, "WEB01")
    assert "adopts it" in str(caught.value)
    fabric.world.faults.clear(rule)
    until(lambda: fabric.lab_vm("WEB01").host == "hv2")
    assert len(fabric.log("start")) == 1


@pytest.mark.outcome
def test_an_interrupted_run_leaves_the_job_and_the_next_adopts_it(fabric: Fabric) -> None:
    """Nothing new starts, the move goes on at its host, and the next run follows it to the end."""
    rule = fabric.fault("stall", vm="WEB01", after=40)
    move = fabric.order("WEB01", "hv2")
    first = fabric.behind(lambda: fabric.run(move))
    until(lambda: running(fabric))
    fabric.cancelled.set()
    with pytest.raises(InterruptedRunError, match="still moving"):
        first.join(10)
    with pytest.raises(InterruptedRunError, match="not started"):
        fabric.run(fabric.order("WEB02", "hv2"))
    fabric.cancelled.clear()
    second = fabric.behind(lambda: fabric.run(move))
    until(lambda: "adopted" in fabric.audited())
    fabric.world.faults.clear(rule)
    second.join()
    assert fabric.lab_vm("WEB01").host == "hv2"
    assert len(fabric.log("start")) == 1
    assert not fabric.world.state.violations


@pytest.mark.outcome
def test_a_move_of_somebody_else_to_the_same_place_is_adopted(fabric: Fabric) -> None:
    """Who started it does not matter, where it leads does."""
    move = fabric.order("WEB01", "hv2")
    person_moves(fabric, "WEB01", "hv2")
    assert fabric.run(move).host == "hv2"
    assert len(fabric.log("start")) == 1


def test_a_move_of_somebody_else_elsewhere_is_left_alone(fabric: Fabric) -> None:
    """The line says who and whereto; nothing is ordered."""
    move = fabric.order("WEB01", "hv2")
    person_moves(fabric, "WEB01", "hv3")
    with pytest.raises(MovedByOthersError, match=r"WEB01 is being moved to hv3\.lab\.example by LAB.alice"):
        fabric.run(move)
    assert len(fabric.log("start")) == 1
    until(lambda: fabric.lab_vm("WEB01").host == "hv3")


@pytest.mark.outcome
def test_an_unreachable_destination_starts_nothing(fabric: Fabric) -> None:
    """Where a host cannot be read, no order is given."""
    move = fabric.order("WEB01", "hv2")
    fabric.fault("host-down", host="hv2")
    with pytest.raises(HostUnreachableError, match="hv2"):
        fabric.run(move)
    assert not fabric.log("start")


@pytest.mark.outcome
def test_a_source_that_falls_silent_is_waited_for(fabric: Fabric) -> None:
    """Trouble with the connection while a job runs is no failure: the job goes on, and so do we."""
    rule = fabric.fault("stall", vm="WEB01", after=20)
    move = fabric.order("WEB01", "hv2")
    work = fabric.behind(lambda: fabric.run(move))
    until(lambda: running(fabric))
    down = fabric.fault("host-down", host="hv1")
    fabric.world.faults.clear(rule)
    until(lambda: fabric.lab_vm("WEB01").host == "hv2")
    fabric.world.faults.clear(down)
    work.join()
    assert len(fabric.log("start")) == 1


def test_limits_are_waited_for_and_no_job_is_refused(make_fabric: Maker) -> None:
    """Ten moves at once with two slots per host: each waits its turn, the reason is shown."""
    names = [f"WEB{number:02d}" for number in range(10)]
    fabric = make_fabric(estate(*(machine(name, f"hv{1 + n % 3}") for n, name in enumerate(names))))
    moves = [fabric.order(name, f"hv{1 + (n + 1) % 3}") for n, name in enumerate(names)]
    for work in [fabric.behind(lambda move=move: fabric.run(move)) for move in moves]:  # type: ignore[misc]
        work.join()
    assert {vm.name: vm.host for vm in fabric.world.vms()} == {
        move.vm.name: str(move.destination) for move in moves
    }
    assert not fabric.world.state.violations
    assert not [entry for entry in fabric.log("end") if entry["state"] != "Completed"]
    assert any("of 2 live migrations running" in progress.phase for progress in fabric.progress)


def test_a_move_waits_for_the_one_that_makes_its_room(make_fabric: Maker) -> None:
    """Two machines that fill a host cannot both be on it: the second waits until the first has left."""
    spec = estate(machine("OUT", "hv2", memory_mib=40960), machine("IN", "hv1", memory_mib=40960))
    fabric = make_fabric(spec)
    moves: list[Move] = [fabric.order("IN", "hv2"), fabric.order("OUT", "hv3")]
    for work in [fabric.behind(lambda move=move: fabric.run(move)) for move in moves]:  # type: ignore[misc]
        work.join()
    assert {vm.name: vm.host for vm in fabric.world.vms()} == {"IN": "hv2", "OUT": "hv3"}
    assert not fabric.world.state.violations


def test_a_foreign_move_makes_room_too(fabric: Fabric) -> None:
    """Slots that somebody else's moves hold are waited for, as the hosts count them."""
    for name in ("WEB01", "WEB02"):
        person_moves(fabric, name, "hv3")
    assert fabric.run(fabric.order("WEB03", "hv2")).host == "hv2"
    assert not fabric.world.state.violations


@pytest.mark.outcome
def test_a_new_process_finds_what_an_old_one_left(fabric: Fabric) -> None:
    """A run that died says nothing: another estate and another ledger adopt its job."""
    move = fabric.order("WEB01", "hv2")
    person_moves(fabric, "WEB01", "hv2")
    other = Estate(fabric.specs, clock=fabric.clock)
    try:
        shared = fabric.collaborators(estate=other, admission=Admission(other, clock=fabric.clock))
        moved = migrate(move, shared, report=fabric.progress.append, cancelled=fabric.cancelled)
    finally:
        other.close()
    assert moved.vm.host == "hv2"
    assert moved.seconds is None


def test_a_fault_is_an_error_that_names_host_and_code(fabric: Fabric) -> None:
    """Quotas pass by waiting, anything else ends the move before it starts."""
    move = fabric.order("WEB01", "hv2")
    fabric.fault("wsman-fault", host="hv1", operation="MigrateVirtualSystemToHost", code=2150858817)
    with pytest.raises(PlacementError, match=r"hv1 refused .*MigrateVirtualSystemToHost"):
        fabric.run(move)
    assert not fabric.log("start")


def test_a_job_out_of_sight_keeps_its_room_until_it_is_gone(fabric: Fabric) -> None:
    """Following ends, the job does not: what it holds at both hosts is not given to another move."""
    rule = fabric.fault("stall", vm="WEB01", after=30)
    with pytest.raises(MigrationStalledError):
        run_impatiently(fabric, "WEB01")
    for host in fabric.world.hosts.values():
        host.max_live = host.max_storage = 1
    waiting = fabric.behind(lambda: fabric.run(fabric.order("WEB02", "hv2")))
    until(lambda: any("1 of 1 live" in str(progress) for progress in fabric.progress))
    fabric.world.faults.clear(rule)
    waiting.join()
    assert {fabric.lab_vm(name).host for name in ("WEB01", "WEB02")} == {"hv2"}
    assert not fabric.world.state.violations

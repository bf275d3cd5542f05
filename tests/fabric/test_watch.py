"""A run under way, seen from beside: by its order, its log and its hosts; or by hosts alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.commands.answers import json_text
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.migration.migrate import migrate
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.model.run_seen import MoveState, RunSeen
from hyperv_placement.operations.watch import see_run
from hyperv_placement.report.run_seen_text import run_record
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.handoff import Handoff, fingerprint
from lab.world import person
from tests.answers import checked
from tests.unit.lab.conftest import estate, machine

from .conftest import Fabric, Maker, until

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is the project's own."""
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)


def scheduled(move: Move, *after: int) -> ScheduledMove:
    """Return a move as the order of a run has it."""
    return ScheduledMove(
        label=move.vm.name, move=move, placement=Placement(host=move.destination), start=0.0, end=60.0, after=after, bytes=100,
    )  # fmt: skip


def ordered(fabric: Fabric, project: Path) -> tuple[Schedule, AuditLog]:
    """Leave the order of a run, as its program does: WEB02 after WEB01; return it, and the log of the run."""
    first, second = fabric.order("WEB01", "hv2"), fabric.order("WEB02", "hv2")
    schedule = Schedule(moves=(scheduled(first), scheduled(second, 0)))
    file = project / "stacks" / "made.yaml"
    file.parent.mkdir()
    hosts = "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
    file.write_text(f"hosts:\n{hosts}vms:\n  WEB01: {{host: hv2}}\n", encoding="utf-8")
    Handoff(project=project, engine="", stack=load(file)).leave_run(schedule, fabric.clock.utc())
    log = AuditLog(audit_path(project, "made"), clock=fabric.clock)
    log.go_by(fingerprint(schedule))
    assert log.append({"event": "run", "moves": 2}) is None
    return schedule, log


def states(seen: RunSeen) -> list[tuple[str, MoveState, str]]:
    """Return how each move stands."""
    return [(move.label, move.state, move.note) for move in seen.moves]


def test_each_move_is_seen_to_wait_to_run_and_to_be_done(fabric: Fabric, tmp_path: Path) -> None:
    """With what its host shows of it, for whom it waits, and the whole by bytes."""
    schedule, log = ordered(fabric, tmp_path)

    def see() -> RunSeen:
        return see_run("made", fabric.estate, tmp_path, fabric.clock)

    assert states(see())[0] == ("WEB01", MoveState.WAITS, "for its turn")
    fabric.fault("stall", vm="WEB01", after=40)
    shared = fabric.collaborators(audit=log)
    run = fabric.behind(
        lambda: migrate(
            schedule.moves[0].move, shared, report=fabric.progress.append, cancelled=fabric.cancelled
        )
    )
    until(lambda: any(job.vm_name == "WEB01" and job.percent >= 40 for job in fabric.world.state.jobs))
    seen = see()
    assert states(seen) == [("WEB01", MoveState.RUNS, ""), ("WEB02", MoveState.WAITS, "after WEB01")]
    assert (seen.bytes, seen.bytes_done, seen.goes_on) == (200, 40, False)
    job = seen.moves[0].job
    assert job is not None
    assert job.percent == 40
    assert (seen.others, seen.silent) == ((), ())
    answer = checked("watch", json_text(run_record(seen, 0)))
    assert [(each["state"], each["job"] and each["job"]["percent"]) for each in answer["moves"]] == [
        ("runs", 40),
        ("waits", None),
    ]
    fabric.world.faults.clear()
    run.join()
    assert states(see())[0] == ("WEB01", MoveState.DONE, "")


def test_a_move_that_failed_says_why_and_who_was_to_follow_it(fabric: Fabric, tmp_path: Path) -> None:
    """By the log; the other waits for nobody any more."""
    schedule, log = ordered(fabric, tmp_path)
    move = schedule.moves[0].move
    for event, result in (("start", ""), ("end", "the job failed: no room")):
        assert log.note(event, move, result=result) is None
    assert states(see_run("made", fabric.estate, tmp_path, fabric.clock)) == [
        ("WEB01", MoveState.ENDED, "the job failed: no room"),
        ("WEB02", MoveState.WAITS, "was to come after WEB01, which did not move"),
    ]


def test_a_run_of_another_computer_is_seen_by_its_jobs(fabric: Fabric, tmp_path: Path) -> None:
    """No order of it is kept here, and one that is kept is of a run before, which the log does not have last."""
    schedule, _ = ordered(fabric, tmp_path)
    other = replace(schedule, moves=schedule.moves[:1])
    Handoff(project=tmp_path, engine="", stack=load(tmp_path / "stacks" / "made.yaml")).leave_run(
        other, fabric.clock.utc()
    )
    fabric.fault("stall", vm="WEB02", after=40)
    person.move(fabric.world, "WEB02", "hv2")
    until(lambda: any(job.vm_name == "WEB02" and job.percent >= 40 for job in fabric.world.state.jobs))
    seen = see_run("made", fabric.estate, tmp_path, fabric.clock)
    assert (seen.moves, [(job.name, job.to) for job in seen.others]) == ((), [("WEB02", HostName("hv2"))])

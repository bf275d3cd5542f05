"""`check: staged`: a planned machine first, checked by the hosts, then the move into it; nothing is left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.errors import (
    InterruptedRunError,
    MigrationFailedError,
    MoveRefusedError,
    PlacementError,
)
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.failure_guard import FailureGuard
from hyperv_placement.migration.stage import Stage
from hyperv_placement.model.guard import Guard, Limit
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.options import MigrationOptions
from lab.estate.generated import SHARE
from lab.world import person
from lab.world.jobs import CHECK, MOVE, STAGE
from lab.world.objects import OFF, RUNNING
from tests.fabric.conftest import Fabric, Maker, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
STAGED = MigrationOptions(check="staged")
NEW = "E:\\VMs\\WEB01"


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine."""
    return make_fabric(estate(machine("WEB01")))


def staged(fabric: Fabric, **wanted: object) -> Move:
    """Return a move of the machine to hv2 that is checked first."""
    return replace(fabric.order("WEB01", "hv2", **wanted), options=STAGED)


def purposes(fabric: Fabric) -> list[str]:
    """Return what the jobs were for, in their order."""
    return [job.purpose for job in fabric.world.state.jobs]


def planned(fabric: Fabric) -> list[str]:
    """Return the names of all planned machines."""
    return [vm.name for host in fabric.world.hosts.values() for vm in host.planned.values()]


def foreign(fabric: Fabric) -> None:
    """Leave a planned machine on hv2 that this stack knows nothing of."""
    vm = fabric.lab_vm("WEB01")
    fabric.world.hosts["hv2"].planned[vm.id] = replace(vm, host="hv2", staged=True)


@pytest.mark.parametrize("state", [RUNNING, OFF])
def test_a_machine_moves_into_its_planned_twin(make_fabric: Maker, state: int) -> None:
    """With checkpoints, to new folders: staged, checked, moved, and verified."""
    fabric = make_fabric(estate(machine("WEB01", enabled_state=state, checkpoints=("one",))))
    name = fabric.vm("WEB01").disks[0].path.rsplit("\\", 1)[1]
    move = staged(fabric, config=NEW, checkpoints=NEW, paging=NEW, disks={"scsi-0-0": f"{NEW}\\{name}"})
    before = fabric.sums("WEB01")
    after = fabric.run(move)
    assert (after.host, after.roots, after.state) == ("hv2", move.roots, move.vm.state)
    assert fabric.sums("WEB01") == before
    assert purposes(fabric) == [STAGE, CHECK, MOVE]
    assert (planned(fabric), fabric.world.state.violations) == ([], [])
    assert fabric.audited() == ["staging", "staged", "start", "end"]


def test_a_host_alone_is_staged_too(make_fabric: Maker) -> None:
    """A machine on a share: no files are spoken of."""
    fabric = make_fabric(estate(machine("WEB01", folder=f"{SHARE}\\WEB01")))
    move = staged(fabric)
    assert move.moves == Moves.HOST
    assert fabric.run(move).host == "hv2"
    assert (purposes(fabric), planned(fabric)) == ([STAGE, CHECK, MOVE], [])
    assert not fabric.world.state.violations


def test_the_reasons_of_a_failed_check_are_told_and_nothing_is_left(fabric: Fabric) -> None:
    """The host's own words with the remedy for their code; the machine never started to move."""
    fabric.fault("check-fails", vm="WEB01", text="Could not initialize memory. (0x8007000E)")
    with pytest.raises(MoveRefusedError, match=r"initialize memory.*Free memory on hv2") as caught:
        fabric.run(staged(fabric))
    assert "did not pass CheckVirtualSystemIsMigratable" in str(caught.value)
    assert (purposes(fabric), planned(fabric)) == ([STAGE, CHECK], [])
    assert fabric.audited()[-1] == "unstaged"
    assert fabric.lab_vm("WEB01").host == "hv1"
    assert not fabric.world.state.violations


def test_a_refused_order_leaves_nothing(fabric: Fabric) -> None:
    """The check was passed, and the host refuses the move itself."""
    move = staged(fabric)
    behind = fabric.behind(lambda: fabric.run(move))
    until(lambda: CHECK in purposes(fabric))
    fabric.fault("refuse-start", vm="WEB01", code=32774)
    with pytest.raises(PlacementError, match="system in use"):
        behind.join()
    assert planned(fabric) == []


@pytest.mark.parametrize("code", [3, 32771, 32772])
def test_a_return_value_that_leaves_the_state_unknown_is_no_refusal(fabric: Fabric, code: int) -> None:
    """The planned machine may be in the making: its job is looked for, as that of a move is."""
    fabric.fault("refuse-start", vm="WEB01", code=code)
    with pytest.raises(MoveRefusedError, match=f"ReturnValue {code}.*no job of it is seen"):
        fabric.run(staged(fabric))


def test_a_failed_move_leaves_nothing(fabric: Fabric) -> None:
    """The planned machine is ours, so it goes with the failure."""
    fabric.fault("migration-fails", vm="WEB01", after=50)
    with pytest.raises(MigrationFailedError):
        fabric.run(staged(fabric))
    assert planned(fabric) == []
    assert fabric.lab_vm("WEB01").host == "hv1"


def test_an_interrupted_check_leaves_nothing(fabric: Fabric) -> None:
    """Ctrl-C while the planned machine is made or checked: the short job is waited for, its work undone."""
    move = staged(fabric)
    behind = fabric.behind(lambda: fabric.run(move))
    until(lambda: STAGE in purposes(fabric))
    fabric.cancelled.set()
    with pytest.raises(InterruptedRunError, match="was not started"):
        behind.join()
    assert planned(fabric) == []
    assert MOVE not in purposes(fabric)


def elsewhere(fabric: Fabric) -> None:
    """Give the planned machine on hv2 another folder than the one that is ordered."""
    vm = fabric.world.hosts["hv2"].planned[fabric.lab_vm("WEB01").id]
    vm.roots = replace(vm.roots, config="E:\\Elsewhere")


@pytest.mark.outcome
def test_a_planned_machine_in_another_folder_is_somebody_elses(fabric: Fabric) -> None:
    """It is named with its folder and left, whatever a person has allowed: it may be a Compare-VM that somebody needs."""
    foreign(fabric)
    elsewhere(fabric)
    with pytest.raises(MoveRefusedError, match=r"in E:\\Elsewhere, which this stack has not ordered"):
        fabric.run(staged(fabric))
    with pytest.raises(MoveRefusedError, match="which this stack has not ordered"):
        fabric.run(staged(fabric), failure_guard=allowing(fabric, "planned"))
    assert planned(fabric) == ["WEB01"]
    assert not fabric.log("destroy")


def test_a_planned_machine_where_we_order_it_is_moved_into(fabric: Fabric) -> None:
    """As a run on another runner finds it, whose audit log knows nothing: checked first, and never destroyed."""
    foreign(fabric)
    assert fabric.run(staged(fabric)).host == "hv2"
    assert (purposes(fabric), planned(fabric)) == ([CHECK, MOVE], [])
    assert not fabric.log("destroy")
    assert fabric.audited() == ["stage found", "start", "end"]
    assert not fabric.world.state.violations


def test_a_found_planned_machine_that_fails_its_check_is_left_and_named(fabric: Fabric) -> None:
    """What this stack has not proven to be its own it does not remove; the error has the word that allows it."""
    foreign(fabric)
    fabric.fault("check-fails", vm="WEB01", text="Could not initialize memory. (0x8007000E)")
    with pytest.raises(MoveRefusedError, match=r"is left on hv2.*PLACEMENT_ALLOW=planned"):
        fabric.run(staged(fabric))
    assert planned(fabric) == ["WEB01"]
    assert not fabric.log("destroy")


def test_an_interrupted_check_leaves_a_found_planned_machine(fabric: Fabric) -> None:
    """Ctrl-C while the host checks it: this run has not made it, so it is named and not removed."""
    foreign(fabric)
    move = staged(fabric)
    behind = fabric.behind(lambda: fabric.run(move))
    until(lambda: CHECK in purposes(fabric))
    fabric.cancelled.set()
    with pytest.raises(InterruptedRunError, match="is left on hv2"):
        behind.join()
    assert planned(fabric) == ["WEB01"]
    assert not fabric.log("destroy")


def test_a_person_may_have_a_found_planned_machine_made_anew(fabric: Fabric) -> None:
    """Only that one, only in this run."""
    foreign(fabric)
    assert fabric.run(staged(fabric), failure_guard=allowing(fabric, "planned")).host == "hv2"
    assert purposes(fabric) == [STAGE, CHECK, MOVE]
    assert len(fabric.log("destroy")) == 1


def test_a_planned_machine_is_left_alone_while_a_job_of_its_machine_runs(fabric: Fabric) -> None:
    """Somebody's check at the source may be what it is for."""
    foreign(fabric)
    stage = Stage(context=fabric.context(staged(fabric)))
    before = stage.found()
    assert before is not None
    assert before.usable
    fabric.fault("stall", vm="WEB01")
    fabric.world.hosts["hv2"].planned.clear()
    person.move(fabric.world, "WEB01", "hv2")
    foreign(fabric)
    meanwhile = stage.found()
    assert meanwhile is not None
    assert meanwhile.against == "a job of the machine runs"


def allowing(fabric: Fabric, *words: Limit) -> FailureGuard:
    """Return the guard of a run for which somebody has allowed this."""
    return FailureGuard(Guard(), file="lab.yaml", clock=fabric.clock, allowed=frozenset(words))


@pytest.mark.parametrize("step", [STAGE, CHECK])
def test_a_lost_answer_while_staging_is_followed_by_its_job(fabric: Fabric, step: str) -> None:
    """The host has taken the order: its job is looked for, and nothing is ordered twice."""
    method = "MigrateVirtualSystemToHost" if step == STAGE else "CheckVirtualSystemIsMigratable"
    fabric.fault("drop-answer", vm="WEB01", operation=method)
    assert fabric.run(staged(fabric)).host == "hv2"
    assert purposes(fabric) == [STAGE, CHECK, MOVE]
    assert (planned(fabric), fabric.world.state.violations) == ([], [])


@pytest.mark.parametrize("step", [STAGE, CHECK])
def test_a_staging_job_that_vanishes_is_said_to_have_vanished(fabric: Fabric, step: str) -> None:
    """What became of it nobody has read: nothing is moved, in words, and what this run has made is gone."""
    move = staged(fabric)
    if step == STAGE:
        fabric.fault("job-vanishes", vm="WEB01")
    behind = fabric.behind(lambda: fabric.run(move))
    if step == CHECK:
        until(lambda: CHECK in purposes(fabric))
        fabric.fault("job-vanishes", vm="WEB01")
    with pytest.raises(MoveRefusedError, match="its job was gone before its end was read"):
        behind.join()
    assert planned(fabric) == []
    assert fabric.lab_vm("WEB01").host == "hv1"


def left_by_a_crash(fabric: Fabric, move: Move, event: str = "staged") -> None:
    """Leave what a process leaves that is killed right after its planned machine was made, or before it heard of that."""
    AuditLog(fabric.audit.path, clock=fabric.clock).note(event, move)
    foreign(fabric)


@pytest.mark.outcome
@pytest.mark.parametrize("event", ["staging", "staged"])
def test_the_next_run_clears_what_a_crash_left(fabric: Fabric, event: str) -> None:
    """Ours by the log, with the folder that was ordered then."""
    move = staged(fabric)
    left_by_a_crash(fabric, move, event)
    assert fabric.run(move).host == "hv2"
    assert planned(fabric) == []
    assert len(fabric.log("destroy")) == 1


def test_a_planned_machine_in_another_folder_is_not_what_we_left(fabric: Fabric) -> None:
    """Ours has gone since, and somebody has made another one."""
    move = staged(fabric)
    left_by_a_crash(fabric, move)
    elsewhere(fabric)
    with pytest.raises(MoveRefusedError, match="which this stack has not ordered"):
        fabric.run(move)
    assert planned(fabric) == ["WEB01"]


def test_a_storage_migration_is_not_staged(fabric: Fabric) -> None:
    """There is no destination to ask."""
    move = fabric.order("WEB01", disks={"scsi-0-0": f"{NEW}\\x.vhdx"})
    fabric.run(replace(move, options=STAGED))
    assert purposes(fabric) == [MOVE]

"""A run that is to end while its moves are under way: they are left, followed to their ends, or cancelled, and each is said truly."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import InterruptedRunError, MoveCancelledError, MoveRefusedError
from hyperv_placement.migration.interruption import Interruption
from hyperv_placement.migration.migrate import Moved, migrate
from hyperv_placement.model.on_cancel import OnCancel
from lab.world import person
from tests.unit.lab.conftest import estate, machine

from .conftest import Behind, Fabric, Maker, until

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


def begun(fabric: Fabric, stop: Interruption, name: str, *, at: int) -> Behind:
    """Have a run move a machine to hv2, as far as `at` percent."""
    fabric.fault("stall", vm=name, after=at)
    run = ordered(fabric, stop, name)
    until(lambda: any(job.vm_name == name and job.percent >= at for job in fabric.world.state.jobs))
    until(lambda: stop.moves == 1)
    return run


def ordered(fabric: Fabric, stop: Interruption, name: str) -> Behind:
    """Have a run move a machine to hv2."""
    move, shared = fabric.order(name, "hv2"), fabric.collaborators()
    return fabric.behind(
        lambda: migrate(move, shared, report=fabric.progress.append, cancelled=stop.starting, stop=stop)
    )


def test_a_run_that_waits_follows_what_runs_and_starts_nothing(fabric: Fabric) -> None:
    """The move that has started is made and verified; the next one is not begun."""
    stop = Interruption()
    run = begun(fabric, stop, "WEB01", at=40)
    stop.cancel(OnCancel.WAIT)
    with pytest.raises(InterruptedRunError, match="WEB02 was not started"):
        ordered(fabric, stop, "WEB02").join()
    fabric.world.faults.clear()
    moved = run.join()
    assert isinstance(moved, Moved)
    assert moved.vm.host == "hv2"
    assert fabric.audited() == ["start", "end"]
    assert stop.moves == 0


def test_an_aborted_run_has_its_moves_cancelled_and_proves_where_their_machines_are(fabric: Fabric) -> None:
    """The host is asked once, nothing of the copy is left, and the audit log has all of it."""
    stop, sums = Interruption(), fabric.sums("WEB01")
    run = begun(fabric, stop, "WEB01", at=40)
    stop.cancel(OnCancel.ABORT)
    with pytest.raises(
        MoveCancelledError, match=r"cancelled with the run: it is on hv1, running\. Run again"
    ):
        run.join()
    assert (fabric.lab_vm("WEB01").host, fabric.sums("WEB01")) == ("hv1", sums)
    assert len(fabric.log("cancel")) == 1
    assert len(fabric.log("start")) == 1
    assert fabric.audited() == ["start", "cancel", "end"]
    assert not fabric.world.hosts["hv2"].planned


def test_a_move_that_is_done_before_it_is_cancelled_is_a_move(fabric: Fabric) -> None:
    """What both hosts show decides, whatever was asked for."""
    stop = Interruption()
    run = begun(fabric, stop, "WEB01", at=40)
    fabric.fault("cancel-ignored", vm="WEB01")
    stop.cancel(OnCancel.ABORT)
    until(lambda: bool(fabric.log("cancel")))
    fabric.world.faults.clear()
    moved = run.join()
    assert isinstance(moved, Moved)
    assert moved.vm.host == "hv2"


def test_what_cannot_be_cancelled_any_more_is_followed_until_it_is_left(fabric: Fabric) -> None:
    """Near its end a host lets nobody cancel; a second Ctrl-C leaves it there."""
    stop = Interruption()
    run = begun(fabric, stop, "WEB01", at=97)
    stop.cancel(OnCancel.ABORT)
    until(lambda: any("does not let it be cancelled now" in str(each) for each in fabric.progress))
    stop.cancel(OnCancel.LEAVE)
    with pytest.raises(InterruptedRunError, match="still moving"):
        run.join()
    assert not fabric.log("cancel")
    assert fabric.audited() == ["start", "left"]


def test_a_job_that_was_only_adopted_is_not_cancelled(fabric: Fabric) -> None:
    """It may be somebody else's, whom it serves as well: it is left to its host."""
    fabric.fault("stall", vm="WEB01", after=40)
    person.move(fabric.world, "WEB01", "hv2")
    stop = Interruption()
    run = ordered(fabric, stop, "WEB01")
    until(lambda: stop.moves == 1)
    stop.cancel(OnCancel.ABORT)
    with pytest.raises(InterruptedRunError, match="left to hv1"):
        run.join()
    assert not fabric.log("cancel")
    assert fabric.audited() == ["adopted", "left"]


def test_a_hold_that_came_since_the_plan_lets_nothing_start(fabric: Fabric) -> None:
    """It is asked for again right before the order; the host hears of nothing."""

    def held() -> None:
        raise MoveRefusedError("WEB01 was not started: hv2 is held", remedy="")

    move, shared = fabric.order("WEB01", "hv2"), fabric.collaborators()
    with pytest.raises(MoveRefusedError, match="hv2 is held"):
        migrate(move, shared, report=fabric.progress.append, cancelled=fabric.cancelled, held=held)
    assert fabric.log("start") == []
    assert not fabric.audit.path.exists()

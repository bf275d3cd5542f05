"""What hosts show of moves whose run was killed: the start stands in the log, and nobody has seen the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.errors import InterruptedRunError
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.model.identity import NOTHING_KEPT
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import vm_id
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.operations.plan import compare
from hyperv_placement.operations.recover.hosts import Looker
from hyperv_placement.operations.recover.values import HostsFound, Pending
from hyperv_placement.operations.recover.waiting import wait_for_moves
from hyperv_placement.planning.interrupted import Became, Fate
from hyperv_placement.workspace.handoff import Handoff
from tests.estates import spec, stack
from tests.fabric.conftest import Fabric, Maker, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
NEW = "E:\\VMs\\WEB01"
SWEEP = 4
"""Requests of a sweep of one host, at least."""


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine, on hv1."""
    return make_fabric(estate(machine("WEB01")))


def looker(fabric: Fabric) -> Looker:
    """Return what looks at a stack that declares the machine on hv2."""
    vm = fabric.lab_vm("WEB01")
    [declared] = spec(1, "hv2").values()
    whole = stack(
        {"WEB01": replace(declared, label="WEB01", name="WEB01", id=vm_id(vm.id))}, hosts=tuple(fabric.specs)
    )
    whole = replace(whole, hosts=fabric.specs)
    audit = AuditLog(fabric.home / "killed" / "log.jsonl", clock=fabric.clock)
    return Looker(stack=whole, estate=fabric.estate, audit=audit, kept=NOTHING_KEPT)


def look(with_: Looker, *pending: Pending) -> HostsFound:
    """Look once, and write the ends down."""
    found, inventory = with_.look(pending, interrupted=False)
    assert with_.close(found, inventory) is None
    return found


def only(found: HostsFound) -> Fate:
    """Return what became of the one machine."""
    [fate] = found.fates
    return fate


def to_new_folder(fabric: Fabric) -> Move:
    """Return a move to hv2, all files to another volume."""
    name = fabric.vm("WEB01").disks[0].path.rsplit("\\", 1)[1]
    wanted = {"config": NEW, "checkpoints": NEW, "paging": NEW, "disks": {"scsi-0-0": f"{NEW}\\{name}"}}
    return fabric.order("WEB01", "hv2", **wanted)


def left_running(fabric: Fabric, with_: Looker, move: Move) -> None:
    """Order a move that stalls, and stop following it; the killed run's log has the start alone."""
    fabric.fault("stall", vm="WEB01", after=40)
    with_.audit.note("start", move)
    run = fabric.behind(lambda: fabric.run(move))
    until(lambda: any(step.percent == 40 for step in fabric.progress))
    fabric.cancelled.set()
    with pytest.raises(InterruptedRunError):
        run.join()


def test_a_move_that_goes_on_is_waited_for_and_its_end_is_written_down(fabric: Fabric) -> None:
    """Nothing is ordered meanwhile; after it nothing was interrupted any more."""
    with_ = looker(fabric)
    left_running(fabric, with_, fabric.order("WEB01", "hv2"))
    fate = only(look(with_))
    assert (fate.became, fate.percent, fate.needs_a_person) == (Became.GOES_ON, 40, False)
    assert with_.audit.open_starts()
    said = list[str]()
    fabric.world.faults.clear()
    wait_for_moves(fabric.estate, [fate], said.append)
    assert said[-1] == "WEB01: its job has ended"
    fate = only(look(with_))
    assert (fate.became, fate.host, fate.files) == (Became.MOVED, "hv2", ())
    assert with_.audit.open_starts() == ()
    assert look(with_).fates == ()
    assert len(fabric.world.state.jobs) == 1


def test_a_move_that_came_to_nothing_leaves_the_machine_where_it_was(fabric: Fabric) -> None:
    """A pending operation of the engine says no more than the log does."""
    with_ = looker(fabric)
    with_.audit.note("start", fabric.order("WEB01", "hv2"))
    fate = only(look(with_, Pending(label="WEB01", operation="updating")))
    assert (fate.became, fate.host) == (Became.NOT_MOVED, "hv1")
    fate = only(look(with_, Pending(label="WEB01", operation="creating")))
    assert fate.became is Became.ENDED
    assert "not moved" in fate.text


def test_files_that_are_left_are_named_until_they_are_gone(fabric: Fabric) -> None:
    """By the first look from the hosts, by later ones from the log; `drift` has them, too."""
    with_, move = looker(fabric), to_new_folder(fabric)
    with_.audit.note("start", move)
    fabric.fault("disks-left", vm="WEB01")
    fabric.run(move)
    [old] = [disk.source for disk in move.disks]
    for _ in range(2):
        fate = only(look(with_))
        assert (fate.files, fate.files_on, fate.needs_a_person) == ((old,), "hv1", True)
    assert [(file.host, file.path) for file in with_.audit.left()] == [("hv1", old)]
    fabric.world.files.real("hv1", old).unlink()
    assert look(with_).fates == ()


def test_a_planned_machine_that_stays_is_named_until_it_is_gone(fabric: Fabric) -> None:
    """It is given the time that hosts take to remove one."""
    with_ = looker(fabric)
    with_.audit.note("start", fabric.order("WEB01", "hv2"))
    vm = fabric.lab_vm("WEB01")
    fabric.world.hosts["hv2"].planned[vm.id] = replace(vm, host="hv2", staged=True)
    for _ in range(2):
        fate = only(look(with_))
        assert (fate.became in {Became.NOT_MOVED, Became.ENDED}, fate.planned) == (True, "hv2")
    fabric.world.hosts["hv2"].planned.clear()
    assert look(with_).fates == ()


def test_of_silent_hosts_nothing_is_known(fabric: Fabric) -> None:
    """Its start stays open; where nothing was begun a silent host is named and no more."""
    with_ = looker(fabric)
    assert look(with_).fates == ()
    with_.audit.note("start", fabric.order("WEB01", "hv2"))
    fabric.fault("host-down", host="hv1")
    found = look(with_)
    assert (only(found).became, found.none_read) == (Became.UNKNOWN, False)
    assert "hv1 did not answer" in found.silent[0]
    assert with_.audit.open_starts()
    for name in fabric.specs:
        fabric.fault("host-down", host=name)
    assert look(with_).none_read


def test_a_run_waits_for_what_a_killed_one_has_begun_to_prepare(fabric: Fabric, tmp_path: Path) -> None:
    """A planned machine is made within seconds; then the move can be ordered, and the first next run ends it."""
    with_, move = (
        looker(fabric),
        replace(fabric.order("WEB01", "hv2"), options=MigrationOptions(check="staged")),
    )
    declared = replace(with_.stack.vms["WEB01"], migration=move.options)
    whole = replace(with_.stack, path=tmp_path / "lab.yaml", vms={"WEB01": declared})
    whole.path.write_text("a stack file", encoding="utf-8")
    fabric.fault("stall", vm="WEB01", after=40)
    run = fabric.behind(lambda: fabric.run(move))
    until(lambda: bool(fabric.world.state.jobs))
    handoff = Handoff(project=tmp_path, engine="127.0.0.1:4711", stack=whole)
    asked = sum(fabric.servers.counts()["hv3"].values())
    plans = list[Plan]()
    planning = fabric.behind(lambda: plans.append(compare(whole, fabric.estate, handoff)[1]))
    # Only the plan asks the third host: once it has swept all, what it saw was the machine being prepared.
    until(lambda: sum(fabric.servers.counts()["hv3"].values()) > asked + SWEEP)
    fabric.world.faults.clear()
    planning.join()
    [step] = plans[0].steps
    assert step.standing in {Standing.MOVE, Standing.IN_PLACE}, step.findings
    run.join()

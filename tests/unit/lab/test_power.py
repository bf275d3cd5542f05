"""Machines started, stopped, saved and paused: what each state allows, what a job does meanwhile, and what a move makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hyperv_placement.model.move import Moves
from lab.estate.spec import EstateSpec
from lab.world import LabJob, Refusal, power, restart, texts, vmms
from lab.world.jobs import INVALID_PARAMETER, INVALID_STATE, TYPES
from lab.world.objects import (
    OFF,
    PAUSED,
    PAUSING,
    RESUMING,
    RUNNING,
    SAVED,
    SAVING,
    STARTING,
    STOPPING,
)

from .conftest import Stage, estate, machine

Make = Callable[[EstateSpec], Stage]
STATES = {"RUN": RUNNING, "OFF": OFF, "SAVED": SAVED, "PAUSED": PAUSED}


@pytest.fixture
def here(stage: Make) -> Stage:
    """A host with a machine in each state that lasts."""
    return stage(estate(*(machine(name, enabled_state=state) for name, state in STATES.items())))


def order(here: Stage, name: str, wanted: int) -> LabJob | int:
    """Ask the machine's host for a state."""
    vm = here.vm(name)
    return vmms.request_state(here.world, vm.host, vm.id, wanted, "LAB\\tester")


def begun(here: Stage, name: str, wanted: int) -> LabJob:
    """Ask, and expect a job."""
    job = order(here, name, wanted)
    assert isinstance(job, LabJob), job
    return job


@pytest.mark.parametrize(
    ("name", "wanted", "meanwhile", "after", "job_type"),
    [
        ("OFF", 2, STARTING, RUNNING, 12),
        ("SAVED", 2, STARTING, RUNNING, 15),
        ("PAUSED", 2, RESUMING, RUNNING, 27),
        ("PAUSED", 32777, RESUMING, RUNNING, 27),
        ("RUN", 3, STOPPING, OFF, 13),
        ("SAVED", 3, STOPPING, OFF, 13),
        ("RUN", 4, STOPPING, OFF, 16),
        ("RUN", 6, SAVING, SAVED, 14),
        ("PAUSED", 6, SAVING, SAVED, 14),
        ("RUN", 9, PAUSING, PAUSED, 26),
        ("OFF", 10, STARTING, RUNNING, 12),
        ("RUN", 11, STARTING, RUNNING, 28),
    ],
)
def test_a_change_is_a_job(
    here: Stage, name: str, wanted: int, meanwhile: int, after: int, job_type: int
) -> None:
    """A passing state while it lasts, the new one at its end; a second order in between is refused."""
    job, vm = begun(here, name, wanted), here.vm(name)
    assert (vm.enabled_state, vm.requested_state) == (meanwhile, wanted)
    assert (job.class_name, job.type, job.state) == ("Msvm_ConcreteJob", job_type, 2)
    assert order(here, name, 3) == INVALID_STATE
    here.pass_time(0.2)
    assert job.state == 4
    here.pass_time(4, step=1)
    assert (job.state, job.percent, job.error_code) == (7, 100, 0)
    assert (vm.enabled_state, vm.requested_state) == (after, None)
    assert (vm.up_since is not None) == (after in (RUNNING, PAUSED))
    assert vm.last_state_change > job.submitted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("RUN", 2),
        ("OFF", 3),
        ("OFF", 4),
        ("OFF", 6),
        ("SAVED", 6),
        ("SAVED", 9),
        ("PAUSED", 9),
        ("PAUSED", 4),
        ("OFF", 11),
        ("RUN", 32768),
        ("RUN", 32769),
        ("RUN", 32773),
        ("RUN", 7),
    ],
)
def test_a_state_that_cannot_be_reached_is_refused(here: Stage, name: str, wanted: int) -> None:
    """The wanted state among them (os-win vmutils), and the states of version 1 (r4sd/go-wsman)."""
    before = here.vm(name).enabled_state
    assert order(here, name, wanted) == INVALID_STATE
    assert here.vm(name).enabled_state == before
    assert here.world.jobs() == []


def test_nobody_is_started_who_is_not_there(here: Stage) -> None:
    """A GUID that the host does not have."""
    assert vmms.request_state(here.world, "hv2", here.vm("RUN").id, 3, "LAB\\tester") == INVALID_PARAMETER


def test_memory_is_taken_while_it_starts_and_given_back_when_it_is_off(here: Stage) -> None:
    """No moment in which a start and others could have the same memory."""
    free = here.world.memory_free_mib("hv1")
    begun(here, "OFF", 2)
    assert here.world.memory_free_mib("hv1") == free - here.vm("OFF").memory_mib
    here.pass_time(2, step=1)
    assert here.world.memory_free_mib("hv1") == free - here.vm("OFF").memory_mib
    begun(here, "OFF", 3)
    assert here.world.memory_free_mib("hv1") == free - here.vm("OFF").memory_mib
    here.pass_time(2, step=1)
    assert here.world.memory_free_mib("hv1") == free


def test_without_memory_a_start_fails_with_the_reason(stage: Make) -> None:
    """A job in Exception, and the machine is off as before."""
    here = stage(estate(machine("BIG", enabled_state=OFF, memory_mib=1 << 20)))
    job = begun(here, "BIG", 2)
    here.pass_time(1)
    vm = here.vm("BIG")
    assert (job.state, job.error_code) == (10, 32768)
    assert job.errors == [texts.not_started(vm), texts.no_memory(vm)]
    assert (vm.enabled_state, vm.requested_state) == (OFF, None)


def test_a_guest_that_does_not_answer_cannot_be_shut_down(stage: Make) -> None:
    """Nobody is there to do it (r4sd/go-wsman hyperv/vm_state.go)."""
    here = stage(estate(machine("MUTE", heartbeat=False)))
    job = begun(here, "MUTE", 4)
    here.pass_time(1)
    assert (job.state, job.errors[-1]) == (10, texts.NOT_READY)
    assert here.vm("MUTE").enabled_state == RUNNING


def test_a_machine_that_changes_its_state_is_not_moved(here: Stage) -> None:
    """Refused as an invalid state, at once."""
    begun(here, "RUN", 6)
    answer = here.ask("RUN", type=TYPES[Moves.HOST], destination="HV2")
    assert isinstance(answer, Refusal)
    assert answer.return_value == INVALID_STATE


@pytest.mark.parametrize(
    ("wanted", "allowed"), [(3, True), (4, True), (2, False), (6, False), (9, False), (11, False)]
)
def test_a_machine_that_moves_can_only_be_stopped(here: Stage, wanted: int, *, allowed: bool) -> None:
    """All else waits for the end of the move."""
    here.start_everything("RUN", "HV2")
    here.pass_time(1)
    assert isinstance(order(here, "RUN", wanted), LabJob) == allowed


def test_a_live_migration_fails_whose_machine_is_turned_off(here: Stage) -> None:
    """It stays at its source, off, with all its files; nothing is left at the destination."""
    files, sums = here.files_of("hv2"), here.sums("RUN")
    move = here.start_everything("RUN", "HV2")
    here.pass_time(2)
    begun(here, "RUN", 3)
    here.pass_time(9, step=0.5)
    vm = here.vm("RUN")
    assert (move.state, move.errors[-1]) == (10, texts.turned_off(vm))
    assert (vm.host, vm.enabled_state) == ("hv1", OFF)
    assert here.files_of("hv2") == files
    assert here.sums("RUN") == sums
    assert here.world.hosts["hv2"].planned == {}


def test_storage_moves_on_when_the_machine_is_turned_off(here: Stage) -> None:
    """Nothing but files is on its way."""
    vm = here.vm("RUN")
    roots = replace(vm.roots, config="D:\\New", checkpoints="D:\\New", paging="D:\\New")
    move = here.start("RUN", type=TYPES[Moves.STORAGE], roots=roots)
    here.pass_time(1)
    begun(here, "RUN", 3)
    here.pass_time(9, step=0.5)
    assert (move.state, here.vm("RUN").enabled_state) == (7, OFF)
    assert here.vm("RUN").roots.config == "D:\\New"


def test_off_at_its_new_place(here: Stage) -> None:
    """A stop that ends after the switch finds the machine where it is."""
    move = here.start_everything("RUN", "HV2")
    while move.work is not None and not move.work.switched and move.percent < 94:
        here.pass_time(0.1)
    begun(here, "RUN", 4)
    here.pass_time(9, step=0.5)
    assert move.state == 7
    assert (here.vm("RUN").host, here.vm("RUN").enabled_state) == ("hv2", OFF)


def test_a_lab_that_was_killed_gives_the_state_back(here: Stage) -> None:
    """As it was before the change; the job says what became of it."""
    job = begun(here, "RUN", 6)
    here.pass_time(0.3)
    here.world.save()
    again = restart.resume(here.world.home, clock=here.clock)
    vm = next(vm for vm in again.vms() if vm.name == "RUN")
    assert (vm.enabled_state, vm.requested_state) == (RUNNING, None)
    ended = again.job(job.id)
    assert ended is not None
    assert (ended.state, ended.errors) == (10, [texts.STOPPED])


def test_what_is_allowed_is_what_has_a_change() -> None:
    """Each passing state is named once as one that no order begins in."""
    passing = {change.passing for change in power.CHANGES.values()}
    assert not passing & {state for _, state in power.CHANGES}

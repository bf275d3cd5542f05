"""Changes of a machine's state by order: start, turn off, shut down, save, pause, resume and reset, each a job that takes its time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from . import texts
from .jobs import (
    ACTIVE,
    COMPLETED,
    EXCEPTION,
    FAILED,
    INVALID_STATE,
    MOVE,
    STATE,
    STATE_NAMES,
    Failure,
    LabJob,
    Work,
)
from .objects import (
    OFF,
    PAUSED,
    PAUSING,
    RESUMING,
    RUNNING,
    SAVED,
    SAVING,
    STARTING,
    STOPPING,
    LabHost,
    LabVm,
)
from .world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a machine goes through on its way from one state to another."""

    job_type: int
    """JobType (Msvm_ConcreteJob page)."""
    passing: int
    """EnabledState meanwhile."""
    after: int
    seconds: float = 1.0
    """World seconds that it takes; the lab's own."""


START = Change(job_type=12, passing=STARTING, after=RUNNING)
TURN_OFF = Change(job_type=13, passing=STOPPING, after=OFF, seconds=0.5)
SAVE = Change(job_type=14, passing=SAVING, after=SAVED, seconds=2)
RESTORE = Change(job_type=15, passing=STARTING, after=RUNNING, seconds=2)
SHUT_DOWN = Change(job_type=16, passing=STOPPING, after=OFF, seconds=3)
PAUSE = Change(job_type=26, passing=PAUSING, after=PAUSED, seconds=0.5)
RESUME = Change(job_type=27, passing=RESUMING, after=RUNNING, seconds=0.5)
RESET = Change(job_type=28, passing=STARTING, after=RUNNING)
MODIFY = 2
"""JobType of a change of settings (same page)."""
ENABLE, DISABLE, GUEST_SHUTDOWN, OFFLINE, QUIESCE, REBOOT, RESET_NOW = 2, 3, 4, 6, 9, 10, 11
RESUME_NOW = RESUMING
"""RequestedState (page of RequestStateChange)."""
CHANGES: Mapping[tuple[int, int], Change] = {
    (ENABLE, OFF): START,
    (ENABLE, SAVED): RESTORE,
    (ENABLE, PAUSED): RESUME,
    (DISABLE, RUNNING): TURN_OFF,
    (DISABLE, PAUSED): TURN_OFF,
    (DISABLE, SAVED): TURN_OFF,  # guess: what was saved is discarded
    (GUEST_SHUTDOWN, RUNNING): SHUT_DOWN,  # go-wsman, though the page has it for version 1 alone
    (OFFLINE, RUNNING): SAVE,
    (OFFLINE, PAUSED): SAVE,
    (QUIESCE, RUNNING): PAUSE,
    (REBOOT, OFF): START,  # "from Off or Saved to Running" (same page)
    (REBOOT, SAVED): RESTORE,
    (RESET_NOW, RUNNING): RESET,
    (RESET_NOW, PAUSED): RESET,
    (RESUME_NOW, PAUSED): RESUME,
}
"""(RequestedState, EnabledState now) -> what happens; all others are refused as an invalid state.

So is a machine that is in the wanted state already (os-win vmutils), and 32768 and 32769 (r4sd/go-wsman).
"""
_BY_TYPE = {change.job_type: change for change in CHANGES.values()}
_WHILE_IT_MOVES = frozenset({DISABLE, GUEST_SHUTDOWN})


def request(world: World, host: LabHost, vm: LabVm, wanted: int, owner: str) -> LabJob | int:
    """Return the job that takes the machine to another state, or the ReturnValue of a refusal.

    In a passing state all is refused. That a machine which moves can be turned off and shut down, and that all else is
    refused as an invalid state meanwhile, is a guess.
    """
    change = CHANGES.get((wanted, vm.enabled_state))
    busy = [job for job in world.state.jobs if job.vm == vm.id and job.running]
    moves = any(job.purpose != STATE for job in busy)
    if (
        change is None
        or any(job.purpose == STATE for job in busy)
        or (moves and wanted not in _WHILE_IT_MOVES)
    ):
        return INVALID_STATE
    lacking = _lacking(world, host, vm, change)
    job = begin(world, host, vm, change.job_type, owner, lacking)
    if job.work is not None and not lacking:
        job.before, vm.enabled_state, vm.requested_state = vm.enabled_state, change.passing, wanted
        job.work.memory_mib = _memory(vm, change)
    return job


def begin(
    world: World, host: LabHost, vm: LabVm, job_type: int, owner: str, failure: list[str] | None = None
) -> LabJob:
    """Start a job about a machine that is no migration; with `failure` it is going to fail with these lines."""
    now = world.clock.now()
    job = LabJob(
        id=str(uuid.uuid4()).upper(),
        class_name="Msvm_ConcreteJob",
        host=host.name,
        vm=vm.id,
        vm_name=vm.name,
        type=job_type,
        target=host.name,
        owner=owner,
        submitted=now,
        changed=now,
        cancellable=False,
        purpose=STATE,
    )
    job.work = Work(roots=vm.roots, advanced=now)
    job.work.failure = Failure(lines=failure, percent=0) if failure else None
    world.state.jobs.append(job)
    world.log.write("change", vm=vm.name, host=host.name, by=owner, job_type=job_type, job=job.id)
    return job


def advance(world: World, job: LabJob) -> bool:
    """Bring such a job to the present, and say whether something has changed."""
    work, now = job.work, world.clock.now()
    if work is None or now <= work.advanced:
        return False
    work.elapsed += (now - work.advanced).total_seconds()
    work.advanced = now
    started = job.started is None
    job.started = job.started or now
    if started:
        job.state, job.changed = ACTIVE, now
    if work.failure is not None:
        give_up(world, job, work.failure.lines)
        return True
    change = _BY_TYPE[job.type]
    job.percent = min(99, int(100 * work.elapsed / change.seconds))
    if work.elapsed < change.seconds:
        return started
    vm = world.hosts[job.host].realized.get(job.vm) or world.find(job.vm)
    if vm is not None:
        _arrive(world, job, vm, change)
    _end(world, job, COMPLETED)
    return True


def give_up(world: World, job: LabJob, lines: list[str]) -> None:
    """End a job that has failed or was interrupted: the machine is as it was before it (guess)."""
    vm = world.find(job.vm)
    if vm is not None and job.before is not None:
        vm.enabled_state, vm.requested_state = job.before, None
    job.error_code, job.errors = FAILED, lines
    _end(world, job, EXCEPTION)


def _lacking(world: World, host: LabHost, vm: LabVm, change: Change) -> list[str]:
    """Return the texts of a change that has to fail: no memory, or a guest that nobody answers for."""
    if change in (START, RESTORE) and _memory(vm, change) > world.memory_free_mib(host.name):
        return [texts.not_started(vm), texts.no_memory(vm)]
    if change is SHUT_DOWN and not vm.heartbeat:
        return [texts.not_shut_down(vm), texts.NOT_READY]
    return []


def _memory(vm: LabVm, change: Change) -> int:
    """Return what the machine takes until it is up and counted as such; what it starts with (VirtualQuantity)."""
    return vm.memory_mib if change in (START, RESTORE) else 0


def _arrive(world: World, job: LabJob, vm: LabVm, change: Change) -> None:
    """Put the machine into its new state; a restored or reset one counts its uptime anew (guess)."""
    now = world.clock.now()
    vm.enabled_state, vm.requested_state, vm.last_state_change = change.after, None, now
    if change in (START, RESET, RESTORE):
        vm.up_since = now
    elif change.after in (OFF, SAVED):
        vm.up_since = None
    if change is START:
        vm.memory_now_mib, vm.processor_generation = None, world.hosts[job.host].processor_generation
    if change.after == OFF:
        _end_its_move(world, vm)


def _end_its_move(world: World, vm: LabVm) -> None:
    """Let a live migration fail whose machine is off before the other host has it (guess); its storage alone moves on."""
    for job in world.state.jobs:
        work = job.work if job.vm == vm.id and job.purpose == MOVE else None
        if work is not None and work.live_at and not work.switched:
            headline = texts.headline(vm, world.hosts[job.host], job.moves)
            work.failure = Failure(lines=[headline, texts.turned_off(vm)], percent=0)


def _end(world: World, job: LabJob, state: int) -> None:
    now = world.clock.now()
    job.state, job.ended, job.changed, job.work = state, now, now, None
    job.percent = 100 if state == COMPLETED else job.percent
    world.log.write(
        "changed", vm=job.vm_name, host=job.host, by=job.owner, state=STATE_NAMES[state], errors=job.errors
    )

"""Migration jobs in the course of time: copying, the switch to the new place, and the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from hyperv_placement.model import winpath
from lab.storage.copying import Copy, Copying
from lab.storage.files import PathRefusedError

from . import endings, phases, power, texts
from .events import Event, events_of
from .jobs import (
    ACTIVE,
    COMPLETED,
    EXCEPTION,
    FAILED,
    MOVE,
    NEW,
    STAGE,
    STARTING,
    STATE,
    STATE_NAMES,
    WARNED,
    LabJob,
    Work,
)
from .objects import PAUSED, RUNNING, LabDisk, LabEvent, LabHost, LabVm
from .world import World


@dataclass(slots=True)
class Outcome:
    """What a stretch of time has brought."""

    changed: bool = False
    """Some job changed its state or a machine its place."""
    finished: list[Copying] = field(default_factory=list)

    def clean_up(self) -> None:
        """Remove the source files of switched machines; only to be called when the switch is on disk."""
        for copying in self.finished:
            copying.remove_sources()


def advance(world: World) -> Outcome:
    """Bring every running job to the present."""
    outcome = Outcome()
    for job in [job for job in world.state.jobs if job.work is not None]:
        if job.purpose == STATE:
            outcome.changed |= power.advance(world, job)
        else:
            _advance(world, job, outcome)
    return outcome


def _advance(world: World, job: LabJob, outcome: Outcome) -> None:
    work = job.work
    vm = world.hosts[job.host].realized.get(job.vm) or world.find(job.vm)
    if work is None or vm is None:
        return
    moves = job.purpose == MOVE
    course = phases.phases(job.moves, job.vm) if moves else phases.preparation(job.purpose)
    _work_on(world, work, course)
    where = phases.position(course, work.elapsed)
    if work.cancelled and not work.switched:
        _fail(
            world,
            job,
            vm,
            [texts.headline(vm, world.hosts[job.host], job.moves), texts.CANCELLED],
            work.cancelled,
        )
    elif work.failure is not None and not work.switched and where.percent >= work.failure.percent:
        job.percent = max(job.percent, work.failure.percent)
        _fail(world, job, vm, work.failure.lines, EXCEPTION)
    else:
        _go_on(world, job, vm, where, outcome)
        return
    outcome.changed = True


def _work_on(world: World, work: Work, course: tuple[phases.Phase, ...]) -> None:
    """Count the time that has passed, as far as the job is held by neither a fault nor its host's connection."""
    now = world.clock.now()
    work.elapsed += (now - work.advanced).total_seconds()
    work.advanced = now
    if work.connecting:
        work.elapsed = min(work.elapsed, phases.STARTING.seconds / 2)
    if work.stall is not None and any(rule.id == work.stall for rule in world.faults.rules):
        work.elapsed = min(work.elapsed, phases.time_of(course, work.stall_at))


def _go_on(world: World, job: LabJob, vm: LabVm, where: phases.Position, outcome: Outcome) -> None:
    work = job.work
    if work is None:
        return
    job.percent, job.phase = max(job.percent, where.percent), where.phase.name
    vm.operational_activity = where.phase.activity
    job.cancellable = job.percent < phases.SWITCHING_AT
    outcome.changed |= _change_state(world, job, vm, STARTING if where.phase is phases.STARTING else ACTIVE)
    if job.purpose != MOVE:
        if where.over:
            _prepared(world, job, vm, work)
            outcome.changed = True
        return
    if work.failure is not None:
        where = replace(where, copied=min(where.copied, 0.99))
    try:
        _copy(world, job, work, where.copied)
    except (OSError, PathRefusedError) as error:
        _fail(
            world, job, vm, [texts.headline(vm, world.hosts[job.host], job.moves), _cause(error)], EXCEPTION
        )
        world.violation(f"the move of {vm.name} failed: {_cause(error)}", job.owner)
        outcome.changed = True
        return
    if where.phase.name == phases.FINISHING and work.failure is None and not work.switched:
        _finish(world, job, vm, work, outcome)
        outcome.changed = True
    elif where.over:
        _end(world, job, vm, endings.of_success(world, job, vm, work))
        outcome.changed = True


def _finish(world: World, job: LabJob, vm: LabVm, work: Work, outcome: Outcome) -> None:
    """Switch the machine to its new place, and let its old files go; a rule of the lab has some of it left undone."""
    if endings.happens(world, "completes-unmoved", job):
        _undo(world, job, vm)
        _end(world, job, vm, COMPLETED)
        return
    stays = job.target not in (None, job.host) and endings.happens(world, "source-stays", job)
    left = endings.happens(world, "disks-left", job)
    _switch(world, job, vm, work)
    if stays:
        world.hosts[job.host].realized[vm.id] = vm
    copying = world.copies.pop(job.id)
    if not (stays or left):
        outcome.finished.append(copying)


def _prepared(world: World, job: LabJob, vm: LabVm, work: Work) -> None:
    """End a job that moves nothing; one of type Staged leaves a planned machine at the destination."""
    if job.purpose == STAGE and job.target is not None:
        planned = _placed(vm, job.target, work)
        planned.staged = True
        world.hosts[job.target].planned[vm.id] = planned
    _end(world, job, vm, COMPLETED)


def _change_state(world: World, job: LabJob, vm: LabVm, state: int) -> bool:
    """Move the job on to `state`; with the first work the destination gets its planned machine."""
    if job.state == state:
        return False
    now = world.clock.now()
    if job.state == NEW:
        job.started = now
    moves = state == ACTIVE and job.purpose == MOVE and job.target is not None
    if moves and job.target and job.work is not None and _gets_far(job.work):
        world.hosts[job.target].planned.setdefault(vm.id, _placed(vm, job.target, job.work))
    job.state, job.changed = state, now
    return True


def _gets_far(work: Work) -> bool:
    """Say whether the job survives its checks, so that a planned machine is made."""
    return work.failure is None or work.failure.percent > phases.CHECKED_AT


def _copy(world: World, job: LabJob, work: Work, share: float) -> None:
    """Copy up to `share` of the bytes."""
    if work.switched:
        return
    if job.id not in world.copies:
        target = job.target or job.host
        copies = [
            Copy(
                source=world.files.real(job.host, m.source),
                target=world.files.real(target, m.target),
                overwrite=m.overwrite,
                keep_source=m.keep_source,
                keep_target=m.keep_target,
            )
            for m in work.moves
        ]
        world.copies[job.id] = Copying(copies)
    if share > 0:
        world.copies[job.id].advance(share)


def _placed(vm: LabVm, host: str, work: Work) -> LabVm:
    """Return the machine as it will be at `host`."""
    disks = [_disk_after(disk, work.disks.get(disk.slot), work) for disk in vm.disks]
    checkpoints = [
        replace(
            checkpoint,
            disks=[
                _disk_after(disk, work.frozen.get(f"{checkpoint.id}/{disk.slot}"), work)
                for disk in checkpoint.disks
            ],
        )
        for checkpoint in vm.checkpoints
    ]
    return replace(
        vm, host=host, roots=work.roots, disks=disks, checkpoints=checkpoints, operational_activity=None
    )


def _disk_after(disk: LabDisk, path: str | None, work: Work) -> LabDisk:
    """Return a disk at its new place, with the new place of its parent (that VMMS rewrites the link is a guess)."""
    parent = disk.parent_path
    if parent is not None:
        parent = work.parents.get(winpath.comparable(parent), parent)
    return replace(disk, path=path or disk.path, parent_path=parent)


def _switch(world: World, job: LabJob, vm: LabVm, work: Work) -> None:
    """Realize the machine at its new place, in one step; its uptime starts anew on another host."""
    source, target = world.hosts[job.host], world.hosts[job.target or job.host]
    placed = _placed(vm, target.name, work)
    placed.operational_activity = vm.operational_activity
    if target is not source:
        placed.numa = work.numa
        placed.up_since = world.clock.now() if vm.enabled_state in (RUNNING, PAUSED) else None
        del source.realized[vm.id]
    target.planned.pop(vm.id, None)
    if target is not source and endings.happens(world, "planned-left", job):
        endings.leave_planned(world, job, replace(placed))
    target.realized[vm.id] = placed
    work.switched = True


def _fail(world: World, job: LabJob, vm: LabVm, lines: list[str], state: int) -> None:
    """End the job with the machine where it was and nothing left at the destination."""
    _undo(world, job, vm)
    job.error_code, job.errors = FAILED, lines
    _end(world, job, vm, state)


def _undo(world: World, job: LabJob, vm: LabVm) -> None:
    copying = world.copies.pop(job.id, None)
    if copying is not None:
        copying.abandon()
    if job.target is None:
        return
    if job.work is not None and endings.happens(world, "planned-left", job):
        endings.leave_planned(world, job, _placed(vm, job.target, job.work))
    _forget_planned(world.hosts[job.target], vm)


def _forget_planned(host: LabHost, vm: LabVm) -> None:
    """Drop the planned machine that the job itself has made; that a staged one stays is a guess, the stricter one."""
    planned = host.planned.get(vm.id)
    if planned is not None and not planned.staged:
        del host.planned[vm.id]


def _end(world: World, job: LabJob, vm: LabVm, state: int) -> None:
    now = world.clock.now()
    job.started = job.started or now
    job.state, job.ended, job.changed, job.phase, job.work = state, now, now, "", None
    job.percent = 100 if state in (COMPLETED, WARNED) else job.percent
    job.cancellable = False
    # Two, where the source has stayed.
    for machine in (vm, *(each for each in world.vms() if each.id == job.vm)):
        machine.operational_activity = None
    world.log.write("end", **job.summary(), state=STATE_NAMES[state], percent=job.percent, errors=job.errors)
    for event in events_of(job, vm):
        world.log.write("vmms", host=job.host, event_id=event.id, vm=job.vm, text=event.text)
        _remember(world.hosts[job.host], event, job.vm, now)
    endings.meanwhile(world, job)
    if world.faults.take("job-vanishes", host=job.host, vm=job.vm) is not None:
        world.state.jobs.remove(job)


def _remember(host: LabHost, event: Event, vm: str, now: datetime) -> None:
    record = host.events[-1].record + 1 if host.events else 1
    host.events.append(LabEvent(record=record, id=event.id, time=now, vm=vm, text=event.text))
    del host.events[:-_EVENTS]


_EVENTS = 200
"""Entries that a host keeps: a real log keeps as many as its size allows."""


def _cause(error: Exception) -> str:
    """Return the system's own words for what went wrong with a file."""
    if isinstance(error, FileExistsError):
        return texts.file_exists(Path(error.filename).name)
    return f"{error} (0x80004005)"

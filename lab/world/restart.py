"""Taking up a world again after the lab was stopped or killed in the middle of something."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from . import power, record, texts
from .clock import LabClock, RunningClock
from .jobs import COMPLETED, EXCEPTION, FAILED, STATE, STATE_NAMES, LabJob
from .world import State, World


def resume(home: Path, *, clock: LabClock | None = None) -> World:
    """Return the world kept in `home`, cleared of jobs that were interrupted.

    Raises FileNotFoundError where there is none.
    """
    state = record.read(home / "world.json", State)
    start = datetime.fromisoformat(state.time) if state.time else None
    world = World(home, clock or RunningClock(start=start, speed=state.settings.speed), state)
    with world.lock:
        for job in [job for job in state.jobs if job.work is not None]:
            if job.purpose == STATE:
                power.give_up(world, job, [texts.STOPPED])
            else:
                _settle(world, job)
        for host in world.hosts.values():
            host.planned = {id_: vm for id_, vm in host.planned.items() if vm.staged}
        world.save()
    return world


def _settle(world: World, job: LabJob) -> None:
    """End an interrupted job as a restart of VMMS would (a guess): the machine stays in the place that holds it.

    Before the switch that is the source, and the partial copies go; after it the old files go.
    """
    work = job.work
    if work is None:
        return
    for move in work.moves:
        stale = (job.host, move.source) if work.switched else (job.target or job.host, move.target)
        if move.keep_source if work.switched else move.keep_target:
            continue
        world.files.real(*stale).unlink(missing_ok=True)
    vm = world.find(job.vm)
    if vm is not None:
        vm.operational_activity = None
    if not work.switched:
        job.error_code = FAILED
        headline = [texts.headline(vm, world.hosts[job.host], job.moves)] if vm else []
        job.errors = [*headline, texts.INTERRUPTED]
    now = world.clock.now()
    job.state = COMPLETED if work.switched else EXCEPTION
    job.percent = 100 if work.switched else job.percent
    job.started, job.ended, job.changed, job.phase, job.work = job.started or now, now, now, "", None
    job.cancellable = False
    world.log.write(
        "end", **job.summary(), state=STATE_NAMES[job.state], percent=job.percent, errors=job.errors
    )

"""Faults of the lab that last for a while: a host that stops and comes back, volumes that fill up, a clock that jumps."""

from __future__ import annotations

from datetime import timedelta

from . import room, texts
from .faults import Fault
from .jobs import STATE, Failure, LabJob
from .objects import LabHost
from .world import World


def is_away(world: World, host: LabHost) -> bool:
    """Say whether a host accepts no connections now, and takes part in no migration."""
    return world.faults.find("host-down", host=host.name) is not None or any(
        rule.since is not None and world.clock.now() >= rule.since
        for rule in _lasting(world, "host-restarts")
        if rule.host in (None, host.name)
    )


def advance(world: World) -> None:
    """Bring the rules that last to the present, before the jobs."""
    for rule in _lasting(world, "host-restarts"):
        _restart(world, rule)
    for rule in _lasting(world, "disk-fills"):
        if rule.since is None:
            _fill(world, rule)
    for rule in _lasting(world, "clock-jumps"):
        if rule.since is None or rule.since <= world.clock.now():
            _jump(world, rule)
    _make_room(world)


def _lasting(world: World, kind: str) -> list[Fault]:
    return [rule for rule in world.faults.rules if rule.kind == kind and rule.left != 0]


def _restart(world: World, rule: Fault) -> None:
    """Stop a host for --seconds; a rule that counts more than once has it up for as long in between.

    Machines run on while VMMS does not: its worker processes hold them. What a restart leaves of a migration is the
    guess of a lab that is taken up again.
    """
    now = world.clock.now()
    if rule.since is None or rule.since <= now < rule.since + timedelta(seconds=rule.seconds):
        for job in world.state.jobs:
            if rule.host in (None, job.host, job.target):
                _interrupt(world, job, texts.INTERRUPTED)
    if rule.since is None:
        world.faults.change(rule, since=now)
    elif now >= rule.since + timedelta(seconds=rule.seconds):
        left = None if rule.left is None else rule.left - 1
        world.faults.change(rule, left=left, since=rule.since + timedelta(seconds=2 * rule.seconds))


def _interrupt(world: World, job: LabJob, reason: str) -> None:
    vm = world.find(job.vm)
    if vm is None or job.work is None or job.work.switched:
        return
    headline = texts.headline(vm, world.hosts[job.host], job.moves)
    lines = [texts.STOPPED] if job.purpose == STATE else [headline, reason]
    job.work.failure = Failure(lines=lines, percent=0)


def _fill(world: World, rule: Fault) -> None:
    """Fill the volumes of a host as soon as a migration to it has come to --after percent, and let that one fail."""
    jobs = [
        job
        for job in world.state.jobs
        if job.work is not None and job.work.moves and rule.host in (None, job.target or job.host)
        and job.percent >= rule.after
    ]  # fmt: skip
    if not jobs:
        return
    world.faults.change(rule, since=world.clock.now())
    for job in jobs:
        _interrupt(world, job, texts.no_space(job.work.moves[0].target if job.work else ""))


def _jump(world: World, rule: Fault) -> None:
    """Set a host's clock once; it stays, as one that somebody has set."""
    for host in world.hosts.values():
        if rule.host in (None, host.name):
            host.clock_skew += round(rule.seconds)
    world.faults.change(rule, left=0)


def _make_room(world: World) -> None:
    """Set what somebody else's files take of each volume: all that is left, while a rule has it full."""
    full = [rule.host for rule in _lasting(world, "disk-fills") if rule.since is not None]
    for host in world.hosts.values():
        for volume in host.volumes.values():
            volume.filled_bytes = 0
            if None in full or host.name in full:
                running = [job for job in world.state.jobs if job.work is None or job.work.failure is None]
                free = room.free_bytes(world.hosts, world.shares, running, host.name, volume.path)
                volume.filled_bytes = max(free or 0, 0)

"""Jobs that wait until their host has got where they lead; the world goes on meanwhile."""

from __future__ import annotations

import threading

from hyperv_placement.model.move import Moves

from . import texts
from .admission import EARLY, no_credentials
from .jobs import Failure, LabJob, MigrationRequest
from .second_hop import Hop, SecondHop, Service, services_of
from .world import World


def begin(world: World, job: LabJob, request: MigrationRequest) -> None:
    """Let a job that needs it connect, in a thread of its own: a directory may take its time, or be dead."""
    source = world.hosts[job.host]
    vm = source.realized.get(job.vm)
    if world.second_hop is None or vm is None or job.work is None or not job.work.connecting:
        return
    destination = world.hosts[job.target] if job.target else None
    needed = services_of(vm, request, source, destination)
    hop = Hop(source=source.name, build=source.build, caller=request.caller, services=needed)
    threading.Thread(
        target=_connect, args=(world, world.second_hop, job, hop), name="second-hop", daemon=True
    ).start()


def _connect(world: World, second_hop: SecondHop, job: LabJob, hop: Hop) -> None:
    try:
        unreached = second_hop.reach(hop)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody has got there
        world.log.write(
            "second-hop", host=hop.source, by=hop.caller.name, answer="refused", why=type(error).__name__
        )
        unreached = hop.services[0]
    with world.lock:
        _arrive(world, job, unreached)


def _arrive(world: World, job: LabJob, unreached: Service | None) -> None:
    """Let the job go on, to a failure where a service was not reached; one that was cancelled has ended already."""
    work, source = job.work, world.hosts[job.host]
    vm = source.realized.get(job.vm)
    if work is None or vm is None:
        return
    if unreached is not None:
        causes = (
            [texts.no_access(unreached.server)]
            if job.moves == Moves.STORAGE
            else no_credentials(job.destination or "")
        )
        work.failure = Failure(lines=[texts.headline(vm, source, job.moves), *causes], percent=EARLY)
        work.moves, work.memory_mib = [], 0
    work.connecting = False

"""The verbs that a host's Virtual Machine Management service (VMMS) offers, and the passing of time."""

from __future__ import annotations

from . import admission, connecting, outages, power, progress
from .jobs import (
    IN_USE,
    INVALID_PARAMETER,
    INVALID_STATE,
    KILLED,
    TERMINATED,
    LabJob,
    MigrationRequest,
    Refusal,
)
from .world import World


def migrate(world: World, host: str, request: MigrationRequest) -> LabJob | Refusal:
    """Do what VMMS at `host` does with MigrateVirtualSystemToHost.

    What VMMS sees at once comes back as Refusal; everything else is a job, which may be bound to fail.
    """
    with world.lock:
        advance(world)
        answer = admission.admit(world, world.hosts[host], request)
        if isinstance(answer, LabJob):
            world.state.jobs.append(answer)
            world.log.write("start", **answer.summary())
            world.measure()
        world.save()
        if isinstance(answer, LabJob):
            connecting.begin(world, answer, request)
        return answer


def request_state(world: World, host: str, vm_id: str, wanted: int, who: str) -> LabJob | int:
    """Do what VMMS at `host` does with RequestStateChange on a machine: a job, or the ReturnValue of a refusal."""
    with world.lock:
        advance(world)
        vm = world.hosts[host].realized.get(vm_id.upper())
        answer = INVALID_PARAMETER if vm is None else power.request(world, world.hosts[host], vm, wanted, who)
        world.save()
        return answer


def cancel(world: World, job_id: str, *, killed: bool = False) -> int:
    """Ask a job to stop, as RequestStateChange on it does; return the ReturnValue.

    How a migration job ends then is unverified: here in Terminated, or Killed, with the machine at its source. Guess.
    """
    with world.lock:
        advance(world)
        job = world.job(job_id)
        if job is None or job.work is None:
            return INVALID_STATE
        if job.work.switched or not job.cancellable:
            return IN_USE
        if world.faults.take("cancel-ignored", host=job.host, vm=job.vm) is None:
            job.work.cancelled = KILLED if killed else TERMINATED
        world.log.write("cancel", **job.summary())
        advance(world)
        return 0


def destroy_planned(world: World, host: str, vm_id: str, who: str) -> int:
    """Remove a planned machine, as DestroySystem on it does; return the ReturnValue.

    That one which a running job needs is refused as in use is a guess.
    """
    with world.lock:
        advance(world)
        vm = world.hosts[host].planned.get(vm_id.upper())
        if vm is None:
            return INVALID_PARAMETER
        if world.running_job(vm.id) is not None:
            return IN_USE
        del world.hosts[host].planned[vm.id]
        world.log.write("destroy", vm=vm.name, host=host, by=who, planned=True)
        world.save()
        return 0


def advance(world: World) -> None:
    """Bring every job to the present; write the world down before any source file is removed."""
    with world.lock:
        world.forget_old()
        outages.advance(world)
        while (outcome := progress.advance(world)).changed:
            world.measure()
            world.save()
            outcome.clean_up()

"""Faults of the lab at the end of a migration job: what it says, what it leaves, what somebody did to the machine meanwhile.

Each of these was reported of real hosts, or is an interleaving that a client cannot exclude.
"""

from __future__ import annotations

from dataclasses import replace

from lab.storage.files import PathRefusedError

from . import texts
from .jobs import COMPLETED, EXCEPTION, FAILED, MOVE, WARNED, LabJob, Work
from .objects import OFF, LabVm
from .plan_files import configuration_files
from .room import disks_of
from .world import World

_SEPARATOR = " | "


def happens(world: World, kind: str, job: LabJob) -> bool:
    """Say whether a rule of `kind` applies to a job that moves, and count it as used."""
    return job.purpose == MOVE and world.faults.take(kind, host=job.host, vm=job.vm) is not None


def of_success(world: World, job: LabJob, vm: LabVm, work: Work) -> int:
    """Return the JobState of a job that has moved its machine, and let it say what the rules have it say."""
    failed = world.faults.take("fails-moved", host=job.host, vm=job.vm)
    if failed is not None:
        code = f"The operation failed. (0x{(failed.code or 0x80004005) & 0xFFFFFFFF:08X})"
        job.error_code = FAILED
        job.errors = [texts.headline(vm, world.hosts[job.host], job.moves), failed.text or code]
        return EXCEPTION
    coded = world.faults.take("completes-with-code", host=job.host, vm=job.vm)
    if coded is not None:
        job.error_code, job.errors = coded.code or FAILED, [coded.text] if coded.text else []
        return COMPLETED
    if work.warning is None:
        return COMPLETED
    job.errors = work.warning.split(_SEPARATOR)
    return WARNED


def meanwhile(world: World, job: LabJob) -> None:
    """Do to the machine of an ended job what the rules have somebody do to it."""
    if job.purpose != MOVE:
        return
    for kind in ("heartbeat-lost", "vm-renamed", "vm-turned-off", "vm-moved-on", "vm-deleted"):
        vm = _arrived(world, job)
        rule = world.faults.take(kind, host=job.host, vm=job.vm) if vm is not None else None
        if vm is None or rule is None:
            continue
        match kind:
            case "heartbeat-lost":
                vm.heartbeat = False
            case "vm-renamed":
                vm.name = rule.text or f"{vm.name}-old"
            case "vm-turned-off":
                vm.enabled_state, vm.up_since, vm.last_state_change = OFF, None, world.clock.now()
            case "vm-moved-on":
                if (host := _third(world, job, vm, rule.text)) is None:
                    continue
                _move_on(world, vm, host)
            case "vm-deleted":
                job.vm_deleted = True
                del world.hosts[vm.host].realized[vm.id]
        world.log.write("meddled", kind=kind, vm=vm.name, id=vm.id, host=vm.host)


def _arrived(world: World, job: LabJob) -> LabVm | None:
    """Return the machine where it has come to: of two, where the source has stayed, the new one."""
    there = world.hosts[job.target].realized.get(job.vm) if job.target else None
    return there or world.find(job.vm)


def _third(world: World, job: LabJob, vm: LabVm, wanted: str) -> str | None:
    """Return the host to which somebody moves the machine on: one that has the memory, as any live migration needs it."""
    hosts = [wanted] if wanted else [name for name in world.hosts if name not in (job.host, job.target)]
    return next((name for name in hosts if world.memory_free_mib(name) >= world.memory_wanted_mib(vm)), None)


def _move_on(world: World, vm: LabVm, host: str) -> None:
    """Have the machine at a third host, its files under the same paths."""
    files = [disk.path for disk in disks_of(vm)] + configuration_files(vm, vm.roots)
    for path in files:
        try:
            here, there = world.files.real(vm.host, path), world.files.real(host, path)
        except PathRefusedError:  # a file that lies nowhere cannot come along
            continue
        if here != there and here.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            here.rename(there)
    del world.hosts[vm.host].realized[vm.id]
    world.hosts[host].realized[vm.id] = replace(vm, host=host)


def leave_planned(world: World, job: LabJob, planned: LabVm) -> None:
    """Have a planned machine stay at the destination, over a restart too."""
    planned.staged = True
    if job.target is not None:
        world.hosts[job.target].planned[planned.id] = planned

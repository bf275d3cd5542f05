"""The migrations that run on the hosts of a stack: ours, as the audit log has them, and those of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate, unreachable
from hyperv_placement.hyperv.running_jobs import read_name
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.audit_words import paths
from hyperv_placement.model import winpath
from hyperv_placement.model.adoption import host_named
from hyperv_placement.model.names import HostName, is_guid, vm_id
from hyperv_placement.model.running_job import Begun, JobsRead, RunningJob


def read_jobs(estate: Estate, log: AuditLog) -> JobsRead:
    """Return what runs on the hosts now. A host that does not answer is in `silent`: what runs there is unknown.

    `log`: of the stack; those beside it say as well what runs of ours have begun. Raises PlacementError.
    """
    read = estate.running()
    silent = tuple(
        unreachable(name, found) for name, found in read.items() if isinstance(found, PlacementError)
    )
    jobs = [job for found in read.values() if not isinstance(found, PlacementError) for job in found]
    logged = tuple(log.orders()) if jobs else ()
    named = _led(jobs, estate)
    known = sorted(
        (_whose(job, logged) for job in _once(named)), key=lambda job: (job.source, job.name, job.id)
    )
    return JobsRead(jobs=tuple(known), hosts=len(read), silent=silent)


def _led(jobs: Iterable[RunningJob], estate: Estate) -> list[RunningJob]:
    """Return jobs with the host of the stack that each leads to."""
    found = list(jobs)
    if not any(job.destination for job in found):
        return found
    hosts = estate.all_names(estate.specs)
    led = (replace(job, to=host_named(job.destination, hosts)) if job.destination else job for job in found)
    return [_named(job, estate) for job in led]


def _named(job: RunningJob, estate: Estate) -> RunningJob:
    """Return a job with the name of its machine also where that runs at its destination already."""
    if job.name != job.vm_id or job.to is None:
        return job
    try:
        return replace(job, name=read_name(estate.client(job.to), job.vm_id) or job.name)
    except PlacementError:
        return job


def _once(jobs: list[RunningJob]) -> list[RunningJob]:
    """Leave out what a destination shows of a job that its source shows; whether it shows any is unverified."""
    moved = {(job.vm_id, job.to) for job in jobs if job.to is not None and job.to != job.source}
    return [job for job in jobs if (job.vm_id, job.source) not in moved]


def _whose(job: RunningJob, logged: Iterable[tuple[str, Mapping[str, Any]]]) -> RunningJob:
    """Return a job with whoever began it, where an order of the audit log leads the same way to the same files, and has no end."""
    ours = next((_begun(stack, entry) for stack, entry in logged if _is_of(job, entry)), None)
    return replace(job, ours=ours)


def _begun(stack: str, entry: Mapping[str, Any]) -> Begun:
    return Begun(who=str(entry.get("who", "")), time=str(entry.get("time", "")), stack=stack)


def _is_of(job: RunningJob, entry: Mapping[str, Any]) -> bool:
    machine = str(entry.get("id"))
    if job.kind == "prepares" or not is_guid(machine) or vm_id(machine) != job.vm_id:
        return False
    to = job.to if job.destination else job.source
    if (HostName(str(entry.get("from"))), HostName(str(entry.get("to")))) != (job.source, to):
        return False
    ordered = {winpath.comparable(new) for new in paths(entry).values()}
    return {winpath.comparable(path) for path in job.paths} <= ordered

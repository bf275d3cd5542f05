"""Reads the migrations that run on a host, with the names of their machines."""

from __future__ import annotations

from datetime import timedelta

from hyperv_placement.model.estate import MigrationJob
from hyperv_placement.model.names import VmId, is_guid, vm_id
from hyperv_placement.model.running_job import RunningJob
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import Instance

from .rows import any_job_of, has_ended, percent_of

_KINDS = {305: "host", 306: "both", 307: "storage"}
"""JobType (Msvm_MigrationJob page)."""


def read_running(client: Client) -> tuple[RunningJob, ...]:
    """Read the jobs of one host that have not ended. Their destination as a host of the stack is left open.

    Raises the client's errors.
    """
    rows = [row for row in client.query("Msvm_MigrationJob") if not has_ended(row)]
    found = [(row, job) for row in rows if (job := any_job_of(row)) is not None]
    if not found:
        return ()
    # Read after the jobs: a machine that has left meanwhile has no name here, and shows its GUID.
    names = _names(client)
    return tuple(_running(client, row, job, names) for row, job in found)


def read_name(client: Client, vm: VmId) -> str:
    """Return what a host calls a machine, empty where it does not show it. Raises the client's errors."""
    return _names(client, vm).get(vm, "")


def _names(client: Client, vm: VmId | None = None) -> dict[VmId, str]:
    where = None if vm is None else {"Name": vm}
    rows = client.query("Msvm_ComputerSystem", "Name", "ElementName", where=where)
    return {vm_id(row.text("Name")): row.text("ElementName") for row in rows if is_guid(row.text("Name"))}


def _running(client: Client, row: Instance, job: MigrationJob, names: dict[VmId, str]) -> RunningJob:
    elapsed = row.get("ElapsedTime") if row.is_readable("ElapsedTime") else None
    return RunningJob(
        id=job.id,
        resource_uri=job.resource_uri,
        vm_id=job.vm_id,
        name=names.get(job.vm_id) or job.vm_id,
        source=client.host.name,
        to=None,
        destination=job.destination or "",
        kind="prepares" if job.only_prepares else _KINDS.get(job.job_type, ""),
        percent=percent_of(row),
        elapsed=elapsed.total_seconds() if isinstance(elapsed, timedelta) else None,
        owner=job.owner,
        since=job.begun,
        cancellable=row.flag("Cancellable") if row.is_readable("Cancellable") else None,
        paths=job.new_paths,
    )

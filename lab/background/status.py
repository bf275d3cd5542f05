"""The lab's own account of the estate, as `status --json` gives it."""

from __future__ import annotations

from typing import Any

from lab.home.certificates import CA_FILE, CLIENT_CERTIFICATE, CLIENT_KEY
from lab.home.credentials import Account
from lab.storage.checksums import Checksums
from lab.world import LabHost, LabJob, LabVm, World, vmms
from lab.world.jobs import STATE_NAMES
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
    VHD,
)

_VM_STATES = {
    RUNNING: "Running", OFF: "Off", SAVED: "Saved", PAUSED: "Paused", STOPPING: "Stopping", STARTING: "Starting",
    SAVING: "Saving", PAUSING: "Pausing", RESUMING: "Resuming",
}  # fmt: skip


def status(world: World, account: Account, checksums: Checksums | None) -> dict[str, Any]:
    """Return hosts, machines with the checksums of their disks (None: without), jobs, peak and violations.

    Changed files are hashed before the world is held, so that its time goes on meanwhile.
    """
    for vm in world.vms():
        _checksums(world, vm, checksums)
    with world.lock:
        vmms.advance(world)
        return {
            "hosts": {host.name: _host(world, host, account) for host in world.hosts.values()},
            "vms": {label: _vm(world, vm, checksums) for label, vm in _labelled(world.vms())},
            "jobs": [_job(job) for job in world.jobs()],
            "peak_jobs": world.state.peak_jobs,
            "violations": list(world.state.violations),
        }


def _labelled(vms: list[LabVm]) -> list[tuple[str, LabVm]]:
    """Return each machine under its name, or name and GUID where the name is taken."""
    labels: dict[str, LabVm] = {}
    for vm in vms:
        label = vm.name if vm.name not in labels else f"{vm.name} ({vm.id})"
        labels[label if label not in labels else f"{label} on {vm.host}"] = vm
    return list(labels.items())


def _host(world: World, host: LabHost, account: Account) -> dict[str, Any]:
    return {
        "https": host.url,
        "http": host.http_url,
        "ca": str(world.home / CA_FILE),
        "user": account.username,
        "password": account.password,
        "certificate": str(world.home / CLIENT_CERTIFICATE),
        "key": str(world.home / CLIENT_KEY),
        "memory_mib": host.memory_mib,
        "memory_free_mib": world.memory_free_mib(host.name),
    }


def _vm(world: World, vm: LabVm, checksums: Checksums | None) -> dict[str, Any]:
    return {
        "id": vm.id,
        "host": vm.host,
        "state": _VM_STATES[vm.enabled_state],
        "roots": {"config": vm.roots.config, "checkpoints": vm.roots.checkpoints, "paging": vm.roots.paging},
        "disks": [disk.path for disk in vm.disks if disk.kind == VHD],
        "sha256": _checksums(world, vm, checksums),
    }


def _checksums(world: World, vm: LabVm, checksums: Checksums | None) -> dict[str, str | None]:
    """Return the checksum of each disk by its path; None where the file is missing."""
    if checksums is None:
        return {}
    disks = [disk.path for disk in vm.disks if disk.kind == VHD]
    return {path: checksums.sha256(world.files.real(vm.host, path)) for path in disks}


def _job(job: LabJob) -> dict[str, Any]:
    return {
        "id": job.id,
        "vm": job.vm_name,
        "from": job.host,
        "to": job.target or job.destination or job.host,
        "state": STATE_NAMES[job.state],
        "percent": job.percent,
        "by": job.owner,
        "options": job.options,
    }

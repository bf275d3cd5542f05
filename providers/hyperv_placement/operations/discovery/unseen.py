"""Machines that jobs or an earlier reading name, and that no host has: the file cannot declare them, and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hyperv_placement.model.estate import Inventory, MigrationJob
from hyperv_placement.model.names import HostName, VmId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A machine that some host knows of and none shows."""

    vm: VmId
    name: str
    """Its GUID where its name is unknown: jobs do not have it."""
    host: HostName
    """Where it was named."""
    remark: str


def unseen(shown: Iterable[VmId], readings: Sequence[Inventory]) -> tuple[Unseen, ...]:
    """Return the machines that `readings` name and that are not among those `shown`, each once.

    A reading is not atomic: a machine that changes hosts meanwhile can be in none, and one that has gone to a host that
    was not asked is in none either.
    """
    there = set(shown)
    found: dict[VmId, Unseen] = {}
    for each in _reported(readings):
        if each.vm not in there:
            found.setdefault(each.vm, each)
    return tuple(sorted(found.values(), key=lambda each: (each.host, each.vm)))


def _reported(readings: Sequence[Inventory]) -> Iterator[Unseen]:
    """Yield the machines that are named, the most certain first: by jobs that run, by jobs that have ended, by earlier readings."""
    hosts = [host for reading in readings for host in reading.hosts.values()]
    names = {vm.id: vm.name for host in hosts for vm in host.vms}
    for host in hosts:
        for job in host.jobs:
            text = f"is on its way{_whither(job)}, and no host shows it: declare it once it rests"
            yield Unseen(vm=job.vm_id, name=names.get(job.vm_id, job.vm_id), host=host.name, remark=text)
    for host in hosts:
        for job in host.recent:
            there = " there" if job.destination else ""
            text = f"was moved{_whither(job)} a few minutes ago, and no host that was asked shows it: look for it{there}"
            yield Unseen(vm=job.vm_id, name=names.get(job.vm_id, job.vm_id), host=host.name, remark=text)
    for host in hosts:
        for vm in host.vms:
            text = "was there at the first look and nowhere at the second: look for it"
            yield Unseen(vm=vm.id, name=vm.name, host=host.name, remark=text)


def _whither(job: MigrationJob) -> str:
    return f" to {job.destination}" if job.destination else ""

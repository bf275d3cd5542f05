"""Where a machine is once nobody moves it any more: both ends of its migration are read until they agree and stay so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import HostName, VmId

from .ending import AGREED_S, SETTLE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the ends of a migration show of its machine at one time."""

    machines: Mapping[HostName, VirtualMachine]
    """As each end shows it that has it."""
    planned: tuple[HostName, ...]
    """Ends that have a planned system of it."""
    busy: bool
    """Whether a job of it runs at an end."""
    unread: str
    """Why an end was not read; empty where all were."""

    @property
    def proven(self) -> VirtualMachine | None:
        """The machine, where one end has it, no other has any of it, and nobody moves it."""
        if self.unread or self.busy or self.planned or len(self.machines) != 1:
            return None
        return next(iter(self.machines.values()))


def settled(estate: Estate, vm: VmId, ends: Iterable[HostName], clock: Clock) -> Shown:
    """Return what `ends` show of a machine: once they have shown one proven place for AGREED_S, or after SETTLE_S whatever they show."""
    hosts = tuple(dict.fromkeys(ends))
    begun = since = clock.now()
    last: object = None
    while True:
        shown = _shown(estate, vm, hosts)
        now, seen = clock.now(), _places(shown)
        since = since if seen == last else now
        if (shown.proven is not None and now - since >= AGREED_S) or now - begun > SETTLE_S:
            return shown
        last = seen
        clock.wait(1.0)


def _shown(estate: Estate, vm: VmId, hosts: tuple[HostName, ...]) -> Shown:
    machines: dict[HostName, VirtualMachine] = {}
    planned: list[HostName] = []
    unread: list[str] = []
    busy = False
    # From the destination on: a machine that is on its way is then seen at least once.
    for host in reversed(hosts):
        client = estate.client(host)
        try:
            found = estate.read_vm(host, vm)
            planned += [host] if vm in inventory.read_planned(client) else []
            busy |= any(job.vm_id == vm for job in inventory.read_jobs(client))
        except PlacementError as error:  # it says nothing of the machine
            unread.append(error.message)
            continue
        if found is not None:
            machines[host] = found
    return Shown(machines=machines, planned=tuple(planned), busy=busy, unread="; ".join(unread))


def _places(shown: Shown) -> object:
    """Return what must stay the same of it."""
    places = {host: (vm.roots, tuple(disk.path for disk in vm.disks)) for host, vm in shown.machines.items()}
    return places, shown.planned, shown.busy, shown.unread

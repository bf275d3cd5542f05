"""Domain controllers whose files lie on shares: what their hosts need to log on there with may be that machine itself."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.names import folded
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.planning.machine.identify import identify

from .symptoms import Reading


def on_shares(stack: Stack, inventory: Inventory) -> Iterator[VirtualMachine]:
    """Yield the machines with a file on a share, and those that are declared to have one there."""
    declared = {
        vm.id
        for spec in stack.vms.values()
        if _goes_to_share(stack, spec) and isinstance(vm := identify(spec, inventory, None), VirtualMachine)
    }
    for vm in inventory.vms():
        roots = (vm.roots.config, vm.roots.checkpoints, vm.roots.paging, vm.roots.guest_state or "")
        paths = (*roots, *(disk.path for disk in (*vm.disks, *vm.frozen)))
        if vm.id in declared or any(map(winpath.is_unc, paths)):
            yield vm


def _goes_to_share(stack: Stack, spec: VmSpec) -> bool:
    storage = spec.storage
    if storage is None:
        return False
    given = (storage.config, storage.checkpoints, storage.paging, storage.all_disks, *storage.disks.values())
    named = [place for place in given if place]
    # A location is a path, or the name of a root, which each host may have elsewhere.
    hosts = [stack.hosts[name] for name in spec.hosts or stack.hosts if name in stack.hosts]
    return any(winpath.is_unc(host.storage.get(place, place)) for place in named for host in hosts)


def controller_diagnoses(stack: Stack, reading: Reading) -> Iterator[Finding]:
    """Yield a warning for each machine on a share that has the name of a domain controller of the directory."""
    named = {folded(name) for name in reading.controllers}
    for vm in on_shares(stack, reading.inventory):
        if folded(vm.name) in named:
            yield Finding.warning(
                "controller-on-share",
                f"{vm.name} has the name of a domain controller, and its files lie on a share, or are to go there",
                "Keep one domain controller at least on local disks of a host, or outside Hyper-V",
                subject=Subject.machine(vm.name, vm.host),
                breaks="Its host logs on at the file server by a domain controller: where no other one answers, it does not start",
            )

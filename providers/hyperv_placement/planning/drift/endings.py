"""How a move ended that one of our runs began without seeing its end: from what the hosts show now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.names import HostName, VmId

MOVED = "moved"
NOT_MOVED = "not moved"
"""How the text begins of a move that has left its machine where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStart:
    """A start in our audit log without an end: its run was killed, cut off, or stopped following."""

    vm_id: VmId
    source: HostName
    destination: HostName
    """Equals `source` where only files were to move."""
    config: str
    """Its configuration folder as it was ordered; empty where the log does not say."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """Old path -> new path of each disk that was to move."""


def ending_of(start: OpenStart, inventory: Inventory) -> str | None:
    """Return how a move ended, `MOVED` or where the machine is; None while that is unknown.

    It is unknown while a migration of the machine runs, if two hosts show it, or if none does and some host is
    silent; also where the destination shows it and the source is silent, which may show it as well.
    """
    # While it runs both ends may show it, and either answer would be wrong a minute later.
    if inventory.job_of(start.vm_id) is not None:
        return None
    match inventory.with_id(start.vm_id):
        case ():
            return "not seen on any host" if inventory.complete else None
        case (vm,):
            result = _ending(start, vm)
            return None if result == MOVED and start.source in inventory.unreachable else result
        case _:
            return None


def _ending(start: OpenStart, vm: VirtualMachine) -> str:
    there = {winpath.comparable(disk.path) for disk in (*vm.disks, *vm.frozen)}
    old, new = ({winpath.comparable(path) for path in paths} for paths in (start.paths, start.paths.values()))
    # Where the log has no configuration folder the disks decide alone.
    as_ordered = new <= there and (not start.config or winpath.same(start.config, vm.roots.config))
    if vm.host == start.destination and as_ordered:
        return MOVED
    if vm.host not in {start.source, start.destination}:
        return f"not seen to its end: the machine is on {vm.host} now"
    if vm.host == start.source and (start.source != start.destination or old <= there):
        return f"{NOT_MOVED}: the machine is where it was, on {vm.host}"
    return f"not seen to its end: the machine is on {vm.host}, with other paths than were ordered"

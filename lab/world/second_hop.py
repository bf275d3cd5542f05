"""The second hop as the world knows it: which services of other computers a migration needs, and who gets there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from hyperv_placement.model import winpath
from hyperv_placement.model.move import Moves

from .callers import SecondHopCaller
from .jobs import MigrationRequest
from .objects import FILELESS, LabHost, LabVm

MIGRATION, FILES = "Microsoft Virtual System Migration Service", "cifs"
"""Service classes, as "Set up hosts for live migration without Failover Clustering" (learn.microsoft.com) names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of another computer."""

    kind: str
    server: str
    """Name of the computer as it is asked for."""

    def __str__(self) -> str:
        """Return the service principal name."""
        return f"{self.kind}/{self.server}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What the migration service of a host needs in a caller's name."""

    source: str
    """Label of the host."""
    build: int
    caller: SecondHopCaller
    services: tuple[Service, ...]


class SecondHop(Protocol):
    """What really gets there: a directory's tickets."""

    def reach(self, hop: Hop) -> Service | None:
        """Reach each service as the caller; return the first that cannot be reached. It may take seconds."""

    def purge(self, host: str) -> int:
        """Forget what a host keeps of earlier answers, as `klist purge -li 0x3e7` there; return how many there were."""


def services_of(
    vm: LabVm, request: MigrationRequest, source: LabHost, destination: LabHost | None
) -> tuple[Service, ...]:
    """Return what a migration needs: a machine the migration service, its storage `cifs` of the destination.

    "To move virtual machine storage, select cifs. This is required if you want to move the storage along with the
    virtual machine, as well as if you want to move only a virtual machine's storage" ("Set up hosts for live
    migration"): of storage alone that can only be the file server of a share. Guesses, the stricter readings: that a
    machine which moves, too, needs `cifs` of the servers of all its files, that a file server is asked for as the path
    spells it, and the destination by its full name, however DestinationHost spells it.
    """
    found = []
    if destination is not None:
        found.append(Service(kind=MIGRATION, server=destination.full_name))
        if request.moves == Moves.HOST_AND_STORAGE:
            found.append(Service(kind=FILES, server=destination.full_name))
    own = {source.full_name.casefold(), source.computer_name.casefold()}
    servers = (path.lstrip("\\").partition("\\")[0] for path in _paths(vm, request) if winpath.is_unc(path))
    found += [Service(kind=FILES, server=server) for server in servers if server.casefold() not in own]
    return tuple(dict.fromkeys(found))


def _paths(vm: LabVm, request: MigrationRequest) -> Iterator[str]:
    """Yield the files and folders that a migration touches: of storage alone, what it moves; else all."""
    whole = request.moves != Moves.STORAGE
    for roots in (vm.roots if whole or request.roots else None, request.roots):
        if roots is not None:
            yield from (roots.config, roots.checkpoints, roots.paging, *filter(None, [roots.guest_state]))
    yield from (
        disk.path for disk in vm.disks if disk.kind not in FILELESS and (whole or disk.slot in request.disks)
    )
    for checkpoint in vm.checkpoints:
        for disk in checkpoint.disks:
            if whole or f"{checkpoint.id}/{disk.slot}" in request.frozen:
                yield disk.path
    yield from (*request.disks.values(), *request.frozen.values())
    yield from (*request.unmanaged, *request.unmanaged.values())

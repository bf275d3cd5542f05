"""What moves have left behind, as drift: planned copies at destinations, files at sources. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName, VmId

from .values import Drift, DriftKind, LeftFile, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """What was looked for at hosts beside a sweep."""

    planned: tuple[tuple[HostName, VmId], ...] = ()
    """Planned systems of the estate's machines that no running migration needs."""
    files: tuple[LeftFile, ...] = ()
    """Files left by our moves that are still there."""
    unread: Mapping[HostName, str]
    """Hosts that could not be asked, with the reason."""


def left_behind(inventory: Inventory, left: LeftBehind, others: Collection[VmId] = ()) -> Iterator[Drift]:
    """Yield each planned copy and each file, with whose it is, never with advice to remove it.

    A copy of a machine of `others` is theirs to look at.
    """
    names = {vm.id: (vm.name, vm.host) for vm in inventory.vms()}
    for host, vm in left.planned:
        if vm in others:
            continue
        name, place = names.get(vm, (vm, None))
        where = f", which is on {place}" if place else ""
        yield Drift(
            kind=DriftKind.LEFT_BEHIND,
            subject=host,
            text=f"holds a planned copy of {name} ({vm}){where}; no migration that runs needs it",
            host=host,
            vm_id=vm,
        )
    for file in left.files:
        yield Drift(
            kind=DriftKind.LEFT_BEHIND,
            subject=file.host,
            text=f"still holds {file.path}, which the move of {file.vm} at {file.time} has left",
            host=file.host,
        )


def unread(left: LeftBehind, silent: Iterable[HostName]) -> Iterator[Unknown]:
    """Yield the hosts on which leftovers could not be looked for, except silent ones."""
    for host, reason in left.unread.items():
        # Silent hosts are unknown as a whole already.
        if host not in set(silent):
            yield Unknown(subject=host, text=f"whether moves have left something there is unknown: {reason}")

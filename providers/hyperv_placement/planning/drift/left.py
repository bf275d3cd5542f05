"""What moves have left behind, as drift: planned copies at destinations, files at sources. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from hyperv_placement.model.calendar import spelled
from hyperv_placement.model.estate import Inventory, Roots
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Step

from .values import Drift, DriftKind, LeftFile, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCopy:
    """A planned system of one of the estate's machines."""

    host: HostName
    vm_id: VmId
    roots: Roots | None = None
    """Its folders; None where they were not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """What was looked for at hosts beside a sweep."""

    planned: tuple[PlannedCopy, ...] = ()
    """Planned systems of the estate's machines that no running migration needs."""
    files: tuple[LeftFile, ...] = ()
    """Files left by our moves that are still there."""
    unread: Mapping[HostName, str]
    """Hosts that could not be asked, with the reason."""


def left_behind(
    inventory: Inventory,
    left: LeftBehind,
    steps: Iterable[Step] = (),
    others: Collection[VmId] = (),
    zone: tzinfo = UTC,
) -> Iterator[Drift]:
    """Yield each planned copy and each file, with whose it is, never with advice to remove it.

    A copy of a machine of `others` is theirs to look at; one that the move of a step goes into is none. `zone`: by whose clocks moments are said.
    """
    names = {vm.id: (vm.name, vm.host) for vm in inventory.vms()}
    taken = {id(copy) for _, copy in _moved_into(left, steps)}
    for copy in left.planned:
        host, vm = copy.host, copy.vm_id
        if vm in others or id(copy) in taken:
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
            text=f"still holds {file.path}, which the move of {file.vm} at {spelled(file.time, zone)} has left",
            host=file.host,
        )


def moved_into(left: LeftBehind, steps: Iterable[Step]) -> Iterator[str]:
    """Yield a note on each planned copy that a run was cut beside, and that the next one uses."""
    for step, copy in _moved_into(left, steps):
        yield (
            f"{copy.host} holds a planned machine of {step.label} ({copy.vm_id}), where its move is ordered:"
            " a run was cut, and the next one moves into it"
        )


def _moved_into(left: LeftBehind, steps: Iterable[Step]) -> Iterator[tuple[Step, PlannedCopy]]:
    """Yield the copies into which a staged move would go: where it goes to, in the folders that it orders."""
    moves = {step.move.vm.id: (step, step.move) for step in steps if step.move is not None}
    for copy in left.planned:
        step, move = moves.get(copy.vm_id, (None, None))
        if step is None or move is None or copy.roots is None:
            continue
        ordered = replace(move.roots, guest_state=None)  # of a planned system three folders are read
        if move.options.check == "staged" and move.destination == copy.host and ordered == copy.roots:
            yield step, copy


def unread(left: LeftBehind, silent: Iterable[HostName]) -> Iterator[Unknown]:
    """Yield the hosts on which leftovers could not be looked for, except silent ones."""
    for host, reason in left.unread.items():
        # Silent hosts are unknown as a whole already.
        if host not in set(silent):
            yield Unknown(subject=host, text=f"whether moves have left something there is unknown: {reason}")

"""The one reading of a machine right before the order to move it: what is checked there is what the order is written on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hyperv_placement.errors import MachineBusyError, MoveRefusedError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import HostFacts, VirtualMachine, VmState
from hyperv_placement.model.move import Move
from hyperv_placement.planning.checks.state import passing
from hyperv_placement.winrm.bounds import BOUNDS
from hyperv_placement.wsman import Instance

MARGIN_S = 3 * BOUNDS.reading_seconds
"""By so much a machine must have run longer than its move is known, for what is set only while it is off to be as it was.
So old a reading may be when its move is known: two slow hosts were read to the end after it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReading:
    """A machine as its source shows it right before its move."""

    vm: VirtualMachine
    settings: Instance
    """The realized Msvm_VirtualSystemSettingData."""
    disks: Mapping[str, Instance]
    """Msvm_StorageAllocationSettingData by InstanceID, case-folded: the machine's and its checkpoints'."""


def read_last(estate: Estate, move: Move, source: HostFacts, *, known_s: float) -> LastReading:
    """Read the machine once more. Raises MoveRefusedError where it is no longer as the move was planned for.

    MachineBusyError, where that is the doing of what passes, such as a backup.

    `known_s`: for how many seconds the move has been known. Sizes and parents of disks have been read for the needs of the
    move, and their files are held against those; so are they taken from there.
    """
    found = estate.read_for_order(move.source, move.vm, source.cluster)
    if found is None:
        raise MoveRefusedError(f"{move.vm.name} is no longer on {move.source}", remedy="Run again")
    rows, shown = found
    if reason := changed(move.vm, shown):
        # A backup begins with a checkpoint and another file for each disk: when it is over the machine is looked at anew.
        kind = MachineBusyError if passing(shown.operational_status) else MoveRefusedError
        raise kind(
            f"{move.vm.name} has changed on {move.source} since it was looked at: {reason}",
            remedy="Run again",
        )
    media = tuple(disk for disk in shown.disks if disk.removable)
    hard = tuple(disk for disk in move.vm.disks if not disk.removable)
    disks = tuple(sorted((*hard, *media), key=lambda disk: disk.slot))
    # VLAN and SR-IOV of its adapters only warn, and go along with the machine: they are not asked for again.
    vm = replace(
        shown,
        disks=disks,
        frozen=move.vm.frozen,
        heartbeat_ok=move.vm.heartbeat_ok,
        adapters=move.vm.adapters,
    )
    vm = _with_what_is_set_while_off(estate, move, vm, source, ran_s=_ran_s(rows.system) - known_s)
    return LastReading(vm=vm, settings=rows.realized(), disks=rows.media())


def _with_what_is_set_while_off(
    estate: Estate, move: Move, vm: VirtualMachine, source: HostFacts, *, ran_s: float
) -> VirtualMachine:
    """Return `vm` with its virtual TPM and its vectors: as the move knows them, where it has run since, else read now.

    Both change only while a machine is off (Enable-VMTPM page; Set-VMProcessor page of -CompatibilityForMigrationEnabled).
    """
    ran_since = vm.state == VmState.RUNNING and ran_s > MARGIN_S and move.vm.vtpm is not None
    known = replace(vm, vtpm=move.vm.vtpm, vectors=move.vm.vectors) if ran_since else vm
    with estate.client(move.source).together() as soon:
        vtpm = None if ran_since else soon(lambda: estate.has_virtual_tpm(known))
        lacks = move.changes_host and known.vectors is None
        vectors = soon(lambda: estate.with_vectors(known, source).vectors) if lacks else None
    return replace(
        known,
        vtpm=known.vtpm if vtpm is None else vtpm(),
        vectors=known.vectors if vectors is None else vectors(),
    )


def _ran_s(system: Instance) -> float:
    """Return for how many seconds a machine has run (OnTimeInMilliseconds: since it was last turned on, win32 page)."""
    return (system.number("OnTimeInMilliseconds") or 0) / 1000


def changed(before: VirtualMachine, now: VirtualMachine) -> str | None:
    """Return what of a machine is not as its move was planned for, or None. A medium that was put into a drive is judged anew."""
    planned, found = _files(before), _files(now)
    if added := [path for key, path in found.items() if key not in planned]:
        return f"it has {', '.join(added)}"
    if gone := [path for key, path in planned.items() if key not in found]:
        return f"it no longer has {', '.join(gone)}"
    return next(_other_changes(before, now), None)


def _other_changes(before: VirtualMachine, now: VirtualMachine) -> Iterator[str]:
    for old, new in zip(_folders(before), _folders(now), strict=True):
        if not winpath.same(old, new):
            yield f"a folder is {new}, not {old}"
    if now.checkpoints != before.checkpoints:
        yield f"it has {now.checkpoints} checkpoints, not {before.checkpoints}"
    media = {disk.instance_id.casefold(): disk.path for disk in now.disks if disk.removable}
    for disk in before.disks:
        path = media.get(disk.instance_id.casefold(), "")
        if disk.removable and not winpath.same(path, disk.path):
            yield f"disk {disk.slot} is {path or 'gone'}, not {disk.path}"


def _files(vm: VirtualMachine) -> dict[tuple[object, ...], str]:
    return {
        (disk.instance_id.casefold(), winpath.comparable(disk.path), disk.kind, disk.shared): disk.path
        for disk in (*vm.disks, *vm.frozen)
        if not disk.removable
    }


def _folders(vm: VirtualMachine) -> tuple[str, ...]:
    return vm.roots.config, vm.roots.checkpoints, vm.roots.paging

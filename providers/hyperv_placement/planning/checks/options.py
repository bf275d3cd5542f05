"""Checks whether a move can be made with the options that are declared for it."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model.estate import HostFacts, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.model.options import reached_by
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.planning.machine.disk_keys import matching_disks


def overwritten(storage: StorageSpec | None, vm: VirtualMachine) -> frozenset[str]:
    """Return the slots of the disks whose files may be overwritten at their new place."""
    if storage is None:
        return frozenset()
    return frozenset(disk.slot for key in storage.overwrite for disk in matching_disks(key, vm))


def option_findings(move: Move, destination: HostFacts) -> Iterator[Finding]:
    """Yield a refusal for each option that this move cannot keep."""
    name, options = move.vm.name, move.options
    listening = destination.migration.addresses
    if move.changes_host and listening and not reached_by(listening, options.networks):
        yield Finding.refusal(
            "migration-networks-missed",
            f"{name}: {move.destination} listens for migrations on {', '.join(listening)}, none of them within"
            f" {', '.join(options.networks)}",
            f"Correct migration.networks, or add a migration network on {move.destination} ({quoting.powershell('Add-VMMigrationNetwork')})",
        )
    yield from _overwriting(move)


def _overwriting(move: Move) -> Iterator[Finding]:
    """An order overwrites files for all disks or for none, so all must be named.

    AllowOverwriteExistingFile is a property of the migration, not of a disk (win32 pages of
    Msvm_VirtualSystemMigrationSettingData and Msvm_StorageAllocationSettingData).
    """
    copied = {disk.slot: disk.source for disk in move.disks} if move.copies_storage else {}
    if not copied.keys() & move.overwrite:
        return
    others = [path for slot, path in sorted(copied.items()) if slot not in move.overwrite]
    # Files of checkpoints cannot be named in the stack file, so nobody can allow it for them.
    others += [disk.source for disk in move.frozen]
    if others:
        yield Finding.refusal(
            "overwrite-not-for-all",
            f"{move.vm.name}: a host overwrites files for a whole move or not at all, and {', '.join(others)} would go"
            " along without overwrite: true",
            "Move the others first. overwrite: true for all that move only where each file at the new places is known to be nobody's",
        )

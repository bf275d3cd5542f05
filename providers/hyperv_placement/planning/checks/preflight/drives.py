"""Drives whose content stays where it is: ISO and floppy files, the host's own DVD drive, pass-through disks."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, HostFacts
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.planning.machine.wanted_move import seen_by_both

from .room import volume_of


def drives(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield each drive that the destination may not be able to open."""
    for disk in move.vm.disks:
        if disk.removable and not seen_by_both(disk.path, source, destination):
            yield (
                _iso(move, disk, destination)
                if disk.kind == DiskKind.ISO
                else _floppy(move, disk, destination)
            )
        # Where storage is copied the check of the disks refuses it already.
        elif disk.kind == DiskKind.PASS_THROUGH and not move.copies_storage:
            yield Finding.refusal(
                "disk-pass-through",
                f"{move.vm.name} has a pass-through disk, which stays on {move.source}",
                "Convert it to a VHDX first",
            )
    for slot in move.vm.devices.host_drives if move.vm.devices else ():
        yield Finding.warning(
            "dvd-drive-of-host",
            f"{move.vm.name} has the DVD drive of {move.source} in {slot}: how it moves is unverified",
            "Empty the drive first:"
            f" {quoting.powershell('Get-VM -Id {} | Get-VMDvdDrive | Set-VMDvdDrive -Path $null', move.vm.id)}",
        )


def _iso(move: Move, disk: Disk, destination: HostFacts) -> Finding:
    """An ISO that cannot be opened fails the move (0xC03A0014, SupportArticles-docs); hosts do not report their files."""
    remedy = "Eject it, or put it on a share that both hosts read"
    if not _has_volume(destination, disk):
        return Finding.refusal(
            "iso-volume-missing",
            f"{move.vm.name} has {disk.path} in its DVD drive, and {move.destination} has no such volume",
            remedy,
        )
    return Finding.warning(
        "iso-local",
        f"{move.vm.name} has {disk.path} in its DVD drive; the move fails unless {move.destination} has that file too",
        remedy,
    )


def _floppy(move: Move, disk: Disk, destination: HostFacts) -> Finding:
    """What a host does with a floppy disk that it cannot open is unverified: taken to be what it does with an ISO."""
    eject = quoting.powershell("Get-VM -Id {} | Set-VMFloppyDiskDrive -Path $null", move.vm.id)
    remedy = f"Eject it ({eject}), or put it on a share that both hosts read"
    if not _has_volume(destination, disk):
        return Finding.refusal(
            "floppy-volume-missing",
            f"{move.vm.name} has {disk.path} in its floppy drive, and {move.destination} has no such volume",
            remedy,
        )
    return Finding.warning(
        "floppy-local",
        f"{move.vm.name} has {disk.path} in its floppy drive; the move may fail unless {move.destination} has that file too",
        remedy,
    )


def _has_volume(destination: HostFacts, disk: Disk) -> bool:
    volumes = destination.volumes
    return volumes is None or winpath.is_unc(disk.path) or volume_of(disk.path, volumes) is not None

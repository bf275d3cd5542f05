"""Drives whose content stays where it is: ISO files, the host's own DVD drive, pass-through disks."""

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
        if disk.kind == DiskKind.ISO and not seen_by_both(disk.path, source, destination):
            yield _iso(move, disk, destination)
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
    volumes = destination.volumes
    if volumes is not None and not winpath.is_unc(disk.path) and volume_of(disk.path, volumes) is None:
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

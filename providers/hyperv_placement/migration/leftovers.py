"""What a move has left behind: files at the source that were to go, a planned copy at the destination."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.images import has_disk
from hyperv_placement.model import winpath

from .both_ends import Ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is still there after a move that has succeeded."""

    files: tuple[str, ...] = ()
    """Disks at the source, which the host was to remove."""
    planned: bool = False
    """A planned system of the machine at the destination."""
    unread: str = ""
    """Why the source could not be asked for the files."""

    def with_planned(self, planned: bool) -> Self:
        """Return the same with the planned copy."""
        return replace(self, planned=planned)

    def __bool__(self) -> bool:
        """Say whether anything is left."""
        return bool(self.files) or self.planned


def left_at_source(ends: Ends) -> Left:
    """Ask the source for each disk that was copied from it: a call a disk.

    Files that a move keeps on purpose are not looked for, nor those on shares: both ends see them.
    """
    move = ends.move
    # AvoidRemovingVHDs leaves the files on purpose (win32 page of the migration setting data).
    if not move.copies_storage or move.options.avoid_removing_vhds:
        return Left()
    gone = [
        disk.source
        for disk in move.disks
        if not winpath.is_unc(disk.source)
        and (move.changes_host or not winpath.same(disk.source, disk.target))
    ]
    client = ends.estate.client(move.source)
    try:
        with client.together() as soon:
            there = [soon(partial(has_disk, client, path)) for path in gone]
        return Left(files=tuple(path for path, found in zip(gone, there, strict=True) if found()))
    except PlacementError as error:
        return Left(unread=error.message)

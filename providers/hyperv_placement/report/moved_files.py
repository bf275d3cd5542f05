"""Which files a move takes to another path, as people read it: the disk, its file, its new one."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.move import Move


def moved_files(move: Move) -> Iterator[tuple[str, str, str]]:
    """Yield disk, path and new path of each file that gets another one; disks of checkpoints are said to be such."""
    frozen = {disk.instance_id for disk in move.frozen}
    for disk in move.all_disks:
        if not winpath.same(disk.source, disk.target):
            name = f"{disk.slot} of a checkpoint" if disk.instance_id in frozen else disk.slot
            yield name, disk.source, disk.target

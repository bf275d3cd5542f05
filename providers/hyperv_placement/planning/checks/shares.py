"""What goes to shares, whose room no host reports."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.plan import Schedule
from hyperv_placement.model.units import format_bytes


def uncounted(schedule: Schedule) -> Iterator[Finding]:
    """Yield a warning for each share to which files are copied: how many bytes, and that its room was not checked."""
    coming: dict[str, int] = {}
    names: dict[str, str] = {}
    for each in schedule.moves:
        sizes = {d.instance_id: d.counted_bytes for d in (*each.move.vm.disks, *each.move.vm.frozen)}
        for disk in each.move.all_disks:
            if winpath.is_unc(disk.target) and not winpath.same(disk.source, disk.target):
                share = winpath.start(disk.target)
                key = winpath.comparable(share)
                names.setdefault(key, share)
                coming[key] = coming.get(key, 0) + sizes.get(disk.instance_id, 0)
    for key in sorted(coming):
        yield Finding.warning(
            "share-room-unknown",
            f"{format_bytes(coming[key])} go to {names[key]}, and no host reports how much room it has: check the file server",
        )

"""The way back of files: a machine that steps aside into other folders belongs where it was, also when its run breaks off before it returns.

Where nothing is declared of files, a place is no less right than another one, so only what was noted before the first leg tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.plan import Placement, ScheduledMove
from hyperv_placement.model.stack import HostSpec, Stack, VmSpec
from hyperv_placement.model.way_back import WayBack

from .home import fingerprint
from .locate import Located, locate


def way_back(spec: VmSpec, legs: Sequence[ScheduledMove]) -> WayBack | None:
    """Return what is to be noted before the legs of a machine begin; None where none of them takes its files to other folders for a while."""
    if spec.storage is not None or not legs:
        return None
    end = legs[-1].placement
    aside = next(
        (leg.placement for leg in legs[:-1] if leg.aside and not _in_place(leg.placement, end)), None
    )
    if aside is None or None in (aside.config, end.config, end.checkpoints, end.paging):
        return None
    return WayBack(
        aside=aside.config or "", config=end.config or "", checkpoints=end.checkpoints or "", paging=end.paging or "",
        disks=dict(end.disks), entry=fingerprint(spec),
    )  # fmt: skip


def ways_back(stack: Stack, there: Mapping[str, VirtualMachine], kept: Kept) -> Mapping[str, WayBack]:
    """Return the machines of `there` (label -> machine) that stand aside yet, with the way back of their files."""
    found = ((label, vm, kept.ways_back.get(vm.id)) for label, vm in there.items()) if kept.ways_back else ()
    return {
        label: back
        for label, vm, back in found
        if back is not None
        and stack.vms[label].storage is None
        and back.entry == fingerprint(stack.vms[label])
        and winpath.same(back.aside, vm.roots.config)
    }


def located(stack: Stack, spec: VmSpec, vm: VirtualMachine, host: HostSpec) -> Located:
    """Resolve what is declared for `vm` once it is on `host`, and where its files go back to."""
    found = locate(spec, vm, host)
    if (back := stack.ways_back.get(spec.label)) is None:
        return found
    slots = {disk.slot for disk in vm.disks}
    placement = replace(
        found.placement, config=back.config, checkpoints=back.checkpoints, paging=back.paging,
        disks={slot: path for slot, path in back.disks.items() if slot in slots},
    )  # fmt: skip
    return replace(found, placement=placement)


def _in_place(one: Placement, other: Placement) -> bool:
    return winpath.same(one.config or "", other.config or "")

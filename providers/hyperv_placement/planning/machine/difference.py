"""The differences between a wanted placement and where a machine is, property by property, as Pulumi shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import DiskKind, VirtualMachine
from hyperv_placement.model.plan import Placement, ScheduledMove


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One property that is not as wanted; `property` is its path, as `disks.scsi-0-0`."""

    property: str
    actual: str | None
    """None where the machine has no such disk."""
    wanted: str


def observed(vm: VirtualMachine) -> Placement:
    """Return where the machine is, in the form of a placement."""
    return Placement(
        host=vm.host,
        config=vm.roots.config,
        checkpoints=vm.roots.checkpoints,
        paging=vm.roots.paging,
        disks={disk.slot: disk.path for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK},
    )


def differences(wanted: Placement, actual: Placement) -> tuple[Change, ...]:
    """Return what must change, in a stable order. Only what `wanted` declares is compared; paths compare as Windows does."""
    found = []
    # Any of several declared hosts will do: a machine is not sent from one to another without need.
    if wanted.host is not None and actual.host not in (wanted.host, *wanted.allowed):
        found.append(Change(property="host", actual=actual.host, wanted=wanted.host))
    for name, want, have in (
        ("config", wanted.config, actual.config),
        ("checkpoints", wanted.checkpoints, actual.checkpoints),
        ("paging", wanted.paging, actual.paging),
    ):
        # Empty where the host does not reach the storage of a machine: where its folders are is not known then, and is no difference.
        if want is not None and have != "" and _differ(want, have, winpath.same):
            found.append(Change(property=name, actual=have, wanted=want))
    for slot, want in sorted(wanted.disks.items()):
        have = actual.disks.get(slot) or _by_another_name(want, wanted, actual)
        if _differ(want, have, winpath.same):
            found.append(Change(property=f"disks.{slot}", actual=have, wanted=want))
    return tuple(found)


def has_made_room(planned: ScheduledMove, vm: VirtualMachine) -> bool:
    """Say whether the room that a move was to free is free: the machine has arrived, or has left its host.

    It does not matter who moved it or where to: whatever waits for it checks its own room again right before it
    starts.
    """
    left = planned.move.changes_host and vm.host != planned.move.source
    end = replace(planned.placement, disks={disk.slot: disk.target for disk in planned.move.disks})
    return left or not differences(end, observed(vm))


def _by_another_name(want: str, wanted: Placement, actual: Placement) -> str | None:
    """Return the file of a disk that is in its wanted place under a slot name that `wanted` does not use.

    State written while the machine had one SCSI controller, or by a version that numbered them, has such names.
    """
    others = (path for slot, path in actual.disks.items() if slot not in wanted.disks)
    return next((path for path in others if winpath.same(path, want)), None)


def _differ(want: str, have: str | None, same: Callable[[str, str], bool]) -> bool:
    return have is None or not same(want, have)

"""What the hosts must show after a move: only that is success."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from providers.model import winpath
from providers.model.estate import DiskKind, VirtualMachine
from providers.model.names import folded
from providers.model.plan import Move


def deviations(
    move: Move, at_source: VirtualMachine | None, at_destination: VirtualMachine | None
) -> list[str]:
    """Return what differs from the order, in words; `at_source` is not looked at where the machine stays."""
    return list(_deviations(move, at_source, at_destination))


def _deviations(
    move: Move, at_source: VirtualMachine | None, at_destination: VirtualMachine | None
) -> Iterator[str]:
    if at_destination is None:
        yield f"it is not on {move.destination}"
        return
    if move.changes_host and at_source is not None:
        yield f"it is still on {move.source} as well"
    before, after = move.vm, at_destination
    if after.enabled_state != before.enabled_state:
        yield f"its EnabledState is {after.enabled_state}, it was {before.enabled_state}"
    yield from _paths(move, after)
    yield from _frozen(move, after)
    if before.switches is not None and _folded(after.switches or ()) != _folded(before.switches):
        yield f"its switches are {_listed(after.switches or ())}, they were {_listed(before.switches)}"


def _paths(move: Move, after: VirtualMachine) -> Iterator[str]:
    for name in ("config", "checkpoints", "paging", "guest_state"):
        wanted, have = getattr(move.roots, name), getattr(after.roots, name)
        if wanted is not None and (have is None or not winpath.same(wanted, have)):
            yield f"its {name} folder is {have}, not {wanted}"
    wanted_disks = _hard_disks(move.vm) | {disk.slot: disk.target for disk in move.disks}
    actual = _hard_disks(after)
    for slot in sorted(wanted_disks.keys() | actual.keys()):
        wanted, have = wanted_disks.get(slot), actual.get(slot)
        if wanted is None or have is None or not winpath.same(wanted, have):
            yield f"its disk {slot} is {have}, not {wanted}"


def _frozen(move: Move, after: VirtualMachine) -> Iterator[str]:
    """Compare the disks of checkpoints by their paths, all of them at once."""
    if after.checkpoints != move.vm.checkpoints:
        yield f"it has {after.checkpoints} checkpoints, it had {move.vm.checkpoints}"
    targets = {disk.instance_id: disk.target for disk in move.frozen}
    wanted = _comparable(targets.get(disk.instance_id, disk.path) for disk in move.vm.frozen)
    have = _comparable(disk.path for disk in after.frozen)
    if wanted != have:
        yield f"the disks of its checkpoints are {_listed(tuple(have))}, not {_listed(tuple(wanted))}"


def _comparable(paths: Iterable[str]) -> list[str]:
    return sorted(winpath.comparable(path) for path in paths)


def unmoved(move: Move, at_source: VirtualMachine | None, at_destination: VirtualMachine | None) -> bool:
    """Say whether the machine stands exactly as before the move."""
    if at_source is None or (move.changes_host and at_destination is not None):
        return False
    return at_source.roots == move.vm.roots and _places(at_source) == _places(move.vm)


def _places(vm: VirtualMachine) -> tuple[dict[str, str], list[str]]:
    """Return where the disks are, and those of its checkpoints, in comparable form."""
    disks = {slot: winpath.comparable(path) for slot, path in _hard_disks(vm).items()}
    return disks, _comparable(disk.path for disk in vm.frozen)


def _hard_disks(vm: VirtualMachine) -> dict[str, str]:
    """Return slot -> path; an ISO may be ejected while its machine moves."""
    return {disk.slot: disk.path for disk in vm.disks if disk.kind != DiskKind.ISO}


def _folded(names: tuple[str, ...]) -> list[str]:
    """The preflight finds switches without regard to case, so must this."""
    return sorted(map(folded, names))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"

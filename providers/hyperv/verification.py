"""What the hosts must show after a move: only that is success."""

from __future__ import annotations

from collections.abc import Iterator

from providers.model import winpath
from providers.model.estate import VirtualMachine
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
    if sorted(after.switches) != sorted(before.switches):
        yield f"its switches are {_listed(after.switches)}, they were {_listed(before.switches)}"


def _paths(move: Move, after: VirtualMachine) -> Iterator[str]:
    for name in ("config", "checkpoints", "paging", "guest_state"):
        wanted, have = getattr(move.roots, name), getattr(after.roots, name)
        if wanted is not None and (have is None or not winpath.same(wanted, have)):
            yield f"its {name} folder is {have}, not {wanted}"
    wanted_disks = {disk.slot: disk.path for disk in move.vm.disks}
    wanted_disks |= {disk.slot: disk.target for disk in move.disks}
    actual = {disk.slot: disk.path for disk in after.disks}
    for slot in sorted(wanted_disks.keys() | actual.keys()):
        wanted, have = wanted_disks.get(slot), actual.get(slot)
        if wanted is None or have is None or not winpath.same(wanted, have):
            yield f"its disk {slot} is {have}, not {wanted}"


def unmoved(move: Move, at_source: VirtualMachine | None, at_destination: VirtualMachine | None) -> bool:
    """Say whether the machine stands exactly as before the move."""
    if at_source is None or (move.changes_host and at_destination is not None):
        return False
    return at_source.roots == move.vm.roots and {d.slot: d.path for d in at_source.disks} == {
        d.slot: d.path for d in move.vm.disks
    }


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"

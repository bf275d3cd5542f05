"""What the hosts must show after a move: only that is success. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.states import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A host that could not be asked for the machine: it proves nothing."""

    reason: str
    lasting: bool = False
    """Whether asking again would not help."""


Side = VirtualMachine | Unread | None
"""What one host shows: the machine, that it does not have it, or nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Both ends of a move as they were read; of a move that stays both are the one host."""

    source: Side
    destination: Side
    planned: bool | None = None
    """Whether the destination holds a planned system of the machine; None where that was not read."""

    @property
    def unread(self) -> str:
        """Why an end was not read, empty where both were."""
        sides = dict.fromkeys((self.source, self.destination))
        return "; ".join(side.reason for side in sides if isinstance(side, Unread))

    @property
    def refused(self) -> bool:
        """Whether an end was not read, and asking again would not help."""
        return any(isinstance(side, Unread) and side.lasting for side in (self.source, self.destination))

    def machines(self) -> tuple[VirtualMachine, ...]:
        """Return the machine as each end shows it, once for each host."""
        found = (side for side in (self.source, self.destination) if isinstance(side, VirtualMachine))
        return tuple({vm.host: vm for vm in found}.values())

    def arrived(self, move: Move) -> VirtualMachine | None:
        """Return the machine where both ends prove that it is as ordered."""
        vm = self.destination
        if not isinstance(vm, VirtualMachine) or isinstance(self.source, Unread):
            return None
        return None if deviations(move, self.source, vm) else vm

    def unmoved(self, move: Move) -> bool:
        """Say whether the source shows the machine exactly as before, and the destination does not show it.

        A destination that was not read is no proof of the contrary: see `unread`.
        """
        if not isinstance(self.source, VirtualMachine):
            return False
        there = self.destination if isinstance(self.destination, VirtualMachine) else None
        return unmoved(move, self.source, there)

    def at_rest(self, move: Move) -> bool:
        """Say whether both ends were read, and show the machine as before with nothing of an attempt left behind."""
        return self.unmoved(move) and not self.unread and self.planned is False

    def differences(self, move: Move) -> list[str]:
        """Return what is not as ordered, in words; of what was not read that it was not."""
        if self.unread:
            return [self.unread]
        source = self.source if isinstance(self.source, VirtualMachine) else None
        there = self.destination if isinstance(self.destination, VirtualMachine) else None
        return deviations(move, source, there)


def deviations(
    move: Move, at_source: VirtualMachine | None, at_destination: VirtualMachine | None
) -> list[str]:
    """Return what differs from the order, in words; `at_source` is not looked at where the machine stays.

    What was not known of the machine before is not compared. Whether it runs is no part of its place: see `remarks`.
    """
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
    yield from _paths(move, after)
    yield from _frozen(move, after)
    known = before.switches is not None and after.switches is not None
    if known and _folded(after.switches or ()) != _folded(before.switches or ()):
        yield f"its switches are {_listed(after.switches or ())}, they were {_listed(before.switches or ())}"


def remarks(move: Move, enabled_state: int, after: VirtualMachine) -> Iterator[str]:
    """Yield what is worth a warning of a machine that is proven at its destination.

    `enabled_state`: what it had when the move began.
    """
    if after.enabled_state != enabled_state:
        yield f"it is {in_words(after.enabled_state)}, was {in_words(enabled_state)}"
    if after.name != move.vm.name:
        yield f"it is now named {after.name}"


def where(look: Look, move: Move, enabled_state: int) -> str:
    """Return where the machine is, in words; empty where both ends were read and neither has it."""
    if found := look.machines():
        return "it is " + " and ".join(_on(vm, enabled_state) for vm in found)
    if look.unread:
        read = [
            host
            for host, side in ((move.source, look.source), (move.destination, look.destination))
            if side is None
        ]
        missing = f"it is not on {read[0]}, and " if read else ""
        return f"{missing}where it is could not be read ({look.unread})"
    return ""


def found_elsewhere(
    found: Iterable[VirtualMachine], silent: Iterable[HostName], asked: int, enabled_state: int
) -> str:
    """Return where a machine is that neither end of its move has: `asked` hosts in all, of which `silent` did not answer."""
    if seen := [_on(vm, enabled_state) for vm in found]:
        return "it is " + " and ".join(seen)
    if unheard := sorted(silent):
        return f"it is on no host that answers; {', '.join(unheard)} did not"
    return f"it is on none of {asked} hosts"


def _on(vm: VirtualMachine, enabled_state: int) -> str:
    was = "" if vm.enabled_state == enabled_state else f", was {in_words(enabled_state)}"
    return f"on {vm.host}, {in_words(vm.enabled_state)}{was}"


def _paths(move: Move, after: VirtualMachine) -> Iterator[str]:
    for name in ("config", "checkpoints", "paging", "guest_state"):
        wanted, have = getattr(move.roots, name), getattr(after.roots, name)
        if wanted is not None and (have is None or not winpath.same(wanted, have)):
            yield f"its {name.replace('_', ' ')} folder is {have or 'not reported'}, not {wanted}"
    wanted_disks = _hard_disks(move.vm) | {disk.slot: disk.target for disk in move.disks}
    actual = _hard_disks(after)
    for slot in sorted(wanted_disks.keys() | actual.keys()):
        wanted, have = wanted_disks.get(slot), actual.get(slot)
        if wanted is None:
            yield f"it has {have} as {slot}, which it had not"
        elif have is None or not winpath.same(wanted, have):
            yield f"its disk {slot} is {have or 'not there'}, not {wanted}"


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
    """Return slot -> path; an ISO or a floppy disk may be ejected while its machine moves."""
    return {disk.slot: disk.path for disk in vm.disks if not disk.removable}


def _folded(names: tuple[str, ...]) -> list[str]:
    """The preflight finds switches without regard to case, so must this."""
    return sorted(map(folded, names))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"

"""Refuses moves that would give a file the name of a file that another machine keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding, Severity, Topic
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.planning.checks.held_names import (
    Key,
    being_made,
    files_of,
    held_after,
    held_now,
    key_of,
    left_at,
)


def without_taken(
    steps: Sequence[Step], inventory: Inventory, outside: Sequence[Step] = ()
) -> tuple[Step, ...]:
    """Return `steps`, with those refused whose files would lie where another machine's files stay.

    `outside`: machines that are no part of the run, and keep what they have.

    A machine that is refused stays where it is, so its own files may refuse others. A name that its owner gives up in this
    run refuses nobody: the schedule waits for it. A move that is under way is followed, with a warning.
    """
    kept = (replace(step, standing=Standing.IN_PLACE) for step in outside)
    found = taken((*steps, *kept), inventory)
    done = []
    for step in steps:
        finding = found.get(step.label)
        if finding is None or finding in step.findings:
            done.append(step)
        elif finding.refuses:
            done.append(refuse(step, finding))
        else:
            done.append(replace(step, findings=(*step.findings, finding)))
    return tuple(done)


def refuse(step: Step, finding: Finding) -> Step:
    """Return a step with its move refused by `finding`."""
    return replace(step, standing=Standing.REFUSED, findings=(*step.findings, finding))


def taken(steps: Sequence[Step], inventory: Inventory) -> dict[str, Finding]:
    """Return a finding for each move in `steps` (by label) that wants a name which another machine keeps."""
    # Each refusal keeps a machine, and its names, in place: that can refuse others, until nothing is added.
    claims = _Claims(steps, inventory)
    while found := claims.kept_by_others() or claims.wanted_twice():
        claims.refused |= found
    # In this order: a move that is refused needs no warning.
    return {**claims.met_on_the_way(), **claims.refused}


def taken_now(move: Move, inventory: Inventory) -> Iterator[Finding]:
    """Yield a refusal for each file that would get a name which another machine has at this moment."""
    wanted = _new_names(move, inventory)
    for key, vm in owners(inventory, wanted):
        if vm.id != move.vm.id:
            yield _kept(move.vm.name, move, wanted[key], vm, "has it now")


def taken_by(
    move: Move, inventory: Inventory, owned: Mapping[Key, Sequence[VirtualMachine]], leaving: Collection[VmId]
) -> Iterator[Finding]:
    """Yield a refusal for each file that would get a name which another machine has, except for machines that are `leaving`.

    `owned`: what `owned_names` returns, read once for all moves of an estate.
    """
    for key, path in _new_names(move, inventory).items():
        for vm in owned.get(key, ()):
            if vm.id != move.vm.id and vm.id not in leaving:
                yield _kept(move.vm.name, move, path, vm, "stays there")


def owned_names(inventory: Inventory) -> dict[Key, list[VirtualMachine]]:
    """Return every file that belongs to a machine, with its machines."""
    found: dict[Key, list[VirtualMachine]] = {}
    for host in inventory.hosts.values():
        for vm in host.vms:
            for key, _ in held_now(vm, host):
                found.setdefault(key, []).append(vm)
    return found


def onto_own_disks(move: Move, inventory: Inventory) -> Iterator[Finding]:
    """Yield a refusal for each disk that would get the name of another disk that the machine has now, even if that one moves as well.

    One order moves both, and which of them a host moves first is not documented.
    """
    source, end = inventory.hosts.get(move.source), inventory.hosts.get(move.destination)
    if source is None or end is None:
        return
    moving = move.all_disks
    disks = tuple(files_of(move.vm))
    if len({*(disk.instance_id for disk in disks), *(disk.instance_id for disk in moving)}) <= 1:
        return  # the one disk of most machines has no other to meet
    own = {key_of(disk.path, source): disk for disk in disks}
    for moved in moving:
        other = own.get(key_of(moved.target, end))
        if other is not None and other.instance_id != moved.instance_id:
            yield Finding.refusal(
                "disk-onto-own-disk",
                f"{move.vm.name} {_would(move, moved.target)}, which is its own disk {other.slot}",
                "Declare another place for one of the two (storage: in its entry), or move that one first",
            )


_MAY_FAIL = "That migration may fail; how it ends is reported"


class _Claims:
    """Which machine has which file name, and which one wants it."""

    def __init__(self, steps: Sequence[Step], inventory: Inventory) -> None:
        self.refused: dict[str, Finding] = {}
        self._steps = {step.vm_id: step for step in steps}
        self._moves = {
            step.label: step.move
            for step in steps
            if step.standing == Standing.MOVE and step.move is not None
        }
        self._wanted: dict[Key, dict[str, str]] = {}
        """File -> label and path of each machine that wants it and does not have it."""
        self._left_at_source: dict[Key, set[str]] = {}
        """File -> labels of machines whose moves leave it at the source."""
        self._kept: dict[Key, set[str]] = {}
        """File -> labels of machines that have it before and after their moves."""
        for label, move in self._moves.items():
            then = _names_after(move, inventory)
            new = _without_own(then, move, inventory)
            for key, path in new.items():
                self._wanted.setdefault(key, {})[label] = path
            for key in then.keys() - new.keys():
                self._kept.setdefault(key, set()).add(label)
            for key, _ in (
                left_at(move, inventory.hosts[move.source]) if move.source in inventory.hosts else ()
            ):
                self._left_at_source.setdefault(key, set()).add(label)
        self._owners: dict[Key, list[VirtualMachine]] = {}
        for key, vm in owners(inventory, self._wanted):
            self._owners.setdefault(key, []).append(vm)

    def kept_by_others(self) -> dict[str, Finding]:
        """Return the moves not refused yet that want a name which its owner keeps, except those under way."""
        return {
            label: each for label, each in self._kept_by_others().items() if not self._step(label).under_way
        }

    def met_on_the_way(self) -> dict[str, Finding]:
        """Return a warning for each move under way that makes a file whose name another machine keeps: it is too late to refuse it."""
        return {
            label: replace(each, severity=Severity.WARNING, remedy=_MAY_FAIL, topic=Topic.OBSTACLE)
            for label, each in self._kept_by_others().items()
            if self._step(label).under_way
        }

    def _kept_by_others(self) -> dict[str, Finding]:
        found: dict[str, Finding] = {}
        for key, owners in self._owners.items():
            for label, path in self._left(key).items():
                move = self._moves[label]
                for vm in owners:
                    if vm.id != move.vm.id and (why := self._why_it_stays(vm, key)):
                        found.setdefault(label, _kept(label, move, path, vm, why))
        return found

    def wanted_twice(self) -> dict[str, Finding]:
        """Return the moves not refused yet that want the same name, except those under way."""
        found: dict[str, Finding] = {}
        for key in self._wanted:
            wanting = self._left(key)
            for label, path in wanting.items():
                # Two entries may mean one machine; that has a refusal of its own.
                others = [one for one in wanting if self._moves[one].vm.id != self._moves[label].vm.id]
                if others and not self._step(label).under_way:
                    finding = Finding.refusal(
                        "file-name-wanted-twice",
                        f"{label} and {', '.join(others)} would both get the file {path}",
                        "Give one of them a folder of its own",
                        topic=Topic.FILE_NAME,
                    )
                    found.setdefault(label, finding)
        return found

    def _left(self, key: Key) -> dict[str, str]:
        return {label: path for label, path in self._wanted[key].items() if label not in self.refused}

    def _step(self, label: str) -> Step:
        return self._steps[self._moves[label].vm.id]

    def _why_it_stays(self, vm: VirtualMachine, key: Key) -> str:
        """Return why a file keeps its name; empty where its owner gives it up."""
        step = self._steps.get(vm.id)
        if step is None:
            return "is not in the stack file, so it stays there"
        if step.label in self.refused or step.standing == Standing.REFUSED:
            return "does not leave, because its own move is refused"
        if step.label not in self._moves:
            return "stays there"
        if step.label in self._kept.get(key, ()):
            return "keeps it"
        if step.label in self._left_at_source.get(key, ()):
            return "leaves it there when it goes (avoid_removing_vhds, retain_vhd_copies_on_source)"
        return ""


def _new_names(move: Move, inventory: Inventory) -> dict[Key, str]:
    """Return the files that a machine has after a move and not before it, with their paths."""
    return _without_own(_names_after(move, inventory), move, inventory)


def _without_own(names: Mapping[Key, str], move: Move, inventory: Inventory) -> dict[Key, str]:
    source = inventory.hosts.get(move.source)
    now = set() if source is None else {key for key, _ in held_now(move.vm, source)}
    return {key: path for key, path in names.items() if key not in now}


def _names_after(move: Move, inventory: Inventory) -> dict[Key, str]:
    end = inventory.hosts.get(move.destination)
    return {} if end is None else dict(held_after(move, end))


def owners(inventory: Inventory, wanted: Collection[Key]) -> Iterator[tuple[Key, VirtualMachine]]:
    """Yield each of the files `wanted` with each machine that has it: declared or not, running or off."""
    if not wanted:
        return
    # By the path alone first: in an estate of tens of thousands hardly one is that of a wanted file.
    names = {name for _, name in wanted}
    for host in inventory.hosts.values():
        for vm in host.vms:
            for disk in files_of(vm):
                if winpath.comparable(disk.path) in names and (key := key_of(disk.path, host)) in wanted:
                    yield key, vm
    for key, owner in being_made(inventory):
        if key in wanted:
            yield from ((key, vm) for vm in inventory.with_id(owner)[:1])


def _kept(label: str, move: Move, path: str, owner: VirtualMachine, why: str) -> Finding:
    return Finding.refusal(
        "file-name-taken",
        f"{label} {_would(move, path)} on {move.destination}, which is a disk of {owner.name} on {owner.host};"
        f" {owner.name} {why}",
        f"Declare another place for that disk of {label} (storage: in its entry), or move {owner.name} first",
        topic=Topic.FILE_NAME,
    )


def _would(move: Move, path: str) -> str:
    return f"would overwrite {path}" if move.overwrite else f"would get the file {path}"

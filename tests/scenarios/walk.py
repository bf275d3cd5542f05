"""Runs a schedule on the bare numbers of an estate: whether any host, volume, slot, rule or file name is ever overdrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from hyperv_placement.model.estate import Inventory, VirtualMachine, VmState
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Schedule, ScheduledMove
from hyperv_placement.model.stack import Stack

Room = Counter[tuple[str, str]]
"""(host, what) -> how much is free: bytes of memory in MiB, bytes of a volume, slots."""


def walked(stack: Stack, found: Inventory, schedule: Schedule) -> tuple[dict[str, VirtualMachine], list[str]]:
    """Return the machines that moved as they are in the end (by name), and what was wrong on the way."""
    room, at, wrong = _room(stack, found), {vm.name: vm for vm in found.vms()}, list[str]()
    events = [(each.end, 0, number) for number, each in enumerate(schedule.moves)]
    events += [(each.start, 1, number) for number, each in enumerate(schedule.moves)]
    ended: set[int] = set()
    both: dict[str, tuple[str, str]] = {}
    running: dict[int, ScheduledMove] = {}
    for when, starts, number in sorted(events):
        each = schedule.moves[number]
        vm = at[each.move.vm.name]
        if starts:
            if vm.host != each.move.source or not ended.issuperset(each.after):
                wrong.append(f"{when}: {each.label} starts out of turn")
            _take(room, each, vm, found)
            running[number] = each
            both[vm.name] = (each.move.source, each.move.destination)
            wrong += [
                f"{when}: {what} of {host} is overdrawn" for (host, what), left in room.items() if left < 0
            ]
        else:
            _give(room, each, vm)
            at[vm.name] = _after(each.move, vm)
            both.pop(vm.name)
            ended.add(number)
            del running[number]
        wrong += [f"{when}: {what}" for what in _shared_names(at, running.values())]
        wrong += list(_apart(stack, at, both, found))
        going = {each.label for each in running.values()}
        wrong += [
            f"{when}: {sorted(going & set(turns.labels))} are on their way"
            for turns in stack.one_at_a_time
            if len(going & set(turns.labels)) > 1
        ]
    return at, wrong


def _room(stack: Stack, found: Inventory) -> Room:
    room: Room = Counter()
    for name, host in found.hosts.items():
        facts = host.facts
        if facts is None:
            continue
        reserve = stack.hosts[name].reserve
        # what is overdrawn before anything moves is nobody's fault
        room[name, "memory"] = max(0, (facts.memory_free_mib or 0) - reserve.memory_mib)
        for volume in facts.volumes or ():
            kept = max(reserve.disk_bytes, int(volume.capacity_bytes * reserve.disk_percent / 100))
            room[name, volume.path] = max(0, volume.free_bytes - kept)
        room[name, "live"] = facts.migration.max_live
        room[name, "storage"] = facts.migration.max_storage
    return room


def _take(room: Room, each: ScheduledMove, vm: VirtualMachine, found: Inventory) -> None:
    for key, amount in _needs(each.move, vm, found).items():
        room[key] -= amount
    for key in _slots(each.move):
        room[key] -= 1


def _give(room: Room, each: ScheduledMove, vm: VirtualMachine) -> None:
    """Give back what was held at the source; the destination keeps what it took."""
    move = each.move
    if move.changes_host and vm.state == VmState.RUNNING:
        # dynamic memory gives back what it had; anybody else all that was started with
        room[move.source, "memory"] += vm.memory_assigned_mib or vm.memory_mib or 0
    for disk in move.disks:
        if (move.changes_host or disk.source != disk.target) and not disk.source.startswith("\\\\"):
            room[move.source, _volume(disk.source)] += _size(vm, disk.instance_id)
    for key in _slots(move):
        room[key] += 1


def _needs(move: Move, vm: VirtualMachine, found: Inventory) -> Room:
    needs: Room = Counter()
    if found.job_of(vm.id) is not None:
        return needs
    if move.changes_host and vm.state == VmState.RUNNING:
        needs[move.destination, "memory"] += max(vm.memory_mib or 0, vm.memory_assigned_mib or 0)
    for disk in move.disks:
        if (move.changes_host or disk.source != disk.target) and not disk.target.startswith("\\\\"):
            needs[move.destination, _volume(disk.target)] += _size(vm, disk.instance_id)
    return needs


def _shared_names(at: dict[str, VirtualMachine], running: Iterable[ScheduledMove]) -> list[str]:
    """Return the files that two machines have at once: those of a machine on its way lie at both of its ends."""
    names = [(vm.name, file_of(vm.host, disk.path)) for vm in at.values() for disk in vm.disks]
    names += [
        (each.move.vm.name, file_of(each.move.destination, disk.target))
        for each in running
        for disk in each.move.disks
    ]
    owners: dict[tuple[str, str], set[str]] = {}
    for name, file in names:
        owners.setdefault(file, set()).add(name)
    return [f"{file} is of {sorted(own)}" for file, own in owners.items() if len(own) > 1]


def file_of(host: str, path: str) -> tuple[str, str]:
    """Return which file a path is, as seen from a host: written apart from the code that is tested."""
    start, rest = path[:2].replace("/", "\\"), path[2:].replace("/", "\\")
    while "\\\\" in rest:
        rest = rest.replace("\\\\", "\\")
    return "" if start == "\\\\" else host, (start + rest).lower()


def _volume(path: str) -> str:
    return path[:3].replace("/", "\\").upper()


def _slots(move: Move) -> list[tuple[str, str]]:
    kinds = [kind for kind, taken in (("live", move.changes_host), ("storage", move.copies_storage)) if taken]
    return [(host, kind) for host in dict.fromkeys((move.source, move.destination)) for kind in kinds]


def _size(vm: VirtualMachine, instance: str) -> int:
    return next((disk.size_bytes or 0 for disk in vm.disks if disk.instance_id == instance), 0)


def _after(move: Move, vm: VirtualMachine) -> VirtualMachine:
    paths = {disk.instance_id: disk.target for disk in move.disks}
    disks = tuple(replace(disk, path=paths.get(disk.instance_id, disk.path)) for disk in vm.disks)
    return replace(vm, host=move.destination, roots=move.roots, disks=disks)


def _apart(
    stack: Stack, at: dict[str, VirtualMachine], both: dict[str, tuple[str, str]], found: Inventory
) -> list[str]:
    """Return which rules do not hold now that held before: a machine on its way is on both hosts."""
    wrong = []
    for rule in stack.rules:
        if rule.kind != "apart":
            continue
        where = Counter(
            host
            for label in rule.labels
            if stack.vms[label].name in at
            for host in both.get(stack.vms[label].name, (at[stack.vms[label].name].host,))
        )
        before = Counter(
            str(vm.host) for vm in found.vms() if vm.name in {stack.vms[x].name for x in rule.labels}
        )
        wrong += [f"apart (line {rule.line}) on {h}" for h, n in where.items() if n > max(1, before[h])]
    return wrong

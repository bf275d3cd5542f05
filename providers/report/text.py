"""Moves and inventories as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from providers.model.estate import Host, Inventory, VirtualMachine
from providers.model.plan import MigrationType, Move, Schedule, Step
from providers.units import MIB, format_bytes

from .cells import visible

_KINDS = {
    MigrationType.VIRTUAL_SYSTEM: "live migration",
    MigrationType.STORAGE: "storage migration",
    MigrationType.VIRTUAL_SYSTEM_AND_STORAGE: "live migration with storage",
}


def describe(step: Step) -> str:
    """Return one line that says what moves, from where to where, and how."""
    if step.vm is None or step.move is None:
        return f"{step.label}: {step.standing}"
    what = f"{_KINDS[step.move.type]}{_volume(step.move)}"
    details = "; ".join(_relocations(step.move))
    return f"{step.label}: {_way(step.move)}, {what}" + (f" ({details})" if details else "")


def told(schedule: Schedule, label: str) -> Iterator[str]:
    """Yield a line for each move of a machine that waits for others or only makes room."""
    for number in schedule.legs(label):
        each = schedule.moves[number]
        first = ", ".join(schedule.moves[n].label for n in each.after if schedule.moves[n].label != label)
        waits = f", after {first}" if first else ""
        if each.aside:
            yield f"first to {each.move.destination}{waits}: {each.reason}"
        elif waits:
            yield f"{'then to ' if not schedule.whole(number) else 'to '}{each.move.destination}{waits}"


def _relocations(move: Move) -> Iterator[str]:
    """Yield what gets another place: folders once where all roots share them, each disk by its slot."""
    old, new = move.vm.roots, move.roots
    folders = {
        "config": (old.config, new.config),
        "checkpoints": (old.checkpoints, new.checkpoints),
        "paging": (old.paging, new.paging),
    }
    moved = {name: pair for name, pair in folders.items() if pair[0] != pair[1]}
    if len(moved) == len(folders) and len(set(moved.values())) == 1:
        moved = {"folders": (old.config, new.config)}
    yield from (f"{name} {source} -> {target}" for name, (source, target) in moved.items())
    for disk in move.disks:
        if disk.source != disk.target:
            yield f"{disk.slot} {disk.source} -> {disk.target}"


def _way(move: Move) -> str:
    if not move.changes_host:
        return f"stays on {move.source}"
    return f"is on {move.source}, goes to {move.destination}"


def _volume(move: Move) -> str:
    sizes = {disk.slot: disk.size_bytes for disk in move.vm.disks}
    known = [size for disk in move.disks if (size := sizes.get(disk.slot)) is not None]
    memory = f"{_memory(move.vm)} of memory" if move.changes_host and move.vm.memory_mib else ""
    files = f"{format_bytes(sum(known))} of files" if known else ""
    both = " and ".join(part for part in (memory, files) if part)
    return f", {both}" if both else ""


def render_inventory(inventory: Inventory) -> str:
    """Return a table of hosts, each with its machines."""
    return "\n".join(_inventory_lines(inventory))


def _inventory_lines(inventory: Inventory) -> Iterator[str]:
    for host in inventory.hosts.values():
        yield from _host_lines(host)
        for vm in sorted(host.vms, key=lambda vm: vm.name):
            yield f"  {visible(vm.name):<20} {vm.state.name.lower():<8} {_memory(vm):>9}  {visible(vm.roots.config)}  {vm.id}"
    for silent in inventory.unreachable.values():
        yield f"{silent.name}: did not answer: {silent.reason}"


def _host_lines(host: Host) -> Iterator[str]:
    facts = host.facts
    if facts is None:
        yield f"{host.name}: {len(host.vms)} machines"
        return
    known = facts.memory_free_mib is not None and facts.memory_mib is not None
    free = (
        f"{format_bytes((facts.memory_free_mib or 0) * MIB)} of {format_bytes((facts.memory_mib or 0) * MIB)} free"
        if known
        else "memory unknown (needs the right to read root/cimv2)"
    )
    yield f"{host.name} ({facts.full_name}): {len(host.vms)} machines, {free}"
    for volume in facts.volumes or ():
        yield f"  {volume.path}: {format_bytes(volume.free_bytes)} of {format_bytes(volume.capacity_bytes)} free"


def _memory(vm: VirtualMachine) -> str:
    return "?" if vm.memory_mib is None else format_bytes(vm.memory_mib * MIB)

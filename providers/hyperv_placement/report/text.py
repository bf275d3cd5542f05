"""Moves and inventories as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import near_names, winpath
from hyperv_placement.model.estate import Host, Inventory, VirtualMachine
from hyperv_placement.model.memory import shown_mib
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import natural
from hyperv_placement.model.plan import Choice, Schedule, ScheduledMove, Step
from hyperv_placement.model.units import MIB, counted, format_bytes, format_seconds
from hyperv_placement.model.unreachable import listed
from hyperv_placement.visible import visible

from .moved_files import moved_files

_NEXT_TO_NONE = "under 1 s"


def describe(step: Step) -> str:
    """Return one line that says what moves, from where to where, and how."""
    if step.vm is None or step.move is None:
        return f"{step.label}: {step.standing}"
    what = f"{step.move.described}{_volume(step.move)}"
    details = "; ".join(_relocations(step.move))
    way = f"is on {step.move.source}, goes to {step.move.destination}"
    if not step.move.changes_host:
        way = f"stays on {step.move.source}"
    return f"{step.label}: {way}, {what}" + (f" ({details})" if details else "")


def reported(schedule: Schedule, label: str) -> Iterator[str]:
    """Yield a line for each move of a machine: what it costs, where it waits for others, why it only makes room."""
    for number in schedule.legs(label):
        each = schedule.moves[number]
        waits = awaited(schedule, each)
        if each.aside:
            yield f"first to {each.move.destination}{waits}: {each.reason}; {_cost(each)}{_targets(each.move)}"
        elif not schedule.whole(number):
            yield f"then to {each.move.destination}{waits}; {_cost(each)}{_targets(each.move)}"
        else:
            yield f"to {each.move.destination}{waits}; {_cost(each)}" if waits else _cost(each)


def awaited(schedule: Schedule, each: ScheduledMove) -> str:
    """Return for which other machines' moves one waits: `, after` those that free its room, `, behind` those whose links it takes over."""
    return "".join(
        f", {how} {names}"
        for how, numbers in (("after", each.after), ("behind", each.behind))
        if (
            names := ", ".join(
                dict.fromkeys(label for n in numbers if (label := schedule.moves[n].label) != each.label)
            )
        )
    )


def _targets(move: Move) -> str:
    return "".join(f"; {name} to {target}" for name, _, target in moved_files(move))


def summary(schedule: Schedule) -> str:
    """Return one line about all moves of a run: how many, what they cost, and what no order of them could beat.

    A blackout is never more than thought of: no host reports the real one.
    """
    count = len(schedule.moves)
    pauses = [each.blackout for each in schedule.moves if each.blackout]
    still = (
        f"; {_about(schedule.blackout)} of pauses in all, {_span(max(pauses))} the longest"
        " (no host reports the real ones)"
        if pauses
        else ""
    )
    return (
        f"{counted(count, 'move')}, {format_bytes(schedule.bytes)}, {_about(schedule.seconds)}"
        f" (no order of them ends before {_span(schedule.bound)}){still}"
    )


def chosen(choice: Choice) -> str:
    """Return one line about the hosts that were chosen: what is moved for it, and whether that is proved the least."""
    machines = f"{counted(choice.machines, 'machine')} may be on several hosts"
    if not choice.bytes:
        return f"{machines}; none of them has to move"
    if choice.proved:
        return f"{machines}; the hosts chosen move {format_bytes(choice.bytes)}, and no other choice moves less (proved)"
    return f"{machines}; the hosts chosen move {format_bytes(choice.bytes)}, and any choice moves at least {format_bytes(choice.least)}"


def took(seconds: float, estimated: float | None) -> str:
    """Return what a move took, beside what was thought of it."""
    thought = "" if estimated is None else f", estimated {_span(estimated)}"
    return f"moved in {_span(seconds)}{thought}"


def run_took(seconds: float, estimated: float) -> str:
    """Return what all moves of a run took, beside what was thought of them."""
    error = f" ({(seconds - estimated) / estimated:+.0%})".replace("%", " %") if estimated > 0 else ""
    return f"run took {_span(seconds)}, estimated {_span(estimated)}{error}"


def _cost(move: ScheduledMove) -> str:
    pause = f", pauses {_about(move.blackout)}" if move.blackout else ""
    return f"{format_bytes(move.bytes)}, {_about(move.seconds)}{pause}"


def _about(seconds: float) -> str:
    span = _span(seconds)
    return span if span == _NEXT_TO_NONE else f"about {span}"


def _span(seconds: float) -> str:
    return format_seconds(seconds) if seconds >= 0.5 else _NEXT_TO_NONE  # noqa: PLR2004 - what rounds to none


def _relocations(move: Move) -> Iterator[str]:
    """Yield what gets another place: folders once where all roots share them, each disk by its slot."""
    old, new = move.vm.roots, move.roots
    folders = {
        "config": (old.config, new.config),
        "checkpoints": (old.checkpoints, new.checkpoints),
        "paging": (old.paging, new.paging),
    }
    moved = {name: pair for name, pair in folders.items() if not winpath.same(*pair)}
    if len(moved) == len(folders) and len(set(moved.values())) == 1:
        moved = {"folders": (old.config, new.config)}
    yield from (f"{name} {source} -> {target}" for name, (source, target) in moved.items())
    yield from (f"{name} {source} -> {target}" for name, source, target in moved_files(move))


def _volume(move: Move) -> str:
    sizes = {disk.instance_id: disk.size_bytes for disk in (*move.vm.disks, *move.vm.frozen)}
    known = [size for disk in move.all_disks if (size := sizes.get(disk.instance_id)) is not None]
    memory = f"{_memory(move.vm)} of memory" if move.changes_host and move.vm.memory_mib else ""
    files = f"{format_bytes(sum(known))} of files" if known else ""
    both = " and ".join(part for part in (memory, files) if part)
    return f", {both}" if both else ""


def render_inventory(inventory: Inventory) -> str:
    """Return a table of hosts, each with its machines."""
    lines = list[str]()
    for host in inventory.hosts.values():
        lines += _host_lines(host)
        lines += (
            f"  {visible(near_names.reported(vm.name)):<20} {vm.state.name.lower():<8} {_memory(vm):>9}  {visible(vm.roots.config)}  {vm.id}"
            for vm in sorted(host.vms, key=lambda vm: natural(vm.name))
        )
    lines += listed(inventory.unreachable.values())
    return "\n".join(map(visible, lines))


def _host_lines(host: Host) -> Iterator[str]:
    facts = host.facts
    if facts is None:
        yield f"{host.name}: {counted(len(host.vms), 'machine')}"
        return
    known = facts.memory_free_mib is not None and facts.memory_mib is not None
    free = (
        f"{format_bytes((facts.memory_free_mib or 0) * MIB)} of {format_bytes((facts.memory_mib or 0) * MIB)} free"
        if known
        else "memory unknown (needs the right to read root/cimv2)"
    )
    yield f"{host.name} ({facts.full_name}): {counted(len(host.vms), 'machine')}, {free}"
    for volume in facts.volumes or ():
        yield f"  {volume.path}: {format_bytes(volume.free_bytes)} of {format_bytes(volume.capacity_bytes)} free"


def _memory(vm: VirtualMachine) -> str:
    memory = shown_mib(vm)
    return "?" if memory is None else format_bytes(memory * MIB)

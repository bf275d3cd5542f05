"""Checks what a run would start against the guard of the stack file; each refusal says how to allow it once."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from hyperv_placement import quoting
from hyperv_placement.model import winpath
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.guard import LIMITS, Guard, Limit, frozen
from hyperv_placement.model.memory import held_mib, in_memory
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import natural
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import MIB, counted, format_bytes

from .sizes import parents_of

VARIABLE = "PLACEMENT_ALLOW"
"""The environment variable that allows limits once."""
_NAMED = 8
"""Machines that a refusal names; of more, their number."""


def guarded(
    stack: Stack, moves: Iterable[Move], now: datetime | None, allowed: frozenset[Limit]
) -> Iterator[Finding]:
    """Yield a refusal for each limit that a run which starts `moves` would exceed, except those `allowed`.

    `now`: with its offset from UTC; None = freezes are not checked. Files of unknown size are not counted, with a
    warning.
    """
    starts = tuple(moves)
    over = {
        limit: text
        for limit, text in _over(stack.guard, starts, now, stack.path.name)
        if limit not in allowed
    }
    for limit, text in over.items():
        yield Finding.refusal(
            "guard-freeze" if limit == "freeze" else "guard-limit",
            f"{text}: nothing is moved",
            f"Look at what changed; if it is meant, {way_out({*allowed, *over})}",
        )
    if stack.guard.max_bytes is None or "max_bytes" in allowed:
        return
    unknown = sorted({move.vm.name for move in starts if any(size is None for size in _sizes(move))})
    if unknown:
        yield Finding.warning(
            "guard-sizes-unknown",
            f"guard.max_bytes of {stack.path.name} does not count all of {', '.join(unknown)}: sizes are not known",
        )


def _over(
    guard: Guard, moves: tuple[Move, ...], now: datetime | None, file: str
) -> Iterator[tuple[Limit, str]]:
    if guard.max_moves is not None and len(moves) > guard.max_moves:
        names = [*dict.fromkeys(move.vm.name for move in moves)]
        named = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        yield (
            "max_moves",
            f"{counted(len(moves), 'move')} planned ({named}), guard.max_moves of {file} allows {guard.max_moves}",
        )
    count = 0 if guard.max_bytes is None else sum(size or 0 for move in moves for size in _sizes(move))
    if guard.max_bytes is not None and count > guard.max_bytes:
        planned, allowed = format_bytes(count), format_bytes(guard.max_bytes)
        if planned == allowed:  # rounded to the same words, they would contradict the refusal
            planned, allowed = f"{count} B", f"{guard.max_bytes} B"
        yield "max_bytes", f"{planned} would be moved, guard.max_bytes of {file} allows {allowed}"
    hosts = sorted({host for move in moves for host in (move.source, move.destination)}, key=natural)
    if guard.max_hosts is not None and len(hosts) > guard.max_hosts:
        named = ", ".join(hosts)
        yield (
            "max_hosts",
            f"{counted(len(hosts), 'host')} touched ({named}), guard.max_hosts of {file} allows {guard.max_hosts}",
        )
    # A run that moves nothing is let through: a freeze holds back moves alone.
    freeze = frozen(guard.freeze, now) if moves and now is not None else None
    if freeze is not None:
        yield (
            "freeze",
            f"{counted(len(moves), 'move')} planned, guard.freeze of {file} lets nothing start until {freeze}",
        )


def _sizes(move: Move) -> Iterator[int | None]:
    """Yield the bytes of each file that is copied, and of the memory that goes to another host; None where unknown."""
    known = {disk.instance_id: disk for disk in (*move.vm.disks, *move.vm.frozen)}
    copied = [known[disk.instance_id] for disk in (move.all_disks if move.copies_storage else ())]
    yield from (disk.size_bytes for disk in copied)
    if move.options.parents == "copy":
        paths = {winpath.comparable(disk.path) for disk in copied}
        parents = {winpath.comparable(each.path): each for disk in copied for each in parents_of(disk, paths)}
        yield from (parent.size_bytes for parent in parents.values())
    if move.changes_host and in_memory(move.vm):
        memory = held_mib(move.vm)
        yield None if memory is None else memory * MIB
        # Beside what is known: dynamic memory may have grown since, by nobody knows how much.
        yield 0 if move.vm.memory_certain else None


def way_out(limits: Collection[Limit]) -> str:
    """Return the command by which one run may exceed `limits`."""
    names = ",".join(limit for limit in LIMITS if limit in limits)
    return f"allow it once: {VARIABLE}={names} {quoting.own('bin/pulumi up')} (on Windows first: set {VARIABLE}={names})"


def protect(step: Step, guard: Guard) -> Step:
    """Return `step`, refused if its machine is protected."""
    if step.standing != Standing.MOVE or step.label not in guard.protected:
        return step
    reason = Finding.refusal(
        "machine-protected", f"{step.label} is protected", "Take it out of guard.protected to let it move"
    )
    return dataclasses.replace(step, standing=Standing.REFUSED, findings=(*step.findings, reason))

"""Locks of the local backend judged: whose holder is gone, and which a torn write has left; the rest stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.errors import PlacementError
from hyperv_placement.visible import visible
from hyperv_placement.workspace.locks import Fragment, Lock, engines, is_stale, locks, writers


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A lock, or what a torn write has left, and why it goes or stays."""

    found: Lock | Fragment
    removable: bool
    why: str
    """What is written down where it is removed; otherwise what to do."""


def judge_locks(backend: Path, stack: str | None) -> Sequence[Judged]:
    """Return what lies among the locks of a stack, or of all. Raises PlacementError where that cannot be read."""
    try:
        found = list(locks(backend, stack))
    except OSError as error:
        raise PlacementError(
            f"The locks in {backend} cannot be read: {error.filename or backend}: {error.strerror or error}",
            remedy="Make them readable, or remove what is not a lock",
        ) from error
    # An engine whose own lock can be read is not the one that tore another.
    holders = {each.holder.pid for each in found if isinstance(each, Lock) and not is_stale(each)}
    return [_lock(each) if isinstance(each, Lock) else _fragment(each, backend, holders) for each in found]


def _lock(found: Lock) -> Judged:
    holder = visible(str(found.holder))
    if is_stale(found):
        return Judged(found=found, removable=True, why=f"lock removed; its holder is gone ({holder})")
    why = f"still locked by {holder}; if that is not so: {_cancel(found.stack)}"
    return Judged(found=found, removable=False, why=why)


def _fragment(found: Fragment, backend: Path, holders: set[int]) -> Judged:
    if running := writers(found, engines(), holders, backend):
        named = " and ".join(f"process {engine.pid}" for engine in running)
        why = (
            f"{found.path.name} is torn and names no holder, and a pulumi that may be it runs here ({named});"
            f" run again when that has ended, or, where it is not at {found.stack}: {_cancel(found.stack)}"
        )
        return Judged(found=found, removable=False, why=why)
    why = f"{found.path.name} removed; a full disk or a power cut has torn it, and no pulumi that may hold it runs here"
    return Judged(found=found, removable=True, why=why)


def _cancel(stack: str) -> quoting.Command:
    return quoting.own("bin/pulumi cancel --yes --stack {}", stack)

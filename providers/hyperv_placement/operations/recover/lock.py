"""The lock of a stack: taken where its holder is provably gone, or where a person has named that holder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.operations.unlock import Judged, judge_locks
from hyperv_placement.workspace.engine_calls import Answer, EngineCalls
from hyperv_placement.workspace.holders import Holder, Holding, holding
from hyperv_placement.workspace.locks import Lock


class LockState(StrEnum):
    """How the lock of a stack stands, once all was done that may be done about it."""

    FREE = "free"
    HELD = "held"
    """A run goes on, on this computer."""
    NOT_KNOWN = "not known"
    """Somebody holds it of whom this computer cannot say whether he is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFound:
    """The lock of a stack, and what was done."""

    state: LockState = LockState.FREE
    removed: tuple[str, ...] = ()
    """Why each lock was removed."""
    kept: tuple[str, ...] = ()
    """Why each other one was not, and what to do."""


Note = Callable[[str, str], None]
"""Writes down that a lock is about to be removed: its name, and why."""


def free_in_folder(backend: Path, stack: str, taken_of: str | None, note: Note) -> LockFound:
    """Remove what nobody holds among the locks of a stack in a local backend. Raises PlacementError, OSError."""
    removed, kept = list[str](), list[str]()
    states = {LockState.FREE}
    for each in judge_locks(backend, stack):
        holder = each.found.holder if isinstance(each.found, Lock) else None
        if each.removable or (holder is not None and _is_named(holder, taken_of)):
            why = each.why if each.removable or holder is None else _taken(holder)
            note(each.found.path.name, why)
            each.found.remove()
            removed.append(why)
        else:
            kept.append(_instead(holder) if holder is not None else each.why)
            states.add(_state_of(each, holder))
    return LockFound(state=_gravest(states), removed=tuple(removed), kept=tuple(kept))


def free_by_engine(calls: EngineCalls, answer: Answer, taken_of: str | None, note: Note) -> LockFound:
    """Have the engine remove the locks that it has named, where each holder is gone or is the one that a person has named.

    It removes all of a stack at once (pkg/backend/diy/backend.go, CancelCurrentUpdate), so one that stays keeps the others.
    """
    kept = [holder for holder in answer.holders if not _may_go(holder, taken_of)]
    if kept:
        states = {LockState.HELD if holding(each) is Holding.ALIVE else LockState.NOT_KNOWN for each in kept}
        return LockFound(state=_gravest(states), kept=tuple(map(_instead, kept)))
    whys = tuple(
        f"lock removed; its holder is gone ({each})" if holding(each) is Holding.GONE else _taken(each)
        for each in answer.holders
    )
    for why in whys:
        note("of the shared state", why)
    done = calls.run("cancel", "--yes")
    if done.code:
        return LockFound(state=LockState.NOT_KNOWN, kept=(f"the lock cannot be removed: {done.reason}",))
    return LockFound(removed=whys)


def _may_go(holder: Holder, taken_of: str | None) -> bool:
    return holding(holder) is Holding.GONE or _is_named(holder, taken_of)


def _is_named(holder: Holder, taken_of: str | None) -> bool:
    """Say whether a person has named this holder. One that is seen to run keeps its lock all the same."""
    return holder.account == taken_of and holding(holder) is Holding.UNKNOWN


def _taken(holder: Holder) -> str:
    return f"lock removed, as --take-lock-of says of its holder ({holder})"


def _instead(holder: Holder) -> str:
    if holding(holder) is Holding.ALIVE:
        return f"a run holds the lock: {holder}; it goes on by itself, or end it and run this again"
    again = quoting.own("--take-lock-of {}", holder.account)
    return f"the lock is held by {holder}, which cannot be seen from here; look there, and where it is gone run this again with {again}"


def _state_of(each: Judged, holder: Holder | None) -> LockState:
    if holder is None:
        return LockState.HELD if not each.removable else LockState.FREE
    return LockState.HELD if holding(holder) is Holding.ALIVE else LockState.NOT_KNOWN


def _gravest(states: Sequence[LockState] | set[LockState]) -> LockState:
    return next(each for each in (LockState.NOT_KNOWN, LockState.HELD, LockState.FREE) if each in states)

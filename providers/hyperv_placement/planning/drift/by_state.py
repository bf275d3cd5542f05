"""Our moves by the shared states of stacks, put beside those of the audit logs that lie on this computer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hyperv_placement.model.names import VmId

from .values import AuditedMove, AuditedMoves

_SAME = timedelta(minutes=2)
"""How far apart log and state may have the end of one move whose job one of them does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMoves:
    """What the states of stacks keep of their moves."""

    moves: tuple[AuditedMove, ...] = ()
    unread: tuple[str, ...] = ()
    """Stacks whose state did not answer, each with why."""


def joined(past: AuditedMoves, kept: StateMoves) -> AuditedMoves:
    """Return the moves of both, each once, the oldest first: the log has more of a move than the state."""
    moves = sorted((*past.moves, *_only_in_state(past, kept)), key=lambda move: move.time)
    return replace(past, moves=tuple(moves), state_unread=kept.unread)


def _only_in_state(past: AuditedMoves, kept: StateMoves) -> Iterator[AuditedMove]:
    logged: dict[VmId, list[AuditedMove]] = {}
    for move in past.moves:
        logged.setdefault(move.vm_id, []).append(move)
    yield from (
        each for each in kept.moves if not any(_is_same(each, move) for move in logged.get(each.vm_id, ()))
    )


def _is_same(kept: AuditedMove, logged: AuditedMove) -> bool:
    if kept.job and logged.job:
        return kept.job == logged.job
    apart = datetime.fromisoformat(kept.time) - datetime.fromisoformat(logged.time)
    return kept.host == logged.host and abs(apart) <= _SAME

"""The moves that the shared states of stacks keep: any computer that reaches them knows who moved what, without the audit log of that run."""

from __future__ import annotations

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import VmId
from hyperv_placement.planning.drift import AuditedMove
from hyperv_placement.planning.drift.by_state import StateMoves
from hyperv_placement.planning.past.values import StateMove
from hyperv_placement.workspace.engine_calls import EngineCalls
from hyperv_placement.workspace.stacks import PROJECT
from hyperv_placement.workspace.state_moves import state_moves

_READERS = 4
"""Engines at once: each takes a second and a part of a core."""


def no_state(_stacks: Collection[str]) -> StateMoves:
    """Return nothing: no state is asked."""
    return StateMoves()


def moves_of_state(stacks: Collection[str]) -> StateMoves:
    """Return the moves that the states of stacks of this project keep, those of the first one as of the stack that is looked at."""
    names = list(stacks)
    with ThreadPoolExecutor(min(_READERS, len(names))) as pool:
        answers = list(pool.map(_of_stack, names))
    own, *others = (moves for moves, _ in answers)
    return StateMoves(
        moves=(*(replace(move, stack="") for move in own), *(move for moves in others for move in moves)),
        unread=tuple(trouble for _, trouble in answers if trouble),
    )


def _of_stack(stack: str) -> tuple[tuple[AuditedMove, ...], str]:
    try:
        found = state_moves(EngineCalls(PROJECT, stack, os.environ), stack)
    except PlacementError as error:
        return (), f"{stack} did not answer: {error.message}"
    return tuple(as_audited(machine, each) for machine, moves in found.items() for each in moves), ""


def as_audited(machine: VmId, move: StateMove) -> AuditedMove:
    """Return a move of the state as the audit log of its run has it."""
    return AuditedMove(
        vm_id=machine,
        who=move.by,
        time=move.ended.isoformat(timespec="seconds"),
        host=move.to,
        config=move.config,
        disks=move.disks,
        job=move.job,
        stack=move.stack,
    )

"""How long a machine stands still when it changes hosts, roughly."""

from __future__ import annotations

from hyperv_placement.model.estate import VmState
from hyperv_placement.model.memory import held_mib
from hyperv_placement.model.move import Move
from hyperv_placement.model.units import MIB

HANDOVER = 1.0
"""Seconds from stopping at the source to running at the destination: a guess, no host reports them."""
LAST_PASS = 1 / 64
"""Part of the memory that is copied while the machine stands still, a guess: what its guest has written in the last pass."""


def blackout(move: Move, pace: float) -> float:
    """Return seconds: 0 for a machine that is not running, and for moves of files only. `pace`: bytes a second of the move alone."""
    if not move.changes_host or move.vm.state != VmState.RUNNING:
        return 0.0
    return HANDOVER + (held_mib(move.vm) or 0) * MIB * LAST_PASS / pace

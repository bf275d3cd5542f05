"""What becomes of moves under way when their run is cancelled."""

from __future__ import annotations

from enum import StrEnum


class OnCancel(StrEnum):
    """`on_cancel` of the stack file: what the first Ctrl-C does with moves that have started. The second leaves them in any case."""

    LEAVE = "leave"
    """They go on at their hosts, and the run ends at once."""
    WAIT = "wait"
    """They are followed to their ends."""
    ABORT = "abort"
    """Their hosts are asked to cancel them, and the run ends once it is proven where the machines are."""

"""How much is read of a host or of one machine."""

from __future__ import annotations

from enum import IntEnum


class Detail(IntEnum):
    """Each level includes those before it. What was not read is None in the values, and None never lets a move start (ADR 0046)."""

    PLACEMENT = 1
    """Where machines and their files are, and which migrations run: five queries a host. A sweep reads this of all hosts."""
    HOST = 2
    """And of the host itself what decides whether a move may start: limits, room, switches, networks, names."""
    MOVE = 3
    """And of its machines what a move asks of them: a query a class, whatever the number of machines."""
    FULL = 4
    """And size and parent of each disk, and what each machine needs of a processor: calls for each disk and each machine."""

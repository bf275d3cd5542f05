"""What is known of a source's right to act at the destination for its caller, and what to do when it is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from providers.model.plan import Move

REFUSED = frozenset({0x8009030E, 0x8009030D})
"""How a missing right shows: no credentials, or none that are recognised (Troubleshoot live migration issues)."""
FIRST, LONGEST = 5.0, 60.0
"""Seconds between two attempts: the first time, and at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What the directory says of one move, read just now."""

    account: str
    """Distinguished name of the account that has, or lacks, the entries."""
    missing: tuple[str, ...]
    """`hv1 -> hv2: cifs/hv2.corp.example`; empty where all that is needed is there."""


class SecondHop(Protocol):
    """Asks for the delegation of a move."""

    wait: float
    """Seconds for which a move may wait for a host to see what is in the directory already; 0 = not at all."""

    def delegation(self, move: Move, *, fresh: bool) -> Delegation | None:
        """Return what the directory says, None where it cannot be told or is not needed. `fresh`: read it now."""


def is_refused(codes: Collection[int]) -> bool:
    """Say whether a migration failed for want of the right to act at its destination."""
    return not REFUSED.isdisjoint(codes)


def told_missing(found: Delegation) -> str:
    """Return in one sentence what lacks where."""
    return f"the directory lacks, on {found.account}: {'; '.join(found.missing)}"


def pauses() -> Iterator[float]:
    """Yield seconds between attempts, ever longer."""
    pause = FIRST
    while True:
        yield pause
        pause = min(2 * pause, LONGEST)

"""What is known of a source's right to act at the destination for its caller, and what to do when it is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

from hyperv_placement.model.directory import MissingEntry
from hyperv_placement.model.move import Move

REFUSED = frozenset({0x8009030E, 0x8009030D})
"""How a missing right shows: no credentials, or none that are recognised (Troubleshoot live migration issues)."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 60.0
"""Seconds between two attempts: the first time, and at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What the directory says of one move; all that is needed is there where nothing stands against it."""

    account: str = ""
    """Distinguished name of the account that has, or lacks, the entries."""
    missing: tuple[MissingEntry, ...] = ()
    barred: str = ""
    """Why nobody can act for the caller, whatever is delegated."""
    way_out: str = ""
    """What a caller who is barred can do."""
    elsewhere: tuple[str, ...] = ()
    """File servers with files of the machine that nobody has declared, and for which the account has no entry."""
    unknown: str = ""
    """Why the directory cannot tell; then nothing is known to be missing, or there."""

    @property
    def against(self) -> str:
        """What stands against the move, in one sentence; empty where nothing is known to."""
        if self.barred:
            return self.barred
        if self.missing:
            return f"the directory lacks, on {self.account}: {'; '.join(map(str, self.missing))}"
        return ""

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return (
            self.way_out
            or "Declare delegation: in the stack file, or have a domain administrator add these entries"
        )


class SecondHop(Protocol):
    """Asks for the delegation of a move."""

    wait: float
    """Seconds for which a move may wait for a host to see what is in the directory already; 0 = not at all."""

    def delegation(self, move: Move, *, fresh: bool) -> Delegation | None:
        """Return what the directory says, None where none is needed. `fresh`: as it is now."""


def is_refused(codes: Collection[int]) -> bool:
    """Say whether a migration failed because its source may not act at its destination."""
    return not REFUSED.isdisjoint(codes)


def pauses() -> Iterator[float]:
    """Yield seconds between attempts, ever longer."""
    pause = FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_S)

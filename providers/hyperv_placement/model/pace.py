"""How much may be moved at once, and how fast: limits that hold in a time, or always."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from .guard import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One entry of `limits`. None = not limited."""

    window: Window | None = None
    """When it holds; None = always."""
    copies: int | None = None
    """Moves that are on their way at once."""
    bandwidth: float | None = None
    """Bytes a second of a host."""

    def holds(self, first: datetime, last: datetime) -> bool:
        """Say whether it holds at a moment from `first` to `last`; where clocks are changed, the longer reading counts."""
        first, last = first.astimezone(UTC), last.astimezone(UTC)
        if self.window is None or self.window.end_at(first) is not None:
            return True
        return any(True for _ in self.window.times(first, last))


def in_force(paces: Iterable[Pace], first: datetime, last: datetime) -> tuple[Pace, ...]:
    """Return those that hold at a moment from `first` to `last`, as if they held always: of two the stricter one counts."""
    return tuple(replace(each, window=None) for each in paces if each.holds(first, last))


def most_copies(paces: Iterable[Pace]) -> int | None:
    """Return how many moves may be on their way at once by the entries that hold always; None = any number."""
    return min(
        (each.copies for each in paces if each.window is None and each.copies is not None), default=None
    )


def most_bandwidth(paces: Iterable[Pace]) -> float | None:
    """Return the bytes a second by the entries that hold always; None = not limited."""
    return min(
        (each.bandwidth for each in paces if each.window is None and each.bandwidth is not None), default=None
    )

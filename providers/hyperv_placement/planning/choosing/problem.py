"""The choice as values: units that stay together, what each would hold on which host, and how much there is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One host for one unit."""

    host: int
    holds: tuple[tuple[int, int], ...]
    """Pool and amount."""
    cost: int
    """Bytes to move; 0 if everything is there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A machine, or several that must be together."""

    key: str
    options: tuple[Option, ...]
    """In the order of hosts; at least one."""

    @property
    def far(self) -> int:
        """Bytes of the most expensive option: moving everything."""
        return max(option.cost for option in self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentProblem:
    """All units whose host is to be chosen; they come sorted by key."""

    units: tuple[Unit, ...]
    room: tuple[int, ...]
    """By pool: what is available for these units."""
    load: tuple[tuple[int, int], ...]
    """By host: the pool of its memory, and the total, by which balance is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An answer."""

    chosen: tuple[Option | None, ...]
    """By unit; None for one that finds no host."""
    cost: int
    """Bytes that are moved."""
    least: int
    """Bytes that every choice moves at least."""

    @property
    def proved(self) -> bool:
        """Whether no choice moves fewer bytes."""
        return self.cost == self.least and all(option is not None for option in self.chosen)

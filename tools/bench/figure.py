"""A measured figure beside its goal, and the arithmetic that both need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table."""

    name: str
    unit: str
    result: float
    at_most: float | None = None
    at_least: float | None = None
    """Just one of the two is the goal; without either the row only informs."""
    below: bool = False
    """Whether reaching `at_most` exactly misses it."""
    notes: tuple[str, ...] = field(default=())
    """Lines that explain the result."""

    @property
    def held(self) -> bool:
        """Whether the goal is reached."""
        if self.at_most is not None:
            return self.result < self.at_most if self.below else self.result <= self.at_most
        return self.at_least is None or self.result >= self.at_least

    @property
    def goal(self) -> str:
        """The goal in words."""
        if self.at_most is not None:
            return f"{'<' if self.below else '<='} {amount(self.at_most)} {self.unit}".rstrip()
        return "" if self.at_least is None else f">= {amount(self.at_least)} {self.unit}".rstrip()


def amount(value: float) -> str:
    """Return a number with as many decimals as its size deserves: 2400, 68.7, 1.28."""
    if value == int(value) or abs(value) >= 1000:  # noqa: PLR2004 - from there on a decimal is noise
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}"  # noqa: PLR2004 - the same


def ratio(measured: Sequence[float], floor: Sequence[float]) -> float:
    """Return the median of `measured` over that of `floor`: one slow run decides nothing."""
    return median(measured) / median(floor)


def excess_requests(requests: int, characters: int, page: int) -> int:
    """Return how many requests a class took above 2 and one for each further full page.

    `characters`: what its answers held in all; `page`: how many a full page holds.
    """
    return max(0, requests - 2 - characters // page)


def listed(values: Sequence[float], unit: str) -> str:
    """Return the single measurements, for a note."""
    return ", ".join(amount(value) for value in values) + f" {unit}"

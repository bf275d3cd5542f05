"""What is measured of a night: processes by what they hold, folders by their bytes; and what of it is bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How far a measure may go."""

    most: float
    """Its largest value."""
    growth: float
    """From the first third of the samples to the last: largest value against largest value."""


@dataclass(slots=True, kw_only=True)
class Series:
    """One measure over the night."""

    name: str
    unit: str
    bound: Bound
    samples: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """By how much the last third goes beyond the first."""
        third = max(1, len(self.samples) // 3)
        return max(self.samples[-third:], default=0) - max(self.samples[:third], default=0)

    @property
    def held(self) -> bool:
        """Whether there is something to judge, and it is within the bound."""
        return (
            bool(self.samples) and max(self.samples) <= self.bound.most and self.growth <= self.bound.growth
        )

    def cells(self) -> Sequence[str]:
        """Return it as a row of the table."""
        seen = self.samples or [0]
        numbers = (seen[0], seen[-1], max(seen), self.bound.most, self.growth, self.bound.growth)
        verdict = "held" if self.held else "not held"
        return (
            f"{self.name} ({self.unit})",
            str(len(self.samples)),
            *(f"{each:.1f}" for each in numbers),
            verdict,
        )


def table(all_: Iterable[Series]) -> str:
    """Return all measures, a row each."""
    head = ("measure", "samples", "first", "last", "most", "may be", "growth", "may be", "")
    rows = [head, *(series.cells() for series in all_)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def held_by(process: psutil.Process) -> tuple[float, float, float]:
    """Return memory in MiB, open files and threads. Raises psutil.Error where it has ended."""
    with process.oneshot():
        return process.memory_info().rss / MIB, float(process.num_fds()), float(process.num_threads())


def size_mib(folder: Path) -> float:
    """Return what lies in a folder, in MiB."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total / MIB


def of_folder(folder: Path) -> Iterator[psutil.Process]:
    """Yield the processes that work in a folder or below."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(folder):
                yield process

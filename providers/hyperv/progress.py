"""How far a migration is, in words for the live tree."""

from __future__ import annotations

from dataclasses import dataclass

from providers.units import format_seconds

PHASES = {
    32774: "moving memory and state",
    32778: "moving storage",
    32779: "finishing storage",
    32780: "preparing at the destination",
    32781: "checking compatibility",
}
"""Msvm_ComputerSystem.OperationalStatus[1] while migrating (win32 page; above 32774 from the FailoverClusters
enumeration, unofficial)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One reading of a move."""

    phase: str
    percent: int | None = None
    """None before the job runs."""
    seconds_left: float | None = None
    """An estimate by the pace so far."""

    def __str__(self) -> str:
        """As in `37 %, moving storage, about 40 s left`."""
        parts = [f"{self.percent} %"] if self.percent is not None else []
        parts.append(self.phase)
        if self.seconds_left is not None:
            parts.append(f"about {format_seconds(self.seconds_left)} left")
        return ", ".join(parts)


def estimate(percent: int, elapsed: float) -> float | None:
    """Return the seconds left at the pace so far; None where too little is done to tell."""
    return elapsed * (100 - percent) / percent if 5 <= percent < 100 and elapsed > 1 else None  # noqa: PLR2004

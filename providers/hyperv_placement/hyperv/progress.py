"""How far a migration is, in words for the live tree."""

from __future__ import annotations

from dataclasses import dataclass

from hyperv_placement.model.units import format_seconds

PHASES = {
    32774: "migrating",
    32778: "moving storage",
    32779: "finishing storage",
    32780: "preparing at the destination",
    32781: "checking compatibility",
}
"""Msvm_ComputerSystem.OperationalStatus[1] while migrating (win32 page; above 32774 from the FailoverClusters
enumeration, unofficial)."""

_SHORT = {
    "migrating": "memory",
    "moving storage": "files",
    "finishing storage": "last files",
    "preparing at the destination": "preparing",
    "checking compatibility": "checking",
}
"""Phase -> the same in a word or two."""
STILL = 60.0
"""Seconds without any movement after which an estimate by the pace before says nothing."""
LEAST_DONE = 5
"""Percent that must have been seen to pass before an estimate is worth showing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One reading of a move."""

    phase: str
    percent: int | None = None
    """None before the job runs."""
    seconds_left: float | None = None
    """An estimate by the pace so far."""
    lasting: bool = False
    """Whether it belongs into the log of the run, and not only into the live tree."""
    warns: bool = False
    """Whether it is trouble that the operator must find in the run's diagnostics; then it lasts, too."""

    still: float = 0.0
    """Seconds since anything moved, where it was read all the while."""

    def __str__(self) -> str:
        """As in `37 %, moving storage, about 40 s left`."""
        parts = [f"{self.percent} %"] if self.percent is not None else []
        parts.append(self.phase)
        if self.still >= STILL:
            parts.append(f"nothing moved for {format_seconds(self.still)}")
        elif self.seconds_left is not None:
            parts.append(f"about {format_seconds(self.seconds_left)} left")
        return ", ".join(parts)

    @property
    def short(self) -> str:
        """As in `37 %, files, 40 s`: what is most worth knowing, for a line without room."""
        parts = [f"{self.percent} %"] if self.percent is not None else []
        parts.append(_SHORT.get(self.phase, self.phase))
        if self.still >= STILL:
            parts.append(f"still for {format_seconds(self.still)}")
        elif self.seconds_left is not None:
            parts.append(format_seconds(self.seconds_left))
        return ", ".join(parts)


def estimate(done: int, left: int, elapsed: float) -> float | None:
    """Return the seconds for `left` percent at the pace of `done` percent in `elapsed` seconds; None if too early."""
    return elapsed * left / done if done >= LEAST_DONE and left > 0 and elapsed > 1 else None

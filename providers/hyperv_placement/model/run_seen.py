"""A run under way as somebody beside it sees it: each of its moves with how it stands, and how far the whole is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .estate import UnreachableHost
from .names import HostName
from .running_job import RunningJob


class MoveState(StrEnum):
    """How a move of a run stands."""

    RUNS = "runs"
    WAITS = "waits"
    DONE = "done"
    ENDED = "not moved"
    """It was refused or failed, or its machine ended elsewhere: why, `note` says."""
    LEFT = "left to its host"
    """The run follows it no longer; it may go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSeen:
    """One move of a run."""

    label: str
    source: HostName
    to: HostName
    bytes: int
    """What it copies, as it was planned."""
    state: MoveState
    note: str = ""
    """For whom it waits, or why it ended otherwise than planned."""
    job: RunningJob | None = None
    """What its host shows of it; None where it shows nothing."""

    @property
    def part(self) -> float:
        """How much of it is done: 0 to 1."""
        if self.state is MoveState.DONE:
            return 1.0
        return (self.job.percent or 0) / 100 if self.state is MoveState.RUNS and self.job is not None else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """A run of a stack, as its order, its log and the hosts show it."""

    stack: str
    goes_on: bool | None
    """Whether somebody holds the stack; None where only the engine could tell."""
    who: str = ""
    """Who began it; empty where no log here knows."""
    since: str = ""
    """When it began: ISO 8601; empty where no log here knows."""
    elapsed: float | None = None
    """Seconds since then; below zero where the clock of this computer was set back meanwhile."""
    moves: tuple[MoveSeen, ...] = ()
    """By their starts; none where the order of the run is not kept here, as of one that another computer began."""
    others: tuple[RunningJob, ...] = ()
    """Jobs on the stack's hosts that are none of its moves."""
    silent: tuple[UnreachableHost, ...] = ()
    """What runs there is unknown."""

    @property
    def bytes(self) -> int:
        """What all its moves copy, as planned."""
        return sum(move.bytes for move in self.moves)

    @property
    def bytes_done(self) -> int:
        """How much of that is copied, by the percents that hosts show."""
        return round(sum(move.bytes * move.part for move in self.moves))

    @property
    def left(self) -> float | None:
        """Seconds to its end at its pace so far, and to the end of every job that runs; None where too little is done to say."""
        jobs = [move.job.left for move in self.moves if move.job is not None and move.job.left is not None]
        open_bytes = sum(move.bytes for move in self.moves if move.state in {MoveState.RUNS, MoveState.WAITS})
        going = self.bytes_done - sum(move.bytes for move in self.moves if move.state is MoveState.DONE)
        elapsed = self.elapsed or 0.0
        if not open_bytes or elapsed <= 0 or self.bytes_done * 20 < self.bytes:
            return max(jobs, default=None)
        return max([*jobs, elapsed * (open_bytes - going) / self.bytes_done])

    def count(self, *states: MoveState) -> int:
        """Return how many moves stand so."""
        return sum(move.state in states for move in self.moves)

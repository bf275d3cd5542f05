"""The course of a migration: which phases it goes through, how long each takes, how percent grows."""

from __future__ import annotations

from dataclasses import dataclass

from hyperv_placement.model.move import Moves

from .jobs import CHECK
from .objects import CHECKING as CHECKING_ACTIVITY
from .objects import MIGRATING, PREPARING, STORAGE_COPY, STORAGE_SWITCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of a migration; percent grows evenly to `until` while it lasts."""

    name: str
    seconds: float
    until: int
    activity: int | None
    """OperationalStatus[1] of the machine meanwhile."""


STARTING = Phase(name="starting", seconds=0.4, until=0, activity=None)
CHECKING = "checking"
COPYING = "moving storage"
FINISHING = "finishing"
CHECKED_AT = 8
"""Percent at which the checks are over."""


SWITCHING_AT = 95
"""Percent from which a migration cannot be cancelled any more: the machine is about to run elsewhere. A guess of the lab."""


def preparation(purpose: str) -> tuple[Phase, ...]:
    """Return the phases of a job that moves nothing: about a second."""
    activity = CHECKING_ACTIVITY if purpose == CHECK else PREPARING
    return STARTING, Phase(name=CHECKING, seconds=0.6, until=100, activity=activity)


def phases(moves: Moves | None, vm_id: str) -> tuple[Phase, ...]:
    """Return the phases of a migration by what it moves: 4 to 8 world seconds in all, by machine.

    Shared-nothing moves copy storage first, then memory (as blogs report); the times are the lab's own.
    """
    slower = 1 + int(vm_id[:2], 16) / 1024  # up to a quarter, so that jobs do not march in step
    activity = STORAGE_COPY if moves == Moves.STORAGE else MIGRATING
    checking = Phase(name=CHECKING, seconds=0.6, until=CHECKED_AT, activity=activity)
    finishing = Phase(name=FINISHING, seconds=0.4, until=100, activity=activity)
    memory = Phase(name="moving memory", seconds=1.8 * slower, until=95, activity=MIGRATING)
    if moves == Moves.HOST:
        longer = Phase(name="moving memory", seconds=3 * slower, until=95, activity=MIGRATING)
        return STARTING, checking, longer, finishing
    if moves == Moves.STORAGE:
        copy = Phase(name=COPYING, seconds=3 * slower, until=85, activity=STORAGE_COPY)
        mirror = Phase(name="switching storage", seconds=0.6, until=95, activity=STORAGE_SWITCH)
        return STARTING, checking, copy, mirror, finishing
    copy = Phase(name=COPYING, seconds=3 * slower, until=70, activity=STORAGE_COPY)
    return STARTING, checking, copy, memory, finishing


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a migration is."""

    phase: Phase
    percent: int
    copied: float
    """Share of the storage phase that is behind it: 0 before, 1 after."""
    over: bool


def position(course: tuple[Phase, ...], elapsed: float) -> Position:
    """Return where a migration is after `elapsed` world seconds of work."""
    percent, copied = 0.0, 0.0
    for phase in course:
        share = min(1.0, elapsed / phase.seconds)
        percent += (phase.until - percent) * share
        copied = share if phase.name == COPYING else copied
        elapsed -= phase.seconds
        if elapsed < 0:
            return Position(phase=phase, percent=int(percent), copied=copied, over=False)
    return Position(phase=course[-1], percent=100, copied=1.0, over=True)


def time_of(course: tuple[Phase, ...], percent: int) -> float:
    """Return the world seconds of work after which `percent` is reached."""
    start, elapsed = 0, 0.0
    for phase in course:
        if percent <= phase.until and phase.until > start:
            return elapsed + phase.seconds * max(0, percent - start) / (phase.until - start)
        start, elapsed = phase.until, elapsed + phase.seconds
    return elapsed

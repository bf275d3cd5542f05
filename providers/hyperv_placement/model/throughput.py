"""What past moves took, and the throughput that they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .names import HostName

Pair = tuple[HostName, HostName]
"""Source and destination; the same twice for a move of files on one host."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MadeBy:
    """Who made a move, as the audit log of that run has it, and what shows at a host that it was that move."""

    who: str = ""
    """The login of whoever ran it; empty where an earlier version has kept nothing of it."""
    actor: str = ""
    """For whom, as a pipeline says."""
    run: str = ""
    """The pipeline's run, else the number of the engine's run."""
    job: str = ""
    """InstanceID of the host's job."""
    config: str = ""
    """The configuration folder afterwards."""
    disks: tuple[str, ...] = ()
    """Where the disks that went along were afterwards."""


NOBODY = MadeBy()
"""Nothing is known of who it was."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PastMove:
    """A move that was made and verified, beside what was thought of it before."""

    ended: int
    """Seconds since 1970, UTC."""
    source: HostName
    destination: HostName
    bytes: int
    """What the plan said that it copies: files, and memory of a machine that ran; 0 where no plan had this move."""
    seconds: float
    """From the accepted order until both hosts showed the machine in its place."""
    estimated: float
    """Seconds that the plan gave it; 0 where none had it."""
    by: MadeBy = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Bytes a second that single moves have had."""

    pairs: Mapping[Pair, float] = field(default_factory=dict)
    hosts: Mapping[HostName, float] = field(default_factory=dict)
    """By host: the best of its pairs, so that its link carries as much at least. Moves on one host say nothing of it."""


NOTHING_OBSERVED = Throughput()
"""Nothing has moved yet."""

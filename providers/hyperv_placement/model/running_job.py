"""A migration that runs now, as a person looks at it: which machine, from where to where, whose, how far and how fast."""

from __future__ import annotations

from dataclasses import dataclass

from .estate import UnreachableHost
from .names import HostName, VmId

LEAST_DONE = 5
"""Percent that must be done before an estimate is worth showing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Who began a migration, by the audit log of a stack of this project."""

    who: str
    time: str
    """ISO 8601, in UTC."""
    stack: str
    """Whose log has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """A migration job that has not ended."""

    id: str
    """InstanceID."""
    resource_uri: str
    vm_id: VmId
    name: str
    """Of the machine, as its host shows it; its GUID where the host shows none."""
    source: HostName
    """The host that runs the job."""
    to: HostName | None
    """The host of the stack that it leads to; None where it leads to none of them, or the machine stays."""
    destination: str
    """DestinationHost as the job has it; empty where only storage moves."""
    kind: str
    """What it does: `host`, `storage`, `both`, or `prepares` where it moves nothing; empty where the host does not say."""
    percent: int | None
    """None where the host says nothing that can be read."""
    elapsed: float | None
    """Seconds that it has run, by its host."""
    owner: str
    """The account that ordered it, as its host has it; empty where that is not reported."""
    since: str
    """StartTime: ISO 8601, in UTC, by the host's clock; empty where none is reported."""
    cancellable: bool | None
    """Whether its host lets it be cancelled now; None where it does not say."""
    paths: tuple[str, ...] = ()
    """Disks that it has been ordered to make; none where it does not say."""
    ours: Begun | None = None
    """None where no audit log of this project says that a run has begun it."""

    @property
    def pace(self) -> float | None:
        """Percent a second, over all that it has run; None where too little is done to say."""
        if self.percent is None or self.percent < LEAST_DONE or not self.elapsed or self.elapsed <= 1:
            return None
        return self.percent / self.elapsed

    @property
    def left(self) -> float | None:
        """Seconds to its end at that pace; an estimate."""
        return None if self.pace is None or self.percent is None else (100 - self.percent) / self.pace


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsRead:
    """The migrations of all hosts of a stack at one time."""

    jobs: tuple[RunningJob, ...]
    """By source and name of the machine."""
    hosts: int
    """Hosts of the stack, those that did not answer among them."""
    silent: tuple[UnreachableHost, ...] = ()
    """What runs there is unknown."""

"""Lines of audit logs, and moves that state keeps, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hyperv_placement.model.names import HostName, VmId


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDrift:
    """One machine that `drift` has found, as the log keeps it."""

    kind: str
    subject: str
    vm_id: VmId | None = None
    host: str = ""
    """Where it was; empty where that was not known."""
    who: str = ""
    """Who had moved it; empty where nobody knew."""
    when: str = ""
    """When it was moved: ISO 8601; empty where nobody knew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """One line of an audit log."""

    time: datetime
    """In UTC."""
    event: str
    stack: str
    who: str
    """The login by the account database; of a move whose end a later run has found, of whoever began it."""
    actor: str = ""
    """Whom the pipeline names; anybody who starts a run can set that."""
    ticket: str = ""
    run: str = ""
    """The address of the pipeline's run."""
    result: str = ""
    moved: bool = False
    """Whether it tells of a move that was proven to have ended well."""
    vm: str = ""
    vm_id: VmId | None = None
    source: str = ""
    """A host; empty where the line names none."""
    to: str = ""
    files: int = 0
    """Disks that went along."""
    job: str = ""
    seconds: float | None = None
    """From order to proof; None where it is not recorded."""
    bytes: int | None = None
    pause: float | None = None
    """Seconds for which the machine stood still, as the plan had estimated it; None where it is not recorded."""
    subject: str = ""
    """What a hold is of."""
    until: str = ""
    reason: str = ""
    drifts: int | None = None
    """How many drifts were found, of a line of `drift`."""
    found: tuple[PastDrift, ...] = ()

    @property
    def by(self) -> str:
        """Who did it, in words: the pipeline's actor beside the login."""
        return f"{self.who} (for {self.actor})" if self.actor and self.actor != self.who else self.who


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """The lines of several logs."""

    events: tuple[PastEvent, ...] = ()
    """The oldest first."""
    unreadable: int = 0
    """Lines and files that could not be read: what they reported is missing."""

    @property
    def begin(self) -> datetime | None:
        """The time of the oldest line; None without one."""
        return min((each.time for each in self.events), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMove:
    """A move that the state of a stack keeps in a machine's outputs."""

    ended: datetime
    source: HostName
    to: HostName
    bytes: int | None
    """None where it is not recorded."""
    seconds: float
    who: str = ""
    """Empty where the state of an earlier version has no name."""
    job: str = ""
    actor: str = ""
    """For whom, as a pipeline says."""
    run: str = ""
    config: str = ""
    """The configuration folder afterwards; empty where the state of an earlier version has none."""
    disks: frozenset[str] = frozenset()
    """Where the disks that went along were afterwards."""
    stack: str = field(default="")

    @property
    def by(self) -> str:
        """Who it was, and for whom where a pipeline says that."""
        return f"{self.who} (for {self.actor})" if self.actor else self.who

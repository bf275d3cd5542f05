"""Drift as values: each difference between a stack file and its hosts, who made it, and what is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from hyperv_placement.model.directory import DelegationPlan
from hyperv_placement.model.estate import UnreachableHost
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.others import Others, OthersSeen
from hyperv_placement.model.own_name import Identity
from hyperv_placement.model.stack import Away, Hold, Maintenance, Snooze
from hyperv_placement.planning.machine.difference import Change


class DriftKind(StrEnum):
    """What is not as declared."""

    PLACED = "placed elsewhere"
    FILES = "files elsewhere"
    LEAVING = "on its way"
    """It is still where it is declared, and a running migration takes it, or its files, away."""
    UNCOMPARED = "cannot be compared"
    """Its entry does not fit it, as where it names a disk that the machine does not have."""
    UNDECLARED = "not declared"
    MISSING = "missing"
    NEXT_DOOR = "with another stack"
    """It is on no host of this stack, and another stack of the project has it on one of its own."""
    TWICE = "declared twice"
    """Another stack file declares it as well."""
    AMBIGUOUS = "ambiguous"
    SETTINGS = "host settings"
    DELEGATION = "delegation"
    LEFT_BEHIND = "left behind"
    """Files, or a planned copy, that a move was to take away."""


_KNOWN_TO_BE_THERE = frozenset({DriftKind.PLACED, DriftKind.FILES, DriftKind.LEAVING, DriftKind.UNCOMPARED})
_OF_MACHINES = _KNOWN_TO_BE_THERE | {
    DriftKind.MISSING,
    DriftKind.NEXT_DOOR,
    DriftKind.AMBIGUOUS,
    DriftKind.TWICE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Who brought a machine where it is, as far as hosts and our audit log know."""

    who: str = ""
    r"""An account, as `LAB\operator`; empty if unknown."""
    when: str = ""
    """When it ended, or, while `running`, began: ISO 8601; empty if unknown."""
    after: str = ""
    """ISO 8601: it happened after this time, when our own move ended."""
    ours: bool = False
    """Whether it was a run of this project."""
    by_log: bool = False
    """Whether only our log says so: others may have moved it away and back since, and hosts forget jobs."""
    running: bool = False
    """Whether it is still in flight."""
    stack: str = ""
    """Which other stack of the project it was, where `ours`; empty for the one that is looked at."""
    log_of: str = ""
    """The host whose event log has only the time and names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMove:
    """A migration of a machine in a host's event log, which has only its time."""

    time: datetime
    """In UTC."""
    host: HostName
    """Whose log it is: one of its two ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedMove:
    """A move that we made, as our audit log has it."""

    vm_id: VmId
    who: str
    time: str
    """When it ended: ISO 8601, in UTC."""
    host: HostName
    """Where the machine was afterwards."""
    config: str
    """Its configuration folder afterwards."""
    disks: frozenset[str] = frozenset()
    """Where the disks that went along were afterwards."""
    job: str = ""
    """InstanceID of the host's job."""
    stack: str = ""
    """Which stack of the project made it; empty for the one that is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedMoves:
    """Our moves, as the audit logs of a project have them."""

    moves: tuple[AuditedMove, ...] = ()
    """The oldest first."""
    unreadable: int = 0
    """Torn lines of the logs, whose content is lost."""
    state_unread: tuple[str, ...] = ()
    """Stacks whose shared state was asked for their moves and did not answer, each with why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftFile:
    """A disk's file that one of our moves left at its source, as our audit log has it."""

    host: HostName
    path: str
    vm: str
    """Name of the machine that it belonged to."""
    time: str
    """When the move ended: ISO 8601, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that is not as declared."""

    kind: DriftKind
    subject: str
    """The label of a declared machine, the name of one that is not declared, or a host."""
    text: str
    """Actual and declared state, in one line."""
    host: HostName | None = None
    """Where the machine is."""
    vm_id: VmId | None = None
    changes: tuple[Change, ...] = ()
    """The differing properties of a machine with its host or files elsewhere."""
    reason: str = ""
    """Why it belongs elsewhere, if not by its own `host:`: a rule, maintenance."""
    mover: Mover | None = None
    """None where nothing was moved, or nothing is known to have moved."""
    ids: tuple[str, ...] = ()
    """Of the findings that `text` consists of; empty where it is a comparison."""
    snooze: Snooze | None = None
    """The snooze in force, if any: then the drift is reported and does not count."""
    held: str = ""
    """Until when and why a hold keeps the machine there: then the drift is reported and does not count; empty where none does."""

    @property
    def of_machine(self) -> bool:
        """Whether its subject is the label of a declared machine."""
        return self.kind in _OF_MACHINES

    @property
    def can_be_snoozed(self) -> bool:
        """Whether a snooze may cover it: nobody snoozed a machine that is missing or ambiguous."""
        return self.kind in _KNOWN_TO_BE_THERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What is unknown: neither gone nor drift."""

    subject: str
    """A host, the label of a machine, or `directory`."""
    text: str
    ids: tuple[str, ...] = ()
    """Of the findings that `text` consists of."""
    is_machine: bool = False
    silent: UnreachableHost | None = None
    """The host, where nothing of it could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """A snooze, a hold, the absence of a host or its maintenance, or a word about machines of others, whose last day is over."""

    label: str
    """Of the machine, or the name of the host; of others whose they are."""
    snooze: Snooze | Away | Hold | Maintenance | Others
    release: str = ""
    """What takes a hold out of the shared state; empty for what stands in the stack file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What is read besides a sweep: settings of hosts, delegation, our own moves."""

    settings: Mapping[HostName, HostMigration | str] = field(default_factory=dict)
    """By host with declared settings; a text says why they could not be read."""
    delegation: DelegationPlan | None = None
    names: Mapping[HostName, Identity] = field(default_factory=dict)
    """What hosts call themselves, for hosts with machines that jobs name."""
    past: AuditedMoves = AuditedMoves()
    """Our own moves."""
    logged: Mapping[VmId, LoggedMove] = field(default_factory=dict)
    """The last migration of machines by hosts' event logs, where nothing else knows it."""
    looked: tuple[str, ...] = ()
    """What was asked of hosts of other stacks, and which of them did not answer."""
    computers: tuple[Unknown, ...] = ()
    """Hosts that are other computers than in the last run."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """Everything that is not as the stack file declares, and what is unknown."""

    stack: str
    """The name of the stack file, without its ending."""
    checked: str
    """When: ISO 8601, in UTC."""
    labels: tuple[str, ...]
    """Every declared machine."""
    hosts: tuple[HostName, ...]
    """Every declared host."""
    drifts: tuple[Drift, ...] = ()
    """Those that count."""
    snoozed: tuple[Drift, ...] = ()
    """Those that do not count for now."""
    held: tuple[Drift, ...] = ()
    """Those that do not count while a hold keeps the machine where it is."""
    holds: tuple[str, ...] = ()
    """Every hold in force, a line each, and what is not known of holds."""
    unknown: tuple[Unknown, ...] = ()
    away: tuple[Unknown, ...] = ()
    """What is unknown about hosts that are away, and about machines that only they can have: it does not count for now."""
    ended: tuple[Expired, ...] = ()
    unreadable: int = 0
    """Unreadable lines of the audit logs, which may say who moved what."""
    notes: tuple[str, ...] = ()
    """Notes on identities: another name, another machine taken over. They are not drift."""
    known: str = ""
    """How machines were identified."""
    zone: tzinfo = UTC
    """By whose clocks people read moments: those of the stack."""
    others: OthersSeen | None = None
    """Machines of others on the hosts, which are no drift; None where the stack file does not say of any."""

"""What the doctor reads of an estate, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.directory import ComputerAccount, Unfit
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.names import HostName


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReading:
    """One host. What could not be read is None."""

    name: HostName
    trouble: PlacementError | None = None
    """Why it could not be read at all."""
    full_name: str = ""
    """As it reports it, with the suffix that the stack file declares."""
    reported: str = ""
    """As it reports it: its name and its domain."""
    own_name: str | None = None
    """The same, where it is proven or declared."""
    migration: HostMigration | None = None
    certificate_end: datetime | None = None
    """Until when its certificate is good; None over plain HTTP, too."""
    certificate_names: tuple[str, ...] = ()
    """DNS names in its certificate."""
    ahead: float | None = None
    """Seconds by which its clock is ahead of ours, by the middle of the request that asked for it."""
    credential_guard: bool | None = None
    managed_by_vmm: bool | None = None
    """Whether Virtual Machine Manager's agent runs there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The whole estate at one moment."""

    hosts: Mapping[HostName, HostReading]
    inventory: Inventory
    """With what moves ask of hosts, and of the machines that may move."""
    accounts: Mapping[HostName, ComputerAccount] | None = None
    """Hosts' accounts in the directory; None where none is asked, or it does not answer."""
    unfit: Mapping[HostName, Unfit] = field(default_factory=dict)
    """Why other hosts have none."""
    directory_trouble: PlacementError | None = None
    controllers: frozenset[str] = frozenset()
    """Names of machines with files on shares that are names of domain controllers; empty where no directory is asked."""
    callers: Mapping[str, str] = field(default_factory=dict)
    """User name -> why that account is never delegated."""
    forwardable: bool | None = None
    """Whether the ticket in the cache may be forwarded; None where none is used, or that is unknown."""
    known: Kept = NOTHING_KEPT
    """How machines were identified in the last run, beside the names and ids of the stack file."""
    now: datetime

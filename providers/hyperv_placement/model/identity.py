"""Which machine a key of the stack file meant in the last run, and which computer a host was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from .calendar import shown
from .names import HostName, VmId
from .siblings import NO_SIBLINGS, Siblings
from .stack import Hold
from .way_back import WayBack


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a machine without a pin was before maintenance drove it away."""

    host: HostName
    entry: str
    """What its entry said of its place then (`planning.machine.home.fingerprint`): where somebody has changed that, it does not go back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a stack between its runs. Nothing is known of what is not in it."""

    machines: Mapping[str, VmId] = field(default_factory=dict)
    """Key in the stack file -> GUID of the machine that was managed under it."""
    hosts: Mapping[HostName, str] = field(default_factory=dict)
    """Key in the stack file -> UUID of the computer, as its firmware reports it."""
    places: Mapping[VmId, HostName] = field(default_factory=dict)
    """GUID of a machine -> host on which the last run has seen it, or to which it has brought it."""
    homes: Mapping[VmId, Home] = field(default_factory=dict)
    """GUID of a machine -> where it goes back to once that host is out of maintenance."""
    ways_back: Mapping[VmId, WayBack] = field(default_factory=dict)
    """GUID of a machine -> where its files go back to, should its run break off between its legs."""
    holds: tuple[Hold, ...] = ()
    """Of the shared state, which others may have set: where the backend keeps the stack's state, not in a file here."""
    holds_unread: str = ""
    """Why holds of the shared state are not known; empty where they are."""
    siblings: Siblings = NO_SIBLINGS
    """What the other stacks of the project declare: of their files as they lie there, where they were read."""
    at: datetime | None = None
    """When machines were last kept, in UTC; None where no run is known."""

    def reported(self, zone: tzinfo) -> str:
        """Return by what machines are identified, as a line of a report; when that was is shown by the clocks of `zone`."""
        if self.at is None:
            return "Machines without an id are matched by name: no earlier run of this stack is known on this computer"
        return f"Machines are identified by the GUIDs of the last run, {shown(self.at, zone)}"


NOTHING_KEPT = Kept()

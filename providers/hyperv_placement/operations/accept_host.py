"""A host that is another computer than in the last run, accepted: kept as the computer that the stack file means."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.host_facts import read_uuid
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.workspace.identities import Identities, identities_path, is_of_project
from hyperv_placement.workspace.stacks import PROJECT, STACKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """Which computer a host is, by the UUID of its firmware (Win32_ComputerSystemProduct.UUID)."""

    now: str
    before: str | None
    """In the last run; None where nothing is known of one."""

    @property
    def is_another(self) -> bool:
        """Whether there is something to accept."""
        return self.now != self.before


def read_computer(stack: Stack, host: HostName) -> Computer:
    """Return which computer the host is. Raises PlacementError where it reports no UUID, or the stack is not of the project."""
    if not is_of_project(stack, PROJECT):
        raise PlacementError(
            f"{stack.path} is not a stack of this project: nothing is kept of it",
            remedy=f"Name one of {STACKS}/",
        )
    with closing(Estate({host: stack.hosts[host]}, clock=SystemClock())) as estate:
        now = read_uuid(estate.client(host))
    if now is None:
        raise PlacementError(
            f"{host} reports no UUID of its computer",
            remedy="There is nothing to accept then: it is not compared with another computer",
        )
    return Computer(now=now, before=_identities(stack).kept().hosts.get(host))


def keep_computer(stack: Stack, host: HostName, computer: Computer) -> None:
    """Keep the computer as the one that is meant. Raises PlacementError where that cannot be written."""
    if trouble := _identities(stack).keep_hosts({host: computer.now}):
        raise PlacementError(trouble, remedy="Make that writable, then run again")


def _identities(stack: Stack) -> Identities:
    return Identities(identities_path(PROJECT, stack.path.stem), SystemClock())

"""A host or a machine held in the state that all runs share, and released again; and what is held, for reports that make no plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.calendar import Day
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.stack import Hold, Stack
from hyperv_placement.planning.checks.holds import OF_HOLDS, said
from hyperv_placement.planning.machine.held import named
from hyperv_placement.system import account
from hyperv_placement.workspace.holds import SharedHolds, with_holds
from hyperv_placement.workspace.identities import is_of_project
from hyperv_placement.workspace.stacks import PROJECT, STACKS

HOST, MACHINE = "host:", "vm:"
"""Before a name that is both a host's and a machine's."""


class HoldError(PlacementError):
    """Nothing is held, or released."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The holds of a stack, as they are now."""

    changed: Hold | None
    """The one that was set or released; None where nothing was to be done."""
    shared: tuple[Hold, ...]
    declared: tuple[Hold, ...]
    """Of the stack file."""


def hold(stack: Stack, shared: SharedHolds, subject: str, until: date, reason: str, now: datetime) -> Holds:
    """Hold a host or a machine of `stack` to the end of `until`, by the clocks of the stack, over an earlier hold of it. Raises PlacementError.

    Who holds it is the account that runs this, by the system.
    """
    if not reason.strip():
        raise HoldError("A hold without a reason tells nobody whether it may go", remedy="Give --reason")
    if until < stack.day(now):
        raise HoldError(f"{Day.by(until, stack.zone)} is over", remedy="Give a day that is to come")
    host, label = _meant(stack, subject)
    me = account()
    wanted = Hold(
        until=Day.by(until, stack.zone), reason=reason, host=host, label=label, by=me.name or me.id,
        since=now.isoformat(timespec="seconds"),
    )  # fmt: skip
    shared.set(wanted)
    return Holds(changed=wanted, shared=stack.by_its_clocks(shared.read()), declared=stack.holds)


def release(stack: Stack, shared: SharedHolds, subject: str) -> Holds:
    """Take the hold of a host or a machine out of the shared state. Raises PlacementError where there is none.

    One of the stack file is a line, which goes as it came: by a change of the file.
    """
    host, label = _meant(stack, subject, gone=True)
    there = [each for each in stack.by_its_clocks(shared.read()) if each.host == host and each.label == label]
    if not there:
        in_file = [each for each in stack.holds if each.host == host and each.label == label]
        where = f"{named(in_file[0])}, by {stack.path}" if in_file else f"{subject} is not held"
        remedy = "Take its line out of hold:" if in_file else "There is nothing to release"
        raise HoldError(where, remedy=remedy)
    shared.release(there[0])
    return Holds(changed=there[0], shared=stack.by_its_clocks(shared.read()), declared=stack.holds)


def shared_of(stack: Stack) -> SharedHolds:
    """Return the shared state of a stack of the project. Raises HoldError for a stack file that lies elsewhere."""
    if not is_of_project(stack, PROJECT):
        raise HoldError(
            f"{stack.path} is not a stack of this project: no state is kept of it",
            remedy=f"Name one of {STACKS}/, or write the hold into the file (hold:)",
        )
    return SharedHolds(PROJECT, stack.path.stem)


def held(stack: Stack, known: Kept | None = None) -> tuple[Finding, ...]:
    """Return what is held now by the file and in the shared state, what is over, and what could not be read.

    `known`: what is kept of the stack, where that was read.
    """
    if known is None:
        shared = SharedHolds(PROJECT, stack.path.stem)
        known = with_holds(NOTHING_KEPT, shared) if is_of_project(stack, PROJECT) else NOTHING_KEPT
    findings = said(stack, known, SystemClock().utc())
    return tuple(each for each in findings if each.id in OF_HOLDS)


def _meant(stack: Stack, subject: str, *, gone: bool = False) -> tuple[HostName | None, str | None]:
    """Return the host or the machine that a word names. `gone`: also one that the file declares no longer, said with its kind."""
    name = subject.removeprefix(HOST).removeprefix(MACHINE)
    is_host = not subject.startswith(MACHINE) and (name in stack.hosts or (gone and subject.startswith(HOST)))
    is_machine = not subject.startswith(HOST) and (
        name in stack.vms or (gone and subject.startswith(MACHINE))
    )
    if is_host and is_machine:
        raise HoldError(
            f"{name} is a host and a machine of {stack.path}", remedy=f"Say {HOST}{name} or {MACHINE}{name}"
        )
    if not is_host and not is_machine:
        raise HoldError(
            f"{subject} is neither a host nor a machine of {stack.path}",
            remedy=f"{NearNames((*stack.hosts, *stack.vms)).question(name)}Name a key under hosts: or vms:",
        )
    return (HostName(name), None) if is_host else (None, name)

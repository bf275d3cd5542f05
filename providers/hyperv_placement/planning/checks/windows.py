"""Whether the windows of a stack file let a move start: those of the whole stack, of its machine and of both its hosts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hyperv_placement import quoting
from hyperv_placement.model.guard import Window
from hyperv_placement.model.names import HostName
from hyperv_placement.model.opening import AHEAD, Opening, Scope, opening
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import format_seconds

from .guard import VARIABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """What binds the start of one move."""

    file: str
    """Name of the stack file, for people."""
    scopes: tuple[Scope, ...] = ()
    freeze: tuple[Window, ...] = ()
    """`guard.freeze`: what opens while it holds is no window for a move."""

    def against(self, now: datetime, start: float, end: float) -> str:
        """Return why it must not start; empty where it may.

        `start`, `end`: by its estimate, in seconds from `now`, which has its offset from UTC. Windows have to be open at `now`
        and until the end: a run takes no move whose window opens only later, so that what it takes can be foreseen.
        """
        found = opening(self.scopes, now, self.freeze)
        if not found.is_open:
            return f"{_shut(found, self.file)}{self._later(found, now)}{self._in_vain(found, end - start)}"
        if found.closes is not None and now + timedelta(seconds=end) > found.closes:
            left = format_seconds((found.closes - now).total_seconds())
            begins = f"would begin in {format_seconds(start)} and " if start >= 1 else ""
            return (
                f"by its estimate it {begins}take{'' if begins else 's'} about {format_seconds(end - start)}, and {_listed(found)} of {self.file}"
                f" closes in {left}, at {found.at(found.closes)}{self._in_vain(found, end - start)}"
            )  # fmt: skip
        return ""

    def _later(self, found: Opening, now: datetime) -> str:
        """Return that a freeze, and not the windows alone, makes it wait so long."""
        first = opening(self.scopes, now).opens if self.freeze else found.opens
        return (
            ""
            if first == found.opens
            else f", since guard.freeze lets nothing start at {found.at(first)}"
            if first
            else ""
        )

    def _in_vain(self, found: Opening, seconds: float) -> str:
        """Return how long its windows are at most, where that is shorter than the move: by this estimate it waits for ever."""
        longest = found.longest
        if longest is None or seconds <= longest.total_seconds():
            return ""
        where = f"; in the next {AHEAD.days} days its windows are open"
        if not longest:
            return "; guard.freeze covers all of that" if found.opens is None and self.freeze else ""
        beside = ", with no guard.freeze at the start," if self.freeze else ""
        return f"{where}{beside} for {format_seconds(longest.total_seconds())} at most"


def windows_of(stack: Stack, label: str, *hosts: HostName) -> Windows:
    """Return what binds a move of the machine `label` between `hosts`, or on one of them."""
    named = (
        ("window", stack.windows),
        *((f"hosts.{host}.window", stack.hosts[host].windows) for host in dict.fromkeys(hosts)),
        (f"vms.{label}.window", stack.vms[label].windows),
    )
    return Windows(
        file=stack.path.name,
        scopes=tuple(Scope(key=key, windows=own) for key, own in named if own),
        freeze=stack.guard.freeze,
    )


def has_windows(stack: Stack) -> bool:
    """Say whether anything of a stack has a window."""
    of_hosts = any(host.windows for host in stack.hosts.values())
    return bool(stack.windows) or of_hosts or any(vm.windows for vm in stack.vms.values())


def once() -> str:
    """Return the command by which one run may start moves outside their windows."""
    return f"{VARIABLE}=window {quoting.own('bin/pulumi up')} (on Windows first: set {VARIABLE}=window)"


def _listed(found: Opening) -> str:
    return " and ".join(found.keys)


def _shut(found: Opening, file: str) -> str:
    closed = f"{_listed(found)} of {file} {'is' if len(found.keys) == 1 else 'are'} closed"
    why = f" ({found.reason})" if found.reason else ""
    if found.opens is None:
        return (
            f"{closed}{why}, and the windows of this move are not open together in the next {AHEAD.days} days"
        )
    return f"{closed} until {found.at(found.opens)}{why}"

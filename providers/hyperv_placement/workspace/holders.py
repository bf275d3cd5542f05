"""Who holds the lock of a stack, as the engine writes it down, and whether that process is surely gone.

A lock names user, host, process and time (pulumi/pulumi pkg/backend/diy/lock.go), in a folder as well as in object storage and
in a database. Only a process of this computer can be looked for; one of another computer is not known to be gone.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import psutil

SLACK_S = 2.0
"""Seconds: systems report the start of a process, and some disks the time of a file, to within a second or two."""
_LOCKING = frozenset(
    {"cancel", "destroy", "dn", "down", "import", "refresh", "stack", "state", "up", "update", "watch"}
)
"""Words of `pulumi` that take the lock of a stack, or may (pulumi/pulumi pkg/backend/diy/backend.go, calls of Lock)."""
_CREATED = re.compile(r"^\s*\S+: created by (.+)@(\S+) \(pid (\d+)\) at (\S+)\s*$", re.MULTILINE)
"""The lines in which the engine names who holds a lock (lock.go, checkForLock); a user's name may have blanks and `@`."""


class Holding(StrEnum):
    """What is known of the holder of a lock."""

    GONE = "gone"
    """It was a process of this computer, and does not run any more."""
    ALIVE = "alive"
    UNKNOWN = "not known"
    """It is a process of another computer, or this one does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process that has taken a lock."""

    pid: int
    hostname: str
    username: str
    timestamp: str
    """When it took it: RFC 3339."""

    def __str__(self) -> str:
        """Return it for people."""
        return f"process {self.pid} of {self.username} on {self.hostname}, since {self.timestamp}"

    @property
    def account(self) -> str:
        """Whose it is: USER@HOST."""
        return f"{self.username}@{self.hostname}"


def holders_in(text: str) -> tuple[Holder, ...]:
    """Return who holds the locks that the engine names where it refuses to start; none where it names nobody."""
    found = _CREATED.findall(text)
    return tuple(
        Holder(username=user, hostname=host, pid=int(pid), timestamp=time) for user, host, pid, time in found
    )


def holding(holder: Holder) -> Holding:
    """Say whether a holder is surely gone.

    Its number may serve another process by now: one that is no `pulumi`, or a `pulumi` that was started after the lock was
    taken and does nothing that takes a lock. A `pulumi` that does is left alone whatever its start says: a clock that was set
    forward makes the holder itself look younger than its lock.
    """
    if holder.hostname != platform.node():
        return Holding.UNKNOWN
    try:
        return Holding.GONE if _is_another(psutil.Process(holder.pid), holder) else Holding.ALIVE
    except OverflowError:
        return Holding.GONE
    except psutil.NoSuchProcess:
        # Where a system hides the processes of others (proc(5), hidepid), a signal still tells that there is one.
        return Holding.UNKNOWN if _answers(holder.pid) else Holding.GONE
    except psutil.AccessDenied:
        return Holding.ALIVE  # it is somebody else's: not to be told apart from the holder


def _answers(pid: int) -> bool:
    try:
        return psutil.pid_exists(pid)
    except OverflowError:  # no system has such a number
        return False


def _is_another(process: psutil.Process, holder: Holder) -> bool:
    """Say whether a process that has the holder's number is surely not the holder. Raises psutil.Error."""
    if process.status() == psutil.STATUS_ZOMBIE or "pulumi" not in process.name().casefold():
        return True
    return is_younger(process.create_time(), holder.timestamp) and not takes_lock(process.cmdline())


def is_younger(started: float, timestamp: str) -> bool:
    """Say whether a process was started after a lock was taken; False where the lock's time cannot be read.

    `started`: seconds of the epoch.
    """
    try:
        taken = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    return taken.tzinfo is not None and started > taken.timestamp() + SLACK_S


def takes_lock(command: Sequence[str]) -> bool:
    """Say whether a command line of `pulumi` may hold a lock; one that cannot be read may."""
    return not command or any(word in _LOCKING for word in command[1:])

"""The engine that started this process: which process it is, whether it still runs, and which connections are its own.

The engine starts the plugin itself, or by a shell in between on Windows (`.cmd`), and dials it from its own process
(pulumi/pulumi pkg/resource/plugin/plugin.go). It listens at the address that is the plugin's last argument. So it is that
process above this one which listens there; its name proves nothing. A process is kept with the time of its start: a
number that the system gives to another process later is not taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import psutil

READINGS: Final = 3
"""A system's table of connections is not a snapshot: one that exists may be passed over while others change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One end of a TCP connection."""

    host: str
    port: int

    def __str__(self) -> str:
        """`HOST:PORT`."""
        return f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """Parse `HOST:PORT`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit()):
        raise ValueError(f"{text!r} is not an address")
    return Address(host=host, port=int(port))


class HiddenConnections(Exception):  # noqa: N818 - not an error: some systems are like that
    """The system hides from this process the connections of another one, or which processes are above."""


class Engine:
    """The process of the engine."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process

    def __str__(self) -> str:
        """As errors name it."""
        return f"process {self._process.pid}"

    def runs(self) -> bool:
        """Return whether it still runs: a zombie does not, and another process of its number is not it."""
        try:
            return self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except (psutil.Error, OSError):
            return True  # it is there, and the system shows nothing of it

    def holds(self, near: Address, far: Address) -> bool:
        """Return whether the connection from `near` to `far` is the engine's own. Raises HiddenConnections.

        Nothing is remembered: another process may use a port next.
        """
        # Runs is asked last: a port of an engine that has ended in between may be another process's by then.
        held = any((near, far) in set(_held(self._process)) for _ in range(READINGS))
        return held and self.runs()


def engine_above(listens: Address) -> Engine | None:
    """Return the process above this one that listens at the engine's address; None where none does. Raises HiddenConnections."""
    try:
        above = psutil.Process().parents()
    except (psutil.Error, OSError, NotImplementedError) as error:
        raise HiddenConnections from error
    silent: HiddenConnections | None = None
    for process in above:
        try:
            if any((listens, None) in set(_held(process)) for _ in range(READINGS)):
                return Engine(process)
        except HiddenConnections as error:
            # A hidden process that is not called pulumi, as sudo above a shell, must not weaken the proof to the user's.
            if _is_called_so(process):
                silent = error
    if silent is not None:
        raise silent
    return None


def _is_called_so(process: psutil.Process) -> bool:
    """Return whether a process whose connections are hidden may be an engine, by its name."""
    try:
        return "pulumi" in process.name().casefold()
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True


def _held(process: psutil.Process) -> Iterator[tuple[Address | None, Address | None]]:
    """Yield both ends of each TCP socket of IPv4 that a process holds. Raises HiddenConnections."""
    try:
        yield from map(ends, process.net_connections("tcp4"))
    except psutil.NoSuchProcess:
        return
    except (psutil.Error, OSError, RuntimeError, NotImplementedError) as error:
        raise HiddenConnections from error


def ends(found: Any) -> tuple[Address | None, Address | None]:
    """Return both ends of a socket as psutil has it; None for one that is not there."""
    return _address(found.laddr), _address(found.raddr)


def _address(end: Any) -> Address | None:
    return Address(host=end.ip, port=end.port) if end else None

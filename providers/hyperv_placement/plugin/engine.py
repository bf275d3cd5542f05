"""The engine that started this process: which process it is, whether it runs yet, and which connections are its own.

The engine starts the plugin itself, or by a shell in between on Windows (`.cmd`), and dials it from its own process
(pulumi/pulumi pkg/resource/plugin/plugin.go). It listens at the address that is the plugin's last argument. So it is that
process above this one which listens there; its name proves nothing. A process is kept with the time of its start: a
number that the system gives to another one later is not taken for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import psutil

READINGS: Final = 3
"""A system's table of connections is no snapshot: one that is not in it may have been passed over while others changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One end of a TCP connection."""

    host: str
    port: int

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """Return `HOST:PORT` as an address. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit()):
        raise ValueError(f"{text!r} is no address")
    return Address(host=host, port=int(port))


class NotTold(Exception):  # noqa: N818 - no error: the system does not say
    """The system does not tell this process what another one's connections are, or which processes are above."""


class Engine:
    """The process of the engine."""

    def __init__(self, process: psutil.Process) -> None:
        """Keep the process as it is now, with the time of its start."""
        self._process = process

    def __str__(self) -> str:
        """For people."""
        return f"process {self._process.pid}"

    def runs(self) -> bool:
        """Say whether it is still there, and not another one of its number. A zombie is not."""
        try:
            return self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except (psutil.Error, OSError):
            return True  # it is there, and tells nothing of itself

    def holds(self, near: Address, far: Address) -> bool:
        """Say whether the connection from `near` to `far` is the engine's own. Raises NotTold.

        Judged anew each time: a port is used again by others.
        """
        held = any((near, far) in _connections(self._process) for _ in range(READINGS))
        return held and self.runs()


def engine_above(listens: Address) -> Engine | None:
    """Return the process above this one that listens at the engine's address; None where none does. Raises NotTold."""
    try:
        above = psutil.Process().parents()
    except (psutil.Error, OSError, NotImplementedError) as error:
        raise NotTold from error
    silent: NotTold | None = None
    for process in above:
        try:
            if any(listens in _listening(process) for _ in range(READINGS)):
                return Engine(process)
        except NotTold as error:
            if _is_called_so(process):
                silent = error
    if silent is not None:
        raise silent
    return None


def _is_called_so(process: psutil.Process) -> bool:
    """Say whether a process that tells nothing of its connections may be an engine, by its name."""
    try:
        return "pulumi" in process.name().casefold()
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True


def _connections(process: psutil.Process) -> set[tuple[Address | None, Address | None]]:
    return set(_held(process))


def _listening(process: psutil.Process) -> set[Address | None]:
    return {near for near, far in _held(process) if far is None}


def _held(process: psutil.Process) -> Iterator[tuple[Address | None, Address | None]]:
    """Yield both ends of each TCP socket of IPv4 that a process holds. Raises NotTold."""
    try:
        yield from map(ends, process.net_connections("tcp4"))
    except psutil.NoSuchProcess:
        return
    except (psutil.Error, OSError, RuntimeError, NotImplementedError) as error:
        raise NotTold from error


def ends(found: Any) -> tuple[Address | None, Address | None]:
    """Return both ends of a socket as psutil has it; None for one that is not there."""
    return _address(found.laddr), _address(found.raddr)


def _address(end: Any) -> Address | None:
    return Address(host=end.ip, port=end.port) if end else None

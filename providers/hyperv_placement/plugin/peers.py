"""Whom the plugin serves: the engine that started it, and nobody else on this computer.

gRPC on loopback authenticates nobody, and every local user can connect. Where the system shows whose a connection is, only those of
the engine are served. Where it hides the engine's, a peer must be of this process' own user; where it hides users as well,
nobody is served.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final

import psutil

from .engine import READINGS, Address, Engine, HiddenConnections, address, ends, engine_above

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""TCP sockets of Linux with the user of each (Linux, Documentation/networking/proc_net_tcp.rst)."""
_TELLS_USERS: Final = _TABLES[0].exists()
_LOCAL, _REMOTE, _USER = 1, 2, 7
"""Their columns."""


class Peers:
    """Decides who is served, for each call by what the system shows then."""

    def __init__(
        self, find: Callable[[], Engine | None], user_of: Callable[[Address, Address], str | None]
    ) -> None:
        """`find`: returns the engine, None where there is none, or raises HiddenConnections. `user_of`: whose a connection is."""
        self._user_of = user_of
        self._ours: Address | None = None
        self.engine: Engine | None = None
        self._shown = True
        try:
            self.engine = find()
        except HiddenConnections:
            self._shown = False

    @classmethod
    def of(cls, engine: str) -> Peers:
        """Return the peers of a plugin whose engine listens at `engine`. Raises ValueError where that is not an address."""
        listens = address(engine)
        return cls(lambda: engine_above(listens), user_of)

    @property
    def has_engine(self) -> bool:
        """Whether anybody can be served: an engine was found, or the system hides connections."""
        return self.engine is not None or not self._shown

    def engine_runs(self) -> bool:
        """Return whether the engine still runs; where connections are hidden, so that its process is unknown, it is taken to."""
        return self.engine is None or self.engine.runs()

    def serve_at(self, port: int) -> None:
        """Set where the plugin listens; until then nobody is served."""
        self._ours = Address(host="127.0.0.1", port=port)

    def refusal(self, peer: str) -> str | None:
        """Return why a peer is not served, None where it is. `peer`: as gRPC names it, `ipv4:127.0.0.1:PORT`."""
        kind, _, rest = peer.partition(":")
        # The port is bound to 127.0.0.1 alone, so that anything else is no connection of TCP over loopback.
        if kind != "ipv4" or self._ours is None:
            return f"{peer or 'a peer without address'} is not a connection over 127.0.0.1"
        try:
            theirs = address(rest)
        except ValueError:
            return f"{peer} is not an address"
        return self._judged(theirs, self._ours)

    def _judged(self, theirs: Address, ours: Address) -> str | None:
        try:
            if self._shown:
                if self.engine is not None and self.engine.holds(theirs, ours):
                    return None
                whose = self._user_of(theirs, ours)
                held = f"a process of {whose}" if whose else "an unknown process"
                return (
                    f"{theirs} is held by {held}, not by the engine that started this plugin ({self.engine})"
                )
        except HiddenConnections:
            pass  # then the user decides; where that is hidden as well, nobody is served
        whose, own = self._user_of(theirs, ours), _own_user()
        if whose is not None and whose == own:
            return None
        return (
            f"{theirs} is held by {whose or 'a user that this system hides'}, not by {own}, whose run this is"
        )


def user_of(near: Address, far: Address) -> str | None:
    """Return the user who holds the connection from `near` to `far`, in the words of `_own_user`; None where that is hidden."""
    for _ in range(READINGS):
        whose = _user_in_tables(near, far) if _TELLS_USERS else _user_of_process(near, far)
        if whose is not None:
            return whose
    return None


def _own_user() -> str:
    process = psutil.Process()
    if _TELLS_USERS:
        return f"user {process.uids().effective}"
    return process.username()


def _user_in_tables(near: Address, far: Address) -> str | None:
    for table in _TABLES:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except (OSError, ValueError):
            continue
        for line in lines:
            columns = line.split()
            # A row of the peer's end: for loopback the table has both ends, each with the user of its own socket.
            if len(columns) > _USER and (_end(columns[_LOCAL]), _end(columns[_REMOTE])) == (near, far):
                return f"user {columns[_USER]}"
    return None


def _end(column: str) -> Address | None:
    """Parse an end as Linux writes it, 32 bits at a time in the computer's own byte order; None where it is not IPv4."""
    try:
        digits, port = column.split(":")
        words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
        found = ip_address(b"".join(struct.pack("=I", word) for word in words))
        plain = found.ipv4_mapped if isinstance(found, IPv6Address) else found
        return Address(host=str(plain), port=int(port, 16)) if isinstance(plain, IPv4Address) else None
    except (ValueError, struct.error):
        return None


def _user_of_process(near: Address, far: Address) -> str | None:
    try:
        held = ((ends(each), each.pid) for each in psutil.net_connections("tcp4"))
        pid = next((pid for found, pid in held if found == (near, far) and pid), None)
        return psutil.Process(pid).username() if pid else None
    except (psutil.Error, OSError, RuntimeError, NotImplementedError):
        return None

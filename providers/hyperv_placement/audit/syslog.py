"""Sends lines of the audit log to a syslog server (RFC 5424) besides the file, without waiting and without proof of delivery."""

from __future__ import annotations

import atexit
import os
import platform
import queue
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from hyperv_placement.errors import PlacementError

SYSLOG = "PLACEMENT_SYSLOG"
"""The variable that names the server."""
_PRIORITY = 13 * 8 + 5
"""Facility "log audit", severity "notice" (RFC 5424, 6.2.1)."""
_PORTS = {"udp": 514, "tcp": 601}
"""RFC 5426, 3.3. For TCP there is no common port (RFC 6587, 3.4); 601 is the registered one (syslog-conn)."""
_PATIENCE = 2.0
"""Seconds for a connection, and for the remaining lines when the process ends."""
_WAITING = 1000
"""Lines that may wait to be sent; further ones are lost."""
_REMEDY = "Write udp://HOST[:514], tcp://HOST[:601] or unix:///dev/log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a syslog server listens."""

    kind: str
    """udp, tcp or unix."""
    host: str = ""
    port: int = 0
    path: str = ""


def server_in(text: str) -> Server:
    """Return the server at an address. Raises PlacementError where the address is malformed."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if (
        parts.scheme == "unix"
        and not parts.netloc
        and PurePosixPath(parts.path).is_absolute()
        and hasattr(socket, "AF_UNIX")
    ):
        return Server(kind="unix", path=parts.path)
    plain = not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme in _PORTS and parts.hostname and plain:
        return Server(kind=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme])
    raise PlacementError(f"{SYSLOG}={text[:80]!r} is not the address of a syslog server", remedy=_REMEDY)


class Syslog:
    """Sends lines in a thread of its own and keeps the first failure for `trouble`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lines: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._trouble: str | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def send(self, line: bytes, event: str, time: str) -> None:
        """Queue a line; it is lost where too many are waiting."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="syslog")
                self._thread.start()
                atexit.register(self.close)  # the thread is a daemon: without it the last lines would be lost
        try:
            self._lines.put_nowait(message(line, event, time))
        except queue.Full:
            # Lost, not waited for: the file has every line, and a run must not stop for a server beside it.
            self._failed("it cannot keep up")

    def trouble(self) -> str | None:
        """Return, once, why a line was not sent; None if no line is known to be lost."""
        with self._lock:
            reported, self._trouble = self._trouble, ""  # no longer None: later failures are not reported
            return reported or None

    def close(self) -> None:
        """Wait up to SECONDS for the lines not sent yet."""
        if self._thread is not None:
            try:
                self._lines.put(None, timeout=_PATIENCE)
            except queue.Full:
                return
            self._thread.join(_PATIENCE)

    def _failed(self, why: str) -> None:
        with self._lock:
            if self._trouble is None:
                where = self._server.path or f"{self._server.host}:{self._server.port}"
                self._trouble = (
                    f"The audit log does not reach the syslog server {where} ({self._server.kind}): {why};"
                    " its file has every line"
                )

    def _work(self) -> None:
        # In a thread of its own: a server that does not answer must not hold up a run.
        sender = _SENDERS[self._server.kind]
        while (content := self._lines.get()) is not None:
            try:
                sender(self._server, content)
            except OSError as error:
                self._failed(error.strerror or str(error))


def message(line: bytes, event: str, time: str) -> bytes:
    """Return a line, which is ASCII already, as a message of RFC 5424."""
    host = _printable(platform.node(), 255)
    return (
        f"<{_PRIORITY}>1 {time} {host} hyperv-placement {os.getpid()} {_printable(event, 32)} - ".encode(
            "ascii"
        )
        + line
    )


def _printable(text: str, most: int) -> str:
    return re.sub(r"[^!-~]", "_", text)[:most] or "-"


def _send_udp(server: Server, content: bytes) -> None:
    """Send a datagram (RFC 5426)."""
    # Only the first address: a datagram that is lost gives no reason to try the next one.
    family, kind, protocol, _, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)[
        0
    ]
    with socket.socket(family, kind, protocol) as channel:
        channel.settimeout(_PATIENCE)
        channel.sendto(content, address)


def _send_tcp(server: Server, content: bytes) -> None:
    """Send a frame with its length before it (RFC 6587, 3.4.1), over a connection of its own."""
    with socket.create_connection((server.host, server.port), timeout=_PATIENCE) as channel:
        # By length, not by line ends, so that nothing in a line can end its frame.
        channel.sendall(str(len(content)).encode("ascii") + b" " + content)


def _send_unix(server: Server, content: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(_PATIENCE)
        channel.connect(server.path)
        channel.send(content)


_SENDERS: dict[str, Callable[[Server, bytes], None]] = {
    "udp": _send_udp,
    "tcp": _send_tcp,
    "unix": _send_unix,
}

"""On which loopback ports the hosts listen."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

DEFAULT_BASE = 25986
_HTTP_ABOVE = 1000  # how far a host's port for plain HTTP lies above that for HTTPS
_LOOPBACK = "127.0.0.1"


class PortTakenError(Exception):
    """A port is in use; the text is one line with the remedy."""


def assign(hosts: Iterable[str], choice: str | None) -> dict[str, int]:
    """Return a port for each host: counted up from `choice` (a number), or for `auto` 0, which whoever listens replaces.

    A free port that is looked up here could be somebody else's by the time the lab listens.
    """
    if choice == "auto":
        return dict.fromkeys(hosts, 0)
    base = int(choice or DEFAULT_BASE)
    return {name: base + number for number, name in enumerate(hosts)}


def for_http(https: dict[str, int], choice: str | None) -> dict[str, int]:
    """Return each host's port for plain HTTP: 1000 above the other, or for `auto` 0."""
    return {name: 0 if choice == "auto" else port + _HTTP_ABOVE for name, port in https.items()}


def check(ports: dict[str, int]) -> None:
    """Raise PortTakenError where one of them is in use."""
    for host, port in ports.items():
        with socket.socket() as probe:
            if os.name == "posix":  # elsewhere this option lets two listen on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_LOOPBACK, port))
            except (OSError, OverflowError) as error:
                raise PortTakenError(
                    f"port {port} of {host} cannot be used ({error}); stop what listens there, "
                    "or let the lab choose: bin/lab up --ports auto"
                ) from error

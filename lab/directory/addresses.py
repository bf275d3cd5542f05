"""Which address of loopback a domain controller has to itself: its ports are fixed, so labs differ by address."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

from .errors import DirectoryError

PORTS = (88, 135, 389, 464, 636, 3268, 3269)
_TRIES = 50


def is_free(address: str) -> bool:
    """Say whether nobody listens at the ports of a domain controller there."""
    return all(_can_bind(address, port) for port in PORTS)


def choose(wanted: str | None) -> str:
    """Return a free address 127.0.x.y, `wanted` if that is one. Raises DirectoryError where there is none."""
    for address in (*([] if wanted is None else [wanted]), *_candidates()):
        if is_free(address):
            return address
    raise DirectoryError(
        "no address of loopback has the ports 88, 389 and 636 free; stop the Kerberos or LDAP server that "
        "listens on all addresses (ss -ltnp)"
    )


def _candidates() -> Iterator[str]:
    """Yield addresses at random, so that two labs that start together will hardly want the same one."""
    rng = random.SystemRandom()
    return (f"127.0.{rng.randrange(10, 250)}.{rng.randrange(1, 250)}" for _ in range(_TRIES))


def _can_bind(address: str, port: int) -> bool:
    with socket.socket() as probe:
        # What a stopped server's last connections leave behind is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True

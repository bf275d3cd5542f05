"""Notices that the engine is gone: a killed `pulumi` does not end its plugins."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from hyperv_placement.clock import Clock

EVERY: float = 0.5
"""Seconds between two attempts to connect."""
MISSES = 2
"""Failed attempts in a row after which the engine counts as gone."""


def answers(address: str) -> bool:
    """Return whether something listens at `address`. For an engine that is only stopped (SIGSTOP) the kernel still answers."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=EVERY):
            return True
    except OSError:
        return False


def watch(
    address: str,
    clock: Clock,
    gone: Callable[[], None],
    stop: threading.Event,
    runs: Callable[[], bool] = lambda: True,
) -> None:
    """Call `gone` once the engine at `address` does not answer any more; return at once when `stop` is set.

    `runs`: whether its process still runs. At the port of an engine that is gone anybody may listen.
    """
    misses = 0
    while not clock.wait(EVERY, stop):
        # One attempt may fail while the engine is only busy: to leave then would drop the moves that are followed.
        misses = 0 if answers(address) else misses + 1
        if misses >= MISSES or not runs():
            gone()
            return

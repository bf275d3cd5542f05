"""Notices that the engine is gone: a killed `pulumi` leaves its plugins behind otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from hyperv_placement.clock import Clock

EVERY: float = 0.5
"""Seconds between two looks."""
MISSES = 2
"""Refusals in a row after which the engine counts as gone."""


def answers(address: str) -> bool:
    """Say whether something listens at `address`; a stopped engine's kernel still answers."""
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
    """Call `gone` once the engine at `address` answers no more; return at once when `stop` is set.

    `runs`: says whether its process is there yet: at the port of one that is gone, anybody may listen.
    """
    misses = 0
    while not clock.wait(EVERY, stop):
        misses = 0 if answers(address) else misses + 1
        if misses >= MISSES or not runs():
            gone()
            return

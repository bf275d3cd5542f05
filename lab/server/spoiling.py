"""Faults of the lab between a host and its client: answers that do not come, or not as they were written."""

from __future__ import annotations

import random
import select
import socket

from lab.service.answering import Service
from lab.world.faults import Fault

_LOOK_MILLISECONDS = 50
_NOISE = bytes(range(9)) + b"\xff\xfe"
"""What neither XML (1.0, section 2.2) nor UTF-8 has: noise makes an answer unreadable, never another answer."""
_SHARE = 100
"""One byte of so many is noise."""


def hold(connection: socket.socket, service: Service, *, while_silent: bool) -> None:
    """Say nothing on a connection until the client closes it, the lab ends, or, `while_silent`, its rule is cleared."""
    watch = select.poll()
    watch.register(connection, select.POLLRDHUP)
    while not service.stopping.is_set() and not watch.poll(_LOOK_MILLISECONDS):
        if while_silent and not service.is_silent():
            return


def garbled(answer: bytes, rule: Fault) -> bytes:
    """Return an answer with noise in it, the same for the same seed and turn."""
    chance = random.Random(f"{rule.seed}-{rule.left}")
    noisy = bytearray(answer)
    for place in chance.sample(range(len(noisy)), 1 + len(noisy) // _SHARE):
        noisy[place] = chance.choice(_NOISE)
    return bytes(noisy)


def length(answer: bytes, rule: Fault) -> int:
    """Return how many bytes of a truncated answer are sent."""
    return len(answer) * rule.after // 100

"""How long an examination of 32 hosts takes, the last of them dead."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

from hyperv_placement.clock import SystemClock
from hyperv_placement.operations.doctor.examine import examine
from hyperv_placement.stackfile import load

from .figure import Figure, listed
from .site import Sites

RUNS = 3
DEAD = "https://127.0.0.1:9/wsman"
"""Nobody listens there."""


def measure(sites: Sites) -> list[Figure]:
    """Examine a few times; each time all is read anew."""
    stack = load(sites.big().stack_file)
    last = list(stack.hosts)[-1]
    stack = replace(stack, hosts={**stack.hosts, last: replace(stack.hosts[last], endpoint=DEAD)})
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        found, *_ = examine(stack, SystemClock())
        seconds.append(time.perf_counter() - begun)
        if {str(each.subject) for each in found} != {last}:
            raise RuntimeError(f"the lab is not sound: {found}")
    return [
        Figure(
            name="doctor of 32 hosts, one of them dead", unit="s", result=median(seconds), at_most=5, below=True,
            notes=(listed(seconds, "s"),),
        )
    ]  # fmt: skip

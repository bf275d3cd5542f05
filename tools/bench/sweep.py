"""The client's CPU for one sweep of 32 hosts with 1,000 machines; the lab runs in another process."""

from __future__ import annotations

import time
from statistics import median

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.stackfile import load

from .figure import Figure, listed
from .site import Sites

RUNS = 3


def measure(sites: Sites) -> list[Figure]:
    """Sweep a few times, each with connections of its own, as a run does."""
    hosts = load(sites.big().stack_file).hosts
    seconds = []
    for _ in range(RUNS):
        estate = Estate(hosts, clock=SystemClock())
        begun = time.process_time()
        inventory = estate.read(Detail.PLACEMENT)
        seconds.append(time.process_time() - begun)
        estate.close()
        if inventory.unreachable:
            raise RuntimeError(f"hosts did not answer: {sorted(inventory.unreachable)}")
    return [
        Figure(
            name="sweep of 32 hosts, 1,000 machines: client CPU", unit="s", result=median(seconds), at_most=3,
            below=True, notes=(listed(seconds, "s"),),
        )
    ]  # fmt: skip

"""The lab's memory with 32 hosts and 1,000 machines in one process."""

from __future__ import annotations

from .figure import Figure
from .site import Sites

MEGABYTE = 1_000_000


def measure(sites: Sites) -> list[Figure]:
    """Read the resident memory after a sweep of all hosts."""
    site = sites.big()
    site.workspace.run("placement", "inventory", "bench", "--json", capture_output=True)
    resident = site.lab.memory_info().rss / MEGABYTE
    return [Figure(name="lab: 32 hosts, 1,000 machines", unit="MB", result=resident, at_most=500, below=True)]

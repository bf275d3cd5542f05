"""How fast hosts send and receive and single moves go, as declared or observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pace import most_bandwidth
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import Throughput

LINK = 1.25e9
"""Bytes a second of a host's migration network where nothing is declared or observed: 10 Gbit/s."""


def link(stack: Stack, throughput: Throughput, host: HostName) -> float:
    """Return the bytes a second of all moves of a host together: as declared, otherwise at least what one move reached.

    A slower move proves nothing about the link, which it may have shared. `limits` of host and stack lower it.
    """
    declared = stack.hosts[host].bandwidth
    carries = declared if declared is not None else max(LINK, throughput.hosts.get(host, 0.0))
    most = most_bandwidth((*stack.limits, *stack.hosts[host].limits))
    return carries if most is None else min(carries, most)


def pair_rates(throughput: Throughput, hosts: Sequence[HostName]) -> Mapping[tuple[int, ...], float]:
    """Return the rate of single moves by the numbers of their ends; a single number for moves of files on one host."""
    numbers = {name: number for number, name in enumerate(hosts)}
    return {
        tuple(dict.fromkeys((numbers[source], numbers[destination]))): pace
        for (source, destination), pace in throughput.pairs.items()
        if source in numbers and destination in numbers
    }


def host_rates(stack: Stack, throughput: Throughput, hosts: Sequence[HostName]) -> Mapping[int, float]:
    """Return, by number, the best rate observed for hosts without declared bandwidth."""
    return {
        number: throughput.hosts[name]
        for number, name in enumerate(hosts)
        if name in throughput.hosts and stack.hosts[name].bandwidth is None
    }

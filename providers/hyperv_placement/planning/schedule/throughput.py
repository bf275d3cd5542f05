"""From past moves to the throughput that the next plan is calculated with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from hyperv_placement.model.names import HostName
from hyperv_placement.model.throughput import Pair, PastMove, Throughput
from hyperv_placement.model.units import MIB

LATEST = 8
"""Latest moves of a pair that count: networks and disks change."""
LEAST = 64 * MIB
"""Bytes below which a move's duration is mostly preparation and says nothing about throughput."""


def observed_throughput(past: Iterable[PastMove]) -> Throughput:
    """Return what past moves show, in any order and with duplicates."""
    moves: dict[Pair, list[PastMove]] = defaultdict(list)
    for move in sorted(set(past), reverse=True):
        if move.bytes >= LEAST and move.seconds > 0:
            moves[move.source, move.destination].append(move)
    pairs = {pair: _median(moves[pair][:LATEST]) for pair in sorted(moves)}
    hosts: dict[HostName, float] = {}
    for (source, destination), pace in pairs.items():
        if source != destination:
            for host in (source, destination):
                # The best, not the mean: a slow move may have shared the link, a fast one proves what it can do.
                hosts[host] = max(pace, hosts.get(host, 0.0))
    return Throughput(pairs=pairs, hosts=hosts)


def _median(moves: Sequence[PastMove]) -> float:
    """Return the rate at or below which half of all bytes went: a large move says more about a link than a small one."""
    half, gone = sum(move.bytes for move in moves) / 2, 0
    for pace, size in sorted((move.bytes / move.seconds, move.bytes) for move in moves):
        gone += size
        if gone >= half:
            return pace
    raise ValueError("no moves, no rate")

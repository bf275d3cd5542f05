"""What two hosts must be to each other before a machine may go from one to the other: findings, before any start."""

from __future__ import annotations

from collections.abc import Iterator

from providers.model.estate import HostFacts
from providers.model.plan import Finding, Move
from providers.model.stack import HostSpec

from .configuration import configuration
from .devices import devices
from .drives import drives
from .hosts import hosts
from .networks import networks
from .processor import processor
from .room import disk_room, memory_room
from .second_hop import second_hop

__all__ = ["between", "disk_room"]


def between(move: Move, source: HostFacts, destination: HostFacts, target: HostSpec) -> Iterator[Finding]:
    """Yield what stands against a move to another host, or may; `target`: the destination in the stack file."""
    yield from hosts(move, source, destination)
    yield from second_hop(move, source)
    yield from configuration(move.vm, source, destination, target)
    yield from networks(move.vm, destination, target.name)
    yield from processor(move, source, destination)
    yield from devices(move, source, destination)
    yield from drives(move, source, destination)
    yield from memory_room(move.vm, destination, target)

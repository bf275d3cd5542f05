"""Checks of the two hosts of a move, before it is started: what the destination must have for the machine."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.move import Move
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.planning.checks.preflight.delegation_settings import second_hop

from .configuration import configuration
from .devices import devices
from .drives import drives
from .hosts import hosts, leftovers
from .networks import networks
from .numa import numa_room
from .processor import processor
from .room import disk_room, memory_room
from .switches import made_otherwise

__all__ = ["between", "disk_room"]


def between(move: Move, source: HostFacts, destination: HostFacts, target: HostSpec) -> Iterator[Finding]:
    """Yield what refuses a move to another host, or may make it fail; `target`: the destination in the stack file."""
    pair = Subject.pair(move.source, move.destination)
    for finding in (*hosts(move, source, destination), *second_hop(move, source)):
        yield finding.about(pair)
    yield from leftovers(move, source, destination)
    yield from configuration(move.vm, source, destination, target)
    yield from networks(move.vm, destination, target.name)
    yield from made_otherwise(move, source, destination)
    yield from processor(move, source, destination)
    yield from devices(move, source, destination)
    yield from drives(move, source, destination)
    yield from memory_room(move.vm, destination, target)
    yield from numa_room(move.vm, destination, target)

"""What a schedule leaves free of each host's memory and volumes: before it, at its tightest moment, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hyperv_placement.model.estate import HostFacts, Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName, natural
from hyperv_placement.model.plan import Plan, Schedule
from hyperv_placement.model.pool import Pool
from hyperv_placement.model.stack import HostSpec, Stack
from hyperv_placement.model.units import MIB, format_bytes

from .build import Ends, ends_of
from .problem import Leg

Free = tuple[float, int]
"""Second of the run, and bytes free from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Memory or a volume of a host, and what is free of it during a run."""

    host: HostName
    kind: Literal["memory", "disk"]
    volume: str
    """Where it is mounted; empty for memory."""
    capacity: int | None
    """Bytes; None where the host does not report it."""
    kept: int
    """Bytes of the declared reserve."""
    timeline: tuple[Free, ...]
    """Free bytes at second 0, and each time they change. A move holds both of its ends until it has ended."""
    known: bool = True
    """False where a file of unknown size arrives, which `timeline` leaves out."""

    @property
    def before(self) -> int:
        """Bytes free at the start."""
        return self.timeline[0][1]

    @property
    def least(self) -> int:
        """Bytes free at the tightest moment."""
        return min(free for _, free in self.timeline)

    @property
    def least_at(self) -> float:
        """The first moment of `least`, in seconds from the start."""
        return next(second for second, free in self.timeline if free == self.least)

    @property
    def after(self) -> int:
        """Bytes free at the end."""
        return self.timeline[-1][1]


def rooms(stack: Stack, inventory: Inventory, plan: Plan) -> tuple[Room, ...]:
    """Return the memory of every host that a move of the schedule leaves or reaches, and the volumes it changes.

    Sorted by host, memory first. What a host does not report is left out, as are shares and volumes of clusters,
    whose room is unknown. Nothing that happens outside the plan is included.
    """
    schedule = plan.schedule
    touched = sorted(
        {host for each in schedule.moves for host in (each.move.source, each.move.destination)}, key=natural
    )
    if not touched:
        return ()
    ends = ends_of(stack, inventory, plan)
    changes = _changes(schedule, ends)
    found: list[Room] = []
    for name in touched:
        there = inventory.hosts[name].facts
        if there is not None:
            found += _of_host(stack.hosts[name], there, changes, ends.unknown)
    return tuple(found)


def crowded(plan: Plan, stack: Stack, inventory: Inventory) -> Iterator[Finding]:
    """Yield a warning where a machine in flight needs more than is free: no move of ours takes room that is missing."""
    if not any(host.jobs for host in inventory.hosts.values()):
        return
    for room in rooms(stack, inventory, plan):
        if room.least < 0:
            yield Finding.warning(
                "room-overdrawn",
                f"What is arriving on {room.host} needs {format_bytes(-room.least)} more of its"
                f" {room.volume or room.kind} than is free there",
                "That migration may fail; nothing else is planned into that room",
            )


def _of_host(
    spec: HostSpec,
    facts: HostFacts,
    changes: dict[Pool, list[tuple[float, int]]],
    unknown: frozenset[Pool],
) -> Iterator[Room]:
    if facts.memory_free_mib is not None:
        steps = [(second, by * MIB) for second, by in changes.get(Pool.memory(spec.name), [])]
        yield Room(
            host=spec.name, kind="memory", volume="",
            capacity=None if facts.memory_mib is None else facts.memory_mib * MIB,
            kept=spec.reserve.memory_mib * MIB, timeline=_timeline(facts.memory_free_mib * MIB, steps),
        )  # fmt: skip
    for volume in sorted(facts.volumes or (), key=lambda volume: volume.path):
        pool = Pool.on_volume(spec.name, volume.path)
        steps = changes.get(pool, [])
        if steps or pool in unknown:
            yield Room(
                host=spec.name, kind="disk", volume=volume.path, capacity=volume.capacity_bytes,
                kept=spec.reserve.on(volume), timeline=_timeline(volume.free_bytes, steps), known=pool not in unknown,
            )  # fmt: skip


def _changes(schedule: Schedule, ends: Ends) -> dict[Pool, list[tuple[float, int]]]:
    """Return, by pool, when how much is given back or taken (negative); at the same moment ends come before starts.

    What arriving machines will take is taken from the beginning.
    """
    # The middle number sorts ends (0) before starts (1) at the same moment, as the schedule does.
    found = {pool: [(0.0, 1, -amount)] for pool, amount in ends.coming.items() if amount}
    for number, (each, (start, end)) in enumerate(zip(schedule.moves, ends.moves, strict=True)):
        leg = Leg(machine=number, source=start, target=end)
        for pool, amount in leg.acquires:
            found.setdefault(ends.pools[pool], []).append((each.start, 1, -amount))
        for pool, amount in leg.releases:
            found.setdefault(ends.pools[pool], []).append((each.end, 0, amount))
    return {pool: [(second, amount) for second, _, amount in sorted(steps)] for pool, steps in found.items()}


def _timeline(free: int, steps: list[tuple[float, int]]) -> tuple[Free, ...]:
    timeline = [(0.0, free)]
    for second, by in steps:
        free += by
        if len(timeline) > 1 and timeline[-1][0] == second:
            timeline.pop()
        timeline.append((second, free))
    return tuple(timeline)

"""What a move needs of its hosts, and whether live facts show room for it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import HostFacts, Volume
from hyperv_placement.model.memory import needed_mib
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.units import MIB, format_bytes
from hyperv_placement.planning.checks.preflight.numa import fits
from hyperv_placement.planning.checks.preflight.room import volume_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One kind of migrations that a host counts: how many run there, and how many it takes at once."""

    name: str
    """As `3 of 3 NAME migrations running` has it."""
    active: Callable[[HostFacts], int]
    limit: Callable[[HostFacts], int]


LIVE = Slot(
    name="live",
    active=lambda facts: facts.migration.active_live,
    # A cluster's limit binds its nodes beside their own (Get-Cluster page, MaximumParallelMigrations).
    limit=lambda facts: min(facts.migration.max_live, facts.cluster_migrations or facts.migration.max_live),
)
STORAGE = Slot(
    name="storage",
    active=lambda facts: facts.migration.active_storage,
    limit=lambda facts: facts.migration.max_storage,
)
_SLOTS = {
    Moves.HOST: (LIVE,),
    Moves.STORAGE: (STORAGE,),
    # Unverified which slots such a move takes; the stricter reading counts both, on both ends.
    Moves.HOST_AND_STORAGE: (LIVE, STORAGE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One kind of moves of which so many are on their way at once, on whichever hosts: by limits and turns of a stack file."""

    key: str
    """By which the number is looked up (`Gate.most`)."""
    name: str
    """As `2 of 2 moves are on their way (NAME)` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Room that one move takes from its start to its end."""

    hosts: tuple[HostName, ...]
    """Source and destination; one host for a storage migration."""
    destination: HostName
    slots: tuple[Slot, ...]
    memory_mib: int = 0
    """On the destination; 0 for a machine that is not running, and for a move that stays."""
    numa_nodes: int | None = None
    """Virtual NUMA nodes that share this memory; None where that is not known."""
    files: Mapping[str, int] = field(default_factory=dict)
    """Path at the destination -> bytes. Both ends hold a copy until the move ends."""
    seats: tuple[Seat, ...] = ()
    """What it is one of, of which only so many are on their way at once."""


def needs_of(move: Move) -> Needs:
    """Return what `move` needs. Space on shares is not counted: no host reports it, so a full one fails the job."""
    sizes = {disk.instance_id: disk.counted_bytes for disk in (*move.vm.disks, *move.vm.frozen)}
    copied = move.all_disks if move.copies_storage else ()
    return Needs(
        hosts=tuple(dict.fromkeys((move.source, move.destination))),
        destination=move.destination,
        slots=_SLOTS[move.moves],
        memory_mib=(needed_mib(move.vm) or 0) if move.changes_host else 0,
        numa_nodes=move.vm.numa_nodes,
        files={
            **{d.target: sizes.get(d.instance_id, 0) for d in copied},
            **{parent.target: parent.size_bytes for parent in move.parents},
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A move of this process that has started and not ended."""

    needs: Needs
    since: float
    """When it started, in the clock's seconds."""


def shortage(
    needs: Needs,
    facts: Mapping[HostName, HostFacts],
    others: Iterable[Running],
    reserve: Reserve,
    most: Mapping[str, int] = MappingProxyType({}),
) -> str | None:
    """Return why a move must wait, or None where there is room. `most`: how many of each seat are on their way at once.

    `others`: the moves of this process under way. What has started since a host was read counts on top of what
    the host said; memory and disk of all of them count on top, which can only make this one wait longer.
    """
    running = list(others)
    seated = _seated(needs, running, most)
    return next(chain(seated, _shortages(needs, facts, running, reserve)), None)


def _seated(needs: Needs, running: list[Running], most: Mapping[str, int]) -> Iterator[str]:
    for seat in needs.seats:
        used, limit = sum(seat in other.needs.seats for other in running), most.get(seat.key)
        if limit is not None and used >= limit:
            moves = "move is" if used == 1 else "moves are"
            yield f"{used} of {limit} {moves} on {'its' if used == 1 else 'their'} way ({seat.name})"


def _shortages(
    needs: Needs, facts: Mapping[HostName, HostFacts], running: list[Running], reserve: Reserve
) -> Iterator[str]:
    for host in needs.hosts:
        ours = [other for other in running if host in other.needs.hosts]
        for slot in needs.slots:
            taking = [other for other in ours if slot in other.needs.slots]
            since = sum(other.since >= facts[host].read_at for other in taking)
            # What we have started may not be in the host's count yet, or be in it already: the larger number cannot overbook it.
            # Hyper-V itself does not queue: a migration over the limit fails (SupportArticles, live migration limit).
            used = max(slot.active(facts[host]) + since, len(taking))
            limit = slot.limit(facts[host])
            if used >= limit:
                yield f"{host} has {used} of {limit} {slot.name} migrations running"
    arriving = [other.needs for other in running if other.needs.destination == needs.destination]
    yield from _memory(needs, facts[needs.destination], arriving, reserve)
    yield from _disk(needs, facts[needs.destination], arriving, reserve)


def _memory(needs: Needs, facts: HostFacts, arriving: list[Needs], reserve: Reserve) -> Iterator[str]:
    if facts.memory_free_mib is None:
        return  # the plan has warned of it; the host itself refuses what does not fit
    free = reserve.left_of_memory(facts.memory_free_mib) - sum(other.memory_mib for other in arriving)
    if needs.memory_mib > free:
        lacking = format_bytes((needs.memory_mib - free) * MIB)
        kept = (
            f" beside its reserve of {format_bytes(reserve.memory_mib * MIB)}" if reserve.memory_mib else ""
        )
        yield f"{needs.destination} lacks {lacking} of memory{kept}"
    elif needs.memory_mib and facts.numa_spanning is False and facts.numa_free_mib and needs.numa_nodes:
        # Which node an arriving machine gets its memory of, no host says beforehand: it counts on each.
        coming = sum(other.memory_mib for other in arriving)
        left = [each - coming for each in facts.numa_free_mib]
        if not fits(needs.memory_mib, needs.numa_nodes, left):
            part = format_bytes(-(-needs.memory_mib // needs.numa_nodes) * MIB)
            yield f"{needs.destination} has no NUMA node with {part} of memory free"


def _disk(needs: Needs, facts: HostFacts, arriving: list[Needs], reserve: Reserve) -> Iterator[str]:
    if facts.volumes is None:
        return
    for path in needs.files:
        if not winpath.is_unc(path) and volume_of(path, facts.volumes) is None:
            yield f"{needs.destination} has no volume for {path}"
    for volume in facts.volumes:
        wanted = _bytes_on(volume, needs, facts.volumes)
        promised = sum(_bytes_on(volume, other, facts.volumes) for other in arriving)
        free = reserve.left_on(volume) - promised
        if wanted and wanted > free:
            yield f"{needs.destination} lacks {format_bytes(wanted - free)} on {volume.path}"


def _bytes_on(volume: Volume, needs: Needs, volumes: tuple[Volume, ...]) -> int:
    return sum(size for path, size in needs.files.items() if volume_of(path, volumes) == volume)

"""Seeded estates: memory at 85 % or at 92 to 97 %, volumes at 75 %, and a target that a walk of single safe moves has reached."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.schedule.problem import MEMORY, Holding, Machine, Place, Problem, SlotLimits

SIZES = ((4, 40), (8, 80), (8, 80), (16, 120), (16, 200), (32, 400))
"""GiB of memory and GB of disk; each as likely as the next."""
MEMORY_USED, DISK_USED, MOVED = 0.85, 0.75, 0.30
LINK = 1.25e9
SLOTS = 2
TIGHT_HOSTS, TIGHT_SEEDS = (4, 8, 12), range(10)
TIGHTEST, TIGHT_STEP, PER_HOST = 0.97, 0.005, 15
"""Memory used of the last of ten tight estates, how much less each before it uses, and machines a host."""
FILLS, STEPS = 1000, 400
"""Tries to fill one draw of machines in, and steps of the walk a machine, before other machines are drawn."""
_GB, _GIB, _MIB_PER_GIB = 10**9, 1 << 30, 1024


@dataclass(slots=True)
class _Rooms:
    """What each host has free: memory in MiB, disk in bytes."""

    memory: list[int]
    disk: list[int]

    def takes(self, host: int, size: tuple[int, int]) -> bool:
        return self.memory[host] >= size[0] * _MIB_PER_GIB and self.disk[host] >= size[1] * _GB

    def put(self, host: int, size: tuple[int, int], sign: int = 1) -> None:
        self.memory[host] -= sign * size[0] * _MIB_PER_GIB
        self.disk[host] -= sign * size[1] * _GB


def tight(hosts: int, seed: int) -> Problem:
    """Return an estate whose memory is used to 92.5 % (seed 0) to 97 % (seed 9), on few hosts, with a safe way of direct moves."""
    used = TIGHTEST - TIGHT_STEP * (TIGHT_SEEDS[-1] - seed)
    return estate(hosts, hosts * PER_HOST, seed, memory_used=used, direct=True)


def estate(
    hosts: int, machines: int, seed: int, *, memory_used: float = MEMORY_USED, direct: bool = False
) -> Problem:
    """Return an estate in which 30 % of the machines are declared elsewhere, and a safe way there exists.

    `direct`: each machine moves once on that way.
    """
    source = random.Random(seed)  # noqa: S311 - an estate, no secret
    while (drawn := _drawn(source, hosts, machines, memory_used, direct=direct)) is None:
        pass
    sizes, free, start, goal = drawn
    return Problem(
        pools=tuple(
            pool
            for host in map(HostName, map(_host, range(hosts)))
            for pool in (Pool.memory(host), Pool.on_volume(host, "disk"))
        ),
        free=free,
        links=(LINK,) * hosts,
        limits=(SlotLimits(live=SLOTS, storage=SLOTS),) * hosts,
        machines=tuple(
            Machine(
                key=f"VM{number:05d}",
                start=_place(number, start[number], size),
                goal=_place(number, goal[number], size),
            )
            for number, size in enumerate(sizes)
        ),
        hosts=tuple(_host(host) for host in range(hosts)),
    )


def _drawn(
    source: random.Random, hosts: int, machines: int, memory_used: float, *, direct: bool
) -> tuple[list[tuple[int, int]], tuple[int, ...], list[int], list[int]] | None:
    """Return sizes, what is free, where machines are and where they go; None where these machines do not fit or hardly move."""
    sizes = [source.choice(SIZES) for _ in range(machines)]
    for _ in range(FILLS):
        if (built := _filled(source, hosts, sizes, memory_used)) is not None:
            break
    else:
        return None
    start, rooms = built
    free = tuple(amount for host in range(hosts) for amount in (rooms.memory[host], rooms.disk[host]))
    goal = _walked(source, start, rooms, sizes, direct=direct)
    return None if goal is None else (sizes, free, start, goal)


def _host(number: int) -> str:
    return f"hv{number:04d}"


def _filled(
    source: random.Random, hosts: int, sizes: list[tuple[int, int]], memory_used: float
) -> tuple[list[int], _Rooms] | None:
    """Put each machine on any host that takes it, large ones first; None where one finds no host."""
    memory = int(sum(size[0] for size in sizes) * _MIB_PER_GIB / hosts / memory_used)
    disk = int(sum(size[1] for size in sizes) * _GB / hosts / DISK_USED)
    rooms = _Rooms(memory=[memory] * hosts, disk=[disk] * hosts)
    at = [0] * len(sizes)
    for number in sorted(range(len(sizes)), key=lambda number: -sizes[number][0]):
        fitting = [host for host in range(hosts) if rooms.takes(host, sizes[number])]
        if not fitting:
            return None
        at[number] = source.choice(fitting)
        rooms.put(at[number], sizes[number])
    return at, rooms


def _walked(
    source: random.Random, start: list[int], rooms: _Rooms, sizes: list[tuple[int, int]], *, direct: bool
) -> list[int] | None:
    """Return where the machines are after single moves, each of which had room, until enough are elsewhere; None if they never are."""
    at = list(start)
    away = 0
    for _ in range(STEPS * len(at)):
        if away >= MOVED * len(at):
            return at
        number, host = source.randrange(len(at)), source.randrange(len(rooms.memory))
        moved = direct and at[number] != start[number]
        if moved or host == at[number] or not rooms.takes(host, sizes[number]):
            continue
        rooms.put(at[number], sizes[number], -1)
        rooms.put(host, sizes[number])
        away += (host != start[number]) - (at[number] != start[number])
        at[number] = host
    return None


def _place(number: int, host: int, size: tuple[int, int]) -> Place:
    memory, disk = size
    return Place(
        host=host,
        holdings=frozenset(
            (
                Holding(pool=2 * host, amount=memory * _MIB_PER_GIB, thing=MEMORY, transfer=memory * _GIB),
                Holding(
                    pool=2 * host + 1, amount=disk * _GB, thing=f"{number} on {host}", transfer=disk * _GB
                ),
            )
        ),
    )

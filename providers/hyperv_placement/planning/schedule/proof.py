"""Why there is no safe order, in sentences that a person can check, and what would allow one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.model.units import MIB, counted, format_bytes

from .budget import Budget
from .problem import MEMORY, Holding, Leg, Machine, Place, Problem, SlotLimits
from .sequence import DeadEnd, sequence

LOOKED_AT, IN_ALL = 20_000, 200_000
"""Steps for trying out each remedy before it is suggested, and those of all causes of a plan."""
_SPARE_HOST = HostName("the spare host")
REMEDIES = 8
"""Machines that are tried out as turned off."""
ROOMY = 3
"""Hosts with room that are named with what keeps a machine from them."""


def proof(problem: Problem, stuck: DeadEnd, labels: Sequence[str]) -> list[str]:
    """Return lines: where no move can go on, and what each machine lacks there."""
    done = len(stuck.legs)
    return [
        f"No order is safe ({how(stuck)}): after {done} of {counted(done + len(stuck.blocked), 'move')} no other can start",
        *(waits(problem, leg, stuck, labels) for leg in stuck.blocked),
    ]


def how(stuck: DeadEnd) -> str:
    """Return what the search for an order comes to."""
    return "every order was tried" if stuck.proved else "no order was found within the search's budget"


def waits(problem: Problem, leg: Leg, stuck: DeadEnd, labels: Sequence[str]) -> str:
    """Return what a machine lacks at a dead end."""
    lacks = [
        _owned(problem, pool, stuck, labels)
        if pool in problem.names
        else f"{problem.pools[pool].amount(amount - stuck.free[pool])} of {problem.pools[pool]}"
        for pool, amount in leg.acquires
        if stuck.free[pool] < amount
    ]
    way = f"{problem.hosts[leg.source.host]} to {problem.hosts[leg.target.host]}"
    return f"{labels[leg.machine]} ({way}) lacks {' and '.join(lacks)}"


def _owned(problem: Problem, pool: int, stuck: DeadEnd, labels: Sequence[str]) -> str:
    """Return a file's name and who has it at that point."""
    at = {number: machine.start for number, machine in enumerate(problem.machines)}
    at |= {leg.machine: leg.target for leg in stuck.legs}
    having = [labels[n] for n, place in at.items() if any(h.pool == pool for h in place.holdings)]
    return f"the file name {problem.pools[pool]}, which {' and '.join(having) or 'another machine'} has"


def remedies(problem: Problem, stuck: DeadEnd, labels: Sequence[str], budget: Budget) -> Iterator[str]:
    """Yield what would help, each tried out within the budget: a machine turned off, another host."""
    lacking = {pool for leg in stuck.blocked for pool, amount in leg.acquires if stuck.free[pool] < amount}
    yield from stuck.helps
    for number in _smallest_holding(problem, lacking):
        if _solves(_with_off(problem, number), budget):
            yield f"With {labels[number]} shut down there is one"
            break
    there = list(_with_room(problem, stuck))
    barred = (
        f"{problem.hosts[host]} has room for {labels[number]}, which does not step aside to it: {why}"
        for number, host, why in there
        if why
    )
    yield from islice(barred, ROOMY)
    # What is there already is no remedy.
    if there:
        return
    memory = max((_memory(leg.source) for leg in stuck.blocked), default=0)
    disk = max((_files(leg.source) for leg in stuck.blocked), default=0)
    rooms = (memory and f"{format_bytes(memory * MIB)} of memory", disk and f"{format_bytes(disk)} of disk")
    spare = " and ".join(room for room in rooms if room)
    if _solves(_with_host(problem, stuck.blocked, spare), budget):
        yield f"With another host that has {spare} free there is one"


def _with_room(problem: Problem, stuck: DeadEnd) -> Iterator[tuple[int, int, str]]:
    """Yield waiting machines with hosts that have room for them, and what keeps each from stepping aside there, if anything does."""
    rooms: dict[str, dict[str, int]] = {"memory": {}, "volume": {}}
    for pool, free in zip(problem.pools, stuck.free, strict=True):
        if pool.kind in rooms:
            found = rooms[pool.kind]
            found[pool.host] = max(free, found.get(pool.host, 0))
    for leg in stuck.blocked:
        memory, files = _memory(leg.source), _files(leg.source)
        for number, name in enumerate(problem.hosts):
            roomy = rooms["memory"].get(name, 0) >= memory and rooms["volume"].get(name, 0) >= files
            if number not in leg.hosts and roomy:
                yield leg.machine, number, problem.machines[leg.machine].kept_from(number)


def _smallest_holding(problem: Problem, lacking: set[int]) -> list[int]:
    sizes = {
        number: sum(h.amount for h in machine.start.holdings if h.thing == MEMORY)
        for number, machine in enumerate(problem.machines)
        if any(holding.pool in lacking for holding in (*machine.start.holdings, *machine.goal.holdings))
    }
    return sorted((number for number in sizes if sizes[number]), key=lambda number: (sizes[number], number))[
        :REMEDIES
    ]


def _solves(problem: Problem, budget: Budget) -> bool:
    if budget.spent:
        return False
    part = Budget(min(LOOKED_AT, budget.left))
    before = part.left
    found = sequence(problem, part)
    budget.spend(before - part.left)
    return not isinstance(found, DeadEnd)


def _with_off(problem: Problem, number: int) -> Problem:
    """Return the estate with that machine off: its memory is free, its files stay."""
    machine = problem.machines[number]
    free = list(problem.free)
    for holding in machine.start.holdings:
        if holding.thing == MEMORY:
            free[holding.pool] += holding.amount
    warm = {_cold(place): place for place in machine.places}
    off = replace(
        machine,
        start=_cold(machine.start),
        goal=_cold(machine.goal),
        parking=tuple(_cold(place) for place in machine.parking),
        lets=lambda source, target: machine.lets(warm[source], warm[target]),
    )
    machines = (*problem.machines[:number], off, *problem.machines[number + 1 :])
    return replace(problem, free=tuple(free), machines=machines)


def _cold(place: Place) -> Place:
    return replace(place, holdings=frozenset(h for h in place.holdings if h.thing != MEMORY), on_arrival=None)


def _memory(place: Place) -> int:
    return sum(holding.amount for holding in place.holdings if holding.thing == MEMORY)


def _files(place: Place) -> int:
    """Return the bytes of files that do not lie on shares, which every host sees."""
    return sum(holding.amount for holding in place.holdings if holding.file)


def _with_host(problem: Problem, blocked: Sequence[Leg], spare: str) -> Problem:
    """Return the estate with an additional empty host on which the waiting machines may be parked."""
    memory, disk = len(problem.pools), len(problem.pools) + 1
    host = len(problem.hosts)
    room = (
        max((_memory(leg.source) for leg in blocked), default=0),
        max((_files(leg.source) for leg in blocked), default=0),
    )
    waiting = {leg.machine for leg in blocked if not problem.machines[leg.machine].bound}

    def aside(machine: Machine) -> Machine:
        held = frozenset(
            h
            if h.file and not h.amount
            else Holding(
                pool=memory if h.thing == MEMORY else disk,
                amount=h.amount,
                thing=h.thing if h.thing == MEMORY else f"spare {h.thing}",
                transfer=h.transfer,
                file=h.file,
            )
            for h in machine.start.holdings
            if h.thing == MEMORY or h.file
        )
        there = Place(host=host, holdings=held)
        return replace(
            machine, parking=(*machine.parking, there),
            lets=lambda source, target: there in (source, target) or machine.lets(source, target),
        )  # fmt: skip

    return replace(
        problem,
        pools=(*problem.pools, Pool.memory(_SPARE_HOST), Pool.on_volume(_SPARE_HOST, "disk")),
        free=(*problem.free, *room),
        links=(*problem.links, max(problem.links)),
        limits=(*problem.limits, SlotLimits(live=1, storage=1)),
        hosts=(*problem.hosts, f"a host with {spare}"),
        machines=tuple(
            aside(machine) if number in waiting else machine
            for number, machine in enumerate(problem.machines)
        ),
    )

"""Whether a group of hosts bears the loss of one: the machines that it runs packed into what the others have free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hyperv_placement.model.names import HostName
from hyperv_placement.planning.solver import Program, Search, solve

NODES = 2_000
"""Nodes of the search tree for one host that is lost."""
VARIABLES = 4_000
"""Sizes of machines times hosts up to which that is searched exactly."""


class Survival(StrEnum):
    """What is known of it."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "could not be shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What the loss of a host would mean."""

    verdict: Survival
    homeless: tuple[int, ...] = ()
    """MiB of each machine for which no room was found: where it holds none, where it fails the least that there can be, or near it."""


def loss(needs: Iterable[int], free: Iterable[int]) -> Loss:
    """Return what becomes of machines that need so many MiB each, where the other hosts have so many free each.

    A simple packing proves that it holds; that it does not is proved by sums or by a solver. Where its budget ends first, or
    there are too many sizes and hosts, it is unknown.
    """
    sizes = sorted((each for each in needs if each > 0), reverse=True)
    room = sorted((each for each in free if each > 0), reverse=True)
    homeless = min(
        (_packed(sizes, room, tight=tight) for tight in (False, True)), key=lambda left: (sum(left), left)
    )
    if not homeless:
        return Loss(verdict=Survival.HOLDS)
    if not room or homeless == sizes:
        # Not even the smallest finds room on the roomiest host.
        return Loss(verdict=Survival.FAILS, homeless=tuple(homeless))
    by_size = Counter(sizes)
    if len(by_size) * len(room) <= VARIABLES:
        return _searched(by_size, room, homeless)
    fails = sum(sizes) > sum(room) or sizes[0] > room[0]
    return Loss(verdict=Survival.FAILS if fails else Survival.UNKNOWN, homeless=tuple(homeless))


def group_survival(
    free: Mapping[HostName, int], running: Mapping[HostName, Sequence[int]]
) -> dict[HostName, Loss]:
    """Return, by host of a group, what its loss would mean: MiB that each has free, and that each machine needs that it runs."""
    return {
        lost: loss(running.get(lost, ()), (left for name, left in free.items() if name != lost))
        for lost in free
    }


def _packed(sizes: Sequence[int], room: Sequence[int], *, tight: bool) -> list[int]:
    """Return what finds no room where the largest come first: into the fullest host that takes it if `tight`, else the emptiest."""
    left, homeless = list(room), []
    for size in sizes:
        fitting = [number for number, each in enumerate(left) if each >= size]
        if not fitting:
            homeless.append(size)
            continue
        chosen = (min if tight else max)(fitting, key=lambda number: left[number])
        left[chosen] -= size
    return homeless


def _searched(by_size: Mapping[int, int], room: Sequence[int], homeless: Sequence[int]) -> Loss:
    """Return the answer of a solver: as little memory as can be is left without room."""
    program, cost = Program(), dict[int, int]()
    taken: list[list[tuple[int, int]]] = [[] for _ in room]
    rest = {}
    for size, count in by_size.items():
        places = [
            (program.variable(min(count, each // size)), number)
            for number, each in enumerate(room)
            if each >= size
        ]
        rest[size] = program.variable(count)
        cost[rest[size]] = size
        program.row([*((place, 1) for place, _ in places), (rest[size], 1)], at_least=count, at_most=count)
        for place, number in places:
            taken[number].append((place, size))
    for terms, each in zip(taken, room, strict=True):
        program.row(terms, at_most=each)
    found = solve(program, cost, Search(nodes=NODES, enough=0))
    if found.values is not None:
        least = [size for size, variable in rest.items() for _ in range(found.values[variable])]
        if not least:
            return Loss(verdict=Survival.HOLDS)
        if found.bound > 0:
            return Loss(verdict=Survival.FAILS, homeless=tuple(least))
    return Loss(verdict=Survival.FAILS if found.bound > 0 else Survival.UNKNOWN, homeless=tuple(homeless))

"""Choosing hosts for a crowded estate: time, and bytes moved against a greedy repair and the solver's lower bound."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from hyperv_placement.planning.choosing.best import best
from hyperv_placement.planning.choosing.problem import AssignmentProblem, Option, Unit
from tools.bench.figure import Figure, amount
from tools.bench.site import Sites

from .estates import MEMORY_USED, SIZES

HOSTS, MACHINES = 100, 2000
CROWDED, CROWD = 0.25, 0.60
"""A quarter of the hosts has 60 % of the machines."""
APART, TOGETHER_APART = 0.10, 4
"""A tenth of the machines are in rules, four in each."""
_MIB_PER_GIB, _GB, _GIB = 1024, 10**9, 1 << 30


def measure(_sites: Sites) -> list[Figure]:
    """Choose, and repair greedily."""
    problem, at = crowded(seed=0)
    begun = time.perf_counter()
    answer = best(problem)
    seconds = time.perf_counter() - begun
    repaired = greedy(problem, at)
    homeless = sum(option is None for option in answer.chosen)
    return [
        Figure(
            name=f"choosing hosts, {HOSTS} hosts, {MACHINES:,} machines", unit="s", result=seconds, at_most=10, below=True,
            notes=("proved: no choice moves fewer bytes" if answer.proved else "not proved best",),
        ),
        Figure(name="machines without a host in it", unit="", result=homeless, at_most=0),
        Figure(
            name="bytes moved by it", unit="x greedy repair", result=answer.cost / repaired, at_most=1.0,
            notes=(
                (f"{amount(answer.cost / _GB / 1000)} TB; greedy repair {amount(repaired / _GB / 1000)} TB;"
                f" lower bound {amount(answer.least / _GB / 1000)} TB"),
            ),
        ),
    ]  # fmt: skip


def crowded(seed: int) -> tuple[AssignmentProblem, list[int]]:
    """Return an estate as a problem, and where its machines are: any machine may be on any host."""
    source = random.Random(seed)  # noqa: S311 - an estate, no secret
    sizes = [source.choice(SIZES) for _ in range(MACHINES)]
    few = int(HOSTS * CROWDED)
    at = [
        source.randrange(few) if source.random() < CROWD else source.randrange(few, HOSTS)
        for _ in range(MACHINES)
    ]
    memory = int(sum(size[0] for size in sizes) * _MIB_PER_GIB / HOSTS / MEMORY_USED)
    ruled = source.sample(range(MACHINES), int(MACHINES * APART))
    rule = {number: place // TOGETHER_APART for place, number in enumerate(ruled)}
    room = [memory] * HOSTS + [1] * (HOSTS * (len(ruled) // TOGETHER_APART))

    def holds(number: int, host: int) -> tuple[tuple[int, int], ...]:
        held = [(host, sizes[number][0] * _MIB_PER_GIB)]
        if number in rule:
            held.append((HOSTS + rule[number] * HOSTS + host, 1))
        return tuple(held)

    units = tuple(
        Unit.listed(
            f"VM{number:05d}",
            (
                Option(
                    host=host,
                    holds=holds(number, host),
                    cost=0 if host == at[number] else size[0] * _GIB + size[1] * _GB,
                )
                for host in range(HOSTS)
            ),
        )
        for number, size in enumerate(sizes)
    )
    load = tuple((host, memory) for host in range(HOSTS))
    return AssignmentProblem(units=units, room=tuple(room), load=load), at


def greedy(problem: AssignmentProblem, at: list[int]) -> int:
    """Return the bytes that a plain repair moves: the cheapest machine off what is broken, to the first host that fits."""
    free = list(problem.room)
    here = list(at)
    for number, host in enumerate(here):
        for pool, held in problem.units[number].option(host).holds:
            free[pool] -= held
    moved = 0
    while (broken := next((pool for pool, left in enumerate(free) if left < 0), None)) is not None:
        number = min(_in(problem, here, broken), key=lambda number: (problem.units[number].far, number))
        host = next(
            host
            for host in problem.units[number].hosts
            if host != here[number]
            and all(free[pool] >= held for pool, held in problem.units[number].option(host).holds)
        )
        for pool, held in problem.units[number].option(here[number]).holds:
            free[pool] += held
        for pool, held in problem.units[number].option(host).holds:
            free[pool] -= held
        moved += problem.units[number].far
        here[number] = host
    return moved


def _in(problem: AssignmentProblem, here: list[int], pool: int) -> Iterator[int]:
    """Yield the machines that hold of a pool."""
    for number, host in enumerate(here):
        if any(held == pool for held, _ in problem.units[number].option(host).holds):
            yield number

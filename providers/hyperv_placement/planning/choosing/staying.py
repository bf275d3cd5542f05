"""Which machines stay: the fewest bytes that must go so that no pool is overdrawn, found by a solver for each group of pools.

Where the others go is left out here, so that the answer is a lower bound: no choice moves fewer bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hyperv_placement.planning.solver import Program, Search, solve

from .problem import AssignmentProblem, Option, Unit

NODES = 2_000
"""Nodes of the search tree for each group of pools; after that the best known bound counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """The answer."""

    kept: dict[int, Option]
    """Unit -> where it stays."""
    least: int
    """Lower bound of the bytes to move."""


def staying(problem: AssignmentProblem) -> Staying:
    """Return which units stay, at the lowest cost."""
    # An option as expensive as moving everything is no staying; the choice among those comes later.
    near = {number: _near(unit) for number, unit in enumerate(problem.units)}
    kept = {number: options[0] for number, options in near.items() if options}
    least = sum(unit.least for unit in problem.units)
    drawn = [0] * len(problem.room)
    for option in kept.values():
        for pool, amount in option.holds:
            drawn[pool] += amount
    short = {
        pool for pool, amount in enumerate(drawn) if amount > problem.room[pool] and pool not in problem.bears
    }
    for group in _groups(kept, short):
        found = _solved(problem, near, group, short)
        least += found.least - sum(kept[number].cost for number in group)
        for number in group:
            kept.pop(number)
        kept.update(found.kept)
    return Staying(kept=kept, least=least)


def _near(unit: Unit) -> list[Option]:
    """Return the options of a unit that copy less than moving everything, the cheapest first."""
    far = unit.far
    cheap = (
        unit.hosts
        if any(shape.cost < far for shape in unit.shapes.values())
        else [host for host in unit.hosts if host in unit.own]
    )
    found = [unit.option(host) for host in cheap if (cost := unit.cost(host)) < far or cost == 0]
    return sorted(found, key=lambda option: (option.cost, option.host))


def _groups(kept: dict[int, Option], short: set[int]) -> Iterator[list[int]]:
    """Yield groups of units connected by overdrawn pools; each group is solved by itself."""
    leader: dict[int, int] = {pool: pool for pool in short}

    def find(pool: int) -> int:
        while leader[pool] != pool:
            leader[pool] = leader[leader[pool]]
            pool = leader[pool]
        return pool

    touching = {
        number: pools
        for number, option in kept.items()
        if (pools := [p for p, _ in option.holds if p in short])
    }
    for pools in touching.values():
        for pool in pools[1:]:
            leader[find(pool)] = find(pools[0])
    groups: dict[int, list[int]] = {}
    for number in sorted(touching):
        groups.setdefault(find(touching[number][0]), []).append(number)
    yield from groups.values()


def _solved(
    problem: AssignmentProblem, near: dict[int, list[Option]], group: Sequence[int], short: set[int]
) -> Staying:
    """Solve one group: a unit stays at one of its near options or goes, all that stay fit, fewest bytes go."""
    program, cost = Program(), dict[int, int]()
    ways: list[tuple[int, int, Option]] = []
    held: dict[int, list[tuple[int, int]]] = {}
    for number in group:
        one_of = []
        for option in near[number]:
            variable = program.variable()
            one_of.append((variable, 1))
            ways.append((variable, number, option))
            cost[variable] = option.cost
            for pool, amount in option.holds:
                if pool in short:
                    held.setdefault(pool, []).append((variable, amount))
        goes = program.variable()
        cost[goes] = problem.units[number].far
        program.row((*one_of, (goes, 1)), at_least=1, at_most=1)
    for pool, terms in sorted(held.items()):
        program.row(terms, at_most=max(0, problem.room[pool]))
    found = solve(program, cost, Search(nodes=NODES))
    kept = {number: option for variable, number, option in ways if found.values and found.values[variable]}
    return Staying(kept=kept, least=found.bound)

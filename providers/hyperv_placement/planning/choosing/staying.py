"""Which machines stay: the fewest bytes that must go so that no pool is overdrawn, found by a solver for each group of pools.

Where the others go is left out here, so that the answer is a lower bound: no choice moves fewer bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from .problem import AssignmentProblem, Option

NODES = 2_000
"""Nodes of the search tree for each group of pools; after that the best known bound counts."""
_SCALE = 1e9
"""Bytes in a unit of the solver's objective."""
_HALF = 0.5
_OPTIMAL = "kOptimal"


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
    near = {
        number: sorted(
            (o for o in unit.options if o.cost < unit.far or o.cost == 0), key=lambda o: (o.cost, o.host)
        )
        for number, unit in enumerate(problem.units)
    }
    kept = {number: options[0] for number, options in near.items() if options}
    least = sum(min(option.cost for option in unit.options) for number, unit in enumerate(problem.units))
    drawn = [0] * len(problem.room)
    for option in kept.values():
        for pool, amount in option.holds:
            drawn[pool] += amount
    short = {pool for pool, amount in enumerate(drawn) if amount > problem.room[pool]}
    for group in _groups(kept, short):
        found = _solved(problem, near, group, short)
        least += found.least - sum(kept[number].cost for number in group)
        for number in group:
            kept.pop(number)
        kept.update(found.kept)
    return Staying(kept=kept, least=least)


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
    ways = [(number, option) for number in group for option in near[number]]
    solver = _solver()
    variables = [
        solver.addBinary(obj=(option.cost - problem.units[number].far) / _SCALE) for number, option in ways
    ]
    for number in group:
        own = [v for v, (other, _) in zip(variables, ways, strict=True) if other == number]
        solver.addConstr(sum(own) <= 1)
    for pool in sorted(short):
        room = max(0, problem.room[pool])
        unit = max(1, room)  # scaled to 1: bytes and seats in one matrix are badly conditioned
        held = [
            variable * (amount / unit)
            for variable, (_, option) in zip(variables, ways, strict=True)
            for other, amount in option.holds
            if other == pool
        ]
        if held:
            solver.addConstr(sum(held) <= room / unit)
    solver.run()
    values = solver.getSolution().col_value
    kept = {
        number: option
        for variable, (number, option) in zip(variables, ways, strict=True)
        # Solvers return 0.9999999 for 1.
        if values and values[variable.index] > _HALF
    }
    kept = _within(problem, kept, short)
    cost = sum(kept[n].cost if n in kept else problem.units[n].far for n in group)
    # Cut off by the limit of nodes, only the solver's bound is proved, not its answer.
    if solver.getModelStatus().name == _OPTIMAL:
        return Staying(kept=kept, least=cost)
    all_go = sum(problem.units[number].far for number in group)
    return Staying(kept=kept, least=max(0, all_go + math.floor(solver.getInfo().mip_dual_bound * _SCALE)))


def _solver() -> Any:
    import highspy  # noqa: PLC0415 - a fifth of a second that plans without a choice save

    class Silent(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's own name
            """Silence the solver: this is called in its constructor, which would otherwise print a banner into our output."""
            cast("Any", self).silent()
            cast("Any", super()).enableCallbacks()

    solver: Any = cast("Any", Silent)()
    for name, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_max_nodes", NODES), ("mip_rel_gap", 0.0),
    ):  # fmt: skip
        solver.setOptionValue(name, value)
    return solver


def _within(problem: AssignmentProblem, kept: dict[int, Option], short: set[int]) -> dict[int, Option]:
    """Return the units that stay even in exact integers: a solver calculates with floats."""
    drawn = [0] * len(problem.room)
    sure: dict[int, Option] = {}
    for number, option in sorted(kept.items(), key=lambda item: (-problem.units[item[0]].far, item[0])):
        if all(
            pool not in short or drawn[pool] + amount <= problem.room[pool] for pool, amount in option.holds
        ):
            sure[number] = option
            for pool, amount in option.holds:
                drawn[pool] += amount
    return sure

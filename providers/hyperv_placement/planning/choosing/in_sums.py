"""Large estates by groups of hosts: which groups first, then which hosts of each; and how few machines find no host at best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hyperv_placement.planning.solver import Search

from .coarse import Coarse, coarse
from .model import Model, Question, nodes_for, staying_costs
from .problem import AssignmentProblem, At, Option

SIZE, NODES = 8_000, 20
"""Classes of machines times groups of hosts, about, and nodes of the search tree."""


def by_groups(problem: AssignmentProblem, start: At, most: int) -> At | None:
    """Return a host for every unit; None where the groups that were chosen do not lead to one, which proves nothing.

    `start`: among equals those keep their hosts. `most`: variables of a program.
    """
    sums = coarse(problem, SIZE)
    if sums is None:
        return None
    model = Model(sums.problem, range(len(problem.units)), {})
    found = model.solved(model.bytes(), Search(nodes=NODES))
    if found.values is None:
        return None
    groups = model.answer(found.values, {})
    at: At = dict(_staying(problem, sums, groups))
    coming: dict[int, list[int]] = {}
    for number, option in groups.items():
        if option is not None and number not in at:
            coming.setdefault(option.host, []).append(number)
    for group, numbers in sorted(coming.items()):
        part = Model(problem, numbers, at, Question(hosts=frozenset(sums.groups[group])))
        inside = part.solved({}, Search(nodes=nodes_for(part.size))) if part.size <= most else None
        if inside is None or inside.values is None:
            return None
        at |= part.answer(inside.values, start)
    return at


def _staying(problem: AssignmentProblem, sums: Coarse, groups: At) -> Iterator[tuple[int, Option]]:
    count = len(sums.groups)
    for number, option in groups.items():
        if option is not None and option.host >= count:
            unit, hosts = problem.units[number], sums.groups[option.host - count]
            yield number, unit.option(next(host for host in unit.own if host in hosts))


def is_fewest(problem: AssignmentProblem, chosen: Sequence[Option | None]) -> bool:
    """Say whether sums prove that no choice leaves fewer machines where they are, against what is declared."""
    sums = coarse(problem, SIZE // 4)
    if sums is None:
        return False
    model = Model(sums.problem, range(len(problem.units)), {}, Question(loose=True))
    cost = {
        way.variable: min(staying_costs(problem.units[number]) for number in model.kinds[way.kind])
        for way in model.ways
        if way.option is None
    }
    out = sum(
        staying_costs(unit) for unit, option in zip(problem.units, chosen, strict=True) if option is None
    )
    return model.solved(cost, Search(nodes=1)).bound >= out

"""Parts of a choice that have nothing to do with each other: machines of other lists on other hosts. Each is solved by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .problem import AssignmentProblem, Cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some units of a choice, which share neither hosts nor rules with the others."""

    units: tuple[int, ...]
    """By the number in the part: the number in the whole."""
    problem: AssignmentProblem


def parts(problem: AssignmentProblem) -> list[Part]:
    """Return the parts of a choice; one where everything hangs together."""
    groups = list(_together(problem)) if problem.pools else []
    if len(groups) < 2:  # noqa: PLR2004 - nothing to part
        return [whole(problem)]
    return [Part(units=numbers, problem=_only(problem, numbers)) for numbers in groups]


def whole(problem: AssignmentProblem) -> Part:
    """Return all of a choice as one part."""
    return Part(units=tuple(range(len(problem.units))), problem=problem)


class _Joined:
    """Hosts, units and pools in groups of those that were joined."""

    def __init__(self) -> None:
        self._leader: dict[object, object] = {}

    def group(self, one: object) -> object:
        leader = self._leader
        leader.setdefault(one, one)
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    def join(self, *many: object) -> None:
        for other in many[1:]:
            self._leader[self.group(other)] = self.group(many[0])


def _together(problem: AssignmentProblem) -> Iterator[tuple[int, ...]]:
    """Yield the units that share hosts, names of files, rules for a loss or excluded choices, directly or through others."""
    joined, at = _Joined(), {name: host for host, name in enumerate(problem.names)}

    def owner(pool: int) -> object:
        host = at.get(problem.pools[pool].host)
        return ("pool", pool) if host is None else ("host", host)

    for spare in problem.spares:
        joined.join(*(("host", host) for host in spare.hosts))
    for cut in problem.cuts:
        joined.join(*(("unit", unit) for unit, _ in cut))
    for hosts in {unit.hosts for unit in problem.units}:
        joined.join(*(("host", host) for host in hosts))
    for number, unit in enumerate(problem.units):
        named = {pool for pools in unit.names.values() for pool in pools}
        pools = [*sorted(named), *(pool for pool, _ in (*unit.left, *unit.stay))]
        joined.join(("unit", number), ("host", unit.hosts[0]), *map(owner, pools))
    groups: dict[object, list[int]] = {}
    for number in range(len(problem.units)):
        groups.setdefault(joined.group(("unit", number)), []).append(number)
    yield from map(tuple, groups.values())


def _only(problem: AssignmentProblem, numbers: tuple[int, ...]) -> AssignmentProblem:
    renamed = {number: at for at, number in enumerate(numbers)}
    hosts = {host for number in numbers for host in problem.units[number].hosts}

    def cut(each: Cut) -> Cut:
        return frozenset((renamed[unit], host) for unit, host in each)

    return replace(
        problem,
        units=tuple(problem.units[number] for number in numbers),
        spares=tuple(spare for spare in problem.spares if hosts.intersection(spare.hosts)),
        cuts=tuple(cut(each) for each in problem.cuts if all(unit in renamed for unit, _ in each)),
    )

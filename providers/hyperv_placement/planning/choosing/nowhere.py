"""Machines that fit no host whatever the others do: seen at a glance, in estates of any size, before anything is searched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from .model import kinds_of
from .problem import Assignment, AssignmentProblem, Option, Spare, Unit


def nowhere(problem: AssignmentProblem) -> dict[int, tuple[int, ...]]:
    """Return the units that no host could take if all others with a choice were gone, each with a pool of every host that is too small."""
    found: dict[int, tuple[int, ...]] = {}
    for numbers in kinds_of(problem, range(len(problem.units))):
        unit = problem.units[numbers[0]]
        short = []
        for host in unit.hosts:
            pool = _short(problem, unit, unit.option(host))
            if pool is None:
                break
            short.append(pool)
        else:
            found |= dict.fromkeys(numbers, tuple(dict.fromkeys(short)))
    return found


def reach(problem: AssignmentProblem, unit: Unit) -> tuple[int, ...]:
    """Return the hosts of a unit that could take it if all others with a choice were gone."""
    return tuple(host for host in unit.hosts if _short(problem, unit, unit.option(host)) is None)


def _short(problem: AssignmentProblem, unit: Unit, option: Option) -> int | None:
    """Return a pool that has too little for a unit alone; None where it has room."""
    for pool, amount in option.holds:
        # Who is on a host that is overdrawn already may stay.
        if amount > problem.room[pool] and not (pool in problem.bears and option.host == unit.home):
            return pool
    return None


def beside(problem: AssignmentProblem, gone: Collection[int]) -> AssignmentProblem:
    """Return the choice of all other units while those stay where they are."""
    room, spares = list(problem.room), list(problem.spares)
    for number in sorted(gone):
        unit = problem.units[number]
        for pool, amount in unit.stay:
            room[pool] -= amount
        spares = [_with(spare, unit) for spare in spares]
    # Whom they leave too little room, there, may stay all the same, and nobody comes.
    short = frozenset(pool for pool, free in enumerate(room) if free < 0 <= problem.room[pool])
    rest = [number for number in range(len(problem.units)) if number not in gone]
    renamed = {number: at for at, number in enumerate(rest)}
    return replace(
        problem,
        units=tuple(problem.units[number] for number in rest),
        room=tuple(room),
        bears=problem.bears | short,
        spares=tuple(spares),
        # A choice that gives one of them a host does not come about any more.
        cuts=tuple(
            frozenset((renamed[unit], host) for unit, host in cut)
            for cut in problem.cuts
            if all(unit in renamed for unit, _ in cut)
        ),
        even=replace(problem.even, used=_busier(problem, gone)),
    )


def _with(spare: Spare, unit: Unit) -> Spare:
    if unit.home not in spare.hosts:
        return spare
    own = tuple(sorted((*spare.fixed.get(unit.home, ()), *unit.needs)))
    return replace(spare, fixed={**spare.fixed, unit.home: own})


def _busier(problem: AssignmentProblem, gone: Collection[int]) -> tuple[int, ...]:
    used = list(problem.even.used)
    for number in gone if used else ():
        if (unit := problem.units[number]).home >= 0:
            used[unit.home] += unit.processors
    return tuple(used)


def together(answer: Assignment, gone: Mapping[int, object], units: Sequence[Unit]) -> Assignment:
    """Return an answer of all units: that of those `beside`, and no host for the others."""
    at = iter(answer.chosen)
    return replace(answer, chosen=tuple(None if number in gone else next(at) for number in range(len(units))))

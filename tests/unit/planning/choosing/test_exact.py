"""The choice of hosts against every choice there is, on problems that are small enough to look at all."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.choosing.best import best, unkept
from hyperv_placement.planning.choosing.conflict import Asker, conflicts, remedy
from hyperv_placement.planning.choosing.problem import AssignmentProblem, Option, Shape, Sites, Spare, Unit

SEEDS = range(60)
FEW = 12
"""Choices that are excluded one after the other."""


def drawn(seed: int) -> AssignmentProblem:
    """Return four machines at most with some of three hosts each, little room, and perhaps two that must be apart."""
    chance = random.Random(seed)  # noqa: S311 - an estate, no secret
    hosts = 3
    sizes = [(chance.randint(1, 9), chance.choice([1, 7, 1 << 20])) for _ in range(chance.randint(2, 5))]
    apart = set(chance.sample(range(len(sizes)), 2)) if chance.random() < 0.5 else set()
    at = [chance.randrange(hosts) for _ in sizes]
    leaving = chance.randrange(hosts)
    units = []
    for number, (memory, disk) in enumerate(sizes):
        allowed = (
            [host for host in range(hosts) if host != leaving]
            if at[number] == leaving
            else list(range(hosts))
        )
        units.append(
            Unit.listed(
                f"M{number}",
                [
                    Option(
                        host=host,
                        holds=(
                            (host, memory),
                            (hosts + host, disk),
                            *(((2 * hosts + host, 1),) if number in apart else ()),
                        ),
                        cost=0 if host == at[number] else memory * 100 + chance.randrange(100),
                    )
                    for host in allowed
                ],
            )
        )
        if at[number] == leaving:
            units[-1] = replace(units[-1], home=leaving, stay=((leaving, memory), (hosts + leaving, disk)))
    total = sum(memory for memory, _ in sizes)
    room = [chance.randint(total // 3, total) for _ in range(hosts)]
    disks = [chance.choice([1 << 20, (1 << 21) - 1, (1 << 21) + 7, 1 << 24]) for _ in range(hosts)]
    room[leaving] += total
    disks[leaving] += 1 << 24
    names = [HostName(f"hv{host}") for host in range(hosts)]
    return AssignmentProblem(
        units=tuple(units), room=(*room, *disks, *[1] * hosts), load=tuple((host, 20) for host in range(hosts)),
        names=tuple(names),
        pools=(
            *map(Pool.memory, names), *(Pool.on_volume(name, "D:\\") for name in names),
            *(Pool.seat(name, rule=0, line=9) for name in names),
        ),
    )  # fmt: skip


def every(problem: AssignmentProblem) -> Iterator[tuple[Option, ...]]:
    """Yield each choice that keeps the room and the rules."""
    for at in itertools.product(*([unit.option(host) for host in unit.hosts] for unit in problem.units)):
        if not problem.overdrawn(at) and not problem.excluded(at):
            yield at


def cheapest(problem: AssignmentProblem) -> int | None:
    """Return the fewest bytes of any choice; None where there is none."""
    return min((sum(option.cost for option in at) for at in every(problem)), default=None)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_fits_where_anything_fits_and_moves_the_fewest_bytes(seed: int) -> None:
    """And is proved, for so few machines; where nothing fits, as few as can be are left where they are."""
    problem = drawn(seed)
    answer, least = best(problem), cheapest(problem)
    assert answer.complete == (least is not None)
    if least is not None:
        assert problem.overdrawn(answer.chosen) == []
        assert (answer.cost, answer.proved) == (least, True)
        return
    assert answer.sure
    assert not answer.proved
    nobody_moves = [None] * len(problem.units)
    if problem.overdrawn(nobody_moves):
        return  # others come to a host that is full: who is there must go, and cannot
    assert problem.overdrawn(answer.chosen) == []
    homeless = sum(option is None for option in answer.chosen)
    fewer = [
        left
        for left in itertools.combinations(range(len(problem.units)), homeless - 1)
        if any(True for _ in every(without(problem, left)))
    ]
    assert fewer == []


def without(problem: AssignmentProblem, left: Sequence[int]) -> AssignmentProblem:
    """Return the problem where some units stay where they are, whatever forbids that."""
    units = list(problem.units)
    for number in left:
        home = units[number].home
        units[number] = replace(
            units[number], hosts=(home,), own={home: Option(host=home, holds=units[number].stay, cost=0)}
        )
    return replace(problem, units=tuple(units))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_contradiction_is_one_and_nothing_in_it_is_idle(seed: int) -> None:
    """Its machines fit nowhere by its pools alone; without any of the two they do. What is said to help does."""
    problem = drawn(seed)
    answer = best(problem)
    found = conflicts(problem, answer) if not answer.complete else []
    assert bool(found) != answer.complete
    asker = Asker(problem=problem)
    for conflict in found:
        assert conflict.irreducible
        assert asker.impossible(conflict.units, conflict.pools)
        for number in conflict.units:
            assert not asker.impossible([each for each in conflict.units if each != number], conflict.pools)
        for pool in conflict.pools:
            assert not asker.impossible(conflict.units, [each for each in conflict.pools if each != pool])
    helped = remedy(problem, found) if found else None
    if helped is not None and helped.more:
        room = list(problem.room)
        for pool, amount in helped.more:
            room[pool] += amount
        assert cheapest(replace(problem, room=tuple(room))) is not None


@pytest.mark.parametrize("seed", range(12))
def test_every_choice_comes_once_when_each_is_excluded_after_it_was_made(seed: int) -> None:
    """Cheapest first, until there is none; then that is proved."""
    problem = drawn(seed)
    there = {tuple(option.host for option in at) for at in every(problem)}
    if len(there) > FEW:
        return
    seen, costs = set[tuple[int, ...]](), []
    while (answer := best(problem)).complete and len(seen) <= len(there):
        at = tuple(option.host for option in answer.chosen if option)
        seen.add(at)
        costs.append(answer.cost)
        problem = replace(problem, cuts=(*problem.cuts, frozenset(enumerate(at))))
    assert seen == there
    assert costs == sorted(costs)
    assert answer.sure


def spare_estate(sizes: Sequence[int], memory: int = 10) -> AssignmentProblem:
    """Return machines that must leave hv3 for any of three hosts of `memory`, whose rule wants each to be dispensable."""
    units = tuple(
        replace(
            Unit.listed(f"M{number}", [Option(host=host, holds=((host, size),), cost=size) for host in range(3)]),
            home=3, stay=((3, size),), needs=(size,),
        )
        for number, size in enumerate(sizes)
    )  # fmt: skip
    return AssignmentProblem(
        units=units, room=(memory, memory, memory, 99), load=(*((host, memory) for host in range(3)), (3, 99)),
        spares=(Spare(rule=0, hosts=(0, 1, 2), fixed={0: (3,)}),),
    )  # fmt: skip


@pytest.mark.parametrize("sizes", [(6, 4), (6, 4, 2), (5, 5, 3), (4, 4, 4), (7, 3), (9,), (2, 2, 2, 2, 2)])
def test_a_group_bears_the_loss_of_any_host_where_some_choice_lets_it(sizes: Sequence[int]) -> None:
    """Among all choices none leaves fewer losses that are not borne, and an evacuation is made all the same."""
    problem = spare_estate(sizes)
    answer = best(problem)
    assert answer.complete
    assert len(answer.unkept) == min(len(unkept(problem, at)) for at in every(problem))


def test_a_large_estate_is_mended_on_its_emptiest_hosts() -> None:
    """450 machines, no two alike, and 100 hosts are more than is solved at once: for 9 GiB two of 3 GiB have to make room."""
    hosts, leaving = 100, 100
    at = {0: leaving, 1: 0, 2: 0, **{number: 3 + number % 97 for number in range(3, 450)}}
    sizes = [9_000, 3_000, 2_999, *(20_000 + number for number in range(447))]
    units = tuple(
        Unit(
            key=f"M{number:03d}", hosts=tuple(range(hosts)), home=at[number], stay=((at[number], size),),
            own={at[number]: Option(host=at[number], holds=((at[number], size),), cost=0)} if number else {},
            shapes={0: Shape(holds=((0, size),), cost=size)}, sites=Sites(base=tuple(range(101)), kind=(0,) * 101),
        )
        for number, size in enumerate(sizes)
    )  # fmt: skip
    room = [9_000, 3_000, 3_000, *[0] * 97, 9_000]
    for number, size in enumerate(sizes[3:], start=3):
        room[at[number]] += size
    load = tuple((host, max(1, amount)) for host, amount in enumerate(room))
    problem = AssignmentProblem(units=units, room=tuple(room), load=load)
    answer = best(problem)
    assert answer.complete
    assert problem.overdrawn(answer.chosen) == []
    assert answer.cost == sum(sizes[:3])

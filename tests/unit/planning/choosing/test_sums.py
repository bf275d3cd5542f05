"""What is proved of a choice without looking at it host by host: machines that fit nowhere, parts, and sums over groups of hosts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.choosing.best import VARIABLES, best
from hyperv_placement.planning.choosing.coarse import coarse, usable
from hyperv_placement.planning.choosing.conflict import conflicts
from hyperv_placement.planning.choosing.in_sums import by_groups, is_fewest
from hyperv_placement.planning.choosing.model import Model
from hyperv_placement.planning.choosing.nowhere import nowhere
from hyperv_placement.planning.choosing.parts import parts
from hyperv_placement.planning.choosing.problem import AssignmentProblem, Shape, Sites, Unit
from hyperv_placement.planning.solver import Search

from .test_exact import SEEDS, drawn, every, without

SMALL = 2
"""Groups of three hosts, so that sums are coarser than hosts."""


def large(
    sizes: Sequence[int], room: Sequence[int], lists: Sequence[Sequence[int]] | None = None
) -> AssignmentProblem:
    """Return machines of these sizes that leave one more host for any of the others, or for those of their lists."""
    hosts = len(room)
    sites = Sites(base=tuple(range(hosts + 1)), kind=(0,) * (hosts + 1))
    units = tuple(
        Unit(
            key=f"M{number:04d}", hosts=tuple(lists[number] if lists else range(hosts)), home=hosts,
            shapes={0: Shape(holds=((0, size),), cost=size)}, stay=((hosts, size),), sites=sites,
        )
        for number, size in enumerate(sizes)
    )  # fmt: skip
    names = tuple(HostName(f"hv{host:03d}") for host in range(hosts + 1))
    return AssignmentProblem(
        units=units, room=(*room, sum(sizes)), load=tuple((host, 64_000) for host in range(hosts + 1)),
        names=names, pools=tuple(map(Pool.memory, names)),
    )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_what_sums_refuse_no_choice_makes(seed: int) -> None:
    """In groups of hosts, for single machines, and of how many have to stay; whatever there is a choice for is not refused."""
    problem = drawn(seed)
    there = next(every(problem), None)
    sums = coarse(problem, SMALL)
    assert sums is not None
    refused = Model(sums.problem, range(len(problem.units)), {}).solved({}, Search(nodes=100)).impossible
    assert not (refused and there)
    for number in nowhere(problem):
        rest = [other for other in range(len(problem.units)) if other != number]
        assert next(every(without(problem, rest)), None) is None
    answer = best(problem)
    if there is None and is_fewest(problem, answer.chosen):
        out = sum(option is None for option in answer.chosen)
        for left in itertools.combinations(range(len(problem.units)), out - 1):
            assert next(every(without(problem, left)), None) is None
    if (at := by_groups(problem, {}, VARIABLES)) is not None:
        assert problem.overdrawn([at[number] for number in range(len(problem.units))]) == []


def test_some_sums_refuse() -> None:
    """Otherwise the test above would hold of sums that say nothing."""
    count = 0
    for seed in SEEDS:
        problem = drawn(seed)
        sums = coarse(problem, SMALL)
        assert sums is not None
        count += Model(sums.problem, range(len(problem.units)), {}).solved({}, Search(nodes=100)).impossible
    assert count > 3


def test_in_a_large_estate_who_fits_no_host_is_known_at_once() -> None:
    """No two machines are alike, so that there are more variables than are looked at; no host has room for any of them."""
    problem = large([3_000 + number for number in range(250)], [2_000] * 200)
    answer = best(problem)
    assert answer.sure
    found = conflicts(problem, answer)
    assert [each.units for each in found] == [(number,) for number in range(250)]
    assert all(each.irreducible and len(each.pools) == 200 for each in found)


@pytest.mark.all
def test_in_a_large_estate_sums_prove_that_not_all_fit() -> None:
    """Each fits alone, one on each of half as many hosts: those that stay are named with the room of all hosts."""
    problem = large([5_000 + number for number in range(220)], [8_000] * 110 + [0] * 90)
    answer = best(problem)
    homeless = {number for number, option in enumerate(answer.chosen) if option is None}
    assert len(homeless) == 110
    told = [each for each in conflicts(problem, answer) if homeless & set(each.units)]
    assert told
    assert all(set(range(110)) <= set(each.pools) for each in told)


@pytest.mark.all
def test_machines_of_other_lists_are_chosen_for_apart() -> None:
    """Thirty racks of ten hosts: not all machines of one find room there, which is proved of it alone, and all others have a host."""
    racks, size = 30, 10
    lists = [
        range(rack * size, rack * size + size) for rack in range(racks) for _ in range(150 if rack else 20)
    ]
    sizes = [1_000 + number for number in range(len(lists))]
    per_host = max(sizes) * 15
    room = [per_host] * (racks * size)
    room[:size] = [1_900] * size
    problem = large(sizes, room, lists)
    # They leave hosts of their own, or they would have those in common.
    units = tuple(replace(unit, home=-1, stay=()) for unit in problem.units)
    problem = replace(problem, units=units)
    assert len(parts(problem)) == racks
    answer = best(problem)
    assert all(option is not None for option in answer.chosen[20:])
    told = conflicts(problem, answer)
    assert told
    assert all(number < 20 for each in told for number in each.units)
    assert problem.overdrawn(answer.chosen) == []


@pytest.mark.parametrize(
    ("room", "sizes", "filled"),
    [(7, {4}, 4), (15, {4, 6}, 14), (3, {4}, 0), (100, {7, 11}, 100), (10, set(), 0), (17, {4, 6}, 16)],
)
def test_what_machines_can_fill_of_a_room(room: int, sizes: set[int], filled: int) -> None:
    """Sums of their sizes, each as often as it likes."""
    assert usable(room, sizes) == filled

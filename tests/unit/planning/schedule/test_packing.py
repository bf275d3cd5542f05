"""Schedules in which moves have their links for themselves: faster where room is short, and kept by the run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.schedule.bound import lower_bound
from hyperv_placement.planning.schedule.budget import Budget
from hyperv_placement.planning.schedule.packing import Packing
from hyperv_placement.planning.schedule.problem import (
    MEMORY,
    Holding,
    Leg,
    Machine,
    Place,
    Problem,
    SlotLimits,
)
from hyperv_placement.planning.schedule.search import best
from hyperv_placement.planning.schedule.timing import ScheduledLeg, finish

ENOUGH = 20_000
SIZE = 100 << 20
"""Bytes of each machine."""
LINK = SIZE / 10
"""Bytes a second: a machine that has its links for itself takes ten seconds."""


def estate(free: dict[str, int], *ways: str, limits: SlotLimits | None = None) -> Problem:
    """Return hosts with room for so many machines more, and machines that go `a>b`, in the order of their keys."""
    hosts = sorted(free)

    def place(host: str) -> Place:
        held = Holding(pool=hosts.index(host), amount=1, thing=MEMORY, transfer=SIZE)
        return Place(host=hosts.index(host), holdings=frozenset({held}))

    return Problem(
        pools=tuple(Pool.memory(HostName(host)) for host in hosts),
        free=tuple(free[host] for host in hosts), links=(LINK,) * len(hosts), hosts=tuple(hosts),
        limits=(limits or SlotLimits(live=2, storage=2),) * len(hosts),
        machines=tuple(
            Machine(key=f"{number}", start=place(way[0]), goal=place(way[2])) for number, way in enumerate(ways)
        ),
    )  # fmt: skip


def legs_of(problem: Problem) -> list[Leg]:
    """Return the direct legs, in the order of the machines."""
    return [
        Leg(machine=number, source=each.start, target=each.goal)
        for number, each in enumerate(problem.machines)
    ]


def in_time(problem: Problem) -> list[ScheduledLeg]:
    """Return the schedule of an estate whose machines can go in the order of their keys."""
    legs = legs_of(problem)
    return best(problem, legs, lower_bound(problem, legs), Budget(ENOUGH))


CONTESTED = estate({"a": 0, "b": 1, "c": 1, "d": 0, "e": 0}, "a>b", "a>c", "d>a", "e>d")
"""The third needs the room of the first or second, the fourth that of the third: shared links delay both."""


def test_moves_of_one_link_go_one_after_the_other_where_that_frees_room_earlier() -> None:
    """Both at once would end at 20 s, and the last of the chain at 40 s."""
    run = in_time(CONTESTED)
    assert finish(run) == pytest.approx(30)
    assert [each.start for each in run] == pytest.approx([0, 10, 20, 20])


def test_a_move_is_behind_those_whose_link_it_takes_over() -> None:
    """Its room is free from the beginning: only the link is not, and the run keeps to that."""
    run = in_time(CONTESTED)
    late = next(each for each in run if each.leg.machine in {0, 1} and each.start > 0)
    assert late.behind
    assert all(run[number].end <= late.start for number in late.behind)


def test_moves_share_a_link_where_room_is_ample() -> None:
    """One after the other would end no earlier, and no run waits for a link without need."""
    run = in_time(estate({"a": 0, "b": 1, "c": 1}, "a>b", "a>c"))
    assert [(each.start, each.behind) for each in run] == [(0, frozenset()), (0, frozenset())]


@pytest.mark.parametrize(("rate", "starts"), [(LINK, [0, 10]), (LINK / 2, [0, 0]), (LINK / 4, [0, 0])])
def test_a_link_that_one_move_does_not_fill_has_room_for_another(rate: float, starts: list[float]) -> None:
    """By the rates of past moves; a host has slots for two, however slow they are."""
    problem = replace(estate({"a": 0, "b": 1, "c": 1}, "a>b", "a>c"), pair_rates={(0, 1): rate, (0, 2): rate})
    packed = Packing(problem, legs_of(problem)).packed(range(2))
    assert packed is not None
    assert packed.starts == starts


def test_no_more_moves_than_slots() -> None:
    """Four slow moves, two slots for live migrations and one for storage: one after the other."""
    ways = ("a>b", "a>c", "a>d", "a>e")
    problem = estate({"a": 0, **dict.fromkeys("bcde", 1)}, *ways, limits=SlotLimits(live=2, storage=1))
    problem = replace(problem, pair_rates={(0, host): LINK / 8 for host in range(1, 5)})
    packed = Packing(problem, legs_of(problem)).packed(range(4))
    assert packed is not None
    assert packed.starts == [0, 80, 160, 240]


def test_a_leg_without_room_waits_for_the_one_that_gives_it_in_any_order() -> None:
    """Whatever the order says, nobody takes room that is not there; where it never is, there is no schedule."""
    packing = Packing(CONTESTED, legs_of(CONTESTED))
    packed = packing.packed([3, 2, 1, 0])
    assert packed is not None
    assert packed.order == [1, 2, 3, 0]
    full = estate({"a": 0, "b": 0}, "a>b", "b>a")
    assert Packing(full, legs_of(full)).packed([0, 1]) is None


def test_a_move_under_way_runs_from_the_beginning() -> None:
    """It has its room already, and a move that shares its link waits for its end."""
    problem = estate({"a": 0, "b": 0, "c": 1}, "a>b", "a>c")
    going = problem.machines[0]
    held = going.goal.holdings
    start = replace(going.start, holdings=going.start.holdings | held, begun=held, done=0.5)
    problem = replace(problem, machines=(replace(going, start=start), problem.machines[1]))
    packed = Packing(problem, legs_of(problem)).packed([1, 0])
    assert packed is not None
    assert packed.starts == [0, 5]


def test_a_second_leg_comes_after_the_first() -> None:
    """In whatever order they are tried."""
    problem = estate({"a": 0, "b": 1, "c": 1}, "a>b")
    aside = estate({"a": 0, "b": 1, "c": 1}, "a>c").machines[0].goal
    machine = problem.machines[0]
    legs = [
        Leg(machine=0, source=machine.start, target=aside),
        Leg(machine=0, source=aside, target=machine.goal),
    ]
    packed = Packing(problem, legs).packed([1, 0])
    assert packed is not None
    assert packed.starts == [0, 10]

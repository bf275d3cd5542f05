"""Every order over all places: what is left out on the way loses none, and what is said of the end is true."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.schedule.board import board_of, scarce_pools, together
from hyperv_placement.planning.schedule.budget import Budget
from hyperv_placement.planning.schedule.everything import try_everything
from hyperv_placement.planning.schedule.problem import (
    MEMORY,
    Holding,
    Leg,
    Machine,
    Place,
    Problem,
    SlotLimits,
    fits,
)
from hyperv_placement.planning.schedule.sequence import DeadEnd, sequence

ENOUGH = 1_000_000
ESTATES = 250


def place(number: int, host: int, volume: int, size: int, memory: int) -> Place:
    """Return a place on a host: its memory is pool 3h, its two volumes are 3h + 1 and 3h + 2."""
    pool = 3 * host + 1 + volume
    return Place(
        host=host,
        holdings=frozenset(
            {
                Holding(pool=3 * host, amount=memory, thing=MEMORY, transfer=memory),
                Holding(pool=pool, amount=size, thing=f"{number} in {pool}", transfer=size, file=True),
            }
        ),
    )


def problem(free: list[int], machines: list[Machine]) -> Problem:
    """Return an estate of hosts with memory and two volumes each."""
    hosts = len(free) // 3
    return Problem(
        pools=tuple(Pool.on_volume(HostName(f"hv{n // 3}"), f"{n % 3}") for n in range(len(free))),
        free=tuple(free), links=(10.0,) * hosts, limits=(SlotLimits(live=2, storage=2),) * hosts,
        machines=tuple(machines), hosts=tuple(f"hv{n}" for n in range(hosts)),
    )  # fmt: skip


def drawn(number: int) -> Problem:
    """Return a tight estate by a number: three hosts, three or four machines, some ways between places refused."""
    chance = Random(number)  # noqa: S311 - an estate, no secret
    hosts, machines = 3, list[Machine]()
    for each in range(chance.randint(3, 4)):
        size, memory = chance.randint(1, 4), chance.randint(1, 4)
        everywhere = [place(each, h, v, size, memory) for h in range(hosts) for v in range(2)]
        start, goal = chance.choice(everywhere), chance.choice(everywhere)
        refused = {(chance.choice(everywhere), chance.choice(everywhere)) for _ in range(6)}
        parking = [one for one in everywhere if one not in (start, goal) and chance.random() < 0.6]
        machines.append(
            Machine(
                key=str(each), start=start, goal=goal, parking=tuple(parking),
                lets=lambda source, target, refused=refused: (source, target) not in refused,  # type: ignore[misc]
            )
        )  # fmt: skip
    now, then = (
        [sum(h.amount for end in ends for h in end.holdings if h.pool == pool) for pool in range(3 * hosts)]
        for ends in ([machine.start for machine in machines], [machine.goal for machine in machines])
    )
    spare = [chance.choice((0, 0, 1, 2)) for _ in now]
    return problem(
        [max(own, end) + more - own for own, end, more in zip(now, then, spare, strict=True)], machines
    )


def reachable(estate: Problem) -> bool:
    """Say by trying everything, with nothing left out, whether single moves lead to the goals."""
    goals = tuple(machine.goal for machine in estate.machines)
    waiting = [(tuple(machine.start for machine in estate.machines), estate.free)]
    seen = {waiting[0][0]}
    while waiting:
        at, free = waiting.pop()
        if at == goals:
            return True
        for number, machine in enumerate(estate.machines):
            for target in {machine.goal, *machine.parking} - {at[number]}:
                leg = Leg(machine=number, source=at[number], target=target)
                following = (*at[:number], target, *at[number + 1 :])
                straight = at[number] == machine.start and target == machine.goal
                if following in seen or not (straight or machine.lets(at[number], target)):
                    continue
                if fits(free, leg):
                    seen.add(following)
                    waiting.append((following, after(free, leg)))
    return False


def after(free: tuple[int, ...], leg: Leg) -> tuple[int, ...]:
    """Return what is free when a leg has ended."""
    left = list(free)
    for pool, amount in leg.acquires:
        left[pool] -= amount
    for pool, amount in leg.releases:
        left[pool] += amount
    return tuple(left)


def test_what_is_left_out_loses_no_order() -> None:
    """On drawn estates the answer is that of a search that leaves nothing out, and an order is safe leg by leg."""
    answers = set()
    for number in range(ESTATES):
        estate = drawn(number)
        tried = try_everything(estate, Budget(ENOUGH))
        answers.add(bool(tried.stuck))
        assert bool(tried.stuck) != reachable(estate), number
        assert all(each.exhausted for each in tried.stuck)
        if tried.stuck:
            continue
        free, at = estate.free, {n: machine.start for n, machine in enumerate(estate.machines)}
        for leg in tried.legs:
            assert at[leg.machine] == leg.source
            assert fits(free, leg), number
            free, at[leg.machine] = after(free, leg), leg.target
        assert at == {n: machine.goal for n, machine in enumerate(estate.machines)}
    assert answers == {True, False}


def test_a_pool_with_room_for_all_does_not_tie_machines_together() -> None:
    """Two that cross on hosts with room are looked at apart, and have one place a host."""
    crossing = [
        Machine(key="0", start=place(0, 0, 0, 2, 2), goal=place(0, 1, 0, 2, 2)),
        Machine(key="1", start=place(1, 1, 0, 2, 2), goal=place(1, 0, 0, 2, 2)),
    ]
    roomy = problem([9] * 6, crossing)
    assert together(roomy, scarce_pools(roomy)) == [[0], [1]]
    tight = problem([1, 9, 9, 1, 9, 9], crossing)
    assert scarce_pools(tight) == {0, 3}
    assert together(tight, scarce_pools(tight)) == [[0, 1]]


def test_of_places_that_hold_the_same_scarce_room_one_is_kept() -> None:
    """Both volumes of a host are the same where only memory is short; where a way to one is refused, the other stays."""
    machine = Machine(
        key="0", start=place(0, 0, 0, 2, 2), goal=place(0, 1, 0, 2, 2),
        parking=(place(0, 2, 0, 2, 2), place(0, 2, 1, 2, 2)),
    )  # fmt: skip
    other = Machine(key="1", start=place(1, 1, 0, 2, 2), goal=place(1, 0, 0, 2, 2))
    estate = problem([1, 9, 9, 1, 9, 9, 1, 9, 9], [machine, other])
    assert [len(own) for own in board_of(estate, [0, 1], scarce_pools(estate), Budget(10_000)).places] == [
        3,
        2,
    ]
    first, second = machine.parking
    one_way = replace(machine, lets=lambda source, target: (source, target) != (second, machine.goal))
    better = board_of(
        replace(estate, machines=(one_way, other)), [0, 1], scarce_pools(estate), Budget(10_000)
    ).places[0]
    assert first in better
    assert second not in better
    # Comparing asks what a start would accept; without steps for that all places stay.
    assert (
        len(
            board_of(
                replace(estate, machines=(one_way, other)), [0, 1], scarce_pools(estate), Budget(0)
            ).places[0]
        )
        == 4
    )


@pytest.mark.parametrize(("whole", "proved"), [(True, True), (False, False)])
def test_only_all_places_prove_that_there_is_no_order(*, whole: bool, proved: bool) -> None:
    """Exhausting some of a machine's places says nothing of the others."""
    stuck = [
        Machine(key="0", start=place(0, 0, 0, 2, 2), goal=place(0, 1, 0, 2, 2)),
        Machine(key="1", start=place(1, 1, 0, 2, 2), goal=place(1, 0, 0, 2, 2)),
    ]
    estate = replace(problem([0, 9, 9, 0, 9, 9], stuck), whole=whole)
    found = sequence(estate, Budget(ENOUGH))
    assert isinstance(found, DeadEnd)
    assert found.proved == proved


def test_what_has_an_order_of_its_own_is_no_part_of_a_dead_end() -> None:
    """Two that cross without room are stuck; two that cross elsewhere over a third host are not."""
    estate = problem(
        [0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 2, 9, 9],
        [
            Machine(key="0", start=place(0, 0, 0, 2, 2), goal=place(0, 1, 0, 2, 2)),
            Machine(key="1", start=place(1, 1, 0, 2, 2), goal=place(1, 0, 0, 2, 2)),
            Machine(key="2", start=place(2, 2, 0, 2, 2), goal=place(2, 3, 0, 2, 2), parking=(place(2, 4, 0, 2, 2),)),
            Machine(key="3", start=place(3, 3, 0, 2, 2), goal=place(3, 2, 0, 2, 2)),
        ],
    )  # fmt: skip
    found = sequence(estate, Budget(ENOUGH))
    assert isinstance(found, DeadEnd)
    assert {leg.machine for leg in found.blocked} == {0, 1}
    assert {leg.machine for leg in found.legs} == {2, 3}
    assert found.proved


def test_a_spent_budget_proves_nothing() -> None:
    """What was not looked at may have an order."""
    estate = drawn(next(number for number in range(ESTATES) if not reachable(drawn(number))))
    found = try_everything(estate, Budget(1))
    assert [each.exhausted for each in found.stuck] == [False]

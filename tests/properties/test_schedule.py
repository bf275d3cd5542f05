"""Orders and schedules over generated estates: safe at every instant, complete where a search of everything is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.schedule.bound import lower_bound
from hyperv_placement.planning.schedule.budget import Budget
from hyperv_placement.planning.schedule.chains import predecessors
from hyperv_placement.planning.schedule.problem import (
    LEAST,
    MEMORY,
    Holding,
    Leg,
    Machine,
    Place,
    Problem,
    SlotLimits,
    fits,
)
from hyperv_placement.planning.schedule.search import best
from hyperv_placement.planning.schedule.sequence import DeadEnd, sequence
from hyperv_placement.planning.schedule.timing import ScheduledLeg

ENOUGH = 1_000_000
ESTATES = 1_000
"""For each property."""


@st.composite
def estates(draw: st.DrawFn, *, hosts: int = 4, machines: int = 5, full: bool = False) -> Problem:
    """Draw an estate: one pool of memory and one of disk a host, machines of a few sizes, some apart, room to spare or not."""
    count = draw(st.integers(2, hosts))
    sizes = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4)), min_size=1, max_size=machines))
    start = [draw(st.integers(0, count - 1)) for _ in sizes]
    goal = [draw(st.integers(0, count - 1)) for _ in sizes]
    apart = draw(st.sets(st.integers(0, len(sizes) - 1), max_size=2))
    seats = 2 * count

    def place(number: int, host: int) -> Place:
        memory, disk = sizes[number]
        held = [
            Holding(pool=2 * host, amount=memory, thing=MEMORY, transfer=memory * LEAST),
            Holding(
                pool=2 * host + 1,
                amount=disk,
                thing=f"{number} on {host}",
                transfer=10 * disk * LEAST,
                file=True,
            ),
        ]
        if number in apart:
            held.append(Holding(pool=seats + host, amount=1, thing=f"seat on {host}"))
        return Place(host=host, holdings=frozenset(held))

    free = []
    for pool in range(2 * count):
        host, kind = divmod(pool, 2)
        before = sum(size[kind] for size, at in zip(sizes, start, strict=True) if at == host)
        after = sum(size[kind] for size, at in zip(sizes, goal, strict=True) if at == host)
        spare = draw(st.integers(0, 1 if full else 4))
        least = (
            after if draw(st.integers(0, 3)) == 0 else max(before, after)
        )  # now and then it is below its reserve
        free.append(least + spare - before)
    for host in range(count):
        held_now = sum(start[number] == host for number in apart)
        free.append(max(1, held_now, sum(goal[number] == host for number in apart)) - held_now)
    parkable = draw(st.sets(st.integers(0, len(sizes) - 1)))
    return Problem(
        pools=tuple(Pool.on_volume(HostName("hv1"), f"pool {number}") for number in range(len(free))),
        free=tuple(free),
        links=(10.0,) * count,
        limits=tuple(
            SlotLimits(live=draw(st.integers(1, 2)), storage=draw(st.integers(1, 2))) for _ in range(count)
        ),
        machines=tuple(
            Machine(
                key=f"{number:03}",
                start=place(number, start[number]),
                goal=place(number, goal[number]),
                parking=tuple(place(number, host) for host in range(count)) if number in parkable else (),
            )
            for number in range(len(sizes))
        ),
        hosts=tuple(f"hv{number}" for number in range(count)),
    )


def solved(problem: Problem) -> list[ScheduledLeg] | DeadEnd:
    """Return the schedule of an estate, or why there is none."""
    legs = sequence(problem, Budget(ENOUGH))
    if isinstance(legs, DeadEnd):
        return legs
    return best(problem, legs, lower_bound(problem, legs), Budget(300))


def overdrawn(problem: Problem, run: Iterable[ScheduledLeg]) -> list[str]:
    """Replay a schedule, starts holding both ends, and return what was ever short: room, slots, or a wrong way."""
    free = list(problem.free)
    slots = [taken for limit in problem.limits for taken in (limit.live, limit.storage)]
    at = [machine.start for machine in problem.machines]
    wrong = []
    events = sorted(
        [(each.end, 0, order, each) for order, each in enumerate(run)]
        + [(each.start, 1, order, each) for order, each in enumerate(run)],
        key=lambda event: event[:3],
    )
    for when, starts, _, each in events:
        leg = each.leg
        if starts:
            if at[leg.machine] != leg.source:
                wrong.append(f"{when}: {leg.machine} is elsewhere")
            for pool, amount in leg.acquires:
                free[pool] -= amount
                if free[pool] < 0:
                    wrong.append(f"{when}: {problem.pools[pool]}")
            for slot in problem.slots(leg):
                slots[slot] -= 1
                if slots[slot] < 0:
                    wrong.append(f"{when}: slot {slot}")
        else:
            at[leg.machine] = leg.target
            for pool, amount in leg.releases:
                free[pool] += amount
            for slot in problem.slots(leg):
                slots[slot] += 1
    wrong += [
        machine.key for machine, place in zip(problem.machines, at, strict=True) if machine.goal != place
    ]
    return wrong


def reachable(problem: Problem) -> bool:
    """Say by trying everything whether single moves, one after the other, lead to the goals."""
    goals = tuple(machine.goal for machine in problem.machines)
    waiting = [(tuple(machine.start for machine in problem.machines), tuple(problem.free))]
    seen = {waiting[0][0]}
    while waiting:
        at, free = waiting.pop()
        if at == goals:
            return True
        for number, machine in enumerate(problem.machines):
            for place in {machine.goal, *machine.parking} - {at[number]}:
                leg = Leg(machine=number, source=at[number], target=place)
                following = (*at[:number], place, *at[number + 1 :])
                if following not in seen and fits(free, leg):
                    seen.add(following)
                    waiting.append((following, tuple(_after(free, leg))))
    return False


def _after(free: Sequence[int], leg: Leg) -> list[int]:
    left = list(free)
    for pool, amount in leg.acquires:
        left[pool] -= amount
    for pool, amount in leg.releases:
        left[pool] += amount
    return left


@given(estates(machines=9))
@settings(max_examples=ESTATES)
def test_a_schedule_is_safe_at_every_instant(problem: Problem) -> None:
    """Run on the model, a schedule ends where it shall, and no pool or slot is overdrawn on the way."""
    run = solved(problem)
    assert isinstance(run, DeadEnd) or overdrawn(problem, run) == []


@given(estates(hosts=3, machines=4, full=True))
@settings(max_examples=ESTATES)
def test_everything_that_can_be_solved_is(problem: Problem) -> None:
    """An order is found exactly where trying everything finds one; a refusal says that all was tried."""
    run = solved(problem)
    assert isinstance(run, DeadEnd) != reachable(problem)
    assert not isinstance(run, DeadEnd) or run.proved


@given(estates(machines=9), st.randoms(use_true_random=False))
@settings(max_examples=ESTATES)
def test_the_order_alone_keeps_the_room(problem: Problem, chance: object) -> None:
    """However long each leg takes, and whatever else starts: who waits for its predecessors finds its room."""
    run = solved(problem)
    if isinstance(run, DeadEnd):
        return
    before = predecessors(problem, run)
    free, running, over = list(problem.free), set[int](), set[int]()
    while len(over) < len(run):
        ready = [n for n, own in enumerate(before) if n not in running | over and own <= over]
        for number in ready:
            for pool, amount in run[number].leg.acquires:
                free[pool] -= amount
                assert free[pool] >= 0
        running |= set(ready)
        assert running
        ends = chance.choice(sorted(running))  # type: ignore[attr-defined]
        for pool, amount in run[ends].leg.releases:
            free[pool] += amount
        running.discard(ends)
        over.add(ends)


@given(estates(machines=9))
@settings(max_examples=200)
def test_a_run_that_keeps_the_waits_ends_as_planned(problem: Problem) -> None:
    """Where moves have their links for themselves: started as soon as their waits are over, they share no link and end no later."""
    legs = sequence(problem, Budget(ENOUGH))
    if isinstance(legs, DeadEnd):
        return
    run = best(problem, legs, lower_bound(problem, legs), Budget(5_000))
    if not any(each.behind for each in run):
        return
    waits = [own | each.behind for own, each in zip(predecessors(problem, run), run, strict=True)]
    ends = ends_of_run(problem, [each.leg for each in run], waits)
    assert all(end <= each.end + 1e-6 for end, each in zip(ends, run, strict=True))


def ends_of_run(problem: Problem, legs: Sequence[Leg], waits: Sequence[frozenset[int]]) -> list[float]:
    """Return when each leg ends, started as soon as those it waits for have ended, with slots free and links shared in equal parts."""
    left = {number: float(max(leg.transfer, LEAST)) for number, leg in enumerate(legs)}
    ends: dict[int, float] = {}
    running: set[int] = set()
    now = 0.0
    while left:
        for number, own in enumerate(waits):
            taken = [slot for other in running for slot in problem.slots(legs[other])]
            open_slots = all(
                taken.count(slot) < _slots(problem)[slot] for slot in problem.slots(legs[number])
            )
            if number in left and number not in running and own <= ends.keys() and open_slots:
                running.add(number)
        active = [host for number in running for host in legs[number].hosts]
        rates = {n: min(problem.links[h] / active.count(h) for h in legs[n].hosts) for n in running}
        step = min(left[number] / rates[number] for number in running)
        now += step
        for number in sorted(running):
            left[number] -= rates[number] * step
            if left[number] <= 1e-6 * LEAST:
                del left[number]
                running.discard(number)
                ends[number] = now
    return [ends[number] for number in range(len(legs))]


def _slots(problem: Problem) -> list[int]:
    return [count for limit in problem.limits for count in (limit.live, limit.storage)]


@given(estates())
@settings(max_examples=ESTATES)
def test_what_is_in_place_is_left_there(problem: Problem) -> None:
    """Where every machine is at its goal nothing is ordered."""
    machines = tuple(
        Machine(key=each.key, start=each.start, goal=each.start, parking=each.parking)
        for each in problem.machines
    )
    still = Problem(
        pools=problem.pools, free=problem.free, links=problem.links, limits=problem.limits,
        machines=machines, hosts=problem.hosts,
    )  # fmt: skip
    assert solved(still) == []


def test_a_swap_parks_the_smaller_one() -> None:
    """Two machines that want each other's full host: the one with fewer bytes steps aside, and nobody else moves."""
    sizes = (4, 3)

    def place(number: int, host: int) -> Place:
        held = Holding(pool=host, amount=sizes[number], thing=MEMORY, transfer=sizes[number])
        return Place(host=host, holdings=frozenset({held}))

    problem = Problem(
        pools=tuple(Pool.on_volume(HostName(each), "D:") for each in "abc"), free=(0, 1, 3), links=(1.0,) * 3, limits=(SlotLimits(live=2, storage=2),) * 3,
        hosts=("a", "b", "c"),
        machines=tuple(
            Machine(
                key=str(number), start=place(number, number), goal=place(number, 1 - number),
                parking=tuple(place(number, host) for host in range(3)),
            )
            for number in range(2)
        ),
    )  # fmt: skip
    legs = sequence(problem, Budget(ENOUGH))
    assert not isinstance(legs, DeadEnd)
    assert [(leg.machine, leg.target.host) for leg in legs] == [(1, 2), (0, 1), (1, 0)]
    assert [number for number, _ in itertools.groupby(leg.machine for leg in legs)] == [1, 0, 1]

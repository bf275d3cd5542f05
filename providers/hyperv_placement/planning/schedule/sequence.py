"""A safe order of whole legs, one after the other: every machine to its goal, some parked on the way."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .budget import Budget
from .problem import Leg, Machine, Place, Problem, fits

SHUFFLES = 6
"""Random orders that are tried after the two by size, before anything is parked."""
CANDIDATES = 24
"""Ways of parking that are tried in one stuck state, cheapest first."""

Rank = Callable[[int], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEnd:
    """No order was found."""

    legs: tuple[Leg, ...]
    """Legs that can be done before no other can start."""
    blocked: tuple[Leg, ...]
    """Legs that find no room then."""
    free: tuple[int, ...]
    """The pools at that moment."""
    proved: bool
    """Every order was tried, so that there is none; False where the budget ended the search."""


class State:
    """Where each machine is, and what is free."""

    __slots__ = ("_free", "at", "cost", "legs")

    def __init__(self, problem: Problem) -> None:
        self._free = list(problem.free)
        self.at: list[Place] = [machine.start for machine in problem.machines]
        self.legs: list[Leg] = []
        self.cost = 0

    @property
    def free(self) -> list[int]:
        """What is free of each pool."""
        return self._free

    def copy(self) -> State:
        """Return a copy, to try another continuation."""
        other = object.__new__(State)
        other._free, other.at = list(self._free), list(self.at)
        other.legs, other.cost = list(self.legs), self.cost
        return other

    def go(self, leg: Leg) -> None:
        """Apply a leg."""
        for pool, amount in leg.acquires:
            self._free[pool] -= amount
        for pool, amount in leg.releases:
            self._free[pool] += amount
        self.at[leg.machine] = leg.target
        self.legs.append(leg)
        self.cost += leg.transfer

    def to(self, machine: int, place: Place) -> Leg:
        """Return the leg that takes a machine from where it is to `place`."""
        return Leg(machine=machine, source=self.at[machine], target=place)


def sequence(problem: Problem, budget: Budget) -> list[Leg] | DeadEnd:
    """Return a safe order in which all machines reach their goals, the cheapest in bytes of those found."""
    movers = [number for number, machine in enumerate(problem.machines) if not machine.in_place]
    first: State | None = None
    for rank in _ranks(problem, movers):
        state = State(problem)
        if not _drain(problem, state, movers, rank, budget):
            return state.legs
        first = first or state
        if budget.spent:
            break
    # Parking only now: it copies a machine there and back, and interrupts its guest once more.
    found = _by_parking(problem, movers, budget)
    if found is not None:
        return found.legs
    # Last, because its states grow exponentially; for a few machines it proves that there is no order.
    found, proved = _exhaustive(problem, budget)
    if found is not None:
        return found.legs
    # Shown is where the first ranking got stuck: the others are reversed or shuffled.
    stuck = first or State(problem)
    blocked = [
        stuck.to(number, machine.goal)
        for number, machine in enumerate(problem.machines)
        if stuck.at[number] != machine.goal
    ]
    return DeadEnd(legs=tuple(stuck.legs), blocked=tuple(blocked), free=tuple(stuck.free), proved=proved)


def _ranks(problem: Problem, movers: list[int]) -> Iterator[Rank]:
    """Yield rankings of legs: those that free contested room first, those that take it last."""
    state = State(problem)
    legs = {number: state.to(number, problem.machines[number].goal) for number in movers}
    wanted = [0] * len(problem.pools)
    for leg in legs.values():
        for pool, amount in leg.acquires:
            wanted[pool] += amount
    contested = [want > free for want, free in zip(wanted, problem.free, strict=True)]
    kind = {
        number: (
            any(contested[pool] for pool, _ in leg.acquires),
            not any(contested[pool] for pool, _ in leg.releases),
        )
        for number, leg in legs.items()
    }
    size = {number: leg.transfer for number, leg in legs.items()}
    last = (True, True)  # machines that were only parked

    def by(order: Callable[[int], int]) -> Rank:
        return lambda number: (*kind.get(number, last), order(number), number)

    yield by(lambda number: -size.get(number, 0))
    yield by(lambda number: size.get(number, 0))
    for seed in range(SHUFFLES):
        source = random.Random(seed)  # noqa: S311 - an order, no secret
        mixed = {number: source.randrange(1 << 30) for number in movers}
        yield by(lambda number, mixed=mixed: mixed.get(number, 0))  # type: ignore[misc]


def _drain(problem: Problem, state: State, movers: Iterable[int], rank: Rank, budget: Budget) -> list[Leg]:
    """Let every machine go to its goal that finds room, and return the legs of those that do not."""
    waiting: dict[int, list[int]] = {}
    ready = [(rank(number), number) for number in movers if state.at[number] != problem.machines[number].goal]
    heapq.heapify(ready)
    blocked: dict[int, Leg] = {}
    while ready:
        _, number = heapq.heappop(ready)
        leg = state.to(number, problem.machines[number].goal)
        budget.spend()
        # Waiting for the first pool that lacks room is enough: until that has room nothing else helps.
        lacking = next((pool for pool, amount in leg.acquires if state.free[pool] < amount), None)
        if lacking is not None:
            waiting.setdefault(lacking, []).append(number)
            blocked[number] = leg
            continue
        blocked.pop(number, None)
        state.go(leg)
        for pool, _ in leg.releases:
            for other in waiting.pop(pool, ()):
                heapq.heappush(ready, (rank(other), other))
    return [blocked[number] for number in sorted(blocked)]


def _by_parking(problem: Problem, movers: list[int], budget: Budget) -> State | None:
    """Search states in which nothing goes on, fewest waiting machines first, for a way by stepping aside."""
    rank = next(_ranks(problem, movers))
    start = State(problem)
    blocked = _drain(problem, start, movers, rank, budget)
    queue = [(len(blocked), start.cost, 0, start, blocked)]
    seen: set[tuple[Place, ...]] = {tuple(start.at)}
    best: State | None = None
    count = 0
    while queue and not budget.spent:
        _, cost, _, state, blocked = heapq.heappop(queue)
        if best is not None and cost >= best.cost:
            continue
        for leg in _aside(problem, state, blocked):
            following = state.copy()
            following.go(leg)
            left = _after(problem, following, blocked, rank, budget)
            if not left:
                if best is None or following.cost < best.cost:
                    best = following
                continue
            key = tuple(following.at)
            if key not in seen:
                seen.add(key)
                count += 1
                heapq.heappush(queue, (len(left), following.cost, count, following, left))
        if best is not None:
            return best
    return best


def _after(problem: Problem, state: State, blocked: Sequence[Leg], rank: Rank, budget: Budget) -> list[Leg]:
    """Let the waiting machines move first and the parked ones afterwards: these would otherwise come back at once."""
    _drain(
        problem,
        state,
        [leg.machine for leg in blocked if leg.machine != state.legs[-1].machine],
        rank,
        budget,
    )
    everybody = [number for number, place in enumerate(state.at) if place != problem.machines[number].goal]
    return _drain(problem, state, everybody, lambda number: (number,), budget)


def _aside(problem: Problem, state: State, blocked: Sequence[Leg]) -> list[Leg]:
    """Return legs that park a machine to make room for the blocked ones, cheapest in bytes there and back first."""
    lacking = {pool for leg in blocked for pool, amount in leg.acquires if state.free[pool] < amount}
    found: list[tuple[int, str, int, Leg]] = []
    for number, machine in enumerate(problem.machines):
        if machine.parking and any(holding.pool in lacking for holding in state.at[number].holdings):
            found += _ways(state, number, machine, lacking)
    found.sort(key=lambda way: way[:3])
    return [leg for *_, leg in found[:CANDIDATES]]


def _ways(
    state: State, number: int, machine: Machine, lacking: set[int]
) -> Iterator[tuple[int, str, int, Leg]]:
    for choice, place in enumerate(machine.parking):
        if place in (state.at[number], machine.goal):
            continue
        leg = state.to(number, place)
        helps = any(pool in lacking for pool, _ in leg.releases)
        if helps and fits(state.free, leg):
            back = Leg(machine=number, source=place, target=machine.goal).transfer
            yield leg.transfer + back, machine.key, choice, leg


def _exhaustive(problem: Problem, budget: Budget) -> tuple[State | None, bool]:
    """Try every order of single legs, cheapest in bytes first; return the cheapest, and whether all were tried."""
    goals = tuple(machine.goal for machine in problem.machines)
    start = State(problem)
    queue = [(0, 0, start)]
    done: set[tuple[Place, ...]] = set()
    count = 0
    while queue and not budget.spent:
        *_, state = heapq.heappop(queue)
        key = tuple(state.at)
        if key in done:
            continue
        done.add(key)
        if key == goals:
            return state, True
        legs = (
            state.to(number, place)
            for number, machine in enumerate(problem.machines)
            for place in (machine.goal, *machine.parking)
            if place != state.at[number]
        )
        for leg in legs:
            if not fits(state.free, leg):
                continue
            budget.spend(len(goals))
            following = state.copy()
            following.go(leg)
            if tuple(following.at) not in done:
                count += 1
                heapq.heappush(queue, (following.cost, count, following))
    return None, not queue

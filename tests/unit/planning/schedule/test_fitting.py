"""Which machines stay where not all fit in the end: as few as can be, held against trying every set of them."""

from __future__ import annotations

from itertools import combinations
from random import Random

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.schedule.fitting import End
from hyperv_placement.planning.schedule.problem import MEMORY, Holding, Machine, Place, Problem, SlotLimits

ESTATES = 150


def crowded(number: int) -> Problem:
    """Return an estate of a number in which more goes to some hosts than there is room for."""
    chance = Random(number)  # noqa: S311 - an estate, no secret
    hosts = chance.randint(2, 4)

    def place(machine: int, host: int, size: tuple[int, int]) -> Place:
        memory = Holding(pool=2 * host, amount=size[0], thing=MEMORY, transfer=size[0])
        file = Holding(
            pool=2 * host + 1, amount=size[1], thing=f"{machine} on {host}", transfer=size[1], file=True
        )
        return Place(host=host, holdings=frozenset({memory, file}))

    machines = []
    for machine in range(chance.randint(2, 7)):
        size = (chance.randint(1, 8), chance.randint(0, 9))
        start, goal = chance.randrange(hosts), chance.randrange(hosts)
        machines.append(
            Machine(key=f"{machine:02}", start=place(machine, start, size), goal=place(machine, goal, size))
        )
    return Problem(
        pools=tuple(Pool.memory(HostName(f"pool{n}")) for n in range(2 * hosts)),
        free=tuple(chance.randint(-1, 6) for _ in range(2 * hosts)),
        links=(1.0,) * hosts, limits=(SlotLimits(live=1, storage=1),) * hosts,
        machines=tuple(machines), hosts=tuple(f"hv{n}" for n in range(hosts)),
    )  # fmt: skip


def fewest(end: End) -> tuple[int, int]:
    """Return how many must stay, and how many bytes they have at least, by trying every set."""
    keys = sorted(end.changes)
    for count in range(len(keys) + 1):
        sizes = [
            sum(end.sizes[key] for key in stay)
            for stay in combinations(keys, count)
            if not end.short(set(keys) - set(stay))
        ]
        if sizes:
            return count, min(sizes)
    raise AssertionError("nobody goes, and that does not fit")


def test_as_few_stay_as_can_be_and_of_those_the_smallest() -> None:
    """On every estate; and some of them fit without anybody staying, some do not."""
    stayed = []
    for number in range(ESTATES):
        end = End.of(crowded(number))
        staying = end.staying(frozenset(end.changes))
        assert not end.short(set(end.changes) - staying)
        assert (len(staying), sum(end.sizes[key] for key in staying)) == fewest(end), number
        stayed.append(len(staying))
    assert min(stayed) == 0
    assert max(stayed) > 2

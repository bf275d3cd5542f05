"""The judge's own searches against plainer ones."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from .choices import bytes_of, cheapest
from .drains import drain
from .ends import ends_of, keeps_rules, moved_by_others
from .estate import Estate, Pool, read
from .generated import drawn
from .orders import search
from .places import Place, allowed, copied_parents, free_pools, held, here, left_behind
from .spare import packs

ESTATES = 60
FEW = 300
"""Combinations of hosts up to which all are looked at."""


@settings(max_examples=ESTATES)
@given(st.lists(st.integers(1, 9), max_size=6), st.lists(st.integers(0, 14), max_size=3))
def test_machines_are_packed_where_any_packing_does(sizes: list[int], rooms: list[int]) -> None:
    """Held against every assignment."""
    fits = any(
        all(
            sum(size for size, at in zip(sizes, ends, strict=True) if at == host) <= room
            for host, room in enumerate(rooms)
        )
        for ends in itertools.product(range(len(rooms)), repeat=len(sizes))
    )
    assert packs(sorted(sizes, reverse=True), rooms) is fits


@settings(max_examples=ESTATES)
@given(st.integers(min_value=0, max_value=1 << 32))
def test_the_cheapest_choice_is_that_of_all_combinations(number: int) -> None:
    """As many bytes, or none where none fits."""
    texts = drawn(number)
    estate = read(texts.stack, texts.inventory)
    labels = [label for label in sorted(estate.entries) if label in estate.machines]
    ends = [list(ends_of(estate, label)) or [here(estate.machines[label])] for label in labels]
    count = 1
    for each in ends:
        count *= len(each)
    if count > FEW or moved_by_others(estate) or estate.under_way:
        return
    costs = [
        sum(bytes_of(estate, label, here(estate.machines[label]), end) for label, end in zip(labels, one, strict=True))
        for one in itertools.product(*ends)
        if _fits(estate, dict(zip(labels, one, strict=True)))
    ]  # fmt: skip
    choice = cheapest(estate)
    assert choice.proved
    assert (choice.bytes if choice.hosts is not None else None) == min(costs, default=None)


def _fits(estate: Estate, ends: dict[str, Place]) -> bool:
    """Say whether machines at these ends overdraw nothing, but for what is overdrawn and gets no worse, and keep the rules."""
    hosts = {label: machine.host for label, machine in estate.machines.items()}
    if not keeps_rules(estate, {**hosts, **{label: end.host for label, end in ends.items()}}):
        return False
    before = free_pools(estate)
    after = dict(before)

    def add(pool: Pool, amount: int) -> None:
        after[pool] = after.get(pool, 1) + amount

    for label, end in ends.items():
        start = here(estate.machines[label])
        for pool, amount in held(estate, label, start).values():
            add(pool, amount)
        beside = {} if start.key == end.key else {
            **left_behind(estate, label, start, end), **copied_parents(estate, label, start, end),
        }  # fmt: skip
        for pool, amount in {**held(estate, label, end), **beside}.values():
            add(pool, -amount)
    return all(left >= min(0, before.get(pool, 1)) for pool, left in after.items() if pool[0] != "seat")


@settings(max_examples=ESTATES)
@given(st.integers(min_value=0, max_value=1 << 32))
def test_an_order_that_is_found_can_be_walked(number: int) -> None:
    """Each order by itself would be taken, and the last of each machine ends where it may end."""
    texts = drawn(number)
    estate = read(texts.stack, texts.inventory)
    found = search(estate, states=300)
    at = {label: here(machine) for label, machine in estate.machines.items()}
    for label, place in found.steps or ():
        assert allowed(estate, label, at[label], place)
        at[label] = place
    for label in estate.entries if found.steps else ():
        ends = [end.key for end in ends_of(estate, label)]
        assert at[label].key in ends or at[label].key == here(estate.machines[label]).key


def test_drains_are_short_of_room_and_mostly_possible() -> None:
    """Else the figure says little."""
    answers = [cheapest(read(texts.stack, texts.inventory)) for texts in map(drain, range(12))]
    assert sum(each.hosts is not None for each in answers) > 6

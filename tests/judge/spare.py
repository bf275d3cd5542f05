"""N + 1: whether the machines of any one host find memory on the others, by trying every packing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

STEPS = 20_000


def survives(free: Mapping[str, int], running: Mapping[str, Sequence[int]]) -> bool | None:
    """Say whether the loss of any one host of `free` leaves room for its machines; None where the steps end first.

    `free`: host -> MiB free; `running`: host -> MiB that each of its running machines needs elsewhere.
    """
    answers = [
        packs(sorted(running[lost], reverse=True), [left for name, left in free.items() if name != lost])
        for lost in free
    ]
    if False in answers:
        return False
    return None if None in answers else True


def packs(sizes: Sequence[int], rooms: Sequence[int]) -> bool | None:
    """Say whether machines, largest first, fit into the rooms; None where the steps end first."""
    steps = 0

    def rest(number: int, left: tuple[int, ...]) -> bool | None:
        nonlocal steps
        steps += 1
        if steps > STEPS:
            return None
        if number == len(sizes):
            return True
        if sum(sizes[number:]) > sum(each for each in left if each > 0):
            return False
        unknown = False
        for room in sorted({each for each in left if each >= sizes[number]}):
            at = left.index(room)
            answer = rest(number + 1, (*left[:at], room - sizes[number], *left[at + 1 :]))
            if answer:
                return True
            unknown |= answer is None
        return None if unknown else False

    return rest(0, tuple(rooms))

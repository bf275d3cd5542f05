"""N + 1: whether the machines of any one host find memory on the others, by trying every packing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .estate import Estate

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


def holds_now(
    estate: Estate,
    number: int,
    at: Mapping[str, str],
    free: Mapping[str, int],
    coming: Iterable[tuple[str, str, int]] = (),
) -> bool | None:
    """Say whether a rule of N + 1 holds; None where the steps end first.

    `at`: where each machine runs, at its source while it is on its way. `free`: MiB of each host of the rule. `coming`: source,
    destination and MiB taken there by machines on their way: they do not come where their source is lost.
    """
    running: dict[str, list[int]] = {name: [] for name in estate.rules[number].hosts}
    for label, host in at.items():
        need = estate.machines[label].needed
        if host in running and need:
            running[host].append(need)
    coming, answers = list(coming), []
    for lost, sizes in running.items():
        # A host in maintenance takes nobody.
        rooms = {name: 0 if estate.hosts[name].maintenance else left for name, left in free.items()}
        for source, host, taken in coming:
            if source == lost and host in rooms and not estate.hosts[host].maintenance:
                rooms[host] += taken
        others = [left for name, left in rooms.items() if name != lost]
        answers.append(packs(sorted(sizes, reverse=True), others))
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

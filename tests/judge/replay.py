"""A plan carried out on paper, each move as long as chance has it: what is overdrawn, doubled or wrong at any instant.

An order starts as soon as those that its plan names have ended and both hosts have slots, the next of several by
chance. It holds both ends until it ends. Nothing else holds it back, so a plan whose waits are too few shows here.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from . import paths
from .ends import arriving, broken, ends_of, hosts_of
from .estate import Estate, Pool
from .places import (
    Place,
    Thing,
    allowed,
    copied_parents,
    free_pools,
    held,
    here,
    left_behind,
    order_kind,
    within,
)
from .spare import holds_now

Plan = Mapping[str, Any]
"""What `plan --json` prints."""
_ROUNDED = 0.11
"""Seconds by which printed times may overlap: they are rounded."""
SHORTEST, LONGEST = 0.2, 5.0
"""How much longer a move may take than planned."""


@dataclass(slots=True)
class Run:
    """One run of a plan."""

    estate: Estate
    plan: Plan
    chance: Random
    at: dict[str, Place]
    free: dict[Pool, int]
    wrong: list[str] = field(default_factory=list)
    live: Counter[str] = field(default_factory=Counter)
    storage: Counter[str] = field(default_factory=Counter)
    going: dict[int, tuple[float, Place, Mapping[Thing, tuple[Pool, int]]]] = field(default_factory=dict)
    """Number of a move -> when it ends, where, and what comes free then."""
    coming: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    """Number of a move on its way -> its ends, and the MiB that are taken at the second of them."""
    done: set[int] = field(default_factory=set)
    spare: set[int] = field(default_factory=set)
    """Rules of N + 1 that have held so far."""
    lost_rules: set[int] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    """Rules of N + 1 that did not go on holding."""


def replay(estate: Estate, plan: Plan, seed: int) -> Run:
    """Carry a plan out; what is wrong with it stands in the run."""
    at = {label: here(machine) for label, machine in estate.machines.items() if machine.host in estate.hosts}
    run = Run(estate, plan, Random(seed), at, free_pools(estate))  # noqa: S311 - a test
    _seats_of_the_end(run)
    run.spare = {n for n, rule in enumerate(estate.rules) if rule.kind == "n_plus_1" and has_spare(run, n)}
    for pool, amount in arriving(estate, estate.under_way).items():
        run.free[pool] = run.free.get(pool, 1) - amount
    moves, now = plan["moves"], 0.0
    run.wrong += _turns_missed(estate, moves)
    while True:
        _start_all(run, moves, now)
        if not run.going:
            break
        number = min(run.going, key=lambda n: run.going[n][0])
        now = run.going[number][0]
        _end(run, moves[number], number)
    run.wrong += [
        f"move {n} ({each['label']}) never starts" for n, each in enumerate(moves) if n not in run.done
    ]
    run.wrong += _at_the_end(run)
    return run


def _seats_of_the_end(run: Run) -> None:
    """Give a rule that the end breaks, as the plan says, the seats that the end takes."""
    last = {label: place.host for label, place in run.at.items()}
    last |= {each["label"]: each["to"] for each in run.plan["moves"]}
    for number, rule in enumerate(run.estate.rules):
        if rule.kind != "apart":
            continue
        now = Counter(run.at[label].host for label in rule.labels if label in run.at)
        then = Counter(last[label] for label in rule.labels if label in last)
        for host in run.estate.hosts:
            run.free["seat", str(number), host] = max(1, now[host], then[host]) - now[host]


def _place_after(run: Run, move: Mapping[str, Any]) -> Place:
    """Return where a machine is after a move, by what the plan prints of it."""
    start = run.at[move["label"]]
    targets = {paths.same(disk["from"]): disk["to"] for disk in move["disks"]}
    folders = move.get("folders")
    printed = (
        start.folders
        if folders is None
        else (folders["config"], folders["checkpoints"], folders["paging"], folders["guest_state"])
    )
    machine = run.estate.machines[move["label"]]
    return Place(
        host=move["to"], folders=printed,
        files=tuple(targets.get(paths.same(path), path) for path in start.files),
        been_away=start.been_away or move["to"] != machine.host,
    )  # fmt: skip


def _turns_missed(estate: Estate, moves: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield which machines that take turns the plan itself has on their way at once."""
    for group in estate.turns:
        own = [each for each in moves if each["label"] in group]
        for one, other in itertools.combinations(own, 2):
            both = min(one["end"], other["end"]) - max(one["start"], other["start"])
            if one["label"] != other["label"] and both > _ROUNDED:
                yield f"{one['label']} and {other['label']} are planned to move at once"


def _start_all(run: Run, moves: Sequence[Mapping[str, Any]], now: float) -> None:
    ready = [
        number
        for number, each in enumerate(moves)
        if number not in run.done and number not in run.going and set(each["after"]) <= run.done
    ]
    run.chance.shuffle(ready)
    ready.sort(key=lambda number: moves[number]["label"] not in run.estate.under_way)  # those run already
    for number in ready:
        if _slots(run, moves[number], 0) and not _waits_its_turn(run, moves[number]["label"]):
            _start(run, moves[number], number, now)


def _waits_its_turn(run: Run, label: str) -> bool:
    """Say whether another machine of its group is on its way: a start waits for that, as it waits for a slot."""
    going = {run.plan["moves"][number]["label"] for number in run.going}
    return any(label in group and going.intersection(group) for group in run.estate.turns)


def _slots(run: Run, move: Mapping[str, Any], taken: int) -> bool:
    """Take slots for a move, or give them back; say whether there were any."""
    ends = {move["from"], move["to"]}
    kinds = [(run.live, "live")] if len(ends) > 1 else []
    kinds += [(run.storage, "storage")] if "storage" in move["type"] else []
    if taken == 0:
        hosts = run.estate.hosts
        limits = {"live": lambda h: hosts[h].live, "storage": lambda h: hosts[h].storage}
        return all(count[host] < max(1, limits[kind](host)) for count, kind in kinds for host in ends)
    for count, _ in kinds:
        for host in ends:
            count[host] += taken
    return True


def _start(run: Run, move: Mapping[str, Any], number: int, now: float) -> None:
    label = move["label"]
    start, end = run.at[label], _place_after(run, move)
    runs = label in run.estate.under_way
    run.wrong += _strange(run, move, start, end)
    have = held(run.estate, label, start)
    want = {**held(run.estate, label, end), **copied_parents(run.estate, label, start, end)}
    for thing, (pool, amount) in want.items():
        if thing in have or runs:
            continue
        left = run.free.get(pool, 1) - amount
        run.free[pool] = left
        if left < 0 and amount:
            run.wrong.append(f"move {number} ({label}) overdraws {' '.join(pool)} by {-left}")
    stays = left_behind(run.estate, label, start, end)
    frees = {thing: own for thing, own in have.items() if thing not in want and thing not in stays}
    length = max(move["seconds"], 0.1) * run.chance.uniform(SHORTEST, LONGEST)
    _slots(run, move, 1)
    run.going[number] = (now + length, end, frees)
    taken = sum(
        amount for thing, (pool, amount) in want.items() if thing not in have and pool == ("memory", end.host)
    )
    run.coming[number] = (start.host, end.host, taken)
    _watch(run, f"move {number} ({label}) starts")


def _strange(run: Run, move: Mapping[str, Any], start: Place, end: Place) -> Iterator[str]:
    """Yield what is wrong with an order by itself."""
    label, said = move["label"], f"move {move['number']} ({move['label']})"
    if move["from"] != start.host:
        yield f"{said} starts at {move['from']}, and the machine is on {start.host}"
    known = set(map(paths.same, start.files))
    yield from (
        f"{said} takes {disk['from']}, which is not there"
        for disk in move["disks"]
        if paths.same(disk["from"]) not in known
    )
    kind = order_kind(start, end)
    if kind is not None and not run.estate.machines[label].runs:
        kind = kind.replace("live", "offline")
    if "folders" in move and kind != move["type"]:
        yield f"{said} is ordered as {move['type']} and is {kind}"
    # A machine that somebody moves already is followed wherever that is allowed.
    if label not in run.estate.under_way and not allowed(run.estate, label, start, end):
        yield f"{said} would be refused by its host, or by a rule"
    if not within(run.estate, label, end.host) and start.host != end.host:
        yield f"{said} breaks a rule (within)"


def _end(run: Run, move: Mapping[str, Any], number: int) -> None:
    _, end, frees = run.going.pop(number)
    run.coming.pop(number)
    for pool, amount in frees.values():
        run.free[pool] = run.free.get(pool, 0) + amount
    _slots(run, move, -1)
    run.at[move["label"]] = end
    run.done.add(number)
    _watch(run, f"move {number} ({move['label']}) has ended")


def _watch(run: Run, when: str) -> None:
    for number in sorted(run.spare):
        if has_spare(run, number) is False:
            run.spare.discard(number)
            run.lost_rules.add(number)
            run.lost.append(f"N + 1 over {', '.join(run.estate.rules[number].hosts)} no longer holds: {when}")


def has_spare(run: Run, number: int) -> bool | None:
    """Say whether a rule of N + 1 holds at this instant: a machine on its way runs at its source, and does not come if that is lost."""
    at = {label: place.host for label, place in run.at.items()}
    free = {name: run.free["memory", name] for name in run.estate.rules[number].hosts}
    return holds_now(run.estate, number, at, free, list(run.coming.values()))


def _at_the_end(run: Run) -> Iterator[str]:
    """Yield what is not as the plan promises: who moves ends where he is declared."""
    estate = run.estate
    moved = {each["label"] for each in run.plan["moves"]}
    for label in sorted(moved):
        place = run.at[label]
        ends = list(ends_of(estate, label))
        if label in estate.under_way:
            ends = [each for each in ends if each.host == place.host] or [place]
        followed = label in estate.under_way
        if not followed and place.host not in hosts_of(estate, label) and not _home_again(run, label):
            yield f"{label} ends on {place.host}, where it is not declared"
        elif not any(_as_declared(each, place, folders=_folders_printed(run)) for each in ends):
            yield f"{label} ends with its files at {', '.join(place.files)}"
    for label, place in run.at.items():
        start = here(estate.machines[label])
        if label not in moved and place.key != start.key:
            yield f"{label} has moved without an order"


def _home_again(run: Run, label: str) -> bool:
    return run.at[label].key == here(run.estate.machines[label]).key


def _folders_printed(run: Run) -> bool:
    return all("folders" in each for each in run.plan["moves"])


def _as_declared(end: Place, place: Place, *, folders: bool) -> bool:
    if folders:
        return end.key == place.key
    return end.host == place.host and [*map(paths.same, end.files)] == [*map(paths.same, place.files)]


def broken_in_the_end(run: Run) -> list[str]:
    """Return the rules over machines that do not hold when all is done."""
    return list(broken(run.estate, {label: place.host for label, place in run.at.items()}))

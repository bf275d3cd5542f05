"""File names as pools of one seat: who comes waits until the name's owner has gone, or stands elsewhere meanwhile.

Only names that two machines have or want make a pool, so that an estate without them is planned as if there were none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.planning.checks.file_names import owners
from hyperv_placement.planning.checks.held_names import Key, held_after, held_now, left_at

from .build import Route, Setting
from .problem import Holding, Machine, Place

Names = Mapping[Key, str]
"""Files that a machine has at a place, and their paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mover:
    start: Names
    places: Mapping[Place, Names]
    """Its goal and where it may step aside."""

    def touches(self) -> dict[Key, str]:
        found = dict(self.start)
        for names in self.places.values():
            found.update(names)
        return found


def with_names(setting: Setting, inventory: Inventory) -> Setting:
    """Return `setting` with a pool for each file name that more than one machine has or wants, and who holds it where."""
    movers = [_mover(setting, number, inventory) for number in range(len(setting.steps))]
    touched = [mover.touches() for mover in movers]
    paths = {key: path for names in touched for key, path in names.items()}
    moving = {step.vm_id for step in setting.steps}
    kept = {key for key, vm in owners(inventory, _of_parking(setting, movers)) if vm.id not in moving}
    wanting = Counter(key for names in touched for key in names)
    contested = [key for key in paths if key in kept or wanting[key] > 1]
    if not contested:
        return setting
    first = len(setting.problem.pools)
    pools = {key: first + number for number, key in enumerate(contested)}
    held = Counter(key for mover in movers for key in mover.start)
    again = [{place: _with(place, names, pools) for place, names in mover.places.items()} for mover in movers]
    problem = replace(
        setting.problem,
        pools=(*setting.problem.pools, *(_named(key, paths[key]) for key in contested)),
        free=(*setting.problem.free, *(1 - held[key] - (key in kept) for key in contested)),
        names=frozenset(pools.values()),
        machines=tuple(
            _machine(machine, mover, places, _with(machine.start, mover.start, pools), kept)
            for machine, mover, places in zip(setting.problem.machines, movers, again, strict=True)
        ),
    )
    ways = tuple(
        {places[place]: way for place, way in own.items()}
        for places, own in zip(again, setting.ways, strict=True)
    )
    return replace(setting, problem=problem, ways=ways)


def _of_parking(setting: Setting, movers: Sequence[_Mover]) -> set[Key]:
    """Return the names that machines would have where they step aside: who wants another's for good is refused before."""
    goals = [machine.goal for machine in setting.problem.machines]
    return {
        key
        for mover, goal in zip(movers, goals, strict=True)
        for place, names in mover.places.items()
        if place != goal
        for key in names
    }


def _mover(setting: Setting, number: int, inventory: Inventory) -> _Mover:
    move = next(iter(setting.ways[number].values())).move
    source = inventory.hosts[move.source]
    start, stays = dict(held_now(move.vm, source)), dict(left_at(move, source))
    places = {place: {**stays, **_names_after(way, inventory)} for place, way in setting.ways[number].items()}
    if setting.steps[number].under_way:  # what it needs at its destination is its own already
        start = {**start, **places[setting.problem.machines[number].goal]}
    return _Mover(start=start, places=places)


def _names_after(way: Route, inventory: Inventory) -> Names:
    return dict(held_after(way.move, inventory.hosts[way.move.destination]))


def _machine(
    machine: Machine, mover: _Mover, places: Mapping[Place, Place], start: Place, kept: Collection[Key]
) -> Machine:
    """Return the machine with its names; where it would need one that stays another's it cannot step aside."""
    parking = (place for place in machine.parking if not _others(mover.places[place], mover.start, kept))
    return replace(
        machine,
        start=start,
        goal=places[machine.goal],
        parking=tuple(places[place] for place in parking),
    )


def _others(names: Names, own: Names, kept: Collection[Key]) -> bool:
    return any(key in kept and key not in own for key in names)


def _with(place: Place, names: Names, pools: Mapping[Key, int]) -> Place:
    seats = {Holding(pool=pools[key], amount=1, thing=f"name {key}") for key in names if key in pools}
    return replace(place, holdings=place.holdings | seats) if seats else place


def _named(key: Key, path: str) -> str:
    where = f" on {key[0]}" if key[0] else ""
    return f"{path}{where}"

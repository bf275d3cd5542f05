"""File names as pools of one seat: a machine waits until the name's owner has left, or is parked meanwhile.

Only names that two machines have or want make a pool, so that an estate without such names costs nothing extra.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.checks.file_names import owners
from hyperv_placement.planning.checks.held_names import Key, held_after, held_now, left_at

from .build import ProblemInstance
from .problem import Holding, Machine, Place

Names = Mapping[Key, str]
"""Files that a machine has at a place, and their paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mover:
    start: Names
    places: Mapping[Place, Names]
    """By its goal and the places where it may be parked."""

    def touches(self) -> dict[Key, str]:
        found = dict(self.start)
        for names in self.places.values():
            found.update(names)
        return found


def with_names(instance: ProblemInstance, inventory: Inventory) -> ProblemInstance:
    """Return `instance` with a pool for each file name that more than one machine has or wants, held at the right places."""
    movers = [_mover(instance, number, inventory) for number in range(len(instance.steps))]
    touched = [mover.touches() for mover in movers]
    paths = {key: path for names in touched for key, path in names.items()}
    moving = {step.vm_id for step in instance.steps}
    kept = {key for key, vm in owners(inventory, _of_parking(instance, movers)) if vm.id not in moving}
    wanting = Counter(key for names in touched for key in names)
    contested = [key for key in paths if key in kept or wanting[key] > 1]
    if not contested:
        return instance
    first = len(instance.problem.pools)
    pools = {key: first + number for number, key in enumerate(contested)}
    held = Counter(key for mover in movers for key in mover.start)
    again = [{place: _with(place, names, pools) for place, names in mover.places.items()} for mover in movers]
    problem = replace(
        instance.problem,
        pools=(*instance.problem.pools, *(Pool.file_name(key[0], paths[key]) for key in contested)),
        free=(*instance.problem.free, *(1 - held[key] - (key in kept) for key in contested)),
        names=frozenset(pools.values()),
        machines=tuple(
            _machine(machine, mover, places, _with(machine.start, mover.start, pools), kept)
            for machine, mover, places in zip(instance.problem.machines, movers, again, strict=True)
        ),
    )
    routes = tuple(
        {places[place]: route for place, route in own.items()}
        for places, own in zip(again, instance.routes, strict=True)
    )
    return replace(instance, problem=problem, routes=routes)


def _of_parking(instance: ProblemInstance, movers: Sequence[_Mover]) -> set[Key]:
    """Return the names that machines would have while parked. Goals are not among them: names wanted for good are refused before."""
    goals = [machine.goal for machine in instance.problem.machines]
    return {
        key
        for mover, goal in zip(movers, goals, strict=True)
        for place, names in mover.places.items()
        if place != goal
        for key in names
    }


def _mover(instance: ProblemInstance, number: int, inventory: Inventory) -> _Mover:
    step = instance.steps[number]
    if step.vm is None:
        raise ValueError(f"{step.label} is no machine that is known")
    source = inventory.hosts[step.vm.host]
    start = dict(held_now(step.vm, source))
    stays = {} if step.move is None else dict(left_at(step.move, source))
    places = {
        place: start
        if route.move is None
        else {**stays, **dict(held_after(route.move, inventory.hosts[route.move.destination]))}
        for place, route in instance.routes[number].items()
    }
    if step.under_way:  # what it needs at its destination is its own already
        start = {**start, **places[instance.problem.machines[number].goal]}
    return _Mover(start=start, places=places)


def _machine(
    machine: Machine, mover: _Mover, places: Mapping[Place, Place], start: Place, kept: set[Key]
) -> Machine:
    """Return the machine with its names, without parking places where it would need a name that another machine keeps."""
    others = kept - mover.start.keys()
    taken = {place: others & mover.places[place].keys() for place in machine.parking}
    parking = [place for place in machine.parking if not taken[place]]
    met = {place.host: mover.places[place][min(keys)] for place, keys in taken.items() if keys}
    named = {start: machine.start, **{places[place]: place for place in (machine.goal, *parking)}}
    return replace(
        machine,
        start=start,
        goal=places[machine.goal],
        parking=tuple(places[place] for place in parking),
        lets=lambda source, target: machine.lets(named[source], named[target]),
        kept_from=lambda host: (
            machine.kept_from(host)
            or (f"another machine has the file name {met[host]} there" if host in met else "")
        ),
    )


def _with(place: Place, names: Names, pools: Mapping[Key, int]) -> Place:
    seats = {Holding(pool=pools[key], amount=1, thing=f"name {key}") for key in names if key in pools}
    return replace(place, holdings=place.holdings | seats) if seats else place

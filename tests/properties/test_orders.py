"""What is booked is what is ordered: the orders of generated plans, replayed, take just the room that the plan says."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.peaks import rooms
from tests.properties.orders.drawn import Drawn, drawn
from tests.properties.orders.replay import World, end, start, world_of

ESTATES = 2_000
PARKED, LEFT = (50, 129, 145, 186, 193), (0, 8, 20, 37, 86)
"""Numbers of estates in which a machine comes back from a root, and of those in which old files stay at the source."""
NUMBERS = st.integers(0, 1 << 40)


def planned(estate: Drawn) -> Plan | None:
    """Return the plan of an estate; None where nothing may be moved."""
    result = plan(estate.stack, estate.inventory)
    return None if any(f.refuses for f in result.findings) else result


def checked(number: int) -> Plan | None:
    """Replay an estate's orders in the plan's time, held against what the plan says is free; return the plan."""
    estate = drawn(number)
    result = planned(estate)
    if result is None:
        return None
    world = world_of(estate)
    moves = result.schedule.moves
    says = {
        (room.host, room.volume or "memory"): dict(room.timeline)
        for room in rooms(estate.stack, estate.inventory, result)
    }
    moments = sorted({each.start for each in moves} | {each.end for each in moves})
    shown = {pool: timeline[0.0] for pool, timeline in says.items()}
    for moment in moments:
        for order, each in enumerate(moves):
            if each.end == moment:
                end(world, order)
        for order, each in enumerate(moves):
            if each.start == moment:
                start(world, order, each)
        shown |= {pool: timeline[moment] for pool, timeline in says.items() if moment in timeline}
        free = world.free()
        assert world.wrong == [], (moment, world.wrong)
        assert shown == {pool: free[pool] for pool in says}, moment
    _check_the_end(world, result)
    return result


def _check_the_end(world: World, result: Plan) -> None:
    """Each machine that moves is where it is declared; what is not declared of its storage lies where it lay."""
    stack, before = world.estate.stack, {vm.name: vm for vm in world.estate.inventory.vms()}
    for step in result.steps:
        if step.standing == Standing.MOVE and step.vm is not None:
            spec, there = stack.vms[step.label], world.at[step.vm.name]
            assert there.host == spec.hosts[0]
            if spec.storage is None:
                assert _paths(there) == _paths(before[there.name])
            elif spec.storage.all_disks is not None:
                root = _folder(spec.storage, stack.hosts[there.host].storage, step.label)
                assert all(winpath.is_inside(root, path) for path in _paths(there)[:-1])
        elif step.vm is not None:
            assert world.at[step.vm.name] == before[step.vm.name]


def _paths(vm: VirtualMachine) -> list[str]:
    """Return files and folders of a machine, its guest state last."""
    folders = [vm.roots.config, vm.roots.checkpoints, vm.roots.paging]
    return [*(each.path for each in vm.disks), *folders, vm.roots.guest_state or ""]


def _folder(storage: StorageSpec, roots: object, label: str) -> str:
    assert isinstance(roots, dict)
    named = storage.all_disks or ""
    return f"{roots[named]}\\{label}" if named in roots else named


def hurried(number: int, result: Plan) -> None:
    """Replay an estate's orders in any time that keeps to who waits for whom: whoever is slow, there is room."""
    estate, moves = drawn(number), result.schedule.moves
    world, chance = world_of(estate), Random(number)  # noqa: S311 - a time, no secret
    waiting, over = set(range(len(moves))), set[int]()
    while waiting or world.running:
        ready = sorted(n for n in waiting if over.issuperset(moves[n].after))
        for n in [n for n in ready if estate.inventory.job_of(moves[n].move.vm.id)] or ready:
            start(world, n, moves[n])
            waiting.discard(n)
        assert world.wrong == []
        ended = chance.choice(sorted(world.running))
        end(world, ended)
        over.add(ended)
    _check_the_end(world, result)


@given(NUMBERS)
@settings(max_examples=ESTATES)
def test_orders_replayed_are_the_plan_booked(number: int) -> None:
    """At every instant each volume and each host's memory has free just what the plan says, and never too little."""
    result = checked(number)
    if result is not None:
        hurried(number, result)


@pytest.mark.parametrize("number", [*PARKED, *LEFT])
def test_estates_that_went_wrong_when_booked_and_ordered_were_two_computations(number: int) -> None:
    """The same of estates whose orders a planner that booked otherwise than it ordered has overfilled or misled."""
    result = checked(number)
    assert result is not None
    hurried(number, result)
    parked = any(each.aside for each in result.schedule.moves)
    assert parked or number in LEFT

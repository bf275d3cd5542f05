"""Plans before a judge that shares no code with the planner, and the judge before plans that are known to be wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .asking import planned
from .drains import drain
from .estate import Estate, read
from .generated import drawn
from .orders import search
from .recording import GIB, disk, host, inventory_text, machine, stack_text
from .replay import replay
from .verdicts import WRONG, Kind, judged, judged_choice

ESTATES, LAST = 100, 2_999
DRAINS, LAST_DRAIN = 6, 399
"""Of those that `make bench ONLY=refusals` judges one and all: how many a run of the tests takes."""
STATES, STEPS = 1_000, 10_000
REPLAYS = range(8)


@settings(max_examples=ESTATES)
@given(st.integers(min_value=0, max_value=LAST))
def test_plans_of_small_estates_are_right(number: int) -> None:
    """Nothing is overdrawn at any instant, whatever each move takes; nothing is refused that the documented moves can do."""
    estate = drawn(number)
    plan = planned(estate.stack, estate.inventory)
    verdict = judged(read(estate.stack, estate.inventory), plan, seed=number, states=STATES)
    assert verdict.kind not in WRONG, verdict.why


@settings(max_examples=DRAINS)
@given(st.integers(min_value=0, max_value=LAST_DRAIN))
def test_drains_find_the_choice_that_there_is(number: int) -> None:
    """Where machines have hosts to choose, rules among them, and room is short."""
    texts = drain(number)
    plan = planned(texts.stack, texts.inventory)
    verdict = judged_choice(read(texts.stack, texts.inventory), plan, seed=number, steps=STEPS)
    assert verdict.kind not in WRONG, verdict.why


def swapped(third: int) -> tuple[Estate, dict[str, Any]]:
    """Return hosts of which the first two are to change their machines, and the plan; `third`: GiB free on the last."""
    hosts = [_host("hv1", 1, 2), _host("hv2", 2, 2), _host("hv3", 3, third)]
    names: dict[str, dict[str, str]] = {each["name"]: {} for each in hosts}
    stack = stack_text(names, {"V1": {"host": "hv2"}, "V2": {"host": "hv1"}, "V3": {"host": "hv3"}})
    inventory = inventory_text(hosts)
    return read(stack, inventory), dict(planned(stack, inventory))


def _host(name: str, number: int, free: int) -> dict[str, Any]:
    """Return a host with one machine of 4 GiB and so many GiB of memory free beside it."""
    folder = f"D:\\Hyper-V\\V{number}"
    vm = machine(number, name, 4, folder, [disk(number, 0, f"{folder}\\os.vhdx", 10)])
    return host(name, 4 + free, free, {"D:\\": (100 * GIB, 90 * GIB)}, [vm])


def _no_waits(plan: dict[str, Any]) -> None:
    for move in plan["moves"]:
        move["after"] = [n for n in move["after"] if plan["moves"][n]["label"] == move["label"]]


def _another_folder(plan: dict[str, Any]) -> None:
    plan["moves"][-1]["disks"][0]["to"] = "D:\\Elsewhere\\os.vhdx"


def _onto_another(plan: dict[str, Any]) -> None:
    plan["moves"][0]["disks"][0]["to"] = "D:\\Hyper-V\\V3\\os.vhdx"


def _left_out(plan: dict[str, Any]) -> None:
    gone = len(plan["moves"]) - 1
    plan["moves"].pop()
    assert all(gone not in move["after"] for move in plan["moves"])


def _from_elsewhere(plan: dict[str, Any]) -> None:
    plan["moves"][0]["from"] = "hv3"


def _as_live(plan: dict[str, Any]) -> None:
    plan["moves"][0]["type"] = "live"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_waits, "overdraws memory"),
        (_another_folder, "ends with its files at"),
        (_onto_another, "overdraws name"),
        (_left_out, "ends on hv3"),
        (_from_elsewhere, "starts at hv3"),
        (_as_live, "is ordered as live"),
    ],
)
def test_a_spoilt_plan_is_seen(spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    """The plan as it is passes each replay, and spoilt it fails one."""
    estate, plan = swapped(third=4)
    assert [run.wrong for run in (replay(estate, plan, n) for n in REPLAYS) if run.wrong] == []
    assert any(move["aside"] for move in plan["moves"])
    spoilt = copy.deepcopy(plan)
    spoil(spoilt)
    wrong = [line for n in REPLAYS for line in replay(estate, spoilt, n).wrong]
    assert any(said in line for line in wrong), wrong


def test_a_search_of_everything_finds_the_way_that_there_is() -> None:
    """With room for one machine on the third host there is an order, with less there is none."""
    estate, plan = swapped(third=4)
    found = search(estate)
    assert found.steps is not None
    assert len(found.steps) == 3
    assert judged(estate, plan).kind == Kind.DONE
    full, refused = swapped(third=3)
    assert search(full).steps is None
    assert search(full).proved
    assert judged(full, refused).kind == Kind.CONFIRMED


def test_a_refusal_of_what_can_be_done_is_wrong() -> None:
    """The plan of the full estate, before the judge of the one that has room."""
    estate, _ = swapped(third=4)
    _, refused = swapped(third=3)
    assert judged(estate, refused).kind == Kind.WRONG_ORDER


def test_a_search_that_ends_early_proves_nothing() -> None:
    """It says that it does not know."""
    full, refused = swapped(third=3)
    assert judged(full, refused, states=0).kind == Kind.UNDECIDED


def spared() -> tuple[Estate, dict[str, Any]]:
    """Return two hosts that change their machines, and a third whose machine needs what one of them has free meanwhile."""
    hosts = [_host("hv1", 1, 4), _host("hv2", 2, 4), _host("hv3", 3, 8)]
    names: dict[str, dict[str, str]] = {each["name"]: {} for each in hosts}
    machines = {"V1": {"host": "hv2"}, "V2": {"host": "hv1"}, "V3": {"host": "hv3"}}
    stack = stack_text(names, machines, rules=[{"n_plus_1": list(names)}])
    inventory = inventory_text(hosts)
    return read(stack, inventory), dict(planned(stack, inventory))


def test_n_plus_1_that_waits_keep_is_missed_without_them() -> None:
    """The plan lets the second move wait for the first; without that the judge names the rule, and the order that keeps it."""
    estate, plan = spared()
    assert judged(estate, plan).lost_spare == ()
    assert judged(estate, plan).kind == Kind.DONE
    assert [move["after"] for move in plan["moves"]] == [[], [0]]
    spoilt = copy.deepcopy(plan)
    _no_waits(spoilt)
    assert judged(estate, spoilt).kind == Kind.WRONG_SPARE

"""Plans of which a part cannot be made: who stays, why, and that nobody else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.guard import Guard, Occasion
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Rule, Stack
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.report.plan_text import headline
from tests.estates import job, stack

from .schedule.test_schedule import declared, estate, grown

SWAP = {1: "hv2", 2: "hv1"}


def swap(*more: Any) -> Inventory:
    """Return two hosts of which neither has room for the other's machine, and a third with little room."""
    return estate({"hv1": 0, "hv2": 2, "hv3": 3}, grown(1, "hv1", 8), grown(2, "hv2", 6), *more)


def gone(found: Plan) -> list[tuple[str, str]]:
    """Return who moves whereto."""
    return [(each.label, each.move.destination) for each in found.schedule.moves]


def refused(found: Plan) -> dict[str, str]:
    """Return, by label, why machines are refused."""
    return {
        step.label: "; ".join(each.text for each in step.findings if each.refuses)
        for step in found.steps
        if step.standing == Standing.REFUSED
    }


def guarded(wanted: Stack, **guard: Any) -> Stack:
    """Return the stack with a guard."""
    return replace(wanted, guard=Guard(**guard))


def test_a_swap_that_has_no_order_stops_nobody_else() -> None:
    """The two are refused with what each lacks, the proof is told once, and the plan is not complete."""
    found = plan(declared({**SWAP, 3: "hv2", 4: "hv3"}), swap(grown(3, "hv3", 2), grown(4, "hv2", 3)))
    assert gone(found) == [("VM003", "hv2"), ("VM004", "hv3")]
    why = refused(found)
    assert why.keys() == {"VM001", "VM002"}
    assert (
        why["VM002"]
        == "VM002 (hv2 to hv1) lacks 6 GiB of memory of hv1, and no order is safe (every order was tried)"
    )
    assert [each.id for each in found.findings] == ["moves-left-out"]
    assert (
        found.findings[0]
        .lines[0]
        .startswith("2 machines stay where they are (VM001, VM002). No order is safe")
    )
    assert found.refusals == ()
    assert not complete(found)
    assert headline(found).endswith("2 refused")


def test_all_or_nothing_is_for_those_who_want_the_whole_or_nothing() -> None:
    """The same estate: the proof stops every move."""
    wanted = guarded(declared({**SWAP, 3: "hv2"}), all_or_nothing=True)
    found = plan(wanted, swap(grown(3, "hv3", 2)))
    assert found.schedule.moves == ()
    assert [each.id for each in found.refusals] == ["no-safe-order"]
    assert "VM002 (hv2 to hv1) lacks 6 GiB of memory of hv1" in found.refusals[0].lines


def test_of_those_that_do_not_fit_as_few_stay_as_do() -> None:
    """16 GiB come to 12: the smallest machine whose staying is enough stays, not the largest, and not two."""
    coming = [grown(1, "hv1", 9), grown(2, "hv1", 5), grown(3, "hv1", 2)]
    found = plan(declared({1: "hv2", 2: "hv2", 3: "hv2"}), estate({"hv1": 40, "hv2": 12}, *coming))
    assert refused(found) == {"VM002": "VM002 (hv1 to hv2) would lack 4 GiB of memory of hv2 in the end"}
    assert {label for label, _ in gone(found)} == {"VM001", "VM003"}


def test_who_needs_the_room_of_one_that_stays_is_refused_naming_it() -> None:
    """A chain: nothing frees hv2, since the one on it has no room on hv1."""
    found = plan(
        declared({1: "hv2", 2: "hv1"}),
        estate({"hv1": 0, "hv2": 0, "hv3": 0}, grown(1, "hv3", 4), grown(2, "hv2", 4)),
    )
    assert gone(found) == []
    assert refused(found)["VM001"].startswith(
        "VM001 is not moved: it needs the room that VM002 was to free (hv2 -> hv1)"
    )
    assert "would lack 4 GiB of memory of hv1" in refused(found)["VM002"]


def test_who_needs_the_room_of_a_protected_machine_is_refused_naming_it() -> None:
    """Also where its own judge has refused that one."""
    wanted = guarded(declared({1: "hv2", 2: "hv3"}), protected=("VM002",))
    found = plan(wanted, estate({"hv1": 0, "hv2": 0, "hv3": 8}, grown(1, "hv1", 4), grown(2, "hv2", 4)))
    assert refused(found)["VM001"] == (
        "VM001 is not moved: it needs the room that VM002 was to free (hv2 -> hv3), which is not moved"
    )


@pytest.mark.parametrize("large", [False, True])
def test_a_swap_that_can_be_made_is_not_refused_with_one_that_cannot(large: bool) -> None:
    """Two swaps; on hv5 there is room for one machine of 4 GiB and for none of 8."""
    size = 8 if large else 3
    vms = [grown(1, "hv1", 8), grown(2, "hv2", 8), grown(3, "hv3", size), grown(4, "hv4", size)]
    names = ("hv1", "hv2", "hv3", "hv4", "hv5")
    wanted = declared({1: "hv2", 2: "hv1", 3: "hv4", 4: "hv3"})
    found = plan(
        replace(wanted, hosts=stack({}, hosts=names).hosts),
        estate(dict(zip(names, (0, 0, 0, 0, 4), strict=True)), *vms),
    )
    assert refused(found).keys() == {"VM001", "VM002", *(("VM003", "VM004") if large else ())}
    assert {label for label, _ in gone(found)} == (set() if large else {"VM003", "VM004"})


def test_a_rule_is_not_broken_by_one_that_stays() -> None:
    """VM001 may leave hv1 no more, so that VM002, which must be apart from it, does not come."""
    apart = Rule(kind="apart", labels=("VM001", "VM002"), line=9)
    found = plan(
        declared({1: "hv3", 2: "hv1"}, apart),
        estate({"hv1": 32, "hv2": 32, "hv3": 1}, grown(1, "hv1", 4), grown(2, "hv2", 4)),
    )
    assert gone(found) == []
    assert refused(found)["VM002"].startswith(
        "VM002 is not moved: it needs the room that VM001 was to free (hv1 -> hv3)"
    )
    assert not found.broken_rules


def test_machines_of_one_rule_stay_together() -> None:
    """Where one of two has no room, the other does not go alone."""
    together = Rule(kind="together", labels=("VM001", "VM002"), line=9)
    found = plan(
        declared({1: "hv2", 2: "hv2"}, together),
        estate({"hv1": 0, "hv2": 5}, grown(1, "hv1", 4), grown(2, "hv1", 3)),
    )
    assert gone(found) == []
    assert any("the rule in line 9 (together) keeps it with" in text for text in refused(found).values())


def test_the_next_run_says_the_same_and_moves_nothing() -> None:
    """What could go has gone: the refusals stand as they were."""
    wanted = declared({**SWAP, 3: "hv2"})
    first = plan(wanted, swap(grown(3, "hv3", 2)))
    after = estate({"hv1": 0, "hv2": 0, "hv3": 5}, grown(1, "hv1", 8), grown(2, "hv2", 6), grown(3, "hv2", 2))
    second = plan(wanted, after)
    assert gone(first) == [("VM003", "hv2")]
    assert gone(second) == []
    assert refused(second).keys() == refused(first).keys() == {"VM001", "VM002"}


def only(*labels: str) -> Occasion:
    """Return a run that takes these machines alone."""
    return Occasion(in_run=frozenset(labels))


def test_a_run_of_a_few_is_planned_for_those_alone() -> None:
    """Headline, moves and refusals are theirs; a machine that is not taken is neither moved nor refused."""
    wanted, found = declared({**SWAP, 3: "hv2"}), swap(grown(3, "hv3", 2))
    result = plan(wanted, found, occasion=only("VM003"))
    assert gone(result) == [("VM003", "hv2")]
    assert [step.label for step in result.steps] == ["VM003"]
    assert {step.label for step in result.outside} == {"VM001", "VM002"}
    assert result.findings == ()
    assert complete(result)
    assert headline(result).startswith("1 move")


def test_who_needs_the_room_of_one_outside_the_run_is_refused_naming_it() -> None:
    """VM002 would leave hv2, and is excluded."""
    found = estate({"hv1": 0, "hv2": 0, "hv3": 8}, grown(1, "hv1", 4), grown(2, "hv2", 4))
    result = plan(declared({1: "hv2", 2: "hv3"}), found, occasion=only("VM001"))
    assert refused(result) == {
        "VM001": "VM001 is not moved: it needs the room that VM002 was to free (hv2 -> hv3), which is no part of this run"
    }
    assert plan(declared({1: "hv2", 2: "hv3"}), found).schedule.moves != ()


def test_a_host_is_chosen_for_a_run_of_a_few_by_what_is_there_now() -> None:
    """hv2 gets room only by a machine that is not taken: hv3 it is."""
    found = estate({"hv1": 0, "hv2": 0, "hv3": 8}, grown(1, "hv1", 4), grown(2, "hv2", 4))
    wanted = declared({1: "hv2", 2: "hv3"})
    spec = replace(wanted.vms["VM001"], hosts=(HostName("hv2"), HostName("hv3")))
    wanted = replace(wanted, vms={**wanted.vms, "VM001": spec})
    assert gone(plan(wanted, found, occasion=only("VM001"))) == [("VM001", "hv3")]


def clustered(number: int, on: str, gib: int) -> VirtualMachine:
    """Return a machine that is refused for what it is itself."""
    return replace(grown(number, on, gib), clustered=True)


def test_rules_are_judged_by_where_refused_machines_stay() -> None:
    """VM002 is declared on hv2, and stays beside VM001: the rule does not hold, though the file keeps it."""
    apart = Rule(kind="apart", labels=("VM001", "VM002"), line=9)
    found = plan(
        declared({1: "hv1", 2: "hv2"}, apart),
        estate({"hv1": 32, "hv2": 32, "hv3": 32}, grown(1, "hv1", 4), clustered(2, "hv1", 4)),
    )
    assert [each.id for each in found.broken_rules] == ["rule-broken"]


def test_who_waits_for_one_that_others_move_is_told_so() -> None:
    """What is declared fits: it is the job of somebody else that has to end first."""
    found = estate({"hv1": 0, "hv2": 32, "hv3": 32}, grown(1, "hv1", 4), grown(2, "hv2", 4))
    moving = replace(found.hosts[HostName("hv1")], jobs=(job(1, "hv3.lab.example"),))
    found = replace(found, hosts={**found.hosts, HostName("hv1"): moving})
    why = refused(plan(declared({1: "hv2", 2: "hv1"}), found))
    assert (
        why["VM002"]
        == "VM002 is not moved: it needs the room that VM001 was to free, which somebody else moves"
    )

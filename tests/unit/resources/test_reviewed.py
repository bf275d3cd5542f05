"""A run that is held to a saved plan: it is what was reviewed, or it stops before anything is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.keys import Keys
from hyperv_placement.planning.plan import plan
from hyperv_placement.report.plan_text import outline
from hyperv_placement.resources.declare import before, in_order
from hyperv_placement.resources.properties import inputs_of, move_inputs
from hyperv_placement.resources.reviewed import NotReviewedError, check_reviewed
from hyperv_placement.resources.vm_placement import TYPE
from hyperv_placement.workspace.update_plan import UpdatePlan, plan_file, read_update_plan
from tests.estates import host, inventory, machine, spec, stack


def estate(*, first: str = "hv1", second: str = "hv1", wanted: str = "hv2") -> tuple[Stack, Plan]:
    """Return a stack of two machines and its plan: the first moves from `first`, the second is in its place unless it is elsewhere."""
    machines = (machine(1, first), machine(2, second))
    hosts = {name: host(name, *(vm for vm in machines if vm.host == name)) for name in ("hv1", "hv2", "hv3")}
    declared = stack({**spec(1, wanted), **spec(2, "hv1")})
    return declared, plan(declared, inventory(*hosts.values()))


def saved(folder: Path, made: Plan, **more: Any) -> UpdatePlan:
    """Return a plan as the engine (3.259) saves it, read again."""
    urn = f"urn:pulumi:test::p::{TYPE}::"
    waits, moving = before(made.schedule), len(made.schedule.moves)
    plans: dict[str, Any] = {
        f"{urn}{step.label}": {
            "goal": {"type": TYPE, "dependencies": [f"{urn}{label}" for label in waits[step.label]]},
            "steps": ["update"],
            "state": {**inputs_of(step), **move_inputs(made.schedule.moves_of(step.label), moving)},
        }
        for step in made.steps
    }
    plans["urn:pulumi:test::p::pulumi:pulumi:Stack::p-test"] = {"state": {"plan": outline(made)}}
    content = {"manifest": {"time": "2026-11-30T13:37:05.985758734Z"}, "resourcePlans": {**plans, **more}}
    file = folder / "plan.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return read_update_plan(file)


def test_what_was_reviewed_may_run(tmp_path: Path) -> None:
    """Sizes and times of today may be others: they are estimates."""
    declared, made = estate()
    assert len(made.schedule.moves) == 1
    check_reviewed(saved(tmp_path, made), declared, made, Keys())


def test_a_move_that_nobody_has_reviewed_stops_the_run(tmp_path: Path) -> None:
    """Somebody has moved a machine since: to bring it back is in no plan."""
    _, then = estate()
    declared, now = estate(second="hv3")
    with pytest.raises(NotReviewedError) as caught:
        check_reviewed(saved(tmp_path, then), declared, now, Keys())
    assert "2026-11-30 13:37:05 UTC" in caught.value.message
    assert caught.value.message.endswith("VM002: hv3 -> hv1 is not in it")
    berlin = declared.zoned(ZoneInfo("Europe/Berlin"))
    with pytest.raises(NotReviewedError, match="of 2026-11-30 14:37:05 Europe/Berlin holds: "):
        check_reviewed(saved(tmp_path, then), berlin, now, Keys())


def test_a_move_that_is_not_to_be_done_any_more_stops_it_too(tmp_path: Path) -> None:
    """Its machine has another place now: it moves otherwise, or stays where it is."""
    _, then = estate()
    declared, now = estate(wanted="hv1")
    with pytest.raises(NotReviewedError, match="VM001: hv1 -> hv2, which is not to be done any more"):
        check_reviewed(saved(tmp_path, then), declared, now, Keys())
    declared, now = estate(wanted="hv3")
    with pytest.raises(NotReviewedError, match="VM001: host is to be hv3 now, hv2 in the plan"):
        check_reviewed(saved(tmp_path, then), declared, now, Keys())


def test_what_is_done_already_is_no_difference_and_is_declared_as_the_plan_has_it(tmp_path: Path) -> None:
    """A run that was cut goes on by the same plan: the engine would miss the input that declares a move which is done, and count them."""
    _, then = estate(second="hv3")
    reviewed = saved(tmp_path, then)
    declared, now = estate(second="hv1")
    held = check_reviewed(reviewed, declared, now, Keys())
    assert list(held.done) == ["VM002"]
    moves = {"VM001": {"from": "hv1", "of": 2}, "VM002": {"from": "hv3", "of": 2}}
    assert held.moves == {label: {"move": move} for label, move in moves.items()}
    assert held.lines == tuple(outline(then))
    declared, now = estate(first="hv2", second="hv1")
    assert set(check_reviewed(reviewed, declared, now, Keys()).done) == {"VM001", "VM002"}


def test_who_has_waited_for_what_is_done_is_registered_after_it(tmp_path: Path) -> None:
    """In the order that the engine needs: it compares whom each machine waits for, done or not."""
    _, then = estate(second="hv3")
    urn = f"urn:pulumi:test::p::{TYPE}::"
    first, second = ({**inputs_of(step), "move": {"from": "hv3", "of": 2}} for step in then.steps)
    plans = {
        f"{urn}VM001": {"goal": {"dependencies": [f"{urn}VM002"]}, "steps": ["update"], "state": first},
        f"{urn}VM002": {"goal": {}, "steps": ["update"], "state": second},
    }
    reviewed = saved(tmp_path, then, **plans)
    declared, now = estate(second="hv1")  # the first is still to go
    held = check_reviewed(reviewed, declared, now, Keys())
    waits = held.waits(before(now.schedule))
    assert waits["VM001"] == ["VM002"]
    assert [step.label for step in in_order(now, waits, held.done)] == ["VM002", "VM001"]
    declared, now = estate(first="hv2", second="hv1")  # both are there
    held = check_reviewed(reviewed, declared, now, Keys())
    waits = held.waits(before(now.schedule))
    assert [step.label for step in in_order(now, waits, held.done)] == ["VM002", "VM001"]


def test_a_machine_that_is_done_is_declared_by_what_the_plan_has_of_it(tmp_path: Path) -> None:
    """On one of several hosts by now, it has a choice again; while it was to move it had none, and the engine would call that a change."""
    _, then = estate(second="hv3")
    declared, now = estate(second="hv1")
    held = check_reviewed(saved(tmp_path, then), declared, now, Keys())
    inputs = inputs_of(now.steps[1])
    assert held.inputs("VM002", {**inputs, "allowed": ["hv1", "hv2"]}, {}) == {
        **inputs, "move": {"from": "hv3", "of": 2},
    }  # fmt: skip
    assert held.inputs("VM003", {"allowed": ["hv1"]}, {"move": 1}) == {"allowed": ["hv1"], "move": 1}


def test_what_was_taken_in_since_is_not_taken_in_again(tmp_path: Path) -> None:
    """The engine would find inputs in its state that the plan, which knows of none, does not take out."""
    declared, made = estate()
    urn = f"urn:pulumi:test::p::{TYPE}::VM002"
    reviewed = saved(tmp_path, made, **{urn: {"steps": ["create"], "state": inputs_of(made.steps[1])}})
    check_reviewed(reviewed, declared, made, Keys(adopted=(made.steps[1],)))
    with pytest.raises(NotReviewedError, match="VM002 is to be taken in, and was by now"):
        check_reviewed(reviewed, declared, made, Keys())


def test_who_is_there_before_the_one_it_waits_for_was_moved_by_somebody_else(tmp_path: Path) -> None:
    """Then nobody has reviewed how the rest goes."""
    _, then = estate(second="hv3")
    urn = f"urn:pulumi:test::p::{TYPE}::"
    state = {**inputs_of(then.steps[0]), "move": {"from": "hv1", "of": 2}}
    plans = {f"{urn}VM001": {"goal": {"dependencies": [f"{urn}VM002"]}, "steps": ["update"], "state": state}}
    declared, now = estate(first="hv2", second="hv3")
    with pytest.raises(NotReviewedError, match="VM001: hv1 -> hv2, which is not to be done any more"):
        check_reviewed(saved(tmp_path, then, **plans), declared, now, Keys())


def test_machines_that_wait_for_each_other_are_no_plan(tmp_path: Path) -> None:
    """Nobody but a person's editor makes one."""
    _, then = estate(second="hv3")
    urn = f"urn:pulumi:test::p::{TYPE}::"
    plans = {
        f"{urn}{step.label}": {
            "goal": {"dependencies": [f"{urn}{other}"]},
            "steps": ["update"],
            "state": {**inputs_of(step), "move": {"from": "hv1", "of": 2}},
        }
        for step, other in zip(then.steps, ("VM002", "VM001"), strict=True)
    }
    declared, now = estate(first="hv2", second="hv1")
    with pytest.raises(PlacementError, match="wait for each other"):
        check_reviewed(saved(tmp_path, then, **plans), declared, now, Keys())


def test_an_entry_that_is_not_in_the_plan_stops_it(tmp_path: Path) -> None:
    """Of either: one that came since, and one that has gone without the plan's saying so."""
    declared, made = estate()
    urn = f"urn:pulumi:test::p::{TYPE}::GONE"
    with pytest.raises(NotReviewedError, match="GONE is in it, and no entry of the stack file any more"):
        check_reviewed(saved(tmp_path, made, **{urn: {"steps": ["same"]}}), declared, made, Keys())
    check_reviewed(saved(tmp_path, made, **{urn: {"steps": ["delete"]}}), declared, made, Keys())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"resourcePlans": {}}', '{"resourcePlans": {"x": 1}}'])
def test_what_is_no_plan_is_one_line(text: str, tmp_path: Path) -> None:
    """As is a file that is not there."""
    file = tmp_path / "plan.json"
    with pytest.raises(PlacementError, match="cannot be read"):
        read_update_plan(file)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlacementError, match=r"plan\.json is no plan of the engine"):
        read_update_plan(file)


def test_the_file_is_the_one_of_the_engines_command_line(tmp_path: Path) -> None:
    """In either spelling, from the folder that the engine works in."""
    assert plan_file(["pulumi", "up", "--plan", "a.json"], tmp_path) == tmp_path / "a.json"
    assert plan_file(["pulumi", "up", "--plan=b.json", "--yes"], tmp_path) == tmp_path / "b.json"
    assert plan_file(["pulumi", "preview", "--save-plan", "c.json"], tmp_path) is None

"""A run that is held to a saved plan: it is what was reviewed, or it stops before anything is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.plan import plan
from hyperv_placement.report.plan_text import outline
from hyperv_placement.resources.declare import before
from hyperv_placement.resources.properties import inputs_of
from hyperv_placement.resources.reviewed import NotReviewedError, check_reviewed
from hyperv_placement.resources.vm_placement import TYPE
from hyperv_placement.workspace.update_plan import UpdatePlan, plan_file, read_update_plan
from tests.estates import host, inventory, machine, spec, stack


def estate(*, second: str = "hv1", wanted: str = "hv2") -> tuple[Stack, Plan]:
    """Return a stack of two machines and its plan: the first moves, the second is in its place unless it is elsewhere."""
    machines = (machine(1, "hv1"), machine(2, second))
    hosts = {name: host(name, *(vm for vm in machines if vm.host == name)) for name in ("hv1", "hv2", "hv3")}
    declared = stack({**spec(1, wanted), **spec(2, "hv1")})
    return declared, plan(declared, inventory(*hosts.values()))


def saved(folder: Path, made: Plan, **more: Any) -> UpdatePlan:
    """Return a plan as the engine (3.259) saves it, read again."""
    urn = f"urn:pulumi:test::p::{TYPE}::"
    waits = before(made.schedule)
    plans: dict[str, Any] = {
        f"{urn}{step.label}": {
            "goal": {"type": TYPE, "dependencies": [f"{urn}{label}" for label in waits[step.label]]},
            "steps": ["update"],
            "state": inputs_of(step),
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
    check_reviewed(saved(tmp_path, made), declared, made)


def test_a_move_that_nobody_has_reviewed_stops_the_run(tmp_path: Path) -> None:
    """Somebody has moved a machine since: to bring it back is in no plan."""
    _, then = estate()
    declared, now = estate(second="hv3")
    with pytest.raises(NotReviewedError) as caught:
        check_reviewed(saved(tmp_path, then), declared, now)
    assert "2026-11-30 13:37 UTC" in caught.value.message
    assert caught.value.message.endswith("VM002: hv3 -> hv1 is not in it")


def test_a_move_that_is_not_to_be_done_any_more_stops_it_too(tmp_path: Path) -> None:
    """And so does another end of it."""
    _, then = estate(second="hv3")
    declared, now = estate()
    with pytest.raises(NotReviewedError, match="VM002: hv3 -> hv1, which is not to be done any more"):
        check_reviewed(saved(tmp_path, then), declared, now)
    declared, now = estate(wanted="hv3")
    with pytest.raises(NotReviewedError, match="VM001: host is to be hv3 now, hv2 in the plan"):
        check_reviewed(saved(tmp_path, then), declared, now)


def test_an_entry_that_is_not_in_the_plan_stops_it(tmp_path: Path) -> None:
    """Of either: one that came since, and one that has gone without the plan's saying so."""
    declared, made = estate()
    urn = f"urn:pulumi:test::p::{TYPE}::GONE"
    with pytest.raises(NotReviewedError, match="GONE is in it, and no entry of the stack file any more"):
        check_reviewed(saved(tmp_path, made, **{urn: {"steps": ["same"]}}), declared, made)
    check_reviewed(saved(tmp_path, made, **{urn: {"steps": ["delete"]}}), declared, made)


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

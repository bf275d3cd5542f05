"""Machines that take turns: nobody starts while another one of them is on its way, whether or not the run has that one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.guard import Occasion
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Turns
from hyperv_placement.planning.plan import plan
from tests.estates import host, inventory, job, machine, spec, stack


@pytest.mark.parametrize("in_run", [None, frozenset({"VM001"})])
def test_nobody_starts_beside_one_that_others_move(in_run: frozenset[str] | None) -> None:
    """A preview with --target says what `up` does: the other one is not in the run, and is on its way all the same."""
    seen = inventory(
        host("hv1", machine(1, "hv1")),
        host("hv2", machine(2, "hv2"), jobs=(job(2, "hv3"),)),
        host("hv3"),
    )
    turns = Turns(labels=("VM001", "VM002"), line=3)
    declared = replace(stack({**spec(1, "hv3"), **spec(2, "hv2")}), one_at_a_time=(turns,))
    step = plan(declared, seen, occasion=Occasion(in_run=in_run)).steps[0]
    assert step.standing == Standing.REFUSED
    assert [each.id for each in step.findings if each.refuses] == ["turn-taken"]

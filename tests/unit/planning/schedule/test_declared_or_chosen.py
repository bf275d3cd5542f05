"""What is called declared in a proof: places that the stack file names, and none that the program has picked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Maintenance, Rule, Stack
from hyperv_placement.planning.schedule.schedule import schedule_of
from hyperv_placement.planning.standing import step_of

from .test_schedule import declared, estate, grown

HV1, HV2 = HostName("hv1"), HostName("hv2")
LEAVES = {HV1: Maintenance(to=(HV2,))}


def of_nobody(stack: Stack) -> Stack:
    """Return a stack whose machine has no host: any would do, were it not for what else stands there."""
    return replace(stack, vms={label: replace(each, hosts=()) for label, each in stack.vms.items()})


PICKED = {
    "pinned, and maintenance leaves one": replace(declared({1: "hv1"}), maintenance=LEAVES),
    "without host, and maintenance leaves one": of_nobody(replace(declared({1: "hv1"}), maintenance=LEAVES)),
    "without host, and a rule leaves one": of_nobody(
        declared({1: "hv2"}, Rule(kind="within", labels=("VM001",), hosts=(HV2,), line=3))
    ),
}


def proof_of(stack: Stack) -> str:
    """Return the proof that a machine of 8 GiB finds no room on hv2."""
    inventory = estate({"hv1": 0, "hv2": 2, "hv3": 0}, grown(1, "hv1", 8))
    (vm,) = inventory.vms()
    step = step_of(stack.vms["VM001"], vm, stack, inventory, HV2)
    (stuck,) = schedule_of(stack, inventory, Plan(steps=(step,))).stuck
    return stuck.proof[0]


@pytest.mark.parametrize("stack", PICKED.values(), ids=PICKED)
def test_the_one_place_that_is_left_was_picked(stack: Stack) -> None:
    """Rules and maintenance leave one host, and nobody has declared it."""
    assert (
        proof_of(stack)
        == "The places that are declared or were chosen do not fit: memory of hv2 would lack 6 GiB"
    )


def test_a_pin_is_declared() -> None:
    """The stack file names it."""
    assert proof_of(declared({1: "hv2"})) == "The declared places do not fit: memory of hv2 would lack 6 GiB"

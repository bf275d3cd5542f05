"""Program and plugin of one run read the hosts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.operations.plan import compare
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.run_audit import audit_of
from hyperv_placement.workspace.handoff import Handoff
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
SPEC = VmSpec(label="WEB01", name="WEB01", hosts=(HostName("hv1"),))


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine."""
    return make_fabric(estate(machine("WEB01")))


def run(fabric: Fabric, tmp_path: Path, *labels: str) -> tuple[Stack, Handoff]:
    """Return the stack file and the meeting place of one run."""
    path = tmp_path / "stack.yaml"
    path.write_text("a stack file", encoding="utf-8")
    vms = {label: VmSpec(label=label, name=label, hosts=(HostName("hv1"),)) for label in labels}
    stack = Stack(path=path, hosts=fabric.specs, vms=vms)
    return stack, Handoff(project=tmp_path, engine="127.0.0.1:4711", stack=stack)


def asked(fabric: Fabric) -> int:
    """Return how many requests the hosts have had."""
    return sum(sum(counts.values()) for counts in fabric.servers.counts().values())


def test_the_program_takes_the_sweep_of_the_plugin(fabric: Fabric, tmp_path: Path) -> None:
    """The engine reads what it knows before it starts the program, which then has nothing to ask."""
    stack, handoff = run(fabric, tmp_path, "WEB01")
    fleet = Fleet(stack, fabric.clock, audit_of(stack, tmp_path / "audit", fabric.clock), handoff)
    seen = fleet.find(SPEC, VmId(fabric.lab_vm("WEB01").id))
    before = asked(fabric)
    inventory, plan = compare(stack, fabric.estate, handoff)
    assert asked(fabric) == before
    assert inventory.with_id(seen.id) == (seen,)
    assert [step.standing.name for step in plan.steps] == ["IN_PLACE"]
    fleet.estate.close()


def test_the_plugin_takes_the_sweep_of_the_program(fabric: Fabric, tmp_path: Path) -> None:
    """A first `up` has nothing to refresh: the program is first; its sweep still ages."""
    stack, handoff = run(fabric, tmp_path, "WEB01")
    compare(stack, fabric.estate, handoff)
    fleet = Fleet(stack, fabric.clock, audit_of(stack, tmp_path / "audit", fabric.clock), handoff)
    before = asked(fabric)
    taken = fleet.readings.sweep()
    assert asked(fabric) == before
    assert fleet.readings.sweep(after=taken.begun).begun > taken.begun
    assert asked(fabric) > before
    assert fabric.clock.now() - taken.begun < 10 * START_MAX_AGE_S
    fleet.estate.close()


def test_gone_still_needs_a_sweep_of_ones_own(fabric: Fabric, tmp_path: Path) -> None:
    """A sweep that was handed over is one reading, never both."""
    stack, handoff = run(fabric, tmp_path, "WEB01", "NOBODY")
    fleet = Fleet(stack, fabric.clock, audit_of(stack, tmp_path / "audit", fabric.clock), handoff)
    fleet.readings.sweep()
    before = asked(fabric)
    _, plan = compare(stack, fabric.estate, handoff)
    assert asked(fabric) > before
    assert [step.standing.name for step in plan.steps] == ["IN_PLACE", "MISSING"]
    fleet.estate.close()


@pytest.mark.parametrize("closer", [False, True], ids=["swept alone", "read for moves besides"])
def test_what_one_of_two_sweeps_has_seen_is_not_gone(
    make_fabric: Maker, tmp_path: Path, *, closer: bool
) -> None:
    """A machine of the first sweep that the second does not show is unknown, whatever is read after it, and so it is told."""
    fabric = make_fabric(
        estate(machine("WEB01"), machine("GONE"), machine("MOVER", "hv2" if closer else "hv1"))
    )
    stack, handoff = run(fabric, tmp_path, "WEB01", "GONE", "MOVER", "NOBODY")
    fleet = Fleet(stack, fabric.clock, audit_of(stack, tmp_path / "audit", fabric.clock), handoff)
    fleet.readings.sweep()
    del fabric.world.hosts["hv1"].realized[fabric.lab_vm("GONE").id]
    _, plan = compare(stack, fabric.estate, handoff)
    steps = {step.label: step for step in plan.steps}
    assert steps["GONE"].standing.name == "UNKNOWN"
    assert "two sweeps" in steps["GONE"].findings[0].text
    assert "remove" not in str(steps["GONE"].findings)
    assert steps["NOBODY"].standing.name == "MISSING"
    assert steps["MOVER"].standing.name == ("MOVE" if closer else "IN_PLACE")
    fleet.estate.close()

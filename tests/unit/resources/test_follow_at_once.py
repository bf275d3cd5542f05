"""A migration that runs already is followed at once: it needs nobody's room any more."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model.names import HostName
from hyperv_placement.resources.call import Call, current
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.run_audit import audit_of
from hyperv_placement.resources.vm_placement import TYPE, VmPlacement
from hyperv_placement.workspace.handoff import Handoff
from tests.estates import guid, machine, spec, stack
from tests.standin.clock import Turns
from tests.standin.engine import OneFleet
from tests.standin.world import SECONDS, Values, World, movers

from .test_run_order import SWAP


def test_a_running_job_waits_for_no_turn(tmp_path: Path) -> None:
    """VM001 is under way since a run that was killed; in the new plan it comes after VM002, which this run does not move.

    Nor for another sweep, which takes many hosts their time: the one before the program ran has shown its job.
    """
    hv1, hv2 = HostName("hv1"), HostName("hv2")
    vm = machine(1, hv1)
    world = World(
        memory=dict.fromkeys((hv1, hv2, HostName("hv3")), 65536), vms={vm.id: vm, guid(2): machine(2, hv2)}
    )
    world.arriving[vm.id] = (replace(vm, host=hv2), None)
    wanted, clock = stack(spec(1, hv2)), Turns()
    handoff = Handoff(project=tmp_path, engine="127.0.0.1:4711", stack=wanted)
    handoff.leave_schedule(SWAP, clock.utc())
    fleet = Fleet(
        wanted, clock, audit_of(wanted, tmp_path / "audit", clock), handoff, estate=Values(world, wanted, clock),
        movers=movers(world),
    )  # fmt: skip
    current.set(
        Call(
            urn=f"urn:pulumi:lab::hyperv-placement::{TYPE}::VM001",
            say=lambda *_, **__: None,
            cancelled=threading.Event(),
        )
    )
    fleet.readings.sweep()
    clock.wait(START_MAX_AGE_S + 1)
    updated = VmPlacement(lambda: OneFleet(fleet)).update(guid(1), {"host": hv1}, {"host": hv2})
    assert updated.outs is not None
    assert updated.outs["host"] == hv2
    assert clock.now() == START_MAX_AGE_S + 1 + SECONDS
    assert world.sweeps == 1
    assert world.orders == []

"""A machine that was in its place when the engine read it, and is to move when the program has planned."""

from __future__ import annotations

import threading
from pathlib import Path

from hyperv_placement.model.names import HostName
from hyperv_placement.resources.call import Call, current
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.run_audit import audit_of
from hyperv_placement.resources.vm_placement import TYPE, VmPlacement
from hyperv_placement.workspace.handoff import Handoff
from tests.estates import guid, machine, spec, stack
from tests.standin.clock import Turns
from tests.standin.engine import OneFleet
from tests.standin.world import Values, World, movers

from .test_run_order import SWAP


def test_what_is_scheduled_is_a_change_to_the_engine(tmp_path: Path) -> None:
    """Somebody has moved it away between the two readings: state shows no difference, and the plan has a move of it."""
    hv2 = HostName("hv2")
    away = machine(1, "hv1")
    world = World(
        memory=dict.fromkeys((HostName("hv1"), hv2, HostName("hv3")), 65536),
        vms={away.id: away, guid(2): machine(2, hv2)},
    )
    wanted, clock = stack(spec(1, hv2)), Turns()
    handoff = Handoff(project=tmp_path, engine="127.0.0.1:4711", stack=wanted)
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
    provider = VmPlacement(lambda: OneFleet(fleet))
    inputs = {"name": "VM001", "vmId": away.id, "host": "hv2"}
    read = {**inputs, "reachable": True}
    assert provider.diff(away.id, read, inputs).detailed == {}  # as the engine refreshes, before the program
    handoff.leave_schedule(SWAP, clock.utc())
    provider.check(inputs, inputs)
    assert provider.diff(away.id, read, inputs).detailed == {"host": 4}

"""The names of files right before a start: what hosts show at that moment counts, and no older look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.plan import Schedule
from hyperv_placement.resources.call import Call, current
from hyperv_placement.resources.fleets import Fleets
from hyperv_placement.resources.vm_placement import VmPlacement
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.handoff import Handoff
from lab.estate.spec import DiskSpec
from lab.world import person
from tests.fabric.conftest import Fabric, Maker, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
BASE = "D:\\VHD\\base.vhdx"


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines whose disks have one path, on hv1 and hv3."""
    same = (DiskSpec(path=BASE),)
    return make_fabric(estate(machine("WEB01", disks=same), machine("WEB02", "hv3", disks=same)))


@pytest.fixture
def brought(fabric: Fabric, tmp_path: Path) -> Callable[[Callable[[], None]], dict[str, Any]]:
    """Return what reads WEB01 as the engine has it read, does something, and has it brought to hv2: its outputs."""

    def bring(meanwhile: Callable[[], None]) -> dict[str, Any]:
        stack = tmp_path / "stacks" / "lab.yaml"
        stack.parent.mkdir()
        hosts = "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
        stack.write_text(
            f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
            f"hosts:\n{hosts}vms:\n  WEB01: {{host: hv2}}\n",
            encoding="utf-8",
        )
        engine, clock = "127.0.0.1:4714", SystemClock()  # a sweep is young for five of our seconds
        handoff = Handoff(project=tmp_path, engine=engine, stack=load(stack))
        handoff.leave_schedule(Schedule(), clock.utc())
        fleets = Fleets(tmp_path, clock, engine=engine)
        urn = "urn:pulumi:lab::hyperv-placement::pulumi-python:hv:Vm::WEB01"
        token = current.set(
            Call(urn=urn, say=lambda *_, **__: None, cancelled=threading.Event())
        )  # nobody listens
        try:
            provider, vm = VmPlacement(lambda: fleets), fabric.lab_vm("WEB01").id
            olds = provider.read(vm, {"vmId": vm, "name": "WEB01"}).outs or {}
            meanwhile()
            return provider.update(vm, olds, {"name": "WEB01", "vmId": vm, "host": "hv2"}).outs or {}
        finally:
            current.reset(token)
            fleets.of("lab").estate.close()

    return bring


def moved_by_a_person(fabric: Fabric, name: str, host: str) -> None:
    """Let a person at its host move a machine, to the end."""
    job = person.move(fabric.world, name, host)
    until(lambda: not job.running)


def test_a_name_that_was_taken_since_the_plan_is_refused(
    fabric: Fabric, brought: Callable[[Callable[[], None]], dict[str, Any]]
) -> None:
    """Both are named, and nothing is ordered."""
    with pytest.raises(
        PlacementError, match=r"WEB01 would get the file .*base\.vhdx on hv2, .* of WEB02 on hv2"
    ):
        brought(lambda: moved_by_a_person(fabric, "WEB02", "hv2"))
    assert fabric.lab_vm("WEB01").host == "hv1"
    assert len(fabric.world.state.jobs) == 1


def test_a_name_that_was_given_up_since_the_last_look_is_free(
    fabric: Fabric, brought: Callable[[Callable[[], None]], dict[str, Any]]
) -> None:
    """The look that serves many shows its owner there still; it is looked at anew before that is believed."""
    moved_by_a_person(fabric, "WEB02", "hv2")
    outputs = brought(lambda: moved_by_a_person(fabric, "WEB02", "hv3"))
    assert outputs["host"] == "hv2"

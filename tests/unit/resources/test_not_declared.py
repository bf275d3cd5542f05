"""An engine that somebody else speaks to asks for what the stack file does not say: nothing of that is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.errors import NotDeclaredError
from hyperv_placement.model.names import HostName
from hyperv_placement.resources.call import Call, HalfDoneError, current
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.run_audit import audit_of
from hyperv_placement.resources.vm_placement import TYPE, VmPlacement
from tests.estates import guid, machine, spec, stack
from tests.standin.clock import Turns
from tests.standin.engine import OneFleet
from tests.standin.world import Values, World, movers

HERE = HostName("hv1")


@pytest.fixture
def world() -> World:
    """Two machines on hv1, and room elsewhere."""
    return World(
        memory=dict.fromkeys((HERE, HostName("hv2"), HostName("hv3")), 65536),
        vms={guid(number): machine(number, HERE) for number in (1, 2)},
    )


@pytest.fixture
def provider(world: World, tmp_path: Path) -> VmPlacement:
    """The provider of a stack that wants VM001 on hv2, and knows of no other machine."""
    wanted, clock = stack(spec(1, "hv2")), Turns()
    fleet = Fleet(
        wanted,
        clock,
        audit_of(wanted, tmp_path / ".pulumi" / "audit" / "test.jsonl", clock),
        estate=Values(world, wanted, clock),
        movers=movers(world),
    )
    return VmPlacement(lambda: OneFleet(fleet))


def call(label: str) -> None:
    """Have a call for a key of the stack file."""
    urn = f"urn:pulumi:test::hyperv-placement::{TYPE}::{label}"
    current.set(Call(urn=urn, say=lambda *_, **__: None, cancelled=threading.Event()))


def create(provider: VmPlacement, inputs: dict[str, Any]) -> None:
    """Ask for a machine that state does not have."""
    provider.create(inputs)


def update(provider: VmPlacement, inputs: dict[str, Any]) -> None:
    """Ask for a machine that state has."""
    provider.update(inputs["vmId"], {"vmId": inputs["vmId"], "host": "hv1"}, inputs)


@pytest.mark.parametrize("ask", [create, update])
@pytest.mark.parametrize(
    ("label", "inputs"),
    [
        ("VM001", {"vmId": guid(1), "host": "hv3"}),
        ("VM001", {"vmId": guid(1), "host": "hv2", "disks": {"scsi-0-0": "\\\\evil\\share\\os.vhdx"}}),
        ("VM002", {"vmId": guid(2), "host": "hv2"}),
    ],
)
def test_no_machine_goes_where_the_file_does_not_send_it(
    provider: VmPlacement,
    world: World,
    label: str,
    inputs: dict[str, Any],
    ask: Callable[[VmPlacement, dict[str, Any]], None],
) -> None:
    """Neither to another host, nor to another folder, nor one that the file does not have."""
    call(label)
    with pytest.raises((NotDeclaredError, HalfDoneError)) as caught:
        ask(provider, {"name": label, **inputs})
    assert "is not in test.yaml" in str(caught.value)
    assert {vm.host for vm in world.vms.values()} == {HERE}


def test_no_other_machine_is_adopted_under_a_key(provider: VmPlacement, world: World) -> None:
    """Its place would be that of the machine that is meant."""
    call("VM001")
    with pytest.raises(NotDeclaredError, match="VM001 does not mean VM002"):
        create(provider, {"name": "VM001", "vmId": guid(2), "host": "hv2"})
    assert {vm.host for vm in world.vms.values()} == {HERE}


def test_what_the_file_says_is_done(provider: VmPlacement, world: World) -> None:
    """The same call, as the program of the run makes it."""
    call("VM001")
    create(provider, {"name": "VM001", "vmId": guid(1), "host": "hv2"})
    assert world.vms[guid(1)].host == "hv2"

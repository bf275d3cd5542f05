"""One machine has one key: an import under another one is refused, and a state that has both says how to end that."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hyperv_placement.errors import NotDeclaredError, PlacementError
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.resources.call import Call, current
from hyperv_placement.resources.fleet import Fleet
from hyperv_placement.resources.managed_twice import check_managed_once
from hyperv_placement.resources.run_audit import audit_of
from hyperv_placement.resources.vm_placement import TYPE, VmPlacement
from tests.estates import guid, machine, spec, stack
from tests.standin.clock import Turns
from tests.standin.engine import OneFleet
from tests.standin.world import Values, World, movers

HERE = HostName("hv1")
URN = f"urn:pulumi:test::hyperv-placement::{TYPE}::"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """The fleet of a stack that has entries for VM001, VM002 and, by its GUID, for VM003 as WEB."""
    world = World(
        memory=dict.fromkeys((HERE, HostName("hv2"), HostName("hv3")), 65536),
        vms={guid(number): machine(number, HERE) for number in (1, 2, 3)},
    )
    web = spec(3, "hv1", label="WEB", id=guid(3))["VM003"]
    wanted, clock = stack({**spec(1, "hv1"), **spec(2, "hv1"), "WEB": web}), Turns()
    return Fleet(
        wanted,
        clock,
        audit_of(wanted, tmp_path / ".pulumi" / "audit" / "test.jsonl", clock),
        estate=Values(world, wanted, clock),
        movers=movers(world),
    )


def imported(fleet: Fleet, label: str, machine_id: VmId) -> str:
    """Read as `pulumi import` does, which knows the GUID alone; return the GUID that comes back."""
    current.set(Call(urn=f"{URN}{label}", say=lambda *_, **__: None, cancelled=threading.Event()))
    return str(VmPlacement(lambda: OneFleet(fleet)).read(machine_id, {}).id)


@pytest.mark.parametrize(("label", "number"), [("VM001", 1), ("WEB", 3)])
def test_an_entry_takes_its_machine_in(fleet: Fleet, label: str, number: int) -> None:
    """By name or by GUID, as a run would adopt it."""
    assert imported(fleet, label, guid(number)) == guid(number)
    fleet.identities.keep({label: guid(number)})
    assert imported(fleet, label, guid(number)) == guid(number)


def test_a_key_without_an_entry_is_not_imported(fleet: Fleet) -> None:
    """It would be protected in state, and every later run would fail to delete it."""
    with pytest.raises(
        NotDeclaredError, match=r"test\.yaml has no entry of that key\. Write an entry for it into test\.yaml"
    ):
        imported(fleet, "OTHER", guid(1))


def test_a_key_that_means_another_machine_is_not_imported(fleet: Fleet) -> None:
    """A slip of the hand between two GUIDs."""
    with pytest.raises(NotDeclaredError, match="VM002 is not imported: VM002 does not mean VM001"):
        imported(fleet, "VM002", guid(1))


def test_a_machine_that_is_managed_is_not_imported_again(fleet: Fleet) -> None:
    """The last run has it under its own key."""
    fleet.identities.keep({"VM001": guid(1)})
    with pytest.raises(NotDeclaredError, match="is managed as VM001 already"):
        imported(fleet, "VM002", guid(1))


@pytest.mark.parametrize(
    ("reported", "goes", "stays"),
    [
        ({"VM001": guid(1), "OTHER": guid(1)}, "OTHER", "VM001"),
        ({"OTHER": guid(1), "VM001": guid(1)}, "OTHER", "VM001"),
        ({"VM001": guid(3), "WEB": guid(3)}, "VM001", "WEB"),
    ],
)
def test_a_state_with_one_machine_twice_says_what_to_remove(
    fleet: Fleet, reported: dict[str, VmId], goes: str, stays: str
) -> None:
    """The key without an entry goes; of two entries the one that names the GUID stays."""
    with pytest.raises(PlacementError) as caught:
        check_managed_once(fleet.stack, reported, lambda label: f"{URN}{label}")
    assert f"{goes} and {stays} are one machine in the state" in str(caught.value)
    assert str(caught.value).endswith(f"bin/pulumi state delete --force --yes {URN}{goes}")


@pytest.mark.parametrize(
    "reported", [{}, {"VM001": guid(1), "VM002": guid(2)}, {"OLD": guid(4), "OLDER": guid(4)}]
)
def test_nothing_is_said_of_a_state_in_order(fleet: Fleet, reported: dict[str, VmId]) -> None:
    """Keys that no entry has any more are all forgotten by the run itself."""
    check_managed_once(fleet.stack, reported, lambda label: f"{URN}{label}")

"""Domain controllers whose files lie on shares are warned of."""

from __future__ import annotations

from datetime import UTC, datetime

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.doctor.controllers import controller_diagnoses, on_shares
from hyperv_placement.operations.doctor.symptoms import Reading
from tests.estates import disk, host, inventory, machine, spec, stack

SHARE = "\\\\fs1.corp.example\\vms"
FOUND = inventory(
    host(
        "hv1",
        machine(1, name="DC1", disks=(disk(1, f"{SHARE}\\dc1.vhdx"),)),
        machine(2, name="DC2"),
        machine(3, name="WEB", disks=(disk(3, f"{SHARE}\\web.vhdx"),)),
    )
)


def said(declared: Stack, found: Inventory = FOUND) -> list[str]:
    """Return which machines are warned of, where DC1 and DC2 are domain controllers."""
    reading = Reading(
        hosts={}, inventory=found, controllers=frozenset({"dc1", "DC2"}), now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    return [str(each.subject) for each in controller_diagnoses(declared, reading)]


def test_a_controller_on_a_share_is_warned_of_and_nobody_else() -> None:
    """By its name, compared without case."""
    nobody = stack({})
    assert said(nobody) == ["DC1 to hv1"]
    assert [vm.name for vm in on_shares(nobody, FOUND)] == ["DC1", "WEB"]


def test_one_that_is_to_go_to_a_share_counts_as_well() -> None:
    """Named by its path."""
    declared = stack(spec(2, "hv1", storage=f"{SHARE}\\DC2", name="DC2"))
    assert said(declared) == ["DC1 to hv1", "DC2 to hv1"]

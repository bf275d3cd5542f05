"""Options of a migration in the plan: what cannot be kept is refused before anything starts."""

from __future__ import annotations

import pytest

from hyperv_placement.model.options import MigrationOptions, reached_by
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, machine, spec, stack

TWO = (disk(1, "D:\\a\\os.vhdx"), disk(1, "D:\\a\\data.vhdx", slot="scsi-0-1"))


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        ((), ("10.0.0.1", "10.1.0.1", "fe80::1%4")),
        (("10.1.0.0/16", "10.0.0.0/8"), ("10.1.0.1", "10.0.0.1")),
        (("fe80::/10",), ("fe80::1%4",)),
        (("192.168.0.0/16",), ()),
    ],
)
def test_addresses_are_chosen_by_network_in_the_order_of_the_networks(
    networks: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """Each once; what is no address fits nowhere."""
    addresses = ("10.0.0.1", "10.1.0.1", "fe80::1%4")
    assert reached_by(addresses, networks) == expected


def test_no_address_within_the_networks_is_refused() -> None:
    """The hosts would else talk over a network that nobody chose."""
    options = MigrationOptions(networks=("192.168.0.0/16",))
    declared = spec(1, "hv2", migration=options)
    (step,) = plan(stack(declared), inventory(host("hv1", machine(1)), host("hv2"))).steps
    assert step.standing == Standing.REFUSED
    assert "hv2 listens for migrations on 10.0.0.1, none of them within 192.168.0.0/16" in str(
        step.findings[0]
    )


@pytest.mark.parametrize(
    ("overwrite", "standing"),
    [({"os.vhdx"}, Standing.REFUSED), ({"os.vhdx", "data.vhdx"}, Standing.MOVE), (set(), Standing.MOVE)],
)
def test_overwriting_needs_every_disk_that_moves_to_be_named(overwrite: set[str], standing: Standing) -> None:
    """The hosts' option is one for all disks of an order: it is never set for one that was not named."""
    storage = StorageSpec(
        disks={"os.vhdx": "E:\\a", "data.vhdx": "E:\\a"}, overwrite=frozenset(overwrite), layout="flat"
    )
    vm = machine(1, folder="D:\\a", disks=TWO)
    (step,) = plan(stack(spec(1, storage=storage)), inventory(host("hv1", vm))).steps
    assert step.standing == standing
    assert step.move is not None
    if standing == Standing.REFUSED:
        assert "D:\\a\\data.vhdx would go along without overwrite: true" in str(step.findings[0])


def test_overwriting_one_disk_is_ordered_where_it_moves_alone() -> None:
    """Nothing else can be overwritten by that order."""
    storage = StorageSpec(disks={"os.vhdx": "E:\\a"}, overwrite=frozenset({"os.vhdx"}))
    vm = machine(1, folder="D:\\a", disks=TWO)
    (step,) = plan(stack(spec(1, storage=storage)), inventory(host("hv1", vm))).steps
    assert step.standing == Standing.MOVE
    assert step.move is not None
    assert step.move.overwrite == {"scsi-0-0"}

"""Where a machine stops on its way: what its own host shows of it now does not keep it from coming back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.estate import Inventory, Volume
from hyperv_placement.model.names import VmId
from hyperv_placement.model.units import GIB
from hyperv_placement.planning import plan
from tests.estates import disk, facts, guid, host, inventory, machine, spec, stack

D = Volume(path="D:\\", capacity_bytes=100 * GIB, free_bytes=40 * GIB)
EMPTY = replace(D, free_bytes=100 * GIB)


def estate(*there: VmId) -> Inventory:
    """Return two hosts as they answer live, with the machines that they have; `there`: what the second one shows besides."""
    vm = machine(1, "hv1", disks=(disk(1, "D:\\Hyper-V\\VM001\\a.vhdx", size_bytes=60 * GIB),))
    return inventory(
        replace(host("hv1", vm), facts=facts("hv1", volumes=(D,), realized=(guid(1),))),
        replace(host("hv2"), facts=facts("hv2", volumes=(EMPTY,), realized=there)),
    )


@pytest.mark.parametrize(
    ("there", "legs"), [((), [("hv1", "hv2"), ("hv2", "hv1")]), ((guid(1),), [])], ids=["empty", "a copy"]
)
def test_a_machine_comes_back_to_a_host_that_shows_it_now(
    there: tuple[VmId, ...], legs: list[tuple[str, str]]
) -> None:
    """Its old and new files do not fit its volume together. To a host that has a copy of it, it does not go."""
    wanted = stack(spec(1, "hv1", storage="D:\\New\\VM001"), hosts=("hv1", "hv2"))
    found = plan(wanted, estate(*there))
    assert [(each.move.source, each.move.destination) for each in found.schedule.moves] == legs

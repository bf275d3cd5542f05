"""What proves that a file is the same on both hosts, and what may never be overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_placement.model.move import Moves
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import StorageSpec
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, machine, spec, stack

SHARED_VOLUME = "C:\\ClusterStorage\\Volume1\\VM001"


def host_move(folder: str, cluster: str | None = None) -> Step:
    """Return how a machine with its files in `folder` stands that belongs on the other host."""
    both = inventory(
        host("hv1", machine(1, "hv1", folder=folder), cluster=cluster), host("hv2", cluster=cluster)
    )
    return plan(stack(spec(1, "hv2"), hosts=("hv1", "hv2")), both).steps[0]


def test_a_volume_of_one_cluster_is_shared() -> None:
    """The host changes alone."""
    step = host_move(SHARED_VOLUME, cluster="c1")
    assert step.move is not None
    assert step.move.moves == Moves.HOST


def test_clusters_that_did_not_answer_are_not_one() -> None:
    """Both are unknown, which proves nothing."""
    step = host_move(SHARED_VOLUME, cluster="unknown")
    assert step.move is not None
    assert step.move.moves == Moves.HOST_AND_STORAGE


@pytest.mark.parametrize("server", ["localhost", "127.0.0.1", "hv1", "HV1.lab.example"])
def test_a_share_of_one_of_the_hosts_is_no_shared_storage(server: str) -> None:
    """The same name means another host's share there, or the source's own disk."""
    step = host_move(f"\\\\{server}\\vms\\VM001")
    assert step.move is not None
    assert step.move.moves == Moves.HOST_AND_STORAGE


@pytest.mark.parametrize(
    "server", ["hyperv-frankfurt-01", "HYPERV-FRANKFUR", "hyperv-frankfurt-01.lab.example"]
)
def test_a_share_of_a_host_with_a_long_name_is_no_shared_storage(server: str) -> None:
    """Its name in DNS has more than the 15 characters of its NetBIOS name, and paths have either."""
    names: dict[str, Any] = {
        "computer_name": "HYPERV-FRANKFUR",
        "full_name": "hyperv-frankfurt-01.lab.example",
    }
    both = inventory(
        host(
            "hv1",
            machine(1, "hv1", folder=f"\\\\{server}\\vms\\VM001"),
            **names,
            proven=(names["full_name"],),
        ),
        host("hv2"),
    )
    step = plan(stack(spec(1, "hv2"), hosts=("hv1", "hv2")), both).steps[0]
    assert step.move is not None
    assert step.move.moves == Moves.HOST_AND_STORAGE


OS, DATA = "D:\\a\\os.vhdx", "D:\\a\\data.vhdx"


@pytest.mark.parametrize(
    ("owner_host", "path", "standing"),
    [("hv2", "E:\\Data\\os.vhdx", Standing.REFUSED), ("hv1", "E:\\Data\\os.vhdx", Standing.MOVE)],
)
def test_the_disk_of_another_machine_is_never_overwritten(
    owner_host: str, path: str, standing: Standing
) -> None:
    """It need not be declared, nor run; on another host the same path is another file."""
    owner = machine(2, owner_host, disks=(disk(2, path),))
    mover = machine(1, "hv1")
    others = {"hv1": [mover], "hv2": []}
    others[owner_host].append(owner)
    seen = inventory(*(host(name, *vms) for name, vms in others.items()))
    wanted = StorageSpec(disks={"os.vhdx": "E:\\Data\\os.vhdx"}, overwrite=frozenset({"os.vhdx"}))
    step = plan(stack(spec(1, "hv2", storage=wanted), hosts=("hv1", "hv2")), seen).steps[0]
    assert step.standing == standing
    assert any("would overwrite" in finding.text for finding in step.findings) == (standing == "refused")


@pytest.mark.parametrize("places", [{"os.vhdx": DATA}, {"os.vhdx": DATA, "data.vhdx": OS}])
def test_a_machine_does_not_overwrite_its_own_other_disk(places: dict[str, str]) -> None:
    """Neither one that stays, nor in a swap of two."""
    vm = machine(1, "hv1", disks=(disk(1, OS, slot="scsi-0-0"), disk(1, DATA, slot="scsi-0-1")))
    wanted = StorageSpec(disks=places, overwrite=frozenset(places))
    declared = stack(spec(1, "hv1", storage=wanted), hosts=("hv1", "hv2"))
    step = plan(declared, inventory(host("hv1", vm), host("hv2"))).steps[0]
    assert step.standing == Standing.REFUSED
    assert any("would overwrite" in finding.text for finding in step.findings)

"""Each option of a migration against hosts of the lab: it arrives as ordered and does what it says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hyperv_placement.errors import MigrationFailedError, MoveRefusedError
from hyperv_placement.model.move import Move
from hyperv_placement.model.options import MigrationOptions
from lab.estate.spec import DiskSpec
from lab.world import LabJob
from lab.world.builds import SERVER_2012_R2, SERVER_2016
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_moves import moved
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
HOME = "D:\\Hyper-V\\WEB01"
NEW = "E:\\New\\os.vhdx"


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine with one disk."""
    return make_fabric(estate(machine("WEB01", disks=(DiskSpec(path=f"{HOME}\\os.vhdx"),))))


def chosen(fabric: Fabric, host: str | None, **options: object) -> Move:
    """Return a move of the machine and its disk with options."""
    disks = {} if host else {"scsi-0-0": NEW}
    return replace(fabric.order("WEB01", host, disks=disks), options=MigrationOptions(**options))  # type: ignore[arg-type]


def job_of(fabric: Fabric) -> LabJob:
    """Return the only job there was."""
    (job,) = fabric.world.state.jobs
    return job


@pytest.mark.parametrize(
    ("options", "recorded"),
    [
        ({}, {"transport": "tcp", "compression": "true", "cpu_cap": "normal"}),
        ({"transport": "smb"}, {"transport": "smb", "compression": "false", "cpu_cap": "normal"}),
        ({"compression": False}, {"transport": "tcp", "compression": "false", "cpu_cap": "normal"}),
        (
            {"cpu_cap": "high", "cancel_if_blackout_threshold_exceeded": True},
            {
                "transport": "tcp",
                "compression": "true",
                "cpu_cap": "high",
                "cancel_if_blackout_is_long": "true",
            },
        ),
    ],
)
def test_what_is_chosen_for_the_way_arrives(
    fabric: Fabric, options: dict[str, object], recorded: dict[str, str]
) -> None:
    """What nobody chose is as the hosts are set."""
    moved(fabric, chosen(fabric, "hv2", **options))
    assert job_of(fabric).options == recorded


def test_smb_is_used_where_both_hosts_are_set_to_it(fabric: Fabric) -> None:
    """As Move-VM does; one host alone is not enough."""
    fabric.world.hosts["hv1"].smb = fabric.world.hosts["hv2"].smb = True
    moved(fabric, chosen(fabric, "hv2"))
    assert job_of(fabric).options["transport"] == "smb"


def test_networks_choose_the_addresses_and_their_order(fabric: Fabric) -> None:
    """Only those of the destination's addresses within the networks are passed."""
    fabric.world.hosts["hv2"].addresses = ["10.0.0.12", "10.9.0.12", "192.168.1.12"]
    moved(fabric, chosen(fabric, "hv2", networks=("10.9.0.0/24", "10.0.0.0/8")))
    assert job_of(fabric).addresses == ["10.9.0.12", "10.0.0.12"]


def test_networks_without_an_address_start_nothing(fabric: Fabric) -> None:
    """The last look before the order refuses it as the plan does."""
    with pytest.raises(MoveRefusedError, match=r"none of them within 172\.16\.0\.0/12"):
        fabric.run(chosen(fabric, "hv2", networks=("172.16.0.0/12",)))
    assert not fabric.log("start")


@pytest.mark.parametrize("host", [None, "hv2"])
def test_no_disk_is_removed_where_that_was_chosen(fabric: Fabric, host: str | None) -> None:
    """The old file stays at the source, with the configuration gone from there."""
    old = fabric.world.files.real("hv1", f"{HOME}\\os.vhdx")
    moved(fabric, chosen(fabric, host, avoid_removing_vhds=True))
    assert old.exists()
    config = fabric.world.files.real("hv1", f"{HOME}\\Virtual Machines\\{fabric.lab_vm('WEB01').id}.vmcx")
    assert config.exists() == (host is None)


def test_a_failed_move_keeps_what_it_copied_where_that_was_chosen(fabric: Fabric) -> None:
    """AvoidRemovingVHDs speaks of the destination after a failure, too."""
    fabric.fault("migration-fails", vm="WEB01", after=80)
    with pytest.raises(MigrationFailedError):
        fabric.run(chosen(fabric, "hv2", avoid_removing_vhds=True))
    assert fabric.lab_vm("WEB01").host == "hv1"
    assert fabric.world.files.real("hv2", f"{HOME}\\os.vhdx").exists()


def test_a_file_that_lies_at_the_new_place_is_not_overwritten(fabric: Fabric) -> None:
    """The host refuses the copy, and the file is whole."""
    there = fabric.world.files.real("hv1", NEW)
    there.parent.mkdir(parents=True)
    there.write_bytes(b"somebody's")
    with pytest.raises(MigrationFailedError, match=r"The file exists.*0x80070050"):
        fabric.run(chosen(fabric, None))
    assert there.read_bytes() == b"somebody's"


def test_a_file_in_the_way_is_named_with_whose_it_was(fabric: Fabric) -> None:
    """No machine has it any more: our audit log knows that this stack has left it there."""
    fabric.run(chosen(fabric, "hv2", avoid_removing_vhds=True))
    left = re.escape(f"{HOME}\\os.vhdx lies on hv1 already, a disk of WEB01 until it was moved to hv2 (")
    with pytest.raises(MigrationFailedError, match=f"{left}.*Find out whose file it is"):
        fabric.run(chosen(fabric, "hv1"))
    assert fabric.lab_vm("WEB01").host == "hv2"


def test_a_file_is_overwritten_where_its_disk_is_named_so(fabric: Fabric) -> None:
    """Per disk, and nothing else."""
    there = fabric.world.files.real("hv1", NEW)
    there.parent.mkdir(parents=True)
    there.write_bytes(b"an old copy")
    moved(fabric, replace(chosen(fabric, None), overwrite=frozenset({"scsi-0-0"})))
    assert job_of(fabric).options["overwrite"] == "true"


def test_a_disk_of_another_machine_is_never_overwritten(make_fabric: Maker) -> None:
    """Whatever was chosen: the file is in use."""
    fabric = make_fabric(
        estate(machine("WEB01"), machine("WEB02", disks=(DiskSpec(path="E:\\New\\os.vhdx"),)))
    )
    before = fabric.sums("WEB02")
    with pytest.raises(MigrationFailedError, match="0x80070020"):
        fabric.run(replace(chosen(fabric, None), overwrite=frozenset({"scsi-0-0"})))
    assert fabric.sums("WEB02") == before


@pytest.mark.parametrize(
    ("build", "options", "missing"),
    [
        (SERVER_2016, {"cpu_cap": "low"}, "CPUCappingMagnitude"),
        (SERVER_2012_R2, {"avoid_removing_vhds": True}, "AvoidRemovingVHDs"),
    ],
)
def test_an_option_that_the_build_does_not_know_is_refused(
    make_fabric: Maker, build: int, options: dict[str, object], missing: str
) -> None:
    """Nothing is ordered: the host would refuse the text, or ignore what was chosen."""
    fabric = make_fabric(estate(machine("WEB01"), build=build))
    with pytest.raises(MoveRefusedError, match=f"hv1 does not know {missing}; its build is too old"):
        fabric.run(chosen(fabric, "hv2", **options))
    assert not fabric.log("start")

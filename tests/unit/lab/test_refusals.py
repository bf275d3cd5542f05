"""What a host refuses at once, and what it fails: with the texts and codes that real hosts give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.units import GIB
from lab.estate.spec import DiskSpec, EstateSpec, VolumeSpec
from lab.world import Refusal
from lab.world.faults import Fault

from .conftest import AT_THE_HOST, SHARE, Stage, estate, machine

Make = Callable[[EstateSpec], Stage]


def own_files(here: Stage, name: str) -> set[str]:
    """Return what lies on hv2 that could be the machine's."""
    return {file for file in here.files_of("hv2") if f"/{name}/" in file or here.vm(name).id in file}


def failed(here: Stage, name: str, destination: str = "HV2", **given: Any) -> str:
    """Move everything, expect an early failure that changes nothing; return the last cause."""
    vm = here.vm(name)
    where, files = vm.host, own_files(here, name)
    job = here.start_everything(name, destination, **given)
    here.pass_time(1.2)
    assert (job.state, job.error_code) == (10, 32768)
    assert job.percent < 10
    assert vm.id in job.errors[0]
    assert here.vm(name).host == where
    assert own_files(here, name) == files
    assert vm.id not in here.world.hosts["hv2"].planned
    return job.errors[-1]


def test_the_third_live_migration_fails(default: Stage) -> None:
    """No queue: accepted, then failed with the limit's text, and noted with who asked."""
    first = default.start_everything("VM001", "HV2")
    second = default.start_everything("VM004", "HV3")
    third = default.start_everything("VM007", "HV3")
    default.pass_time(1.2)
    assert third.state == 10
    assert "virtual machine migration limit '2' was reached" in third.errors[-1]
    assert [item["who"] for item in default.world.state.violations] == ["LAB\\tester"]
    default.pass_time(8)
    assert (first.state, second.state) == (7, 7)
    assert default.world.state.peak_jobs == 2


def test_the_limit_binds_at_the_destination_too(stage: Make) -> None:
    """Two hosts send to a third that takes one."""
    spec = estate(machine("A", "hv1"), machine("B", "hv2"))
    spec = replace(spec, hosts=(*spec.hosts[:2], replace(spec.hosts[2], max_live=1)))
    here = stage(spec)
    here.start_everything("A", "HV3")
    late = here.start_everything("B", "HV3")
    here.pass_time(1.2)
    assert "limit '1' was reached" in late.errors[-1]


def test_storage_migrations_have_a_limit_of_their_own(stage: Make) -> None:
    """Two storage migrations leave no room for a third, and a move with storage counts as both."""
    here = stage(estate(*(machine(name) for name in "ABC")))
    slot = "scsi-0-0"
    here.start("A", type=32769, disks={slot: "E:\\a.vhdx"})
    here.start_everything("B", "HV2")
    late = here.start("C", type=32769, disks={slot: "E:\\c.vhdx"})
    here.pass_time(1.2)
    assert "maximum storage migration limit '2' was reached" in late.errors[-1]
    assert (here.world.active_live("hv2"), here.world.active_storage("hv1")) == (1, 2)


def test_slots_come_back(default: Stage) -> None:
    """After the end others may move."""
    for name in ("VM001", "VM004"):
        default.start_everything(name, "HV2")
    default.pass_time(8)
    assert (default.world.active_live("hv1"), default.world.active_storage("hv2")) == (0, 0)
    assert default.start_everything("VM007", "HV2").work is not None
    assert default.world.state.violations == []


def test_memory_runs_out(stage: Make) -> None:
    """What the destination cannot give it refuses, also to the second of two that would fit alone."""
    here = stage(
        estate(
            machine("A", memory_mib=40 * 1024 - 4096), machine("B", memory_mib=24 * 1024), memory_mib=65536
        )
    )
    here.world.hosts["hv2"].memory_mib = 40 * 1024
    first = here.start_everything("A", "HV2")
    assert "0x8007000E" in failed(here, "B")
    assert first.running
    assert here.world.memory_free_mib("hv2") == 2048
    assert "memory" in here.world.state.violations[0]["what"]


def test_disk_runs_out(stage: Make) -> None:
    """Free space is capacity less what lies there less what is on its way."""
    small = VolumeSpec(path="D:\\", capacity_bytes=30 * GIB)
    spec = estate(machine("A"), machine("B"), machine("C"))
    here = stage(
        replace(spec, hosts=(spec.hosts[0], replace(spec.hosts[1], volumes=(small,)), spec.hosts[2]))
    )
    here.world.hosts["hv1"].max_storage = here.world.hosts["hv1"].max_live = 3
    here.world.hosts["hv2"].max_storage = here.world.hosts["hv2"].max_live = 3
    here.start_everything("A", "HV2")
    here.start_everything("B", "HV2")
    assert here.world.volume_free("hv2", "D:\\") == 6 * GIB
    assert "0x80070070" in failed(here, "C")


def test_a_file_in_the_way_stops_the_move(default: Stage) -> None:
    """Nothing is ever overwritten, and what lay there stays."""
    path = default.world.files.real("hv2", default.vm("VM001").disks[0].path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"somebody else's")
    assert "0x80070050" in failed(default, "VM001")
    assert path.read_bytes() == b"somebody else's"


def test_a_file_in_the_way_counts_in_any_case(default: Stage) -> None:
    """Windows paths ignore case, so does what is in the way."""
    path = default.world.files.real("hv2", default.vm("VM001").disks[0].path.upper())
    path.parent.mkdir(parents=True)
    path.touch()
    assert "0x80070050" in failed(default, "VM001")


def test_two_disks_cannot_become_one_file(default: Stage) -> None:
    """Equal targets meet."""
    vm = default.vm("VM003")
    job = default.start("VM003", type=32769, disks={disk.slot: "E:\\one.vhdx" for disk in vm.disks})
    default.pass_time(1.2)
    assert "0x80070050" in job.errors[-1]


@pytest.mark.parametrize(
    ("destination", "code"),
    [("hv9.lab.example", "0x80072AF9"), ("hv2.other.example", "0x80072AF9"), ("10.0.0.12", "0x80090322")],
)
def test_a_destination_must_be_a_known_name(default: Stage, destination: str, code: str) -> None:
    """Neither unknown names nor addresses lead to a host."""
    assert code in failed(default, "VM001", destination)


def test_a_missing_switch_fails_early(default: Stage) -> None:
    """Code 33012 with the switch's name, after the line that says who does not fit."""
    default.world.hosts["hv2"].switches[0].name = "Other"
    assert failed(default, "VM001") == "Could not find Ethernet switch 'External'. (33012)"


@pytest.mark.parametrize("host", ["hv1", "hv2"])
def test_both_ends_must_have_migration_enabled(default: Stage, host: str) -> None:
    """Disabled at either end, nothing moves between hosts; storage still does."""
    default.world.hosts[host].migration_enabled = False
    assert "not enabled" in failed(default, "VM001")
    job = default.start("VM001", type=32769, disks={"scsi-0-0": "E:\\a.vhdx"})
    default.pass_time(8)
    assert job.state == 7


def test_credssp_wants_somebody_logged_on(default: Stage) -> None:
    """Authentication type 0: a caller from afar has no credentials for the second hop, a person on the host has."""
    for host in default.world.hosts.values():
        host.authentication = 0
    job = default.start_everything("VM001", "HV2")
    default.pass_time(1.2)
    assert "0x8009030E" in job.errors[1]
    vm = default.vm("VM001")
    disks = {disk.slot: disk.path for disk in vm.disks}
    job = default.start(
        "VM001", type=32771, destination="HV2", roots=vm.roots, disks=disks, caller=AT_THE_HOST
    )
    default.pass_time(8)
    assert job.state == 7


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"checkpoints": ("before",)}, "checkpoints"),
        ({"replication_mode": 1}, "replication"),
        ({"vtpm": True}, "key protector"),
        ({"disks": (DiskSpec(path="D:\\a.vhdx", shared=True),)}, "shared virtual hard disk"),
        ({"disks": (DiskSpec(path="disk 4", kind="pass-through"),)}, "physical disk"),
        ({"disks": (DiskSpec(path="D:\\a.vhdx", parent="D:\\base.vhdx"),)}, "parent"),
    ],
)
def test_what_no_storage_move_can_take(stage: Make, given: dict[str, Any], words: str) -> None:
    """Checkpoints, replicas, vTPMs, shared, pass-through and differencing disks."""
    here = stage(estate(machine("A", **given)))
    assert words in failed(here, "A")


def test_a_vtpm_moves_to_a_host_with_the_certificate(stage: Make) -> None:
    """Where the destination holds the shielding certificate, nothing is in the way."""
    spec = estate(machine("A", vtpm=True))
    here = stage(
        replace(spec, hosts=(spec.hosts[0], replace(spec.hosts[1], guardians=("hv1",)), spec.hosts[2]))
    )
    job = here.start_everything("A", "HV2")
    here.pass_time(8)
    assert job.state == 7


def test_a_clustered_machine_is_the_clusters_business(stage: Make) -> None:
    """Between hosts only the cluster moves it."""
    spec = estate(machine("A", clustered=True))
    here = stage(replace(spec, hosts=(replace(spec.hosts[0], cluster="c1"), *spec.hosts[1:])))
    assert "clustered" in failed(here, "A")


def test_an_iso_must_be_there_too(stage: Make) -> None:
    """An ISO is not moved: without the same path at the destination the job fails."""
    disks = (DiskSpec(path="D:\\a.vhdx"), DiskSpec(path="D:\\ISO\\x.iso", kind="iso"))
    here = stage(estate(machine("A", disks=disks)))
    vm = here.vm("A")
    given: dict[str, Any] = {"roots": vm.roots, "disks": {"scsi-0-0": "D:\\a.vhdx"}, "destination": "HV2"}
    job = here.start("A", type=32771, **given)
    here.pass_time(1.2)
    assert "0xC03A0014" in job.errors[-1]
    iso = here.world.files.real("hv2", "D:\\ISO\\x.iso")
    iso.parent.mkdir(parents=True)
    iso.touch()
    job = here.start("A", type=32771, **given)
    here.pass_time(8)
    assert job.state == 7


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"type": 32772, "destination": "HV2"}, 32770),
        ({"type": 32770}, 32773),
        ({"type": 32768}, 32773),
        ({"type": 32769, "destination": "HV2", "disks": {"scsi-0-0": "E:\\a.vhdx"}}, 32773),
        ({"type": 32769}, 32773),
        ({"type": 32769, "disks": {"scsi-0-9": "E:\\a.vhdx"}}, 32773),
        ({"type": 32769, "disks": {"scsi-0-0": ""}}, 32773),
    ],
)
def test_what_is_refused_at_once(default: Stage, given: dict[str, Any], value: int) -> None:
    """A ReturnValue and no job."""
    answer = default.ask("VM001", **given)
    assert isinstance(answer, Refusal)
    assert answer.return_value == value
    assert default.world.jobs() == []


def test_a_second_start_is_refused_and_noted(default: Stage) -> None:
    """One machine, one job: the repetition names who asked."""
    default.start_everything("VM001", "HV2")
    again = default.ask("VM001", type=32769, disks={"scsi-0-0": "E:\\a.vhdx"})
    assert isinstance(again, Refusal)
    assert again.return_value == 32775
    assert len(default.world.state.violations) == 1


@pytest.mark.parametrize(
    "path", ["F:\\a.vhdx", "a.vhdx", "D:\\a?.vhdx", "\\\\other\\share\\a.vhdx", "D:..\\a.vhdx"]
)
def test_paths_that_lead_nowhere(default: Stage, path: str) -> None:
    """No such volume, no such share, or no path at all: the job fails and makes no file."""
    job = default.start("VM001", type=32769, disks={"scsi-0-0": path})
    default.pass_time(1.2)
    assert job.state == 10
    assert default.vm("VM001").disks[0].path.startswith("D:\\Hyper-V")


def test_a_share_is_closed_to_hosts_not_named(stage: Make) -> None:
    """A host-only move needs the share at both ends."""
    spec = estate(machine("A", folder=f"{SHARE}\\A"))
    here = stage(replace(spec, shares=(replace(spec.shares[0], hosts=("hv1", "hv3")),)))
    job = here.start("A", type=32768, destination="HV2")
    here.pass_time(1.2)
    assert job.state == 10
    here.start("A", type=32768, destination="HV3")
    here.pass_time(8)
    assert here.vm("A").host == "hv3"


def test_an_injected_refusal_is_nobodys_fault(default: Stage) -> None:
    """`refuse-start` answers its code and writes no violation."""
    default.world.faults.add(Fault(id=0, kind="refuse-start", left=1, code=32774))
    answer = default.ask("VM001", type=32768, destination="HV2")
    assert isinstance(answer, Refusal)
    assert answer.return_value == 32774
    assert default.world.state.violations == []
    default.start_everything("VM001", "HV2")

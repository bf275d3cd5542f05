"""What a destination cannot take is seen beforehand: our client refuses it, and a lab that was asked all the same fails."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hyperv_placement.errors import MoveRefusedError, NoRoomError
from hyperv_placement.model.finding import Severity
from hyperv_placement.planning.checks.move import refusals
from lab.estate.spec import DiskSpec
from lab.world import LabJob, MigrationRequest, vmms
from lab.world.callers import SecondHopCaller
from lab.world.objects import FILELESS
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
OS = DiskSpec(path="D:\\Hyper-V\\WEB01\\os.vhdx")
Changes = dict[str, Any]


def between(make_fabric: Maker, vm: Changes, source: Changes, destination: Changes) -> Fabric:
    """Return a lab with WEB01 on hv1, the machine and both hosts as told."""
    spec = estate(machine("WEB01", **vm))
    hv1, hv2, hv3 = spec.hosts
    hosts = (dataclasses.replace(hv1, **source), dataclasses.replace(hv2, **destination), hv3)
    return make_fabric(dataclasses.replace(spec, hosts=hosts))


def findings(fabric: Fabric) -> list[str]:
    """Return what is said of a move of WEB01 to hv2, severities first."""
    move, hosts = fabric.order("WEB01", "hv2"), fabric.inventory().hosts
    source, destination = hosts[move.source].facts, hosts[move.destination].facts
    assert source is not None
    move = dataclasses.replace(move, vm=fabric.estate.with_vectors(move.vm, source))
    said = refusals(move, source, destination, fabric.estate.specs[move.destination])
    return [f"{finding.severity}: {finding.text}" for finding in said]


def asked_all_the_same(fabric: Fabric) -> LabJob:
    """Return the job of somebody who looks at nothing beforehand."""
    vm = fabric.lab_vm("WEB01")
    disks = {disk.slot: disk.path for disk in vm.disks if disk.kind not in FILELESS and disk.kind != "iso"}
    request = MigrationRequest(
        vm_id=vm.id,
        type=32771,
        destination="hv2.lab.example",
        roots=vm.roots,
        disks=disks,
        caller=SecondHopCaller(name="LAB\\careless"),
    )
    job = vmms.migrate(fabric.world, "hv1", request)
    assert isinstance(job, LabJob)
    return job


REFUSED: list[tuple[Changes, Changes, Changes, str, str]] = [
    ({}, {"switches": ("External", "X")}, {"switches": ("X",)}, "switch 'External'", "33012"),
    ({}, {"processor_generation": 3}, {}, "features of the processors", "processor-specific features"),
    ({}, {}, {"processor_vendor": "AuthenticAMD"}, "AuthenticAMD", "processor-specific features"),
    (
        {"version": "10.0"},
        {},
        {"versions": ("8.0", "9.0")},
        "the newest that hv2 takes is 9.0",
        "version '10.0'",
    ),
    ({"assigned_devices": 1}, {}, {}, "a PCI Express device", "assigned PCI Express device"),
    ({"gpu_partitions": 1}, {}, {}, "a partition of a GPU", "assigned GPU partition"),
    (
        {"fibre_channel": ("Fabric A",)},
        {"fibre_channel": ("Fabric A",)},
        {"fibre_channel": ("Fabric B",)},
        "virtual SAN 'Fabric A'",
        "SAN 'Fabric A'",
    ),
    ({"vtpm": True}, {}, {}, "has a virtual TPM", "key protector"),
    ({"replication_mode": 1}, {}, {}, "is replicated", "replication is enabled"),
    ({}, {}, {"migration_enabled": False}, "Live migration is disabled on hv2", "not enabled on host 'HV2'"),
    (
        {"disks": (OS, DiskSpec(path="D:\\x\\shared.vhdx", shared=True))},
        {},
        {},
        "is shared with other machines",
        "shared virtual hard disk",
    ),
    (
        {"disks": (OS, DiskSpec(path="PHYSICALDRIVE1", kind="pass-through"))},
        {},
        {},
        "is a pass-through disk",
        "",
    ),
]


@pytest.mark.parametrize(("vm", "source", "destination", "words", "reported"), REFUSED)
def test_what_the_hosts_would_fail_is_refused_before(
    make_fabric: Maker, vm: Changes, source: Changes, destination: Changes, words: str, reported: str
) -> None:
    """In the plan, and once more right before the start; no order reaches a host."""
    fabric = between(make_fabric, vm, source, destination)
    refused = [line for line in findings(fabric) if line.startswith(Severity.REFUSAL)]
    assert [words in line for line in refused] == [True], refused
    with pytest.raises(MoveRefusedError) as caught:
        fabric.run(fabric.order("WEB01", "hv2"))
    assert words in str(caught.value)
    assert not fabric.log("start")
    assert not fabric.world.state.violations
    if reported:
        work = asked_all_the_same(fabric).work
        assert work is not None
        assert work.failure is not None
        assert reported in " ".join(work.failure.lines)


WARNED: list[tuple[Changes, Changes, Changes, str, bool]] = [
    (
        {"disks": (OS, DiskSpec(path="D:\\ISO\\a.iso", kind="iso"))},
        {},
        {},
        "unless hv2 has that file too",
        False,
    ),
    ({"disks": (OS, DiskSpec(path="E:", kind="dvd"))}, {}, {}, "the DVD drive of hv1 in scsi-0-1", False),
    ({}, {}, {"authentication": 0}, "different authentication", False),
    (
        {"fibre_channel": ("F",)},
        {"fibre_channel": ("F",)},
        {"fibre_channel": ("F",)},
        "whether hv2 reaches its disks is unverified",
        True,
    ),
]


@pytest.mark.parametrize(("vm", "source", "destination", "words", "moves"), WARNED)
def test_what_nobody_sees_from_here_only_warns(
    make_fabric: Maker, vm: Changes, source: Changes, destination: Changes, words: str, moves: bool
) -> None:
    """Whether it goes well is the hosts' to say."""
    fabric = between(make_fabric, vm, source, destination)
    (finding,) = findings(fabric)
    assert finding.startswith(Severity.WARNING)
    assert words in finding
    work = asked_all_the_same(fabric).work
    assert work is not None
    assert (work.failure is None) == moves


@pytest.mark.parametrize(
    ("vm", "source", "destination"),
    [
        ({}, {}, {}),
        ({"processor_limited": True}, {"processor_generation": 3}, {}),
        ({"enabled_state": 3}, {"processor_generation": 3}, {"processor_vendor": "AuthenticAMD"}),
        ({}, {}, {"processor_generation": 2}),
        ({"version": "8.0"}, {}, {"versions": ("8.0",)}),
        ({"disks": (OS, DiskSpec(path="", kind="dvd"))}, {}, {}),
        (
            {
                "memory_mib": 1024,
                "memory_minimum_mib": 512,
                "memory_maximum_mib": 2**20,
                "memory_now_mib": 3072,
            },
            {},
            {},
        ),
    ],
)
def test_what_goes_well_is_not_held_up(
    make_fabric: Maker, vm: Changes, source: Changes, destination: Changes
) -> None:
    """No finding, and the machine arrives."""
    fabric = between(make_fabric, vm, source, destination)
    assert findings(fabric) == []
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"
    assert not fabric.world.state.violations


def test_a_machine_that_can_never_fit_is_refused(make_fabric: Maker) -> None:
    """The plan says so at once; a start that is ordered all the same does not wait for ever."""
    fabric = between(make_fabric, {"memory_mib": 4096}, {}, {"memory_mib": 3000})
    (finding,) = findings(fabric)
    assert finding.startswith("refusal: WEB01 needs 4 GiB of memory, and hv2 has")
    with pytest.raises(NoRoomError):
        fabric.run(fabric.order("WEB01", "hv2"))
    work = asked_all_the_same(fabric).work
    assert work is not None
    assert work.failure is not None
    assert "Ran out of memory" in work.failure.lines[-1]


def test_what_changes_while_a_move_waits_is_seen(make_fabric: Maker) -> None:
    """A switch that is gone by the time of the start: the plan of before is worth nothing then."""
    fabric = between(make_fabric, {}, {}, {})
    move = fabric.order("WEB01", "hv2")
    fabric.world.hosts["hv2"].switches.clear()
    with pytest.raises(MoveRefusedError, match="'External', which hv2 does not have"):
        fabric.run(move)
    assert not fabric.log("start")


def test_dynamic_memory_is_what_it_is_now(make_fabric: Maker) -> None:
    """Beside what it started with, and not the terabyte that it may have at most."""
    dynamic = {"memory_mib": 1024, "memory_maximum_mib": 2**20, "memory_now_mib": 3072}
    fabric = between(make_fabric, dynamic, {}, {})
    vm = fabric.vm("WEB01")
    assert (vm.memory_mib, vm.memory_assigned_mib, vm.memory_certain) == (1024, 3072, True)

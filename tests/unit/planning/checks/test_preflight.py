"""What is said before a move to another host: what must not start is refused, what nobody can know only warns."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hyperv_placement.model.estate import (
    Devices,
    Disk,
    DiskKind,
    HostFacts,
    Vector,
    VirtualMachine,
    VmState,
    Volume,
)
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import DiskMove, Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.checks.move import refusals
from hyperv_placement.planning.checks.preflight.processor import fits
from tests.estates import disk, facts, guid, machine

ISO = Disk(slot="scsi-0-9", instance_id="i", path="D:\\ISO\\x.iso", kind=DiskKind.ISO)
FLOPPY = Disk(slot="floppy-0-0", instance_id="f", path="D:\\x.vfd", kind=DiskKind.FLOPPY)
FEATURES = Vector(id=1, operation=2, value=0b0111)


def found(
    vm: VirtualMachine, source: HostFacts, destination: HostFacts, reserve: Reserve
) -> tuple[Finding, ...]:
    """Return what is said of a move of everything from hv1 to hv2, paths unchanged."""
    disks = tuple(
        DiskMove(slot=d.slot, instance_id=d.instance_id, source=d.path, target=d.path)
        for d in vm.disks
        if d.kind == DiskKind.VIRTUAL_HARD_DISK
    )
    move = Move(
        vm=vm, moves=Moves.HOST_AND_STORAGE, source=HostName("hv1"),
        destination=HostName("hv2"), roots=vm.roots, disks=disks,
    )  # fmt: skip
    target = HostSpec(name=HostName("hv2"), endpoint="https://x", connection=Connection(), reserve=reserve)
    return refusals(move, source, destination, target)


def said(
    vm: dict[str, Any], source: dict[str, Any], destination: dict[str, Any], **reserve: Any
) -> list[tuple[str, str]]:
    """Return severity and text of each finding."""
    findings = found(
        machine(1, **vm), facts("hv1", **source), facts("hv2", **destination), Reserve(**reserve)
    )
    assert all(f.remedy for f in findings if f.refuses)
    return [(f.severity.value, f.text) for f in findings]


def test_nothing_is_said_of_two_alike_hosts() -> None:
    """No noise: a finding means something."""
    assert said({}, {}, {}) == []


REFUSED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ({}, {"migration": {"enabled": False}}, {}, "Live migration is disabled on hv1"),
    ({}, {}, {"migration": {"enabled": False}}, "Live migration is disabled on hv2"),
    ({}, {}, {"migration": {"max_live": 0}}, "hv2 allows no live migrations at once"),
    ({}, {}, {"migration": {"addresses": ()}}, "hv2 listens for migrations on no address"),
    ({}, {}, {"realized": (guid(1),)}, "VM001 has come to hv2 meanwhile"),
    (
        {},
        {"realized": (guid(1),)},
        {"realized": (guid(1),)},
        "hv1 and hv2 both have a machine with the GUID of VM001",
    ),
    ({}, {}, {"planned": (guid(1),)}, "hv2 holds a planned system with the GUID of VM001"),
    ({}, {}, {"switches": ()}, "connected to switch 'external', which hv2 does not have"),
    ({}, {}, {"switches": ("external ",)}, "which hv2 does not have; it has 'external ' (blank at its end)"),
    ({"switches": None}, {}, {}, "The network connections of VM001 could not be read"),
    ({"vtpm": True}, {}, {}, "VM001 has a virtual TPM"),
    ({"vtpm": None}, {}, {}, "VM001 may have a virtual TPM"),
    ({"clustered": None}, {}, {}, "may be clustered"),
    ({"version": "10.5"}, {}, {}, "configuration version 10.5, the newest that hv2 takes is 10.0"),
    ({}, {}, {"processor": "AuthenticAMD"}, "processors of GenuineIntel, hv2 has AuthenticAMD"),
    (
        {"vectors": (FEATURES,)},
        {},
        {"vectors": (dataclasses.replace(FEATURES, value=0b0011),)},
        "features of the processors of hv1 that hv2 lacks",
    ),
    ({"devices": Devices(assigned=1)}, {}, {}, "a PCI Express device of hv1 assigned"),
    ({"devices": Devices(gpu_partitions=1)}, {}, {}, "does not migrate before Windows Server 2025"),
    (
        {"devices": Devices(fibre_channel=("Fabric A",))},
        {},
        {},
        "connected to virtual SAN 'Fabric A', which hv2 does not have",
    ),
    (
        {"disks": (dataclasses.replace(ISO, path="Q:\\x.iso"),)},
        {},
        {},
        "Q:\\x.iso in its DVD drive, and hv2 has no such volume",
    ),
    (
        {"disks": (dataclasses.replace(FLOPPY, path="Q:\\x.vfd"),)},
        {},
        {},
        "Q:\\x.vfd in its floppy drive, and hv2 has no such volume",
    ),
    ({"memory_mib": None}, {}, {}, "How much memory VM001 has could not be read"),
    ({"memory_mib": 70000}, {}, {}, "has 64 GiB in all"),
    (
        {"disks": (disk(1, "D:\\big.vhdx", size_bytes=200 * GIB),)},
        {},
        {},
        "needs 200 GiB on D:\\ of hv2, which has 100 GiB in all",
    ),
    ({"folder": "Q:\\VM001"}, {}, {}, "is to have Q:\\VM001, and hv2 has no such volume"),
    ({"disks": (disk(1, "D:\\s.vhdx", shared=True),)}, {}, {}, "is shared with other machines"),
    ({"operational_status": (2, 32776)}, {}, {}, "VM001 is being backed up"),
    ({"health_state": 25}, {}, {}, "VM001 has suffered a critical failure"),
]


@pytest.mark.parametrize(("vm", "source", "destination", "words"), REFUSED)
def test_what_cannot_end_well_is_refused(
    vm: dict[str, Any], source: dict[str, Any], destination: dict[str, Any], words: str
) -> None:
    """One line of what is wrong, and one of what to do."""
    ((severity, text),) = said(vm, source, destination)
    assert (severity, words in text) == ("refusal", True), text


def test_a_virtual_san_in_another_case_is_warned_of_beside_its_zoning() -> None:
    """As for switches: which of the two names a host asks for is not known."""
    found = said({"devices": Devices(fibre_channel=("Fabric A",))}, {}, {"fibre_channel": ("FABRIC A",)})
    assert [severity for severity, _ in found] == ["warning", "warning"]
    assert "virtual SAN 'Fabric A', which is spelled 'FABRIC A' on hv2" in found[0][1]


def test_a_planned_system_is_removed_by_its_guid_and_after_a_look() -> None:
    """No other machine can be meant, and nothing is removed that is on its way."""
    (finding,) = found(machine(1), facts("hv1"), facts("hv2", planned=(guid(1),)), Reserve())
    text = finding.remedy
    assert f"Msvm_PlannedComputerSystem -Filter 'Name=''{guid(1)}'''. Only then:" in text
    assert text.index("no migration of it runs") < text.index("exactly one") < text.index("DestroySystem")


WARNED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, {"migration": {"authentication": 0}}, "use different authentication"),
    ({"state": VmState.PAUSED}, {}, {}, "VM001 is paused"),
    (
        {},
        {},
        {"switches": ("EXTERNAL", "x")},
        "switch 'external', which is spelled 'EXTERNAL' on hv2; which of the two a host",
    ),
    ({"version": "5.0"}, {}, {}, "configuration version 5.0, older than all that hv2 lists (unverified)"),
    ({}, {"build": 26100}, {"versions": None}, "which ones hv2 takes could not be read (unverified)"),
    (
        {},
        {},
        {"processor_model": "Another"},
        "Whether the processors of hv2 fit VM001 could not be read (unverified)",
    ),
    ({"devices": None}, {}, {}, "Which devices of hv1 are assigned to VM001 could not be read (unverified)"),
    ({"devices": Devices(assigned=1), "state": VmState.OFF}, {}, {}, "while it is off is unverified"),
    (
        {"devices": Devices(gpu_partitions=1)},
        {"build": 26100},
        {"build": 26100},
        "whether hv2 has one like it is unverified",
    ),
    (
        {"devices": Devices(fibre_channel=("Fabric A",))},
        {},
        {"fibre_channel": ("Fabric A",)},
        "whether hv2 reaches its disks is unverified",
    ),
    ({"devices": Devices(host_drives=("scsi-0-1",))}, {}, {}, "the DVD drive of hv1 in scsi-0-1"),
    ({"disks": (ISO,)}, {}, {}, "the move fails unless hv2 has that file too"),
    (
        {"disks": (FLOPPY,)},
        {},
        {},
        "D:\\x.vfd in its floppy drive; the move may fail unless hv2 has that file too",
    ),
    ({"memory_certain": False}, {}, {}, "how much it has now could not be read (unverified)"),
    ({"memory_mib": 40000}, {}, {}, "hv2 has 32 GiB free now"),
    (
        {"disks": (disk(1, "D:\\big.vhdx", size_bytes=60 * GIB),)},
        {},
        {},
        "needs 60 GiB on D:\\ of hv2, which has 50 GiB free now",
    ),
]


@pytest.mark.parametrize(("vm", "source", "destination", "words"), WARNED)
def test_what_nobody_can_know_or_may_change_only_warns(
    vm: dict[str, Any], source: dict[str, Any], destination: dict[str, Any], words: str
) -> None:
    """The move starts all the same."""
    ((severity, text),) = said(vm, source, destination)
    assert (severity, words in text) == ("warning", True), text


@pytest.mark.parametrize(
    ("vm", "destination"),
    [
        ({"state": VmState.OFF, "vectors": None}, {"processor": "AuthenticAMD", "processor_model": "x"}),
        ({"state": VmState.OFF, "memory_mib": 70000}, {}),
        ({"disks": (dataclasses.replace(ISO, path="\\\\sofs\\iso\\x.iso"),)}, {}),
        ({"vectors": (FEATURES,)}, {"vectors": (FEATURES,), "processor_model": "Newer"}),
        ({}, {"versions": None}),
    ],
)
def test_what_is_fine_is_not_mentioned(vm: dict[str, Any], destination: dict[str, Any]) -> None:
    """A machine that is off needs no processor and no memory; shares are seen by both; vectors prove."""
    assert said(vm, {}, destination) == []


def test_the_reserve_counts() -> None:
    """What a host shall keep free is not there for machines."""
    ((severity, text),) = said({"memory_mib": 60000}, {}, {}, memory_mib=8192)
    assert severity == "refusal"
    assert "less its reserve of 8 GiB" in text
    big = {"disks": (disk(1, "D:\\big.vhdx", size_bytes=45 * GIB),)}
    assert said(big, {}, {}) == []
    assert [kind for kind, _ in said(big, {}, {}, disk_percent=10.0)] == ["warning"]


def test_a_shared_volume_of_a_cluster_only_warns() -> None:
    """How thin it is provisioned nobody here knows."""
    path = "C:\\ClusterStorage\\Volume1\\"
    volumes = (Volume(path=path, capacity_bytes=10 * GIB, free_bytes=GIB),)
    vm = {"folder": f"{path}VM001", "disks": (disk(1, f"{path}a.vhdx", size_bytes=20 * GIB),)}
    assert [kind for kind, _ in said(vm, {}, {"volumes": volumes})] == ["warning"]


def test_without_facts_nothing_starts() -> None:
    """A host that fell silent after the sweep is no host without faults."""
    vm = machine(1)
    move = Move(
        vm=vm, moves=Moves.STORAGE, source=HostName("hv1"), destination=HostName("hv1"), roots=vm.roots
    )
    target = HostSpec(name=HostName("hv1"), endpoint="https://x", connection=Connection())
    (finding,) = refusals(move, None, None, target)
    assert finding.refuses
    assert "hv1 could not be read in full" in finding.text


@pytest.mark.parametrize(
    ("operation", "vm", "host", "expected"),
    [
        (0, 8, 8, True), (0, 8, 9, False), (1, 0b111, 0b101, True), (1, 0b101, 0b111, False),
        (2, 0b101, 0b111, True), (2, 0b111, 0b101, False), (3, 0b100, 0b011, True), (3, 0b110, 0b011, False),
        (4, 2, 1, True), (4, 1, 1, False), (5, 1, 1, True), (5, 0, 1, False), (6, 0, 1, True), (6, 1, 1, False),
        (7, 1, 1, True), (7, 2, 1, False), (8, 6, 3, True), (8, 6, 4, False), (8, 6, 0, False),
        (9, 3, 6, True), (9, 4, 6, False), (9, 0, 6, False), (10, 1, 1, None),
    ],
)  # fmt: skip
def test_vectors_compare_as_their_operation_says(
    operation: int, vm: int, host: int, expected: bool | None
) -> None:
    """The table of the Msvm_CompatibilityVector page, the machine on the left; an unknown operation proves nothing."""
    one, other = (Vector(id=1, operation=operation, value=value) for value in (vm, host))
    assert fits((one,), (other,)) is expected


def test_a_vector_without_counterpart_leaves_it_open() -> None:
    """Unless another one rules the move out."""
    strange = dataclasses.replace(FEATURES, id=7)
    assert fits((FEATURES, strange), (FEATURES,)) is None
    assert fits((FEATURES, strange), (dataclasses.replace(FEATURES, value=0),)) is False
    assert fits((), (FEATURES,)) is None


def test_the_command_for_a_switch_is_one_that_powershell_takes() -> None:
    """A name may have an apostrophe."""
    (finding,) = found(
        machine(1, switches=("Dave's",)), facts("hv1"), facts("hv2", switches=("DAVE'S",)), Reserve()
    )
    assert (
        "on hv2: Get-VMSwitch | Where-Object Name -ceq 'DAVE''S' | Rename-VMSwitch -NewName 'Dave''s'"
        in finding.remedy
    )

"""Rows of Msvm_* classes to machines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hyperv_placement.hyperv.rows import Rows, job_of, machines, recent_job_of
from hyperv_placement.model.estate import DiskKind, VirtualMachine, VmState
from hyperv_placement.model.names import HostName
from hyperv_placement.wsman import Instance, encode_embedded
from tests.estates import guid

VM, CHECKPOINT = guid(1), guid(9)
SCSI_A, SCSI_B = "1" * 8 + "-0000-0000-0000-" + "A" * 12, "2" * 8 + "-0000-0000-0000-" + "B" * 12
IDE = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
FLOPPY = "8F0D2762-0B00-4E04-AF4F-19010527CB93"


def row(class_name: str, **properties: object) -> Instance:
    """Return a row; a list is an array."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in properties.items()}
    return Instance(class_name, values)  # type: ignore[arg-type]


def medium(owner: str, controller: str, number: int, slot: int, path: str, **more: object) -> Instance:
    """Return a Msvm_StorageAllocationSettingData row."""
    return row(
        "Msvm_StorageAllocationSettingData",
        InstanceID=f"Microsoft:{owner}\\{controller}\\{number}\\{slot}\\L",
        HostResource=[path],
        **{"ResourceSubType": "Microsoft:Hyper-V:Virtual Hard Disk", **more},
    )


def setting(identifier: str, kind: str, owner: str) -> Instance:
    """Return a Msvm_VirtualSystemSettingData row."""
    return row(
        "Msvm_VirtualSystemSettingData", InstanceID=f"Microsoft:{identifier}", VirtualSystemIdentifier=owner,
        VirtualSystemType=kind, ConfigurationDataRoot="D:\\c", SnapshotDataRoot="D:\\s", SwapFileDataRoot="D:\\p",
    )  # fmt: skip


def rows(**more: object) -> Rows:
    """Return a host with one machine, and the rows that a real host mixes in."""
    values: dict[str, object] = {
        "systems": [
            row("Msvm_ComputerSystem", Name="HV1", ElementName="HV1", EnabledState=2),
            row("Msvm_ComputerSystem", Name=VM.lower(), ElementName="web", EnabledState=2, OperationalStatus=[2, 32774]),
        ],
        "settings": [
            setting(VM, "Microsoft:Hyper-V:System:Realized", VM),
            setting(CHECKPOINT, "Microsoft:Hyper-V:Snapshot:Realized", VM),
            setting("Definition", "Microsoft:Hyper-V:System:Definition", ""),
        ],
        "disks": [
            medium(VM, SCSI_B, 0, 1, "E:\\data.vhdx", PersistentReservationsSupported=True),
            medium(VM, SCSI_A, 0, 0, "D:\\os.avhdx"),
            medium(VM, IDE, 1, 0, "D:\\x.iso", ResourceSubType="Microsoft:Hyper-V:Virtual CD/DVD Disk"),
            medium(CHECKPOINT, SCSI_A, 0, 0, "D:\\os.vhdx"),
            medium("Definition", SCSI_A, 0, 0, "D:\\template.vhdx"),
        ],
        "devices": [
            row(
                "Msvm_ResourceAllocationSettingData", InstanceID=f"Microsoft:{VM}\\{SCSI_A}\\0\\2\\D",
                ResourceSubType="Microsoft:Hyper-V:Physical Disk Drive", HostResource=["\\\\HV1\\root:Msvm_DiskDrive"],
            ),
            row(
                "Msvm_ResourceAllocationSettingData", InstanceID=f"Microsoft:{VM}\\{SCSI_A}\\0\\0\\D",
                ResourceSubType="Microsoft:Hyper-V:Synthetic Disk Drive",
            ),
            *(
                row(
                    "Msvm_ResourceAllocationSettingData", InstanceID=f"Microsoft:{VM}\\{guid}\\0",
                    ResourceSubType="Microsoft:Hyper-V:Synthetic SCSI Controller",
                )
                for guid in (SCSI_B, SCSI_A)
            ),
        ],
    }  # fmt: skip
    return Rows(**{**values, **more})  # type: ignore[arg-type]


def only(found: Rows) -> VirtualMachine:
    """Return the single machine of those rows."""
    (vm,) = machines(found, HostName("hv1"))
    return vm


def test_a_machine_is_told_from_the_host_by_its_guid() -> None:
    """Captions and descriptions are localised, a GUID is not; it is a key in upper case."""
    vm = only(rows())
    assert (vm.id, vm.name, vm.state) == (VM, "web", VmState.RUNNING)
    assert (vm.memory_mib, vm.switches, vm.clustered, vm.vtpm, vm.devices) == (None,) * 5
    assert vm.operational_status == (2, 32774)


def test_rows_of_checkpoints_and_templates_are_not_the_machines() -> None:
    """They carry another GUID, or none, before the first backslash."""
    vm = only(rows())
    assert vm.checkpoints == 1
    assert [disk.path for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK] == [
        "D:\\os.avhdx",
        "E:\\data.vhdx",
    ]


def test_disks_are_keyed_by_controller_and_slot() -> None:
    """Several SCSI controllers go by their own GUIDs; IDE has one GUID and numbers."""
    disks = {disk.slot: disk for disk in only(rows()).disks}
    assert {slot: disk.kind for slot, disk in disks.items()} == {
        "ide-1-0": DiskKind.ISO,
        "scsi-11111111-0": DiskKind.VIRTUAL_HARD_DISK,
        "scsi-11111111-2": DiskKind.PASS_THROUGH,
        "scsi-22222222-1": DiskKind.VIRTUAL_HARD_DISK,
    }
    assert disks["scsi-22222222-1"].shared


def test_disks_of_checkpoints_are_keyed_as_those_of_their_machine() -> None:
    """Else nobody could tell which disk a frozen file belongs to."""
    vm = only(rows())
    assert [disk.slot for disk in vm.frozen] == ["scsi-11111111-0"]


def test_a_single_controller_is_number_0() -> None:
    """Hyper-V's number of it can be no other."""
    vm = only(rows(disks=[medium(VM, SCSI_B, 0, 1, "E:\\data.vhdx")], devices=[]))
    assert [disk.slot for disk in vm.disks] == ["scsi-0-1"]


def test_a_floppy_disk_is_in_a_drive_of_its_own_and_numbers_no_scsi_controller() -> None:
    """Its controller is the same on every machine, as that of IDE is, and is no SCSI controller."""
    image = medium(VM, FLOPPY, 0, 0, "D:\\x.vfd", ResourceSubType="Microsoft:Hyper-V:Virtual Floppy Disk")
    vm = only(rows(disks=[medium(VM, SCSI_B, 0, 1, "E:\\data.vhdx"), image], devices=[]))
    assert {disk.slot: disk.kind for disk in vm.disks} == {
        "floppy-0-0": DiskKind.FLOPPY,
        "scsi-0-1": DiskKind.VIRTUAL_HARD_DISK,
    }


def test_a_running_job_tells_its_target() -> None:
    """Ended jobs stay five minutes and are no migrations under way."""
    text = encode_embedded(row("Msvm_StorageAllocationSettingData", HostResource=["E:\\new.vhdx"]))
    running = row(
        "Msvm_MigrationJob", InstanceID="J", JobState=4, VirtualSystemName=VM.lower(), PercentComplete=37,
        DestinationHost="hv2.lab.example", NewResourceSettingData=[text, "not CIM-XML"], Owner="LAB\\operator",
    )  # fmt: skip
    job = job_of(running)
    assert job is not None
    assert (job.vm_id, job.destination, job.percent, job.new_paths) == (
        VM,
        "hv2.lab.example",
        37,
        ("E:\\new.vhdx",),
    )
    assert job_of(running.replace(JobState=7)) is None
    assert job_of(running.replace(JobState=2)) is not None


def test_a_job_that_ended_well_tells_who_and_when() -> None:
    """One that failed, only checked, or still runs has moved nothing; a date that was never set is none."""
    ended = row(
        "Msvm_MigrationJob", InstanceID="J", JobState=7, JobType=306, VirtualSystemName=VM, Owner="LAB\\operator",
        ErrorCode=0, TimeOfLastStateChange=datetime(2026, 12, 1, 3, 0, tzinfo=timezone(timedelta(hours=1))),
        StartTime=datetime(1601, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    job = recent_job_of(ended)
    assert job is not None
    assert (job.owner, job.begun, job.changed) == ("LAB\\operator", "", "2026-12-01T02:00:00+00:00")
    assert recent_job_of(ended.replace(JobState=32768)) is not None
    for change in (
        {"JobState": 10},
        {"JobState": 4},
        {"ErrorCode": 32768},
        {"JobType": 302},
        {"VirtualSystemName": ""},
    ):
        assert recent_job_of(ended.replace(**change)) is None


def test_a_machine_without_a_name_shows_as_its_guid() -> None:
    """Else lines begin with nothing."""
    system = row("Msvm_ComputerSystem", Name=VM.lower(), ElementName="", EnabledState=2)
    assert only(rows(systems=[system])).name == VM

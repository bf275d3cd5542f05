"""What a host is told to do: its own settings, with new places written in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from hyperv_placement.migration.last_reading import LastReading
from hyperv_placement.migration.orders import arguments, unknown_options
from hyperv_placement.model.estate import DiskKind, HostFacts, MigrationSettings, Roots, VirtualMachine
from hyperv_placement.model.move import DiskMove, Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.wsman import EndpointReference, Instance, Value, decode_embedded, encode_embedded
from tests.estates import disk, guid, machine

VM = machine(
    1,
    disks=(
        disk(1, "D:\\a\\os.vhdx", slot="scsi-0-0"),
        disk(1, "D:\\a\\data.vhdx", slot="scsi-0-1"),
        disk(1, "D:\\x.iso", slot="scsi-0-2", kind=DiskKind.ISO),
    ),
    roots=Roots(config="D:\\a", checkpoints="D:\\s", paging="D:\\p", guest_state="D:\\a"),
)
SETTINGS = Instance(
    "Msvm_VirtualSystemSettingData",
    {
        "InstanceID": f"Microsoft:{VM.id}",
        "VirtualSystemType": "Microsoft:Hyper-V:System:Realized",
        "ConfigurationDataRoot": "d:\\A\\",
        "SnapshotDataRoot": "D:\\s",
        "SwapFileDataRoot": "D:\\p",
        "SuspendDataRoot": "D:\\a",
        "LogDataRoot": "E:\\logs",
        "GuestStateDataRoot": "D:\\a",
        "Parent": None,
        "PropertyOfAnotherBuild": "5",
    },
)
TEMPLATE = Instance(
    "Msvm_VirtualSystemMigrationSettingData",
    {
        "InstanceID": "Microsoft:Storage",
        "MigrationType": 32769,
        "AvoidRemovingVHDs": False,
        "Priority": None,
        "EnableCompression": None,
    },
)


def rows(vm: VirtualMachine = VM, paths: Mapping[str, str] | None = None) -> dict[str, Instance]:
    """Return the drives' rows by InstanceID; `paths` by slot differ from the machine's own."""
    return {
        d.instance_id.casefold(): Instance(
            "Msvm_StorageAllocationSettingData",
            {
                "InstanceID": d.instance_id,
                "HostResource": ((paths or {}).get(d.slot, d.path),),
                "PoolID": "p",
                "PersistentReservationsSupported": False,
            },
        )
        for d in vm.disks
    }


def facts(**more: Value) -> HostFacts:
    """Return a host that listens on one address."""
    settings = MigrationSettings(
        enabled=True, max_live=2, max_storage=2, active_live=0, active_storage=0, authentication=1,
        addresses=("10.0.0.12",), compression=bool(more.get("compression", False)),
    )  # fmt: skip
    return HostFacts(
        full_name="hv2.corp.example", proven=("hv2.corp.example",), computer_name="HV2", memory_mib=1, memory_free_mib=1, volumes=(),
        migration=settings, jobs=(), planned=(), read_at=0.0,
    )  # fmt: skip


def order(kind: Moves, *disks: DiskMove, roots: Roots = VM.roots) -> dict[str, object]:
    """Return the arguments of a move of VM001, texts decoded."""
    destination = HostName("hv1" if kind == Moves.STORAGE else "hv2")
    move = Move(vm=VM, moves=kind, source=VM.host, destination=destination, roots=roots, disks=disks)
    reading = LastReading(vm=VM, settings=SETTINGS, disks=rows())
    given = arguments(move, TEMPLATE, reading, facts(compression=True), facts())

    def sent(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(sent, value))
        return decode_embedded(encode_embedded(value)) if isinstance(value, Instance) else value

    return {name: sent(value) for name, value in given.items()}


def to(slot: str, target: str) -> DiskMove:
    """Return the move of one of the machine's disks."""
    found = next(d for d in VM.disks if d.slot == slot)
    return DiskMove(slot=slot, instance_id=found.instance_id, source=found.path, target=target)


def test_a_host_alone_names_the_destination_as_it_names_itself() -> None:
    """No files are spoken of; the destination's addresses go along, compression is the source's choice."""
    given = order(Moves.HOST)
    assert set(given) == {"ComputerSystem", "DestinationHost", "MigrationSettingData"}
    assert given["DestinationHost"] == "hv2.corp.example"
    assert given["ComputerSystem"] == EndpointReference(
        "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem",
        {"CreationClassName": "Msvm_ComputerSystem", "Name": guid(1)},
    )
    settings = given["MigrationSettingData"]
    assert isinstance(settings, Instance)
    assert settings.properties == {
        "InstanceID": "Microsoft:Storage", "MigrationType": 32768, "AvoidRemovingVHDs": False, "TransportType": 5,
        "DestinationIPAddressList": ("10.0.0.12",), "EnableCompression": True,
    }  # fmt: skip


def test_a_storage_migration_names_no_host_and_no_address() -> None:
    """DestinationHost must be NULL; only the disk that moves is in the order."""
    given = order(Moves.STORAGE, to("scsi-0-1", "E:\\b\\data.vhdx"))
    assert set(given) == {"ComputerSystem", "MigrationSettingData", "NewResourceSettingData"}
    sent = given["NewResourceSettingData"]
    assert isinstance(sent, tuple)
    (row,) = sent
    assert row["HostResource"] == ("E:\\b\\data.vhdx",)
    assert (row["PoolID"], row["PersistentReservationsSupported"]) == ("", False)


def test_new_roots_take_along_what_lies_with_the_configuration() -> None:
    """Saved state and guest state follow it; logs that lie elsewhere stay; unknown properties are not sent."""
    given = order(Moves.STORAGE, roots=Roots(config="E:\\c", checkpoints="E:\\s", paging="D:\\p"))
    settings = given["NewSystemSettingData"]
    assert isinstance(settings, Instance)
    assert {name: settings[name] for name in settings.properties if name.endswith("Root")} == {
        "ConfigurationDataRoot": "E:\\c", "SnapshotDataRoot": "E:\\s", "SwapFileDataRoot": "D:\\p",
        "SuspendDataRoot": "E:\\c", "LogDataRoot": "E:\\logs", "GuestStateDataRoot": "E:\\c",
    }  # fmt: skip
    assert not {"Parent", "PropertyOfAnotherBuild"} & set(settings.properties)
    assert "NewResourceSettingData" not in given


def test_a_host_with_storage_names_every_disk_and_the_roots() -> None:
    """An unchanged path means the same path at the destination."""
    disks = (to("scsi-0-0", "D:\\a\\os.vhdx"), to("scsi-0-1", "E:\\data.vhdx"))
    given = order(Moves.HOST_AND_STORAGE, *disks)
    assert [row["HostResource"] for row in given["NewResourceSettingData"]] == [  # type: ignore[attr-defined]
        ("D:\\a\\os.vhdx",), ("E:\\data.vhdx",),
    ]  # fmt: skip
    assert isinstance(given["NewSystemSettingData"], Instance)


def test_options_that_the_template_does_not_show_are_unknown_to_the_build() -> None:
    """Only those that matter to this kind of move are asked for."""
    options = MigrationOptions(cpu_cap="low", avoid_removing_vhds=True, retain_vhd_copies_on_source=False)
    kind = Moves.HOST_AND_STORAGE
    move = Move(
        vm=VM, moves=kind, source=VM.host, destination=HostName("hv2"), roots=VM.roots, options=options
    )
    assert unknown_options(move, TEMPLATE) == ["CPUCappingMagnitude", "RetainVhdCopiesOnSource"]
    alone = dataclasses.replace(move, moves=Moves.HOST)
    assert unknown_options(alone, TEMPLATE) == ["CPUCappingMagnitude"]
    stays = dataclasses.replace(move, moves=Moves.STORAGE, destination=VM.host)
    assert unknown_options(stays, TEMPLATE) == ["RetainVhdCopiesOnSource"]
    plain = dataclasses.replace(move, options=MigrationOptions())
    assert unknown_options(plain, Instance(TEMPLATE.class_name, {})) == []

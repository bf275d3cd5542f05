"""The rows that a host shows of its world, held to the recorded ones."""

# ruff: noqa: S608 - WQL, and the names in it are the tests' own

from __future__ import annotations

from hyperv_placement.wsman import CIMV2, MSCLUSTER, Fault, GetResponse, Instance
from lab.wmi.schema import missing, schema_of
from tests.unit.lab.conftest import estate, machine

from .conftest import Maker, Wire, keys, rows


def test_every_row_has_every_property_of_its_class(wire: Wire) -> None:
    """No property of the schema is left out where it is no NULL array."""
    queries = [
        ("CIM_ManagedElement", "root/virtualization/v2"), ("Win32_OperatingSystem", CIMV2),
        ("Win32_Volume", CIMV2), ("Win32_ComputerSystem", CIMV2), ("Win32_ComputerSystemProduct", CIMV2),
    ]  # fmt: skip
    for name, namespace in queries:
        for row in rows(wire.dial().select(f"SELECT * FROM {name}", namespace)):
            schema = schema_of(row.class_name)
            assert schema is not None
            left_out = {p.name for p in schema.properties if not p.array} - set(row.properties)
            newer = missing(row.class_name, wire.world.hosts["hv1"].build)
            assert left_out <= newer


def test_each_row_can_be_got_by_its_keys(wire: Wire) -> None:
    """Enumerated and read one by one, instances are the same."""
    client = wire.dial()
    for row in rows(client.select("SELECT * FROM CIM_SettingData")):
        answer = client.get(row.class_name, InstanceID=row.text("InstanceID"))
        assert isinstance(answer, GetResponse)
        assert answer.instance == row


def select(wire: Wire, query: str, namespace: str = "root/virtualization/v2") -> list[Instance]:
    """Return whole instances."""
    return rows(wire.dial().select(query, namespace))


def test_a_checkpoint_has_rows_of_its_own(wire: Wire) -> None:
    """Its settings and disks go by its own GUID; the machine's own disk is the .avhdx."""
    vm = wire.vm("SNAP01")
    settings = select(
        wire, f"SELECT * FROM Msvm_VirtualSystemSettingData WHERE VirtualSystemIdentifier='{vm.id}'"
    )
    kinds = {row.text("InstanceID"): row.text("VirtualSystemType") for row in settings}
    assert kinds[f"Microsoft:{vm.id}"] == "Microsoft:Hyper-V:System:Realized"
    snapshots = {f"Microsoft:{checkpoint.id}" for checkpoint in vm.checkpoints}
    assert {
        name for name, kind in kinds.items() if kind == "Microsoft:Hyper-V:Snapshot:Realized"
    } == snapshots
    disks = {
        row.text("InstanceID").partition("\\")[0]: row.many("HostResource")
        for row in select(wire, "SELECT * FROM Msvm_StorageAllocationSettingData WHERE ResourceType = 31")
    }
    assert disks[f"Microsoft:{vm.id}"] == (vm.disks[0].path,)
    assert vm.disks[0].path.endswith(".avhdx")
    assert snapshots <= disks.keys()
    assert "Microsoft:Definition" in disks


def test_drives_and_media_hang_together(wire: Wire) -> None:
    """A medium's Parent is its drive, the drive's Parent its controller, all as WMI paths with doubled backslashes."""
    vm = wire.vm("DVD01")
    mine = f"WHERE InstanceID LIKE 'Microsoft:{vm.id}%'"
    devices = {
        row.text("InstanceID"): row
        for row in select(wire, f"SELECT * FROM Msvm_ResourceAllocationSettingData {mine}")
    }
    media = select(wire, f"SELECT * FROM Msvm_StorageAllocationSettingData {mine}")
    prefix = r'\\HV1\root\virtualization\v2:Msvm_ResourceAllocationSettingData.InstanceID="'
    assert len(media) == 3
    for medium in media:
        assert medium.text("Parent").startswith(prefix)
        drive = devices[medium.text("Parent")[len(prefix) : -1].replace("\\\\", "\\")]
        assert drive.text("InstanceID")[:-1] == medium.text("InstanceID")[:-1]
        assert drive.text("Parent")[len(prefix) : -1].replace("\\\\", "\\") in devices
    kinds = sorted((row.number("ResourceType"), row.text("ResourceSubType")) for row in devices.values())
    assert kinds == [
        (6, "Microsoft:Hyper-V:Synthetic SCSI Controller"),
        (6, "Microsoft:Hyper-V:Synthetic SCSI Controller"),
        (16, "Microsoft:Hyper-V:Synthetic DVD Drive"),
        (17, "Microsoft:Hyper-V:Physical Disk Drive"),
        (17, "Microsoft:Hyper-V:Synthetic Disk Drive"),
        (17, "Microsoft:Hyper-V:Synthetic Disk Drive"),
    ]


def test_generation_1_has_its_ide_controllers(wire: Wire) -> None:
    """Two of them, with the GUID that every machine has."""
    vm = wire.vm("OLD01")
    found = select(wire, "SELECT * FROM Msvm_ResourceAllocationSettingData WHERE ResourceType = 5")
    assert sorted(row.text("InstanceID") for row in found) == [
        f"Microsoft:{vm.id}\\83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\{number}" for number in (0, 1)
    ]


def test_network_security_and_heartbeat(wire: Wire) -> None:
    """An adapter names its switch by path; a machine without network names none; vTPM and heartbeat show."""
    switch = wire.world.hosts["hv1"].switches[0]
    ports = {
        row.text("InstanceID"): row
        for row in select(wire, "SELECT * FROM Msvm_EthernetPortAllocationSettingData")
    }
    web, lone = wire.vm("WEB01"), wire.vm("LONE01")
    connected = ports[f"Microsoft:{web.id}\\{web.nics[0].id}\\C"]
    assert f'Name="{switch.id}"' in connected.many("HostResource")[0]
    assert ports[f"Microsoft:{lone.id}\\{lone.nics[0].id}\\C"].many("HostResource") == ()
    secure = select(wire, "SELECT * FROM Msvm_SecuritySettingData WHERE TpmEnabled = TRUE")
    assert [row.text("InstanceID").startswith(f"Microsoft:{wire.vm('TPM01').id}\\") for row in secure] == [
        True
    ]
    beats = {
        row.text("SystemName"): row.many("OperationalStatus")
        for row in select(wire, "SELECT * FROM Msvm_HeartbeatComponent")
    }
    assert beats[web.id] == (2,)
    assert beats[lone.id] == (12,)
    assert wire.vm("OFF01").id not in beats


def test_the_host_s_own_figures(wire: Wire) -> None:
    """Names, memory and volumes in root/cimv2; a volume without letter and an empty drive are there too."""
    (system,) = select(wire, "SELECT * FROM Win32_OperatingSystem", CIMV2)
    assert system.number("FreePhysicalMemory") == wire.world.memory_free_mib("hv1") * 1024
    (computer,) = select(wire, "SELECT * FROM Win32_ComputerSystem", CIMV2)
    assert (computer["Name"], computer["Domain"]) == ("HV1", "lab.example")
    volumes = {row.text("Name"): row for row in select(wire, "SELECT * FROM Win32_Volume", CIMV2)}
    assert volumes["D:\\"].number("FreeSpace") == wire.world.volume_free("hv1", "D:\\")
    assert any(row["DriveLetter"] is None for row in volumes.values())
    assert any(row["Capacity"] is None for row in volumes.values())


def test_the_migration_service_and_its_settings(wire: Wire) -> None:
    """Listener addresses, limits, and the template by its type."""
    (service,) = select(wire, "SELECT * FROM Msvm_VirtualSystemMigrationService")
    assert service.many("MigrationServiceListenerIPAddressList") == ("10.0.0.11",)
    (settings,) = select(wire, "SELECT * FROM Msvm_VirtualSystemMigrationServiceSettingData")
    assert settings["InstanceID"] == "Microsoft:HV1"
    assert settings["EnableVirtualSystemMigration"] is True
    query = "SELECT * FROM Msvm_VirtualSystemMigrationSettingData WHERE MigrationType = 32771"
    (template,) = select(wire, query)
    assert template["InstanceID"] == "Microsoft:VirtualSystemAndStorage"


def test_a_cluster_s_machines(make_wire: Maker) -> None:
    """Within a cluster the namespace is there, with a resource and a role for each clustered machine."""
    spec = estate(machine("HA01", clustered=True), machine("LOOSE01"), cluster="CL1")
    wire = make_wire(spec)
    (cluster,) = select(wire, "SELECT * FROM MSCluster_Cluster", MSCLUSTER)
    assert cluster["Name"] == "CL1"
    resources = select(wire, "SELECT * FROM MSCluster_Resource WHERE Type = 'Virtual Machine'", MSCLUSTER)
    assert [row.text("Name") for row in resources] == ["Virtual Machine HA01"]
    private = resources[0]["PrivateProperties"]
    assert isinstance(private, Instance)
    assert private["VmID"] == wire.vm("HA01").id.lower()
    groups = select(wire, "SELECT * FROM MSCluster_ResourceGroup WHERE GroupType = 111", MSCLUSTER)
    assert [row.text("Name") for row in groups] == ["HA01"]


def test_what_is_on_another_host_is_not_here(wire: Wire) -> None:
    """A machine is shown by the host that has it, and by no other."""
    client = wire.dial("hv2")
    assert isinstance(client.get("Msvm_ComputerSystem", **keys(wire.vm("WEB01").id)), Fault)
    assert len(client.select("SELECT * FROM Msvm_ComputerSystem")) == 1

"""What one class says agrees with what another says: the world is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hyperv_placement.wsman import CIMV2, VIRTUALIZATION, EndpointReference, Enumerate, Instance, resource_uri
from lab.estate.spec import DiskSpec, EstateSpec
from lab.wmi.reading import Reader
from lab.wmi.refusal import RequestRefusedError
from lab.world.builds import SERVER_2012_R2, SERVER_2016
from tests.unit.lab.conftest import Stage, estate, machine


class Host:
    """A host as its classes show it."""

    def __init__(self, stage: Stage) -> None:
        """Read hv1."""
        self.stage = stage
        self.reader = Reader(stage.world, stage.world.hosts["hv1"], "hv1")

    def all(self, name: str, namespace: str = VIRTUALIZATION) -> list[Instance]:
        """Return the instances that an enumeration of the class yields."""
        found = self.reader.enumerate(Enumerate(resource_uri=resource_uri(name, namespace)))
        return [row for row in found if isinstance(row, Instance)]

    def select(self, query: str) -> list[Instance]:
        """Return the instances that a query yields."""
        found = self.reader.enumerate(Enumerate(resource_uri=resource_uri("*"), query=query))
        return [row for row in found if isinstance(row, Instance)]

    def one(self, name: str) -> Instance:
        """Return the only instance of a class of Windows."""
        (row,) = self.all(name, CIMV2)
        return row


@pytest.fixture
def host(stage: Callable[[EstateSpec], Stage]) -> Host:
    """A host with a machine of each generation, one that is off and one whose guest hangs."""
    folder = "D:\\Hyper-V\\WEB01"
    return Host(
        stage(
            estate(
                machine(
                    "WEB01",
                    disks=(DiskSpec(path=f"{folder}\\os.vhdx"), DiskSpec(path="D:\\x.iso", kind="iso")),
                ),
                machine("OLD01", generation=1),
                machine("OFF01", enabled_state=3),
                machine("MUTE01", heartbeat=False),
            )
        )
    )


def test_the_facts_of_windows_agree(host: Host) -> None:
    """Memory, names, serial numbers, clocks, sizes and process ids."""
    system, computer = host.one("Win32_OperatingSystem"), host.one("Win32_ComputerSystem")
    assert system.number("TotalVisibleMemorySize") == (computer.number("TotalPhysicalMemory") or 0) // 1024
    assert system["CSName"] == computer["Name"]
    assert (
        host.one("Win32_BIOS")["SerialNumber"] == host.one("Win32_ComputerSystemProduct")["IdentifyingNumber"]
    )
    clock, local = host.one("Win32_LocalTime"), system["LocalDateTime"]
    assert f"{local}".startswith(f"{clock['Year']}-{clock.number('Month'):02}-{clock.number('Day'):02}")
    host.stage.pass_time(5)
    assert host.one("Win32_OperatingSystem")["LastBootUpTime"] == system["LastBootUpTime"]
    processes = host.all("Win32_Process", CIMV2)
    assert system["NumberOfProcesses"] == len(processes)
    by_id = {row["ProcessId"]: row for row in processes}
    for service in host.all("Win32_Service", CIMV2):
        assert by_id[service["ProcessId"]].text("CommandLine") == service["PathName"]
    for row in host.all("Msvm_ComputerSystem"):
        if row["ProcessID"] is not None:
            assert row.text("Name") in by_id[row["ProcessID"]].text("CommandLine")
    volumes = {row["DriveLetter"]: row for row in host.all("Win32_Volume", CIMV2)}
    for disk in host.all("Win32_LogicalDisk", CIMV2):
        volume = volumes[disk["DeviceID"]]
        assert (disk["Size"], disk["FreeSpace"]) == (volume["Capacity"], volume["FreeSpace"])


def test_a_machine_s_devices_are_those_of_its_settings(host: Host) -> None:
    """Drives and adapters by the same ids, memory by the same size; a machine that is off has no devices."""
    web, off = host.stage.vm("WEB01"), host.stage.vm("OFF01")
    drives = {row.text("DeviceID") for name in ("Msvm_DiskDrive", "Msvm_DVDDrive") for row in host.all(name)}
    settings = {
        row.text("InstanceID")
        for row in host.all("Msvm_ResourceAllocationSettingData")
        if row["ResourceType"] in (16, 17)
    }
    assert {each for each in settings if web.id in each} <= drives <= settings
    assert not [each for each in drives if off.id in each]
    controllers = {row.text("DeviceID") for row in host.all("Msvm_SCSIProtocolController")}
    for row in host.all("Msvm_ResourceAllocationSettingData"):
        if row["ResourceSubType"] == "Microsoft:Hyper-V:Synthetic SCSI Controller" and web.id in row.text(
            "InstanceID"
        ):
            assert row["InstanceID"] in controllers
            assert row.many("VirtualSystemIdentifiers")
    memory = {row.text("SystemName"): row for row in host.all("Msvm_Memory")}
    assert memory[web.id]["NumberOfBlocks"] == web.memory_mib
    ports = {row["PermanentAddress"] for row in host.all("Msvm_SyntheticEthernetPort")}
    addresses = {row["Address"] for row in host.all("Msvm_SyntheticEthernetPortSettingData")}
    assert ports
    assert ports <= addresses
    keyboards = [row.text("SystemName") for row in host.all("Msvm_Keyboard")]
    assert keyboards == [host.stage.vm("OLD01").id]


def test_integration_services_follow_the_guest(host: Host) -> None:
    """No contact where the heartbeat has none; the settings are there for machines that are off, too."""
    found = {
        row.text("SystemName"): row.many("OperationalStatus") for row in host.all("Msvm_ShutdownComponent")
    }
    assert found[host.stage.vm("WEB01").id] == (2,)
    assert found[host.stage.vm("MUTE01").id] == (12,)
    off = host.stage.vm("OFF01").id
    assert off not in found
    assert any(off in row.text("InstanceID") for row in host.all("Msvm_ShutdownComponentSettingData"))


def test_a_singleton_takes_no_selector(host: Host) -> None:
    """Win32_OperatingSystem is one (its page), Win32_ComputerSystem has a key (r4sd/go-wsman wsman/integration_test.go)."""
    for name in ("Win32_OperatingSystem", "Win32_LocalTime", "Win32_UTCTime"):
        target = EndpointReference(resource_uri(name, CIMV2))
        assert host.reader.find(target)[1].class_name == name
    with pytest.raises(RequestRefusedError):
        host.reader.find(EndpointReference(resource_uri("Win32_OperatingSystem", CIMV2), {"Name": "x"}))
    with pytest.raises(RequestRefusedError):
        host.reader.find(EndpointReference(resource_uri("Win32_ComputerSystem", CIMV2)))


def test_a_superclass_answers_for_its_subclasses(host: Host) -> None:
    """Each in its own class, by enumeration and by query; what the superclass has not cannot be asked of it."""
    start = host.stage.start("WEB01", type=32768, destination="hv2")
    for name in ("CIM_ConcreteJob", "CIM_Job", "CIM_LogicalElement"):
        assert [row.class_name for row in host.all(name) if row["InstanceID"] == start.id] == [
            "Msvm_MigrationJob"
        ]
    assert not host.all("Msvm_ConcreteJob")  # its page and that of Msvm_MigrationJob: siblings
    kinds = {row.class_name for row in host.all("CIM_LogicalDevice")}
    assert {"Msvm_HeartbeatComponent", "Msvm_DiskDrive", "Msvm_ExternalEthernetPort"} <= kinds
    assert {row.class_name for row in host.all("CIM_Service", CIMV2)} == {"Win32_Service"}
    (job,) = host.select("SELECT * FROM CIM_Job")
    assert job.class_name == "Msvm_MigrationJob"
    with pytest.raises(RequestRefusedError):
        host.select("SELECT DestinationHost FROM CIM_Job")


@pytest.mark.parametrize("build", [SERVER_2012_R2, SERVER_2016])
def test_a_superclass_that_a_build_lacks_is_not_there(
    stage: Callable[[EstateSpec], Stage], build: int
) -> None:
    """Msvm_SummaryInformationBase came with 2016 (its page): before it, Msvm_SummaryInformation stood alone."""
    host = Host(stage(estate(machine("WEB01"), build=build)))
    assert len(host.all("Msvm_SummaryInformation")) == 1
    if build == SERVER_2016:
        assert len(host.all("Msvm_SummaryInformationBase")) == 1
    else:
        with pytest.raises(RequestRefusedError):
            host.all("Msvm_SummaryInformationBase")

"""Reads a host: a handful of queries, whatever the number of its machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from providers.errors import ProtocolError, WsmanFaultError
from providers.model.estate import (
    Disk,
    DiskKind,
    Host,
    MigrationJob,
    MigrationSettings,
    VirtualMachine,
    Volume,
)
from providers.model.names import VmId, is_guid, vm_id
from providers.units import KIB, MIB
from providers.wsman import CIMV2, MSCLUSTER, EndpointReference, Instance, decode_embedded, resource_uri

from .client import Client
from .faults import AbsentFaultError, AccessDeniedFaultError
from .rows import ClusterView, Rows, job_of, machines

LOCAL_DISK = 3
"""Win32_Volume.DriveType of a local disk (win32 page of the class)."""
DIFFERENCING = 4
"""Msvm_VirtualHardDiskSettingData.Type of a differencing disk (win32 page of the class)."""
_SYSTEM = ("Name", "ElementName", "EnabledState", "OperationalStatus", "ReplicationMode")
_SETTING = (
    "InstanceID", "VirtualSystemIdentifier", "VirtualSystemType", "ConfigurationDataRoot", "SnapshotDataRoot",
    "SwapFileDataRoot", "GuestStateDataRoot",
)  # fmt: skip
_DISK = ("InstanceID", "ResourceSubType", "HostResource", "PersistentReservationsSupported")
_DRIVE = ("InstanceID", "ResourceSubType", "HostResource")
_PORT = ("InstanceID", "HostResource", "LastKnownSwitchName")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What decides whether a move may start on a host, at one moment."""

    full_name: str
    computer_name: str
    memory_free_mib: int
    volumes: tuple[Volume, ...]
    migration: MigrationSettings
    jobs: tuple[MigrationJob, ...]


def read_facts(client: Client) -> HostFacts:
    """Read a host's limits, active counts, free memory, volumes and running migrations: six requests."""
    names = _computer(client)
    return HostFacts(
        full_name=_full_name(names),
        computer_name=names.text("Name"),
        memory_free_mib=_memory(client)[1],
        volumes=_volumes(client),
        migration=_migration(client),
        jobs=read_jobs(client),
    )


def read_host(client: Client) -> Host:
    """Read all of a host. Raises the client's errors; what an account may not read is unknown, never absent."""
    facts = read_facts(client)
    cluster = read_cluster(client)
    rows = _rows(client, None)
    return Host(
        name=client.host.name,
        computer_name=facts.computer_name,
        full_name=facts.full_name,
        memory_mib=_memory(client)[0],
        memory_free_mib=facts.memory_free_mib,
        volumes=facts.volumes,
        migration=facts.migration,
        switches=tuple(sorted(row.text("ElementName") for row in rows.switches)),
        cluster=cluster.name,
        vms=machines(rows, client.host.name, cluster),
        jobs=facts.jobs,
        planned=read_planned(client),
    )


def read_vm(client: Client, vm: VmId, cluster: ClusterView | None = None) -> VirtualMachine | None:
    """Read one machine, None where the host does not have it. Cluster membership only where `cluster` is given."""
    found = machines(_rows(client, vm), client.host.name, cluster or ClusterView())
    return next((machine for machine in found if machine.id == vm), None)


def read_jobs(client: Client) -> tuple[MigrationJob, ...]:
    """Read the migration jobs that have not ended."""
    rows = client.query("Msvm_MigrationJob")
    return tuple(job for row in rows if (job := job_of(row)) is not None)


def read_planned(client: Client) -> tuple[VmId, ...]:
    """Read the GUIDs of planned systems: migrations on their way in, or what is left of them."""
    rows = client.query("Msvm_PlannedComputerSystem", "Name")
    return tuple(sorted(vm_id(row.text("Name")) for row in rows if is_guid(row.text("Name"))))


def _rows(client: Client, vm: VmId | None) -> Rows:
    """Read the rows of all machines, or of one by the prefix of its InstanceIDs."""
    of_vm: Mapping[str, str] | None = {"InstanceID": f"Microsoft:{vm}"} if vm else None

    def settings(class_name: str, *properties: str, **where: int) -> list[Instance]:
        return client.query(class_name, *properties, where=where, like=of_vm)

    return Rows(
        systems=client.query("Msvm_ComputerSystem", *_SYSTEM, where={"Name": vm} if vm else None),
        settings=client.query(
            "Msvm_VirtualSystemSettingData", *_SETTING, where={"VirtualSystemIdentifier": vm} if vm else None
        ),
        disks=settings("Msvm_StorageAllocationSettingData", *_DISK, ResourceType=31),
        physical=settings("Msvm_ResourceAllocationSettingData", *_DRIVE, ResourceType=17),
        controllers=settings("Msvm_ResourceAllocationSettingData", "InstanceID", ResourceType=6),
        memory=settings("Msvm_MemorySettingData", "InstanceID", "VirtualQuantity"),
        security=_security(client, of_vm),
        ports=settings("Msvm_EthernetPortAllocationSettingData", *_PORT),
        switches=client.query("Msvm_VirtualEthernetSwitch", "Name", "ElementName"),
        heartbeats=client.query(
            "Msvm_HeartbeatComponent",
            "SystemName",
            "OperationalStatus",
            where={"SystemName": vm} if vm else None,
        ),
    )


def _security(client: Client, of_vm: Mapping[str, str] | None) -> list[Instance] | None:
    """Builds before 2016 have no such class, and no vTPM."""
    try:
        return client.query("Msvm_SecuritySettingData", "InstanceID", "TpmEnabled", like=of_vm)
    except AbsentFaultError:
        return []
    except AccessDeniedFaultError:
        return None


def read_cluster(client: Client) -> ClusterView:
    """Read the host's cluster: no such namespace = none. What else goes wrong leaves membership unknown.

    A machine is a role by its VmID, a private property of the resource whose form over WS-Management is unverified, or
    else by the resource's name, `Virtual Machine <name>` (openstack/os-win clusterutils).
    """
    try:
        clusters = client.query("MSCluster_Cluster", "Name", namespace=MSCLUSTER)
    except AbsentFaultError:
        return ClusterView()
    except WsmanFaultError:
        return ClusterView(name="unknown", readable=False)
    name = next((row.text("Name") for row in clusters), None)
    if name is None:
        return ClusterView()
    try:
        resources = client.query("MSCluster_Resource", where={"Type": "Virtual Machine"}, namespace=MSCLUSTER)
    except WsmanFaultError:
        return ClusterView(name=name, readable=False)
    return ClusterView(name=name, machines=frozenset(_clustered(resources)))


def _clustered(resources: list[Instance]) -> set[str]:
    found: set[str] = set()
    for row in resources:
        found.add(row.text("Name").removeprefix("Virtual Machine ").casefold())
        text = row.text("PrivateProperties").upper()
        found.update(part for part in text.replace(">", " ").replace("<", " ").split() if is_guid(part))
    return found


def _computer(client: Client) -> Instance:
    rows = client.query(
        "Win32_ComputerSystem", "Name", "DNSHostName", "Domain", "PartOfDomain", namespace=CIMV2
    )
    return _single(client, rows, "Win32_ComputerSystem")


def _full_name(row: Instance) -> str:
    """A guess until recorded: DNSHostName and Domain make the full name of a domain member."""
    host = row.text("DNSHostName") or row.text("Name")
    domain = row.text("Domain")
    return f"{host}.{domain}" if row.flag("PartOfDomain") and domain else host


def _memory(client: Client) -> tuple[int, int]:
    """Return memory and free memory in MiB; Win32_OperatingSystem counts KiB (win32 page of the class)."""
    rows = client.query(
        "Win32_OperatingSystem", "TotalVisibleMemorySize", "FreePhysicalMemory", namespace=CIMV2
    )
    row = _single(client, rows, "Win32_OperatingSystem")
    total, free = row.number("TotalVisibleMemorySize") or 0, row.number("FreePhysicalMemory") or 0
    return total * KIB // MIB, free * KIB // MIB


def _volumes(client: Client) -> tuple[Volume, ...]:
    rows = client.query(
        "Win32_Volume", "Name", "Capacity", "FreeSpace", where={"DriveType": LOCAL_DISK}, namespace=CIMV2
    )
    found = [
        Volume(
            path=row.text("Name"),
            capacity_bytes=row.number("Capacity") or 0,
            free_bytes=row.number("FreeSpace") or 0,
        )
        for row in rows
        if row.number("FreeSpace") is not None
    ]
    return tuple(sorted(found, key=lambda volume: volume.path))


def _migration(client: Client) -> MigrationSettings:
    service = migration_service(client)
    rows = client.query("Msvm_VirtualSystemMigrationServiceSettingData")
    settings = _single(client, rows, "Msvm_VirtualSystemMigrationServiceSettingData")
    return MigrationSettings(
        enabled=bool(settings.flag("EnableVirtualSystemMigration")),
        max_live=settings.number("MaximumActiveVirtualSystemMigration") or 0,
        max_storage=settings.number("MaximumActiveStorageMigration") or 0,
        active_live=service.number("ActiveVirtualSystemMigrationCount") or 0,
        active_storage=service.number("ActiveStorageMigrationCount") or 0,
        authentication=settings.number("AuthenticationType") or 0,
        addresses=tuple(str(a) for a in service.many("MigrationServiceListenerIPAddressList") if a),
        compression=bool(settings.flag("EnableCompression")),
        smb=bool(settings.flag("EnableSmbTransport")),
    )


def migration_service(client: Client) -> Instance:
    """Read Msvm_VirtualSystemMigrationService, a singleton, with its keys."""
    return _single(
        client, client.query("Msvm_VirtualSystemMigrationService"), "Msvm_VirtualSystemMigrationService"
    )


def _single(client: Client, rows: list[Instance], class_name: str) -> Instance:
    if len(rows) != 1:
        raise ProtocolError(f"{client.host.name} has {len(rows)} instances of {class_name} instead of one")
    return rows[0]


def with_details(client: Client, vm: VirtualMachine) -> VirtualMachine:
    """Read size and parent of each virtual hard disk: a call or two a disk, so only for machines that will move."""
    return replace(vm, disks=tuple(_detailed(client, disk) for disk in vm.disks))


def _detailed(client: Client, disk: Disk) -> Disk:
    if disk.kind != DiskKind.VIRTUAL_HARD_DISK:
        return disk
    state = _image(client, "GetVirtualHardDiskState", "State", disk.path)
    setting = _image(client, "GetVirtualHardDiskSettingData", "SettingData", disk.path)
    differencing = setting is not None and setting.number("Type") == DIFFERENCING
    return replace(
        disk,
        size_bytes=state.number("FileSize") if state else None,
        parent_path=setting.text("ParentPath") or "an unknown parent" if setting and differencing else None,
    )


def _image(client: Client, method: str, output: str, path: str) -> Instance | None:
    """Ask Msvm_ImageManagementService of a disk; None where it does not tell."""
    service = EndpointReference(
        resource_uri("Msvm_ImageManagementService"), {"CreationClassName": "Msvm_ImageManagementService"}
    )
    try:
        text = client.ask(service, method, {"Path": path}).outputs.get(output)
    except WsmanFaultError:
        return None
    return decode_embedded(text) if isinstance(text, str) and text else None

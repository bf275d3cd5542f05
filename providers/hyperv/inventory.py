"""Reads a host: a handful of queries, whatever the number of its machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from providers.wsman import CIMV2, EndpointReference, Instance, decode_embedded, resource_uri

from .client import Client
from .cluster import read_cluster
from .faults import AbsentFaultError, AccessDeniedFaultError
from .rows import ClusterView, Rows, job_of, machines

_UNMOUNTED = "\\\\?\\"
"""How the name of a volume starts that is mounted nowhere, as the recovery partition (win32 page of Win32_Volume)."""
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
_JOB = (
    "InstanceID",
    "JobState",
    "JobType",
    "PercentComplete",
    "VirtualSystemName",
    "DestinationHost",
    "Owner",
)
_PORT = ("InstanceID", "HostResource", "LastKnownSwitchName")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNames:
    """What a host calls itself; that changes only with a restart."""

    computer_name: str
    """NetBIOS name."""
    full_name: str
    """Full DNS name: what DestinationHost must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What decides whether a move may start on a host, at one moment."""

    full_name: str
    computer_name: str
    memory_mib: int
    memory_free_mib: int
    volumes: tuple[Volume, ...]
    migration: MigrationSettings
    jobs: tuple[MigrationJob, ...]
    """Migrations under way, without what they tell of paths."""
    planned: tuple[VmId, ...]
    """Planned systems that lie here."""
    service: EndpointReference
    """Msvm_VirtualSystemMigrationService, by the keys that the host reports."""
    read_at: float
    """When the reading began, in the clock's seconds."""


def read_facts(client: Client, names: HostNames, now: float) -> HostFacts:
    """Read a host's limits, active counts, free memory, volumes and running migrations: six requests."""
    total, free = _memory(client)
    service = _one_of(client, "Msvm_VirtualSystemMigrationService")
    return HostFacts(
        full_name=names.full_name,
        computer_name=names.computer_name,
        memory_mib=total,
        memory_free_mib=free,
        volumes=_volumes(client),
        migration=_migration(client, service),
        planned=read_planned(client),
        service=_reference(service),
        read_at=now,
        jobs=tuple(job for row in _job_rows(client) if (job := job_of(row)) is not None),
    )


def read_host(client: Client, names: HostNames, now: float) -> Host:
    """Read all of a host. Raises the client's errors; what an account may not read is unknown, never absent."""
    facts = read_facts(client, names, now)
    cluster = read_cluster(client, names.computer_name)
    rows = _rows(client, None)
    return Host(
        name=client.host.name,
        computer_name=facts.computer_name,
        full_name=facts.full_name,
        memory_mib=facts.memory_mib,
        memory_free_mib=facts.memory_free_mib,
        volumes=facts.volumes,
        migration=facts.migration,
        switches=tuple(sorted(row.text("ElementName") for row in rows.switches)),
        cluster=cluster.name,
        vms=machines(rows, client.host.name, cluster),
        jobs=told_jobs(client, facts.jobs),
        planned=facts.planned,
    )


def read_vm(client: Client, vm: VmId, cluster: ClusterView | None = None) -> VirtualMachine | None:
    """Read one machine, None where the host does not have it. Cluster membership only where `cluster` is given."""
    if not has_vm(client, vm):
        return None
    found = machines(_rows(client, vm), client.host.name, cluster or ClusterView())
    return next((machine for machine in found if machine.id == vm), None)


def has_vm(client: Client, vm: VmId) -> bool:
    """Say whether the host has a machine, realized: one request."""
    return bool(client.query("Msvm_ComputerSystem", "Name", where={"Name": vm}))


def _job_rows(client: Client) -> list[Instance]:
    """Read all jobs that the host keeps, ended ones too, without the long texts that each carries."""
    return client.query("Msvm_MigrationJob", *_JOB)


def told_jobs(client: Client, jobs: Iterable[MigrationJob]) -> tuple[MigrationJob, ...]:
    """Return those of `jobs` that have not ended, with what they tell of paths.

    Asked for by state: one request for all that run. One that has changed its state meanwhile is asked for by its id.
    """
    asked = {job.id: job.state for job in jobs}
    rows = [row for state in sorted(set(asked.values())) for row in _jobs_where(client, JobState=state)]
    lost = asked.keys() - {row.text("InstanceID") for row in rows}
    rows += [row for id_ in sorted(lost) for row in _jobs_where(client, InstanceID=id_)]
    told = {job.id: job for row in rows if (job := job_of(row)) is not None}
    return tuple(told.values())


def jobs_of(client: Client, vm: VmId) -> list[Instance]:
    """Read the migration jobs of one machine, ended ones too: a host keeps them for five minutes."""
    return _jobs_where(client, VirtualSystemName=vm)


def _jobs_where(client: Client, **where: str | int) -> list[Instance]:
    return client.query("Msvm_MigrationJob", where=where)


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


def read_names(client: Client) -> HostNames:
    """Read the names of a host; that DNSHostName and Domain make a member's full name is a guess until recorded."""
    rows = client.query(
        "Win32_ComputerSystem", "Name", "DNSHostName", "Domain", "PartOfDomain", namespace=CIMV2
    )
    row = _single(client, rows, "Win32_ComputerSystem")
    host, domain = row.text("DNSHostName") or row.text("Name"), row.text("Domain")
    member = bool(row.flag("PartOfDomain")) and bool(domain)
    return HostNames(computer_name=row.text("Name"), full_name=f"{host}.{domain}" if member else host)


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
        if row.number("FreeSpace") is not None and not row.text("Name").startswith(_UNMOUNTED)
    ]
    return tuple(sorted(found, key=lambda volume: volume.path))


def _migration(client: Client, service: Instance) -> MigrationSettings:
    settings = _one_of(client, "Msvm_VirtualSystemMigrationServiceSettingData")
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


def _reference(service: Instance) -> EndpointReference:
    keys = ("SystemCreationClassName", "SystemName", "CreationClassName", "Name")
    return EndpointReference(
        service.resource_uri, {key: service.text(key) for key in keys if service.text(key)}
    )


def _one_of(client: Client, class_name: str) -> Instance:
    return _single(client, client.query(class_name), class_name)


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
    if state is None or setting is None:
        return disk  # what is not known to be whole is not moved
    differencing = setting.number("Type") == DIFFERENCING
    return replace(
        disk,
        size_bytes=state.number("FileSize"),
        parent_path=setting.text("ParentPath") or "an unknown parent" if differencing else None,
    )


def _image(client: Client, method: str, output: str, path: str) -> Instance | None:
    """Ask Msvm_ImageManagementService of a disk; None where it does not tell."""
    service = EndpointReference(
        resource_uri("Msvm_ImageManagementService"), {"CreationClassName": "Msvm_ImageManagementService"}
    )
    try:
        answer = client.ask(service, method, {"Path": path})
    except WsmanFaultError:
        return None
    text = answer.outputs.get(output) if answer.return_value == 0 else None
    return decode_embedded(text) if isinstance(text, str) and text else None

"""Reads a host: a handful of queries, whatever the number of its machines; more of it where something will move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from hyperv_placement.errors import ProtocolError, WsmanFaultError
from hyperv_placement.model.estate import Host, MigrationJob, Roots, VirtualMachine
from hyperv_placement.model.names import VmId, is_guid, vm_id
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.faults import NoClassFaultError
from hyperv_placement.winrm.projection import Like
from hyperv_placement.wsman import Instance

from .cluster import ClusterView, read_cluster
from .lacking import lacks_class
from .move_rows import MoveRows, complete
from .rows import PLANNED, SNAPSHOT, Rows, job_of, machines, owner, planned, recent_job_of
from .vlans import VLAN_IDS, VLANS

_SYSTEM = ("Name", "ElementName", "EnabledState", "OperationalStatus", "HealthState", "ReplicationMode")
_SETTING = (
    "InstanceID", "VirtualSystemIdentifier", "VirtualSystemType", "ConfigurationDataRoot", "SnapshotDataRoot",
    "SwapFileDataRoot", "GuestStateDataRoot", "Version",
)  # fmt: skip
_DISK = ("InstanceID", "ResourceSubType", "HostResource", "PersistentReservationsSupported")
_DRIVE = ("InstanceID", "ResourceType", "ResourceSubType", "HostResource")
CONTROLLERS_AND_DRIVES = (6, 17)
"""ResourceType of SCSI controllers and disk drives: pass-through disks, and what numbers the slots."""
DVD_DRIVE = 16
MEDIUM = 31
"""ResourceType of the files in drives: virtual hard disks and ISO images (win32 page of Msvm_StorageAllocationSettingData)."""
_JOB = (
    "InstanceID",
    "JobState",
    "JobType",
    "PercentComplete",
    "VirtualSystemName",
    "DestinationHost",
    "Owner",
    "ErrorCode",
    "StartTime",
    "TimeOfLastStateChange",
)
_PORT = ("InstanceID", "HostResource", "LastKnownSwitchName")
_MEMORY = (
    "InstanceID",
    "VirtualQuantity",
    "DynamicMemoryEnabled",
    "Reservation",
    "MaxMemoryBlocksPerNumaNode",
)


def read_host(client: Client) -> Host:
    """Read where a host's machines and their files are, and its migrations: five classes, a query each.

    Raises the client's errors.
    """
    rows = _rows(client, None, _settings(client, None))
    # After the machines: so a planned system that a running migration has made has its job here.
    jobs = client.query("Msvm_MigrationJob", *_JOB)
    return Host(
        name=client.host.name,
        vms=machines(rows, client.host.name),
        jobs=reported_jobs(client, _running(jobs)),
        recent=tuple(job for row in jobs if (job := recent_job_of(row)) is not None),
        planned=planned(rows),
    )


def read_for_moves(
    client: Client, vms: Iterable[VirtualMachine], computer_name: str, switches: Sequence[Instance]
) -> list[VirtualMachine]:
    """Return machines of this host with all that a move asks of them: a query for each class, for all of them.

    `switches`: as they were just read.
    """
    rows, cluster = _move_rows(client, switches, computer_name)
    return complete(vms, rows, cluster)


def read_vm(client: Client, vm: VmId) -> VirtualMachine | None:
    """Read one machine with what a move must leave as it was; None where the host does not have it."""
    if not has_vm(client, vm):
        return None
    with client.together() as soon:
        ports = soon(lambda: _ports(client, vm))
        switches = soon(lambda: read_switches(client))
        heartbeats = soon(lambda: _heartbeats(client, vm))
        settings = soon(lambda: _settings(client, vm))
    rows = MoveRows(ports=ports(), switches=switches(), heartbeats=heartbeats())
    # Its system is read last: what has left meanwhile has no adapters here, and is not here.
    placed = machines(_rows(client, vm, settings()), client.host.name)
    found = next((each for each in placed if each.id == vm), None)
    return None if found is None else complete([found], rows, ClusterView(readable=False))[0]


def has_vm(client: Client, vm: VmId) -> bool:
    """Say whether the host has a machine, realized: one request."""
    # A planned system has the same GUID, and a class of its own (win32 page of Msvm_PlannedComputerSystem).
    return bool(client.query("Msvm_ComputerSystem", "Name", where={"Name": vm}))


def read_jobs(client: Client) -> tuple[MigrationJob, ...]:
    """Read the migrations that have not ended, without the long texts that each carries."""
    return _running(client.query("Msvm_MigrationJob", *_JOB))


def _running(rows: Iterable[Instance]) -> tuple[MigrationJob, ...]:
    return tuple(job for row in rows if (job := job_of(row)) is not None)


def reported_jobs(client: Client, jobs: Iterable[MigrationJob]) -> tuple[MigrationJob, ...]:
    """Return those of `jobs` that have not ended, with the paths that they name.

    Asked for by state: one request for all that run. One that has changed its state meanwhile is asked for by its id.
    """
    asked = {job.id: job.state for job in jobs}
    rows = [row for state in sorted(set(asked.values())) for row in _jobs_where(client, JobState=state)]
    lost = asked.keys() - {row.text("InstanceID") for row in rows}
    rows += [row for id_ in sorted(lost) for row in _jobs_where(client, InstanceID=id_)]
    reported = {job.id: job for row in rows if (job := job_of(row)) is not None}
    return tuple(reported.values())


def jobs_of(client: Client, vm: VmId) -> list[Instance]:
    """Read the migration jobs of one machine, ended ones too: a host keeps them for five minutes."""
    # VirtualSystemName holds the GUID, whatever it is called (win32 page of Msvm_MigrationJob).
    return _jobs_where(client, VirtualSystemName=vm)


def _jobs_where(client: Client, **where: str | int) -> list[Instance]:
    return client.query("Msvm_MigrationJob", where=where)


def read_planned(client: Client) -> tuple[VmId, ...]:
    """Read the GUIDs of planned systems: migrations on their way in, or what is left of them."""
    return read_guids(client, "Msvm_PlannedComputerSystem")


def read_planned_roots(client: Client, vm: VmId) -> Roots | None:
    """Read the folders of a planned system; None where the host does not show one row of it."""
    rows = client.query(
        "Msvm_VirtualSystemSettingData", where={"VirtualSystemIdentifier": vm, "VirtualSystemType": PLANNED}
    )
    if len(rows) != 1:
        return None
    config, checkpoints, paging = (
        rows[0].text(name) for name in ("ConfigurationDataRoot", "SnapshotDataRoot", "SwapFileDataRoot")
    )
    return Roots(config=config, checkpoints=checkpoints, paging=paging)


def read_guids(client: Client, class_name: str) -> tuple[VmId, ...]:
    """Read the GUIDs of the systems of a class."""
    rows = client.query(class_name, "Name")
    return tuple(sorted(vm_id(row.text("Name")) for row in rows if is_guid(row.text("Name"))))


def _settings(client: Client, vm: VmId | None) -> list[Instance]:
    """Read the settings of all machines, or of one and its checkpoints."""
    where = {"VirtualSystemIdentifier": vm} if vm else None
    return client.query("Msvm_VirtualSystemSettingData", *_SETTING, where=where)


def _rows(client: Client, vm: VmId | None, of_machines: list[Instance]) -> Rows:
    """Read where all machines are, or one by the prefix of its InstanceIDs; `of_machines`: their settings.

    Those were read first, and systems are read last: a machine in both was there all the time, so all its devices were read.
    """
    of_vm = _prefix(vm)
    with client.together() as soon:
        disks = soon(
            lambda: client.query(
                "Msvm_StorageAllocationSettingData", *_DISK, where={"ResourceType": MEDIUM}, like=of_vm
            )
        )
        # In a sweep they come with the disks of all; the prefix of one machine leaves those of its checkpoints out.
        frozen = soon(lambda: list(_frozen(client, of_machines, *_DISK)) if vm else [])
        devices = soon(
            lambda: client.query(
                "Msvm_ResourceAllocationSettingData",
                *_DRIVE,
                where={"ResourceType": CONTROLLERS_AND_DRIVES},
                like=of_vm,
            )
        )
    media, drives = [*disks(), *frozen()], devices()  # where one was not read, nothing more is asked
    systems = client.query("Msvm_ComputerSystem", *_SYSTEM, where={"Name": vm} if vm else None)
    return Rows(systems=systems, settings=of_machines, disks=media, devices=drives)


def _frozen(client: Client, settings: Iterable[Instance], *properties: str) -> Iterator[Instance]:
    """Read the media of one machine's checkpoints: their rows start with the checkpoint's GUID (r4sd/go-wsman)."""
    for row in settings:
        if row.text("VirtualSystemType").startswith(SNAPSHOT) and owner(row):
            prefix = {"InstanceID": f"Microsoft:{owner(row)}"}
            yield from client.query("Msvm_StorageAllocationSettingData", *properties, like=prefix)


def _move_rows(
    client: Client, switches: Sequence[Instance], computer_name: str
) -> tuple[MoveRows, ClusterView]:
    """Read what only a move asks: a query a class for all machines.

    Memory last, which every machine has: one without it has left meanwhile, and what it has was not read.
    """
    with client.together() as soon:

        def settings(class_name: str, *properties: str, **where: int) -> Callable[[], list[Instance] | None]:
            return soon(lambda: read_if_allowed(client, class_name, *properties, where=where))

        summaries = soon(lambda: read_dynamic_memory(client))
        security = settings("Msvm_SecuritySettingData", "InstanceID", "TpmEnabled")
        ports = soon(lambda: _ports(client, None))
        heartbeats = soon(lambda: _heartbeats(client, None))
        processors = settings(
            "Msvm_ProcessorSettingData",
            "InstanceID",
            "LimitProcessorFeatures",
            "VirtualQuantity",
            "MaxProcessorsPerNumaNode",
        )
        assigned = settings("Msvm_PciExpressSettingData", "InstanceID")
        gpu_partitions = settings("Msvm_GpuPartitionSettingData", "InstanceID")
        fc_ports = settings("Msvm_FcPortAllocationSettingData", "InstanceID", "HostResource")
        fc_switches = soon(lambda: read_fc_switches(client))
        dvd_drives = settings("Msvm_ResourceAllocationSettingData", *_DRIVE, ResourceType=DVD_DRIVE)
        vlans = settings(VLANS, *VLAN_IDS)
        offloads = settings("Msvm_EthernetSwitchPortOffloadSettingData", "InstanceID", "IOVOffloadWeight")
        cluster = soon(lambda: read_cluster(client, computer_name))
    rows = MoveRows(
        summaries=summaries(),
        security=security(),
        ports=ports(),
        switches=switches,
        heartbeats=heartbeats(),
        processors=processors(),
        assigned=assigned(),
        gpu_partitions=gpu_partitions(),
        fc_ports=fc_ports(),
        fc_switches=fc_switches(),
        dvd_drives=dvd_drives(),
        vlans=vlans(),
        offloads=offloads(),
    )
    memory = read_if_allowed(client, "Msvm_MemorySettingData", *_MEMORY)
    return replace(rows, memory=memory), cluster()


def read_dynamic_memory(client: Client, vm: str | None = None) -> list[Instance] | None:
    """Read what memory machines use now, all or one; None where the host does not let us."""
    where = {"Name": vm} if vm else None
    return read_if_allowed(client, "Msvm_SummaryInformation", "Name", "MemoryUsage", where=where)


def read_fc_switches(client: Client) -> list[Instance] | None:
    """Read the names of virtual SANs; None where the host does not let us."""
    return read_if_allowed(client, "Msvm_VirtualFcSwitch", "Name", "ElementName")


def read_virtual_tpm(client: Client, vm: VmId) -> bool | None:
    """Say whether a machine has a virtual TPM; None where the host does not let us see it."""
    rows = read_if_allowed(client, "Msvm_SecuritySettingData", "InstanceID", "TpmEnabled", like=_prefix(vm))
    return None if rows is None else any(row.flag("TpmEnabled") for row in rows)


def read_switches(client: Client) -> list[Instance]:
    """Read the virtual switches of a host with their GUIDs and names."""
    return client.query("Msvm_VirtualEthernetSwitch", "Name", "ElementName")


def read_if_allowed(
    client: Client,
    class_name: str,
    *properties: str,
    where: Mapping[str, str | int] | None = None,
    like: Like | None = None,
) -> list[Instance] | None:
    """Read a class that older builds lack (then there is nothing of it); None where the host does not let us, or does not say."""
    try:
        return client.query(class_name, *properties, where=where, like=like)
    except NoClassFaultError:
        return []
    except WsmanFaultError as error:
        # A quota that is used up is no refusal: asked later, the host would answer.
        if error.retryable:
            raise
        return [] if lacks_class(client, class_name) else None


def _ports(client: Client, vm: VmId | None) -> list[Instance]:
    return client.query("Msvm_EthernetPortAllocationSettingData", *_PORT, like=_prefix(vm))


def _heartbeats(client: Client, vm: VmId | None) -> list[Instance]:
    where = {"SystemName": vm} if vm else None
    return client.query("Msvm_HeartbeatComponent", "SystemName", "OperationalStatus", where=where)


def _prefix(vm: VmId | None) -> Mapping[str, str] | None:
    return {"InstanceID": f"Microsoft:{vm}"} if vm else None


def one_of(client: Client, class_name: str) -> Instance:
    """Return the one instance of a class. Raises ProtocolError where there are none or several."""
    return single(client, client.query(class_name), class_name)


def single(client: Client, rows: list[Instance], class_name: str) -> Instance:
    """Return the one row. Raises ProtocolError where there are none or several."""
    if len(rows) != 1:
        raise ProtocolError(f"{client.host.name} has {len(rows)} instances of {class_name} instead of one")
    return rows[0]

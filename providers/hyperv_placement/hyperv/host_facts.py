"""What decides whether a host can take, or give away, a machine: read live, except for what only a restart changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hyperv_placement.errors import ProtocolError, WsmanFaultError
from hyperv_placement.model.estate import (
    UNREPORTED,
    HostFacts,
    MigrationSettings,
    Vector,
    VirtualSwitch,
    Volume,
)
from hyperv_placement.model.names import VmId, is_guid, vm_id
from hyperv_placement.model.units import KIB, MIB
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.faults import AccessDeniedFaultError, NoNamespaceFaultError
from hyperv_placement.winrm.namespaces import query_if_there
from hyperv_placement.wsman import CIMV2, DEVICE_GUARD, EndpointReference, Instance, resource_uri

from .cluster import read_name_and_limit
from .compatibility import read_vectors
from .host_names import HostNames
from .inventory import one_of, read_fc_switches, read_guids, read_jobs, read_planned, read_switches, single
from .networks import read_networks

_UNMOUNTED = "\\\\?\\"
"""How the name of a volume starts that is mounted nowhere, as the recovery partition (win32 page of Win32_Volume)."""
LOCAL_DISK = 3
"""Win32_Volume.DriveType of a local disk (win32 page of the class)."""
_SERVICE = "Msvm_VirtualSystemMigrationService"
SERVICE_KEYS = ("SystemCreationClassName", "SystemName", "CreationClassName", "Name")
"""Keys of the migration service (win32 page of the class)."""
_CREDENTIAL_GUARD = 1
"""Among SecurityServicesRunning (win32 page of Win32_DeviceGuard)."""
_OF_NOBODY = frozenset({
    "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "03000200-0400-0500-0006-000700080009",
})  # fmt: skip
"""UUIDs that identify no computer; the last is the default of firmware that nobody has filled in (unverified: seen in public
inventories of several makers)."""
_DEFINITION = "Microsoft:Definition\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a host is able to do, and how it is made. Nothing of it changes while moves run, so it is read once, but for its cluster."""

    processor: str | None
    processor_model: str | None
    processors: int | None
    vectors: tuple[Vector, ...] | None
    versions: tuple[str, ...] | None
    fibre_channel: tuple[str, ...] | None
    cluster: str | None
    cluster_migrations: int | None
    credential_guard: bool | None
    uuid: str | None
    networks: tuple[VirtualSwitch, ...] | None
    vlans: tuple[int, ...] | None
    numa_spanning: bool | None


def read_facts(
    client: Client, names: HostNames, known: Traits | None, now: float
) -> tuple[HostFacts, Traits, list[Instance]]:
    """Read a host's limits, active counts, free memory, volumes, systems, switches and migrations, and its cluster: nine requests.

    `known`: what it is able to do, as it was read before; else that is read, too. Returns that, and the switches, as well.
    """
    with client.together() as soon:
        switches = soon(lambda: read_switches(client))
        system = soon(lambda: _system(client))
        # Whole, not projected: its keys name it in every call.
        service = soon(lambda: one_of(client, _SERVICE))
        volumes = soon(lambda: _volumes(client))
        settings = soon(lambda: one_of(client, "Msvm_VirtualSystemMigrationServiceSettingData"))
        realized = soon(lambda: read_guids(client, "Msvm_ComputerSystem"))
        planned = soon(lambda: read_planned(client))
    reference = service_reference(_keys(service()))
    with client.together() as soon:
        # After the systems: so a planned one that a running migration has made has its job here.
        jobs = soon(lambda: read_jobs(client))
        if known is None:
            found = soon(lambda: read_traits(client, reference, names.computer_name, switches()))
        else:
            found = soon(lambda: with_cluster(client, known))
    traits, (total, free, build) = found(), system()
    facts = HostFacts(
        full_name=names.full_name,
        computer_name=names.computer_name,
        proven=names.proven,
        declared=names.declared,
        memory_mib=total,
        memory_free_mib=free,
        build=build,
        volumes=volumes(),
        migration=_migration(service(), settings()),
        realized=realized(),
        planned=planned(),
        switches=tuple(sorted(row.text("ElementName") for row in switches())),
        service=_keys(service()),
        read_at=now,
        jobs=jobs(),
        numa_free_mib=read_numa_free(client, traits.numa_spanning),
    )
    return _with_traits(facts, traits), traits, switches()


def read_room(client: Client, before: HostFacts, now: float, *, arriving: bool) -> HostFacts:
    """Return `before` with what one more move is let by, read now: one request, or four where a machine would arrive.

    Always what the service counts and where it listens. Of a host that a machine would come to, memory, volumes, and the
    systems and switches that are there; of one that a machine only leaves, those stay as they were.
    """
    if not arriving:
        return _with_service(before, one_of(client, _SERVICE), now)
    with client.together() as soon:
        service = soon(lambda: one_of(client, _SERVICE))
        memory = soon(lambda: _system(client))
        there = soon(lambda: _systems(client, before))
        volumes = soon(lambda: _volumes(client))
        numa_free = soon(lambda: read_numa_free(client, before.numa_spanning))
    (total, free, build), (realized, planned, switches) = memory(), there()
    return replace(
        _with_service(before, service(), now),
        memory_mib=total,
        memory_free_mib=free,
        build=build,
        volumes=volumes(),
        realized=realized,
        planned=planned,
        switches=switches,
        numa_free_mib=numa_free(),
    )


def _with_service(before: HostFacts, service: Instance, now: float) -> HostFacts:
    live, storage, addresses = _in_use(service)
    return replace(
        before,
        migration=replace(before.migration, active_live=live, active_storage=storage, addresses=addresses),
        service=_keys(service),
        read_at=now,
    )


def _systems(client: Client, before: HostFacts) -> tuple[tuple[VmId, ...], tuple[VmId, ...], tuple[str, ...]]:
    """Return realized machines, planned ones and names of switches: one query of the superclass of all three.

    That hosts of all builds answer it whole over WS-Management is unverified. The host's own row is always among the
    computer systems: where the query fails or does not show it, each class is asked by itself, and so is a class of which
    there is nothing any more, and was something before.
    """
    try:
        rows = client.query("CIM_ComputerSystem", "CreationClassName", "Name", "ElementName")
    except WsmanFaultError as error:
        if error.retryable:
            raise
        rows = []
    names: dict[str, list[str]] = {"Msvm_VirtualEthernetSwitch": []}
    for row in rows:
        kind = row.text("CreationClassName")
        # A switch has a GUID for its Name; adapters are compared by what people call it.
        key = "ElementName" if kind == "Msvm_VirtualEthernetSwitch" else "Name"
        names.setdefault(kind, []).append(row.text(key))
    whole = any(not is_guid(name) for name in names.get("Msvm_ComputerSystem", ()))
    realized, planned = (
        tuple(sorted(vm_id(name) for name in names.get(kind, ()) if is_guid(name)))
        for kind in ("Msvm_ComputerSystem", "Msvm_PlannedComputerSystem")
    )
    switches = tuple(sorted(names["Msvm_VirtualEthernetSwitch"]))
    if not whole:
        realized = read_guids(client, "Msvm_ComputerSystem")
    if not whole or (before.planned and not planned):
        planned = read_planned(client)
    if not whole or (before.switches and not switches):
        switches = tuple(sorted(row.text("ElementName") for row in read_switches(client)))
    return realized, planned, switches


def _keys(service: Instance) -> Mapping[str, str]:
    return {key: service.text(key) for key in SERVICE_KEYS if service.text(key)}


def _with_traits(facts: HostFacts, traits: Traits) -> HostFacts:
    """Return `facts` with what the host is able to do."""
    return replace(
        facts,
        processor=traits.processor,
        processor_model=traits.processor_model,
        processors=traits.processors,
        vectors=traits.vectors,
        versions=traits.versions,
        fibre_channel=traits.fibre_channel,
        cluster=traits.cluster,
        cluster_migrations=traits.cluster_migrations,
        credential_guard=traits.credential_guard,
        uuid=traits.uuid,
        networks=traits.networks,
        vlans=traits.vlans,
        numa_spanning=traits.numa_spanning,
    )


def service_reference(keys: Mapping[str, str]) -> EndpointReference:
    """Return the reference of a host's Msvm_VirtualSystemMigrationService, by the keys that the host reports."""
    return EndpointReference(resource_uri(_SERVICE), keys)


def read_traits(
    client: Client, service: EndpointReference, computer_name: str, switches: Sequence[Instance]
) -> Traits:
    """Read what a host is able to do; None for what it does not report."""
    with client.together() as soon:
        membership = soon(lambda: read_name_and_limit(client))
        processor = soon(lambda: _processor(client))
        made = soon(lambda: read_networks(client, switches))
        vectors = soon(lambda: read_vectors(client, service, computer_name))
        versions = soon(lambda: _versions(client))
        virtual_sans = soon(lambda: _virtual_sans(client))
        credential_guard = soon(lambda: _credential_guard(client))
        uuid = soon(lambda: read_uuid(client))
        numa_spanning = soon(lambda: _numa_spanning(client))
    (cluster, limit), (maker, model, processors) = membership(), processor()
    networks, vlans = made()
    return Traits(
        processor=maker,
        processor_model=model,
        processors=processors,
        vectors=vectors(),
        versions=versions(),
        fibre_channel=virtual_sans(),
        cluster=cluster,
        cluster_migrations=limit,
        credential_guard=credential_guard(),
        uuid=uuid(),
        networks=networks,
        vlans=vlans,
        numa_spanning=numa_spanning(),
    )


def with_cluster(client: Client, traits: Traits) -> Traits:
    """Return `traits` with the host's cluster as it is now: a host may join one while a run waits for room."""
    cluster, limit = read_name_and_limit(client)
    return replace(traits, cluster=cluster, cluster_migrations=limit)


def _versions(client: Client) -> tuple[str, ...] | None:
    """Return the configuration versions that the host takes, None where it reports no version.

    Get-VMHostSupportedVersion takes them from settings that define the capabilities of the management service and have
    a Version; that these are all the definitions with a Version is unverified.
    """
    try:
        rows = client.query(
            "Msvm_VirtualSystemSettingData", "InstanceID", "Version", like={"InstanceID": _DEFINITION}
        )
    except WsmanFaultError:
        return None
    return tuple(sorted({row.text("Version") for row in rows if row.text("Version")})) or None


def _processor(client: Client) -> tuple[str | None, str | None, int | None]:
    """Return maker, model and the number of logical ones; the sockets of a host, a row each, hold processors of one kind."""
    try:
        rows = client.query(
            "Win32_Processor", "Manufacturer", "Name", "NumberOfLogicalProcessors", namespace=CIMV2
        )
    except WsmanFaultError:
        return None, None, None
    rows = list(rows)
    if not rows:
        return None, None, None
    counts = [row.number("NumberOfLogicalProcessors") for row in rows]
    known = sum(count for count in counts if count) if all(counts) else None
    return rows[0].text("Manufacturer") or None, rows[0].text("Name") or None, known


def read_uuid(client: Client) -> str | None:
    """Return the UUID from the computer's firmware; None where it has none, or this account may not read it.

    All zeros say that there is none (Win32_ComputerSystemProduct page); all ones, and what some makers give to all that
    they build, say no more.
    """
    try:
        rows = client.query("Win32_ComputerSystemProduct", "UUID", namespace=CIMV2)
    except WsmanFaultError:
        return None
    reported = next((row.text("UUID") for row in rows), "").upper()
    return reported if is_guid(reported) and reported not in _OF_NOBODY else None


def read_credential_guard(client: Client) -> bool:
    """Say whether Credential Guard runs; hosts before 2016 have neither it nor its namespace. Raises PlacementError."""
    try:
        rows = query_if_there(client, "Win32_DeviceGuard", "SecurityServicesRunning", namespace=DEVICE_GUARD)
    except NoNamespaceFaultError:
        return False
    if not rows:
        raise ProtocolError(f"{client.host.name} shows no instance of Win32_DeviceGuard", remedy="")
    return any(runs_credential_guard(row) for row in rows)


def runs_credential_guard(row: Instance) -> bool:
    """Say whether a row of Win32_DeviceGuard has Credential Guard among what runs."""
    return str(_CREDENTIAL_GUARD) in map(str, row.many("SecurityServicesRunning"))


def _credential_guard(client: Client) -> bool | None:
    """Ask only where it matters: where the host gets our password."""
    if client.host.connection.auth != "credssp":
        return None
    try:
        return read_credential_guard(client)
    except (WsmanFaultError, ProtocolError):
        return None


def _virtual_sans(client: Client) -> tuple[str, ...] | None:
    rows = read_fc_switches(client)
    return None if rows is None else tuple(sorted(row.text("ElementName") for row in rows))


def _system(client: Client) -> tuple[int | None, int | None, int | None]:
    """Return memory, free memory in MiB, and the build; Win32_OperatingSystem counts KiB (win32 page of the class).

    None for who may not read root/cimv2.
    """
    try:
        rows = client.query(
            "Win32_OperatingSystem",
            "TotalVisibleMemorySize",
            "FreePhysicalMemory",
            "BuildNumber",
            namespace=CIMV2,
        )
    except AccessDeniedFaultError:
        return None, None, None
    row = single(client, rows, "Win32_OperatingSystem")
    total, free = row.number("TotalVisibleMemorySize") or 0, row.number("FreePhysicalMemory") or 0
    build = row.text("BuildNumber")
    return total * KIB // MIB, free * KIB // MIB, int(build) if build.isdecimal() else None


def _numa_spanning(client: Client) -> bool | None:
    """Say whether memory may come from several NUMA nodes (win32 page of the class); a change wants VMMS restarted (Set-VMHost page)."""
    try:
        rows = client.query("Msvm_VirtualSystemManagementServiceSettingData", "NumaSpanningEnabled")
    except WsmanFaultError:
        return None
    return rows[0].flag("NumaSpanningEnabled") if rows else None


def read_numa_free(client: Client, spanning: bool | None) -> tuple[int, ...] | None:
    """Return the MiB that each NUMA node can still give; None where machines may span nodes, and where it could not be read.

    CurrentlyConsumableMemoryBlocks counts blocks (win32 page of Msvm_NumaNode); that one is a MiB, as in the settings of memory, is
    unverified.
    """
    if spanning is not False:
        return None
    try:
        rows = client.query("Msvm_NumaNode", "NodeID", "CurrentlyConsumableMemoryBlocks")
    except WsmanFaultError as error:
        if error.retryable:
            raise
        return None
    blocks = [
        row.number("CurrentlyConsumableMemoryBlocks")
        for row in sorted(rows, key=lambda row: row.text("NodeID"))
    ]
    known = [each for each in blocks if each is not None]
    return tuple(known) if known and len(known) == len(blocks) else None


def _volumes(client: Client) -> tuple[Volume, ...] | None:
    try:
        rows = client.query(
            "Win32_Volume", "Name", "Capacity", "FreeSpace", where={"DriveType": LOCAL_DISK}, namespace=CIMV2
        )
    except AccessDeniedFaultError:
        return None
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


def _migration(service: Instance, settings: Instance) -> MigrationSettings:
    live, storage, addresses = _in_use(service)
    authentication = settings.number("AuthenticationType")
    return MigrationSettings(
        enabled=bool(settings.flag("EnableVirtualSystemMigration")),
        max_live=settings.number("MaximumActiveVirtualSystemMigration") or 0,
        max_storage=settings.number("MaximumActiveStorageMigration") or 0,
        active_live=live,
        active_storage=storage,
        authentication=UNREPORTED if authentication is None else authentication,
        addresses=addresses,
        compression=bool(settings.flag("EnableCompression")),
        smb=bool(settings.flag("EnableSmbTransport")),
    )


def _in_use(service: Instance) -> tuple[int, int, tuple[str, ...]]:
    """Return how many live and storage migrations run, and the addresses at which the host listens for them."""
    return (
        service.number("ActiveVirtualSystemMigrationCount") or 0,
        service.number("ActiveStorageMigrationCount") or 0,
        tuple(str(a) for a in service.many("MigrationServiceListenerIPAddressList") if a),
    )

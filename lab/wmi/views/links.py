"""Who belongs to whom in root/virtualization/v2: pairs of references, made from the rows that the classes show.

A pair is (first end, second end, further properties of the association); which property holds which end stands in `associations`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hyperv_placement.wsman import EndpointReference, Instance, Value
from lab.wmi.paths import parse_path
from lab.wmi.view import View

Pair = tuple[EndpointReference, EndpointReference, Mapping[str, Value]]
_SETTINGS, _ALLOCATIONS = "Msvm_VirtualSystemSettingData", "CIM_ResourceAllocationSettingData"
_ACTIVE = frozenset({"Microsoft:Hyper-V:System:Realized", "Microsoft:Hyper-V:System:Planned"})
_SNAPSHOT = "Microsoft:Hyper-V:Snapshot:"
_DEFINITION = "Microsoft:Definition\\"
_MANAGEMENT, _MIGRATION = "Msvm_VirtualSystemManagementService", "Msvm_VirtualSystemMigrationService"
_SETTINGS_OF_SERVICES = (
    (_MIGRATION, "Msvm_VirtualSystemMigrationServiceSettingData"),
    (_MANAGEMENT, "Msvm_VirtualSystemManagementServiceSettingData"),
)
_CAPABILITIES = (
    (_MIGRATION, "Msvm_VirtualSystemMigrationCapabilities"),
    (_MANAGEMENT, "Msvm_VirtualSystemManagementCapabilities"),
)
_UNKNOWN, _CURRENT, _MANAGES = 0, 1, 5
"""ElementEffects of a job (recorded by r4sd/go-wsman), IsCurrent, and ElementEffects of a service (their pages)."""


def _systems(view: View) -> dict[str, EndpointReference]:
    """Return machines and planned machines by GUID; where a machine has both, the machine."""
    planned = {row.text("Name"): reference for row, reference in view.all("Msvm_PlannedComputerSystem")}
    real = {row.text("Name"): reference for row, reference in view.all("Msvm_ComputerSystem")}
    return {**planned, **{name: found for name, found in real.items() if name != view.host.computer_name}}


def host_of(view: View) -> EndpointReference:
    """Return the host's own system."""
    return next(
        found for row, found in view.all("Msvm_ComputerSystem") if row.text("Name") == view.host.computer_name
    )


def _settings(view: View) -> dict[str, tuple[Instance, EndpointReference]]:
    """Return the settings of machines and checkpoints by InstanceID, without the definitions."""
    return {
        row.text("InstanceID"): (row, reference)
        for row, reference in view.all(_SETTINGS)
        if not row.text("InstanceID").startswith(_DEFINITION)
    }


def settings_of_machines(view: View) -> Iterator[Pair]:
    """Yield a machine and its active settings, planned machines among them (Microsoft's sample of planned systems)."""
    systems = _systems(view)
    for row, reference in _settings(view).values():
        if row.text("VirtualSystemType") in _ACTIVE:
            yield systems[row.text("VirtualSystemIdentifier")], reference, {}


def settings_of_switches(view: View) -> Iterator[Pair]:
    """Yield a switch and its settings (win32, "Querying networking objects")."""
    switches = {row.text("Name"): reference for row, reference in view.all("Msvm_VirtualEthernetSwitch")}
    for row, reference in view.all("Msvm_VirtualEthernetSwitchSettingData"):
        switch = switches.get(row.text("VirtualSystemIdentifier"))
        if switch is not None:
            yield switch, reference, {}


def port_features(view: View) -> Iterator[Pair]:
    r"""Yield a connection and each setting of its port: its InstanceID begins with the connection's and `\`."""
    ports = {
        row.text("InstanceID"): found for row, found in view.all("Msvm_EthernetPortAllocationSettingData")
    }
    for row, reference in view.all("Msvm_EthernetSwitchPortFeatureSettingData"):
        port = ports.get(row.text("InstanceID").rpartition("\\")[0])
        if port is not None:
            yield port, reference, {}


def components(view: View) -> Iterator[Pair]:
    r"""Yield settings and each device row within them: its InstanceID begins with theirs and `\`.

    That security settings are found like devices is a guess: their class is no allocation.
    """
    settings = _settings(view)
    for name in (_ALLOCATIONS, "Msvm_SecuritySettingData"):
        for row, reference in view.all(name):
            found = settings.get(row.text("InstanceID").partition("\\")[0])
            if found is not None:
                yield found[1], reference, {}


def snapshots(view: View) -> Iterator[Pair]:
    """Yield a machine and each of its checkpoints."""
    systems = _systems(view)
    for row, reference in _settings(view).values():
        if row.text("VirtualSystemType").startswith(_SNAPSHOT):
            yield systems[row.text("VirtualSystemIdentifier")], reference, {}


def current_snapshots(view: View) -> Iterator[Pair]:
    """Yield a machine and the checkpoint that its active settings name as their parent."""
    systems, settings = _systems(view), _settings(view)
    for row, _ in settings.values():
        parent = _parent(row, settings)
        if parent is not None and row.text("VirtualSystemType") in _ACTIVE:
            yield systems[row.text("VirtualSystemIdentifier")], parent, {}


def parents(view: View) -> Iterator[Pair]:
    """Yield a checkpoint and the settings that are based on it."""
    settings = _settings(view)
    for row, reference in settings.values():
        parent = _parent(row, settings)
        if parent is not None:
            yield parent, reference, {}


def _parent(
    row: Instance, rows: Mapping[str, tuple[Instance, EndpointReference]]
) -> EndpointReference | None:
    """Return what a row's Parent names, a WMI path."""
    text = row.text("Parent")
    found = rows.get(parse_path(text).keys.get("instanceid", "")) if text else None
    return None if found is None else found[1]


def applied_snapshots(view: View) -> Iterator[Pair]:
    """Yield nothing: no checkpoint is ever applied in the lab."""
    del view
    yield from ()


def dependent_resources(view: View) -> Iterator[Pair]:
    """Yield a controller and its drives, a drive and what is in it, an adapter and its connection, as Parent says."""
    rows = {row.text("InstanceID"): (row, reference) for row, reference in view.all(_ALLOCATIONS)}
    for row, reference in rows.values():
        parent = _parent(row, rows)
        if parent is not None:
            yield parent, reference, {}


def devices(view: View) -> Iterator[Pair]:
    """Yield a system and each logical device that names it."""
    systems = {**_systems(view), view.host.computer_name: host_of(view)}
    for row, reference in view.all("CIM_LogicalDevice"):
        found = systems.get(row.text("SystemName"))
        if found is not None:
            yield found, reference, {}


def hosted_machines(view: View) -> Iterator[Pair]:
    """Yield the host and each machine; that planned machines are among them is a guess."""
    host = host_of(view)
    for reference in _systems(view).values():
        yield host, reference, {}


def hosted_services(view: View) -> Iterator[Pair]:
    """Yield the host and each of its services."""
    host = host_of(view)
    for _, reference in view.all("CIM_Service"):
        yield host, reference, {}


def managed_machines(view: View) -> Iterator[Pair]:
    """Yield each machine and the service that manages it."""
    for _, service in view.all(_MANAGEMENT):
        for reference in _systems(view).values():
            yield reference, service, {"ElementEffects": (_MANAGES,)}


def settings_of_services(view: View) -> Iterator[Pair]:
    """Yield a service and its settings (nova's recordings read the migration service's so)."""
    for service_class, settings_class in _SETTINGS_OF_SERVICES:
        for _, service in view.all(service_class):
            for _, reference in view.all(settings_class):
                yield service, reference, {"IsDefault": 0, "IsCurrent": _CURRENT, "IsNext": 0}


def migration_networks(view: View) -> Iterator[Pair]:
    """Yield the migration service's settings and each network."""
    for _, settings in view.all("Msvm_VirtualSystemMigrationServiceSettingData"):
        for _, reference in view.all("Msvm_VirtualSystemMigrationNetworkSettingData"):
            yield settings, reference, {}


def capabilities(view: View) -> Iterator[Pair]:
    """Yield a service and its capabilities."""
    for service_class, class_name in _CAPABILITIES:
        for _, service in view.all(service_class):
            for _, reference in view.all(class_name):
                yield service, reference, {}


def definitions(view: View) -> Iterator[Pair]:
    """Yield capabilities and what defines them, as defaults (Windows Admin Center reads the migration settings so).

    The management service's are the definitions among the settings; that each counts as a default is a guess.
    """
    default: Mapping[str, Value] = {
        "PropertyPolicy": 0,
        "SupportStatement": 0,
        "ValueRole": 0,
        "ValueRange": 0,
    }
    for _, found in view.all("Msvm_VirtualSystemMigrationCapabilities"):
        for _, reference in view.all("Msvm_VirtualSystemMigrationSettingData"):
            yield found, reference, default
    for _, found in view.all("Msvm_VirtualSystemManagementCapabilities"):
        for row, reference in view.all(_SETTINGS):
            if row.text("InstanceID").startswith(_DEFINITION):
                yield found, reference, default


def affected_by_jobs(view: View) -> Iterator[Pair]:
    """Yield a machine and each job about it, with effect 0 as recorded by r4sd/go-wsman of a checkpoint's job."""
    systems = _systems(view)
    machines = {job.id: job.vm for job in view.world.jobs(view.host.name)}
    for row, reference in view.all("CIM_ConcreteJob"):
        found = systems.get(machines.get(row.text("InstanceID"), ""))
        if found is not None:
            yield found, reference, {"ElementEffects": (_UNKNOWN,)}


def owners_of_jobs(view: View) -> Iterator[Pair]:
    """Yield the service that started a job, and the job."""
    services = {name: reference for name in (_MANAGEMENT, _MIGRATION) for _, reference in view.all(name)}
    for row, reference in view.all("CIM_ConcreteJob"):
        service = _MIGRATION if row.class_name == "Msvm_MigrationJob" else _MANAGEMENT
        yield services[service], reference, {}

"""The WMI classes that a host has: their superclasses, their keys, and what shows their instances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from hyperv_placement.wsman import (
    CIMV2,
    DEVICE_GUARD,
    MSCLUSTER,
    VIRTUALIZATION,
    EndpointReference,
    Instance,
    Selector,
    resource_uri,
)
from lab.world import LabHost

from .associations import ASSOCIATIONS, Association
from .schema import entry_of
from .view import View
from .views import (
    assigned,
    capabilities,
    cluster,
    devices,
    files,
    guest_devices,
    integration,
    jobs,
    memory,
    migration,
    namespaces,
    network,
    numa,
    pools,
    processors,
    serial,
    services,
    settings,
    storage,
    switch_settings,
    systems,
    windows_parts,
    windows_processes,
)
from .views import windows as windows_view

Rows = Callable[[View], Iterable[Instance]]

_SYSTEM_KEYS = ("CreationClassName", "Name")
_SERVICE_KEYS = ("SystemCreationClassName", "SystemName", "CreationClassName", "Name")
_DEVICE_KEYS = ("SystemCreationClassName", "SystemName", "CreationClassName", "DeviceID")
_SETTING_KEYS = ("InstanceID",)
_SOFTWARE_KEYS = ("Name", "SoftwareElementID", "SoftwareElementState", "TargetOperatingSystem", "Version")


@dataclass(frozen=True, slots=True, kw_only=True)
class WmiClass:
    """A class as a host has it."""

    name: str
    namespace: str = VIRTUALIZATION
    keys: tuple[str, ...]
    rows: Rows
    service: bool = False
    """A singleton service: its methods accept some of its keys as selectors (r4sd/go-wsman)."""
    association: bool = False
    """Its keys are references."""

    def reference(self, row: Instance) -> EndpointReference:
        """Return the EPR of an instance: the keys alone (recorded by r4sd/go-wsman)."""
        return EndpointReference(
            resource_uri(self.name, self.namespace), {key: _key(row, key) for key in self.keys}
        )

    @property
    def line(self) -> tuple[str, ...]:
        """Its superclasses, the nearest first."""
        found = entry_of(self.name, self.namespace)
        return () if found is None else found.line

    @property
    def lineage(self) -> tuple[str, ...]:
        """The class and its superclasses, in lower case."""
        return (self.name.casefold(), *(base.casefold() for base in self.line))


def _key(row: Instance, name: str) -> Selector:
    value = row[name]
    return value if isinstance(value, EndpointReference) else row.text(name)


def _setting(name: str, rows: Rows) -> WmiClass:
    return WmiClass(name=name, keys=_SETTING_KEYS, rows=rows)


def _system(name: str, rows: Rows) -> WmiClass:
    return WmiClass(name=name, keys=_SYSTEM_KEYS, rows=rows)


def _service(name: str, rows: Rows) -> WmiClass:
    return WmiClass(name=name, keys=_SERVICE_KEYS, rows=rows, service=True)


def _published(
    names: Mapping[str, Rows], *keys: str, namespace: str = VIRTUALIZATION
) -> tuple[WmiClass, ...]:
    """Return classes that have the same keys."""
    return tuple(
        WmiClass(
            name=name,
            namespace=namespace,
            keys=keys,
            rows=rows,
            service=keys == _SERVICE_KEYS,
        )
        for name, rows in names.items()
    )


_DEVICES: Mapping[str, Rows] = {
    **{kind.class_name: kind.rows for kind in guest_devices.KINDS},
    **{component.class_name: component.rows for component in integration.COMPONENTS},
    "Msvm_DVDDrive": guest_devices.dvd_drives,
    "Msvm_DiskDrive": guest_devices.disk_drives,
    "Msvm_IDEController": guest_devices.ide_controllers,
    "Msvm_LogicalDisk": guest_devices.logical_disks,
    "Msvm_Memory": guest_devices.memory,
    "Msvm_Processor": guest_devices.processors,
    "Msvm_SCSIProtocolController": guest_devices.scsi_controllers,
    "Msvm_SyntheticEthernetPort": guest_devices.ethernet_ports,
}
_SETTINGS: Mapping[str, Rows] = {
    **{c.settings_class: c.settings for c in (*integration.COMPONENTS, integration.HEARTBEAT)},
    "Msvm_ProcessorPool": pools.processor_pools,
    "Msvm_ResourcePool": pools.pools,
}


def _association(found: Association) -> WmiClass:
    return WmiClass(
        name=found.name,
        namespace=found.namespace,
        keys=found.ends,
        rows=found.rows,
        association=True,
    )


CLASSES: tuple[WmiClass, ...] = (
    *_published(_DEVICES, *_DEVICE_KEYS),
    *_published(_SETTINGS, *_SETTING_KEYS),
    *_published({name: services.other(name) for name in services.OTHERS}, *_SERVICE_KEYS),
    *_published({"Win32_BIOS": windows_parts.firmware}, *_SOFTWARE_KEYS, namespace=CIMV2),
    *_published({"Win32_Process": windows_processes.processes}, "Handle", namespace=CIMV2),
    *_published({"Win32_LogicalDisk": windows_parts.logical_disks}, "DeviceID", namespace=CIMV2),
    *_published({"Win32_DiskDrive": windows_parts.disk_drives}, "DeviceID", namespace=CIMV2),
    *_published({"Win32_TimeZone": windows_parts.time_zones}, "StandardName", namespace=CIMV2),
    *_published(
        {"Win32_LocalTime": windows_parts.local_time, "Win32_UTCTime": windows_parts.universal_time},
        namespace=CIMV2,
    ),
    _system("Msvm_ComputerSystem", systems.computer_systems),
    _system("Msvm_PlannedComputerSystem", systems.planned_systems),
    _system("Msvm_VirtualEthernetSwitch", network.switches),
    _setting("Msvm_VirtualSystemSettingData", settings.system_settings),
    _setting("Msvm_ResourceAllocationSettingData", devices.devices),
    _setting("Msvm_StorageAllocationSettingData", storage.media),
    _setting("Msvm_MemorySettingData", memory.memory),
    _setting("Msvm_ProcessorSettingData", processors.settings),
    _setting(serial.CLASS, serial.ports),
    _setting("Msvm_PciExpressSettingData", assigned.pci_express),
    _setting("Msvm_GpuPartitionSettingData", assigned.gpu_partitions),
    _setting("Msvm_SyntheticFcPortSettingData", assigned.fc_ports),
    _setting("Msvm_FcPortAllocationSettingData", assigned.fc_connections),
    _system("Msvm_VirtualFcSwitch", assigned.fc_switches),
    WmiClass(name="Msvm_SummaryInformation", keys=_SETTING_KEYS, rows=systems.summaries),
    _setting("Msvm_SyntheticEthernetPortSettingData", network.adapters),
    _setting(
        "Msvm_EthernetPortAllocationSettingData",
        network.connections,
    ),
    _setting(
        "Msvm_VirtualEthernetSwitchSettingData",
        switch_settings.switch_settings,
    ),
    _setting("Msvm_EthernetSwitchPortVlanSettingData", switch_settings.vlans),
    _setting("Msvm_EthernetSwitchPortOffloadSettingData", switch_settings.offloads),
    WmiClass(
        name="Msvm_NumaNode",
        keys=("SystemCreationClassName", "SystemName", "CreationClassName", "NodeID"),
        rows=numa.nodes,
    ),
    _setting("Msvm_VirtualSystemManagementServiceSettingData", numa.management_settings),
    _setting("Msvm_SecuritySettingData", settings.security_settings),
    WmiClass(
        name="Msvm_HeartbeatComponent",
        keys=_DEVICE_KEYS,
        rows=systems.heartbeats,
    ),
    WmiClass(
        name="Msvm_ExternalEthernetPort",
        keys=_DEVICE_KEYS,
        rows=network.external_ports,
    ),
    WmiClass(name="Msvm_InternalEthernetPort", keys=_DEVICE_KEYS, rows=network.internal_ports),
    WmiClass(name="Msvm_WiFiPort", keys=_DEVICE_KEYS, rows=lambda _view: ()),
    _service("Msvm_VirtualSystemMigrationService", migration.service),
    _service("Msvm_VirtualSystemManagementService", services.management),
    _service("Msvm_ImageManagementService", services.images),
    _service("Msvm_VirtualEthernetSwitchManagementService", services.switch_management),
    _setting("Msvm_VirtualSystemMigrationServiceSettingData", migration.service_settings),
    _setting(
        "Msvm_VirtualSystemMigrationSettingData",
        migration.templates,
    ),
    _setting("Msvm_VirtualSystemMigrationNetworkSettingData", migration.networks),
    WmiClass(
        name="Msvm_ConcreteJob",
        keys=_SETTING_KEYS,
        rows=jobs.concrete_jobs,
    ),
    WmiClass(
        name="Msvm_VirtualSystemMigrationCapabilities",
        keys=_SETTING_KEYS,
        rows=capabilities.migration,
    ),
    WmiClass(
        name="Msvm_VirtualSystemManagementCapabilities",
        keys=_SETTING_KEYS,
        rows=capabilities.management,
    ),
    WmiClass(
        name="Msvm_MigrationJob",
        keys=_SETTING_KEYS,
        rows=jobs.migration_jobs,
    ),
    WmiClass(
        name="Win32_OperatingSystem",
        namespace=CIMV2,
        keys=(),
        rows=windows_view.operating_systems,
    ),
    WmiClass(
        name="Win32_Volume",
        namespace=CIMV2,
        keys=("DeviceID",),
        rows=windows_view.volumes,
    ),
    WmiClass(
        name="Win32_Processor",
        namespace=CIMV2,
        keys=("DeviceID",),
        rows=windows_view.processors,
    ),
    WmiClass(
        name="Win32_ComputerSystem",
        namespace=CIMV2,
        keys=("Name",),
        rows=windows_view.computer_systems,
    ),
    WmiClass(
        name="Win32_ComputerSystemProduct",
        namespace=CIMV2,
        keys=("IdentifyingNumber", "Name", "Version"),
        rows=windows_view.products,
    ),
    WmiClass(
        name="Win32_Service",
        namespace=CIMV2,
        keys=("Name",),
        rows=windows_processes.services,
    ),
    WmiClass(
        name="CIM_DataFile",
        namespace=CIMV2,
        keys=("Name",),
        rows=files.data_files,
    ),
    WmiClass(
        name="Win32_DeviceGuard",
        namespace=DEVICE_GUARD,
        keys=("InstanceIdentifier",),
        rows=windows_view.device_guard,
    ),
    WmiClass(name="MSCluster_Cluster", namespace=MSCLUSTER, keys=("Name",), rows=cluster.clusters),
    WmiClass(name="MSCluster_Resource", namespace=MSCLUSTER, keys=("Name",), rows=cluster.resources),
    WmiClass(name="MSCluster_ResourceGroup", namespace=MSCLUSTER, keys=("Name",), rows=cluster.groups),
    *map(_association, ASSOCIATIONS),
    *(
        WmiClass(
            name=namespaces.CLASS,
            namespace=each,
            keys=("Name",),
            rows=partial(namespaces.children, namespace=each),
        )
        for each in namespaces.ALL
    ),
)

_BY_NAME: Mapping[tuple[str, str], WmiClass] = {
    (each.namespace.casefold(), each.name.casefold()): each for each in CLASSES
}


def namespace_of(host: LabHost, namespace: str) -> str | None:
    """Return the namespace in its own spelling; None where the host does not have it."""
    wanted = namespace.replace("\\", "/").casefold()
    return next((each for each in namespaces.namespaces(host) if each.casefold() == wanted), None)


def class_named(namespace: str, name: str) -> WmiClass | None:
    """Return a class by its name in any case."""
    return _BY_NAME.get((namespace.casefold(), name.casefold()))


def classes_under(namespace: str, name: str) -> tuple[WmiClass, ...]:
    """Return the class and its subclasses: queries and enumerations yield the instances of all (DSP0227, polymorphism)."""
    return _under().get((namespace, name.casefold()), ())


@cache
def _under() -> Mapping[tuple[str, str], tuple[WmiClass, ...]]:
    found: dict[tuple[str, str], list[WmiClass]] = {}
    for each in CLASSES:
        for name in each.lineage:
            found.setdefault((each.namespace, name), []).append(each)
    return {key: tuple(classes) for key, classes in found.items()}

"""The association classes that a host has: which properties refer to what, and where the pairs come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hyperv_placement.wsman import CIMV2, MSCLUSTER, VIRTUALIZATION, Instance

from .view import View, instance
from .views import device_links, links, outer_links
from .views.links import Pair

Pairs = Callable[[View], Iterable[Pair]]
_COMPONENT = ("GroupComponent", "PartComponent")
_DEPENDENCY = ("Antecedent", "Dependent")
_SETTING = ("ManagedElement", "SettingData")


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A class whose keys are two references."""

    name: str
    namespace: str = VIRTUALIZATION
    ends: tuple[str, str]
    """The properties that hold the first and the second of a pair."""
    pairs: Pairs

    def rows(self, view: View) -> Iterator[Instance]:
        """Yield an instance for each pair."""
        first, second = self.ends
        for one, other, further in self.pairs(view):
            yield instance(self.name, {first: one, second: other, **further}, namespace=self.namespace)


def _component(name: str, pairs: Pairs, namespace: str = VIRTUALIZATION) -> Association:
    return Association(name=name, namespace=namespace, ends=_COMPONENT, pairs=pairs)


def _dependency(name: str, pairs: Pairs) -> Association:
    return Association(name=name, ends=_DEPENDENCY, pairs=pairs)


def _states(view: View) -> Iterator[Pair]:
    """Yield the settings of machines and of switches."""
    yield from links.settings_of_machines(view)
    yield from links.settings_of_switches(view)


def _settings(view: View) -> Iterator[Pair]:
    """Yield those of services and of devices."""
    yield from links.settings_of_services(view)
    yield from device_links.settings(view)


ASSOCIATIONS: tuple[Association, ...] = (
    Association(
        name="Msvm_SettingsDefineState",
        ends=_SETTING,
        pairs=_states,
    ),
    _component("Msvm_VirtualSystemSettingDataComponent", links.components),
    Association(
        name="Msvm_ElementSettingData",
        ends=_SETTING,
        pairs=_settings,
    ),
    _dependency("Msvm_SnapshotOfVirtualSystem", links.snapshots),
    _dependency("Msvm_MostCurrentSnapshotInBranch", links.current_snapshots),
    _dependency("Msvm_LastAppliedSnapshot", links.applied_snapshots),
    _dependency("Msvm_ParentChildSettingData", links.parents),
    _dependency("Msvm_ResourceDependentOnResource", links.dependent_resources),
    _dependency("Msvm_HostedDependency", links.hosted_machines),
    _dependency("Msvm_HostedService", links.hosted_services),
    _component("Msvm_EthernetPortSettingDataComponent", links.port_features),
    _component("Msvm_SystemDevice", links.devices),
    _component("Msvm_HostedResourcePool", device_links.pools_of_host),
    _dependency("Msvm_ResourceAllocationFromPool", device_links.allocated_settings),
    _dependency("Msvm_ElementAllocatedFromPool", device_links.allocated_devices),
    _dependency("Msvm_MediaPresent", device_links.media),
    _dependency("Msvm_ProtocolControllerForUnit", device_links.controlled),
    _dependency("Msvm_ControlledBy", device_links.attached),
    _dependency("Msvm_ComputerSystemSummaryInformation", device_links.summaries),
    _component("Msvm_VirtualSystemMigrationServiceSettingDataComponent", links.migration_networks),
    _component("Msvm_SettingsDefineCapabilities", links.definitions),
    Association(
        name="Msvm_ElementCapabilities",
        ends=("ManagedElement", "Capabilities"),
        pairs=links.capabilities,
    ),
    Association(
        name="Msvm_AffectedJobElement",
        ends=("AffectedElement", "AffectingElement"),
        pairs=links.affected_by_jobs,
    ),
    Association(
        name="Msvm_OwningJobElement",
        ends=("OwningElement", "OwnedElement"),
        pairs=links.owners_of_jobs,
    ),
    Association(
        name="Msvm_ServiceAffectsElement",
        ends=("AffectedElement", "AffectingElement"),
        pairs=links.managed_machines,
    ),
    _component("Win32_ComputerSystemProcessor", outer_links.processors, CIMV2),
    _component("Win32_SystemOperatingSystem", outer_links.operating_systems, CIMV2),
    _component("Win32_SystemServices", outer_links.services, CIMV2),
    _component("Win32_SystemBIOS", outer_links.firmware, CIMV2),
    _component("Win32_SystemProcesses", outer_links.processes, CIMV2),
    _component("MSCluster_ResourceGroupToResource", outer_links.resources_of_groups, MSCLUSTER),
    _component("MSCluster_ClusterToResourceGroup", outer_links.groups_of_cluster, MSCLUSTER),
    _component("MSCluster_ClusterToResource", outer_links.resources_of_cluster, MSCLUSTER),
)

"""What is asked of a host besides the reads of our client: what nobody has seen, as far as reading shows it.

Get, Enumerate, Pull, and methods that change nothing: those of READING alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.names import VmId
from hyperv_placement.wsman import (
    MSCLUSTER,
    EndpointReference,
    Enumerate,
    EnumerationMode,
    Get,
    Instance,
    Invoke,
    Pull,
    resource_uri,
    wql,
)

READING = frozenset({
    "GetSummaryInformation", "GetSystemCompatibilityInfo", "GetSystemCompatibilityVectors", "GetError", "GetErrorEx",
    "GetVirtualHardDiskState", "GetVirtualHardDiskSettingData", "GetNodeClusterState",
})  # fmt: skip
"""Methods that change nothing (win32 pages of Msvm_VirtualSystemManagementService, -MigrationService,
Msvm_ConcreteJob, Msvm_ImageManagementService; page of MSCluster_Cluster)."""
PAGE = 32000
_MISSING = "00000000-0000-0000-0000-000000000000"
_CLASSES = (
    "Msvm_ComputerSystem", "Msvm_PlannedComputerSystem", "Msvm_VirtualSystemSettingData",
    "Msvm_VirtualSystemMigrationService", "Msvm_VirtualSystemMigrationServiceSettingData",
    "Msvm_VirtualSystemMigrationCapabilities", "Msvm_VirtualSystemMigrationSettingData",
    "Msvm_VirtualSystemMigrationNetworkSettingData", "Msvm_VirtualSystemManagementService",
    "Msvm_VirtualSystemManagementServiceSettingData", "Msvm_ImageManagementService", "Msvm_MigrationJob",
    "Msvm_ConcreteJob", "Msvm_StorageJob", "Msvm_AffectedJobElement", "Msvm_SettingsDefineState",
    "Msvm_SnapshotOfVirtualSystem", "Msvm_ResourceAllocationSettingData", "Msvm_StorageAllocationSettingData",
    "Msvm_EthernetPortAllocationSettingData", "Msvm_MemorySettingData", "Msvm_ProcessorSettingData",
    "Msvm_SecuritySettingData", "Msvm_HeartbeatComponent", "Msvm_VirtualEthernetSwitch",
    "Msvm_VirtualEthernetSwitchSettingData", "Msvm_EthernetSwitchPortVlanSettingData",
    "Msvm_EthernetSwitchPortOffloadSettingData", "Msvm_NumaNode",
)  # fmt: skip
"""Read whole: a projection hides what a build has besides."""
_CLUSTER = ("MSCluster_Cluster", "MSCluster_Resource", "MSCluster_ResourceGroup", "MSCluster_Node")
_SUMMARY = (0, 1, 4, 100, 101, 103, 104, 105, 108, 109, 110, 111)
"""RequestedInformation: name, state, memory, heartbeat, tasks, health (win32 page of GetSummaryInformation); no
notes, no pictures of screens."""

Question = Get | Enumerate | Pull | Invoke


def everywhere() -> Iterator[Question]:
    """Yield what every host is asked: how it refuses, other forms of enumeration, and whole classes, which are most of it."""
    yield from _refusals()
    yield from _forms()
    for name in _CLASSES:
        yield _whole(resource_uri("*"), name)
    for name in _CLUSTER:
        yield _whole(resource_uri("*", MSCLUSTER), name)
    # How a host says that it is in no cluster, and whether one is.
    yield Enumerate(resource_uri=resource_uri("MSCluster_Cluster", MSCLUSTER))
    yield Invoke(
        target=EndpointReference(resource_uri("MSCluster_Cluster", MSCLUSTER), {}),
        method="GetNodeClusterState",
        arguments={},
    )


def _forms() -> Iterator[Question]:
    system = resource_uri("Msvm_ComputerSystem")
    yield Enumerate(resource_uri=system)
    for mode in (EnumerationMode.EPRS, EnumerationMode.OBJECTS_AND_EPRS):
        yield Enumerate(resource_uri=system, optimize=True, max_elements=PAGE, mode=mode)
    for name in ("Msvm_VirtualSystemMigrationService", "Msvm_MigrationJob"):
        yield Enumerate(
            resource_uri=resource_uri(name), optimize=True, max_elements=PAGE, mode=EnumerationMode.EPRS
        )


def _refusals() -> Iterator[Question]:
    system = resource_uri("Msvm_ComputerSystem")
    keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": _MISSING}
    yield Get(target=EndpointReference(system, keys))
    # How hosts refuse differs by build and provider, and our client has to tell a missing machine from a broken question.
    yield Get(target=EndpointReference(system, {"Name": _MISSING}))
    yield Get(target=EndpointReference(system, {**keys, "NoKey": "x"}))
    yield Get(target=EndpointReference(resource_uri("Msvm_NoSuchClass"), {"Name": "x"}))
    yield Get(target=EndpointReference(resource_uri("Msvm_ComputerSystem", "root/nosuchnamespace"), keys))
    yield _whole(resource_uri("*"), "Msvm_NoSuchClass")
    yield Enumerate(resource_uri=resource_uri("*"), query="select nothing that is WQL", optimize=True)
    yield Enumerate(resource_uri=resource_uri("*"), query="select NoSuchProperty from Msvm_ComputerSystem")
    yield Enumerate(resource_uri=system, query=wql.select("Msvm_ComputerSystem"))
    yield Pull(resource_uri=system, context=f"uuid:{_MISSING}")
    # A service without a selector; the method only reads.
    yield Invoke(
        target=EndpointReference(resource_uri("Msvm_VirtualSystemManagementService"), {}),
        method="GetSummaryInformation",
        arguments={"RequestedInformation": (0,)},
    )


def of_machine(vm: VmId) -> Iterator[Question]:
    """Yield what is asked of one machine: compatibility, a summary, its associations."""
    system = EndpointReference(
        resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": vm}
    )
    yield Get(target=system)
    for method in ("GetSystemCompatibilityInfo", "GetSystemCompatibilityVectors"):
        yield Invoke(
            target=_service("Msvm_VirtualSystemMigrationService"),
            method=method,
            arguments={"ComputerSystem": system},
        )
    yield Invoke(
        target=_service("Msvm_VirtualSystemManagementService"),
        method="GetSummaryInformation",
        arguments={"RequestedInformation": _SUMMARY},
    )
    path = f"Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='{vm}'"
    yield Enumerate(
        resource_uri=resource_uri("*"),
        query=f"associators of {{{path}}} where AssocClass=Msvm_SettingsDefineState"
        " ResultClass=Msvm_VirtualSystemSettingData",
        optimize=True,
        max_elements=PAGE,
    )


def of_job(job: Instance) -> Iterator[Question]:
    """Yield what is asked of a job that the host still keeps."""
    target = EndpointReference(job.resource_uri, {"InstanceID": job.text("InstanceID")})
    yield Get(target=target)
    for method in ("GetError", "GetErrorEx"):
        yield Invoke(target=target, method=method)


def words(question: Question) -> str:
    """Return a question in a few words, for progress and for the list of what was not answered."""
    match question:
        case Enumerate(query=str(query)):
            return query
        case Enumerate(resource_uri=uri, mode=mode):
            return f"{mode or 'Enumerate'} {uri.rpartition('/')[2]}"
        case Pull():
            return "Pull with an unknown context"
        case Get(target=target):
            return f"Get {target.resource_uri.rpartition('/')[2]}"
        case Invoke(target=target, method=method):
            return f"{target.resource_uri.rpartition('/')[2]}.{method}"


def _whole(uri: str, class_name: str) -> Enumerate:
    return Enumerate(resource_uri=uri, query=wql.select(class_name), optimize=True, max_elements=PAGE)


def _service(name: str) -> EndpointReference:
    return EndpointReference(resource_uri(name), {"CreationClassName": name})

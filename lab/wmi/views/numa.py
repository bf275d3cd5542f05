"""The host's NUMA nodes, and the settings of its management service, which say whether machines may span them."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance
from lab.wmi.view import View, instance
from lab.world import room

_NODE = "Msvm_NumaNode"
_SETTINGS = "Msvm_VirtualSystemManagementServiceSettingData"


def nodes(view: View) -> Iterator[Instance]:
    """Yield each node with the memory that it can still give, in blocks of a MiB (that a block is one is a guess)."""
    host = view.host
    free = room.numa_free_mib(host, view.world.state.jobs)
    for number, mib in enumerate(free):
        yield instance(
            _NODE,
            {
                "CreationClassName": _NODE,
                "CurrentlyConsumableMemoryBlocks": max(0, mib),
                "ElementName": f"Numa Node {number}",
                "EnabledState": 2,
                "HealthState": 5,
                "NodeID": f"Microsoft:PhysicalNode\\{number}",
                "NumberOfLogicalProcessors": host.processors // host.numa_nodes,
                "NumberOfProcessorCores": host.processors // host.numa_nodes,
                "OperationalStatus": (2,),
                "SystemCreationClassName": "Msvm_ComputerSystem",
                "SystemName": host.computer_name,
            },
        )


def management_settings(view: View) -> Iterator[Instance]:
    """Yield the settings of the management service (values of the class's page)."""
    title = "Hyper-V Virtual System Management Service"
    yield instance(
        _SETTINGS,
        {
            "Caption": title,
            "DefaultExternalDataRoot": "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V",
            "DefaultVirtualHardDiskPath": "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks",
            "Description": "Settings for the Virtual System Management Service",
            "ElementName": title,
            "EnhancedSessionModeEnabled": False,
            "HypervisorRootSchedulerEnabled": False,
            "InstanceID": f"Microsoft:{view.host.computer_name}",
            "NumaSpanningEnabled": view.host.numa_spanning,
            "PrimaryOwnerContact": "",
            "PrimaryOwnerName": "Administrators",
        },
    )

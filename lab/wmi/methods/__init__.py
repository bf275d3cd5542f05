"""The methods that a host offers, by class and name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import (
    cluster,
    compatibility,
    images,
    job_control,
    machines,
    migrate,
    service_settings,
    summaries,
    system_settings,
    systems,
)
from .call import Call, Outputs

Method = Callable[[Call], Outputs]

METHODS: Mapping[tuple[str, str], Method] = {
    ("Msvm_VirtualSystemMigrationService", "MigrateVirtualSystemToHost"): migrate.migrate_to_host,
    ("Msvm_VirtualSystemMigrationService", "CheckVirtualSystemIsMigratable"): migrate.check_migratable,
    ("Msvm_VirtualSystemMigrationService", "ModifyServiceSettings"): service_settings.modify,
    ("Msvm_VirtualSystemMigrationService", "AddNetworkSettings"): service_settings.add_networks,
    ("Msvm_VirtualSystemMigrationService", "ModifyNetworkSettings"): service_settings.modify_networks,
    ("Msvm_VirtualSystemMigrationService", "RemoveNetworkSettings"): service_settings.remove_networks,
    ("Msvm_VirtualSystemManagementService", "DestroySystem"): systems.destroy,
    ("Msvm_VirtualSystemManagementService", "GetSummaryInformation"): summaries.get_summaries,
    ("Msvm_VirtualSystemManagementService", "ModifySystemSettings"): system_settings.modify,
    ("Msvm_ShutdownComponent", "InitiateShutdown"): machines.initiate_shutdown,
    ("Msvm_VirtualSystemMigrationService", "GetSystemCompatibilityVectors"): compatibility.get_vectors,
    ("Msvm_ComputerSystem", "RequestStateChange"): machines.request_state_change,
    ("Msvm_ConcreteJob", "GetError"): job_control.get_error,
    ("Msvm_ConcreteJob", "GetErrorEx"): job_control.get_error_ex,
    ("Msvm_ConcreteJob", "RequestStateChange"): job_control.request_state_change,
    ("Msvm_ConcreteJob", "KillJob"): job_control.kill_job,
    ("Msvm_MigrationJob", "GetError"): job_control.get_error,
    ("Msvm_MigrationJob", "GetErrorEx"): job_control.get_error_ex,
    ("Msvm_MigrationJob", "RequestStateChange"): job_control.request_state_change,
    ("Msvm_MigrationJob", "KillJob"): job_control.kill_job,
    ("Msvm_ImageManagementService", "GetVirtualHardDiskSettingData"): images.setting_data,
    ("Msvm_ImageManagementService", "GetVirtualHardDiskState"): images.state,
    ("MSCluster_Cluster", "GetNodeClusterState"): cluster.node_state,
}
"""(class, method) -> what it does."""
STATIC = frozenset({("MSCluster_Cluster", "GetNodeClusterState")})
"""Methods of classes, not of instances."""

__all__ = ["METHODS", "STATIC", "Call", "Outputs"]

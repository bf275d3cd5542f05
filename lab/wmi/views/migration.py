"""The migration service, its settings, its networks, and the templates of a migration's settings."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.move import Moves
from hyperv_placement.wsman import Instance
from lab.wmi.view import View, instance
from lab.world.jobs import DEEP_CHECK, STAGED, TYPES

from .services import service_row

TCP = 5  # TransportType (Msvm_VirtualSystemMigrationSettingData page)
_TEMPLATES = {
    TYPES[Moves.HOST]: "VirtualSystem",
    TYPES[Moves.STORAGE]: "Storage",
    STAGED: "Staged",
    TYPES[Moves.HOST_AND_STORAGE]: "VirtualSystemAndStorage",
    DEEP_CHECK: "StorageDeepCheck",
}
"""MigrationType -> InstanceID; VirtualSystemAndStorage was recorded (nova), the others go by analogy: guess."""


def service(view: View) -> Iterator[Instance]:
    """Yield Msvm_VirtualSystemMigrationService, with the counts of this very moment."""
    host = view.host
    yield service_row(
        view,
        "Msvm_VirtualSystemMigrationService",
        "migrationwmi",
        view.texts["migration-service"],
        ActiveStorageMigrationCount=view.world.active_storage(host.name),
        ActiveVirtualSystemMigrationCount=view.world.active_live(host.name),
        MigrationServiceListenerIPAddressList=tuple(host.listening) or None,
    )


def service_settings(view: View) -> Iterator[Instance]:
    """Yield Msvm_VirtualSystemMigrationServiceSettingData."""
    host, title = view.host, view.texts["migration-service-settings"]
    yield instance(
        "Msvm_VirtualSystemMigrationServiceSettingData",
        {
            "AuthenticationType": host.authentication,
            "Caption": title,
            "Description": title,
            "ElementName": title,
            "EnableCompression": host.compression,
            "EnableSmbTransport": host.smb,
            "EnableVirtualSystemMigration": host.migration_enabled,
            "InstanceID": f"Microsoft:{host.computer_name}",
            "MaximumActiveStorageMigration": host.max_storage,
            "MaximumActiveVirtualSystemMigration": host.max_live,
        },
    )


def templates(view: View) -> Iterator[Instance]:
    """Yield a template for each MigrationType."""
    title = view.texts["migration-settings"]
    for kind, name in _TEMPLATES.items():
        yield instance(
            "Msvm_VirtualSystemMigrationSettingData",
            {
                "AllowOverwriteExistingFile": False,
                "AvoidRemovingVHDs": False,
                "CPUCappingMagnitude": 0,
                "CancelIfBlackoutThresholdExceeded": False,
                "Caption": title,
                "Description": view.texts["migration-settings-description"],
                "ElementName": title,
                "EnableCompression": view.host.compression,
                "InstanceID": f"Microsoft:{name}",
                "MigrationType": kind,
                "RemoveSourceUnmanagedVhds": False,
                "RetainVhdCopiesOnSource": False,
                "TransportType": TCP,
            },
        )


def networks(view: View) -> Iterator[Instance]:
    """Yield the subnets on which migrations may come; the form of their InstanceID is a guess."""
    title = view.texts["migration-network"]
    for network in view.host.networks:
        yield instance(
            "Msvm_VirtualSystemMigrationNetworkSettingData",
            {
                "Caption": title,
                "Description": title,
                "ElementName": title,
                "InstanceID": f"Microsoft:{view.host.computer_name}\\{network.id}",
                "Metric": network.metric,
                "PrefixLength": network.prefix,
                "SubnetNumber": network.subnet,
                "Tags": ("Microsoft:UserManaged",),
            },
        )

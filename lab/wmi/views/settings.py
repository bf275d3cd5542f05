"""Msvm_VirtualSystemSettingData and Msvm_SecuritySettingData: machines, planned machines and checkpoints."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import View, instance
from lab.world import LabCheckpoint, LabVm
from lab.world.compatibility import supported_versions
from lab.world.objects import SAVED

from .holders import holders_of

_REALIZED = "Microsoft:Hyper-V:System:Realized"
_PLANNED = "Microsoft:Hyper-V:System:Planned"
_SNAPSHOT = "Microsoft:Hyper-V:Snapshot:Realized"
_GENERATION_2 = 2
_SECURITY_DEVICE = "94CCF1D2-5A9A-4D4B-B2D5-5B4C3D2F7A10"  # guess: nobody published such an InstanceID
_FIXED: dict[str, Value] = {
    "AllowFullSCSICommandSet": False,
    "AllowReducedFcRedundancy": False,
    "AutomaticCriticalErrorAction": 1,
    "AutomaticCriticalErrorActionTimeout": timedelta(minutes=30),
    "AutomaticRecoveryAction": 3,
    "AutomaticShutdownAction": 3,
    "AutomaticStartupAction": 3,
    "AutomaticStartupActionDelay": timedelta(0),
    "AutomaticStartupActionSequenceNumber": 0,
    "BIOSNumLock": False,
    "ConsoleMode": 0,
    "DebugChannelId": 0,
    "DebugPort": 0,
    "DebugPortEnabled": 0,
    "EnableHibernation": False,
    "EnhancedSessionTransportType": 0,
    "GuestControlledCacheTypes": False,
    "HighMmioGapBase": 0,
    "HighMmioGapSize": 512,
    "IncrementalBackupEnabled": False,
    "IsAutomaticSnapshot": False,
    "LockOnDisconnect": False,
    "LowMmioGapSize": 128,
    "NetworkBootPreferredProtocol": 4096,
    "PauseAfterBootFailure": False,
    "TurnOffOnGuestRestart": False,
    "UserSnapshotType": 3,
    "VirtualNumaEnabled": True,
}
"""What New-VM leaves as it is (Msvm_VirtualSystemSettingData page)."""


def system_settings(view: View) -> Iterator[Instance]:
    """Yield a row for each machine, for each planned one and for each checkpoint."""
    for vm in view.host.vms():
        yield _active(view, vm, _REALIZED)
        for checkpoint in vm.checkpoints:
            yield _snapshot(view, vm, checkpoint)
    for vm in view.host.planned.values():
        yield _active(view, vm, _PLANNED)
    yield from _supported_versions(view)


def _supported_versions(view: View) -> Iterator[Instance]:
    r"""Yield a definition for each configuration version that the host takes.

    The Hyper-V module reads them for Get-VMHostSupportedVersion: settings that Msvm_SettingsDefineCapabilities links
    to Msvm_VirtualSystemManagementCapabilities and that have a Version. Other definitions of theirs are known as
    `Microsoft:Definition\VirtualSystem\...`; the InstanceIDs of these, and their type, are guesses.
    """
    for version in supported_versions(view.host):
        yield instance(
            "Msvm_VirtualSystemSettingData",
            {
                "Caption": view.texts["vm-settings"],
                "Description": view.texts["vm-settings-description"],
                "ElementName": version,
                "InstanceID": f"Microsoft:Definition\\VirtualSystem\\Version\\{version}",
                "Version": version,
                "VirtualSystemType": "Microsoft:Hyper-V:System:Definition",
            },
        )


def _active(view: View, vm: LabVm, kind: str) -> Instance:
    latest = vm.checkpoints[-1] if vm.checkpoints else None
    return _row(
        view,
        vm,
        {
            "ConfigurationFile": f"Virtual Machines\\{vm.id}.vmcx",
            "ConfigurationID": vm.id,
            "CreationTime": vm.created,
            "Description": view.texts["vm-settings-description"],
            "ElementName": vm.name,
            "InstanceID": f"Microsoft:{vm.id}",
            "Parent": view.path("Msvm_VirtualSystemSettingData", InstanceID=f"Microsoft:{latest.id}")
            if latest
            else None,
            "VirtualSystemType": kind,
        },
    )


def _snapshot(view: View, vm: LabVm, checkpoint: LabCheckpoint) -> Instance:
    """A checkpoint's row: an id of its own, the machine's in VirtualSystemIdentifier (r4sd/go-wsman)."""
    parent = checkpoint.parent
    return _row(
        view,
        vm,
        {
            "ConfigurationFile": f"Snapshots\\{checkpoint.id}.vmcx",
            "ConfigurationID": checkpoint.id,
            "CreationTime": checkpoint.created,
            "Description": view.texts["snapshot-settings-description"],
            "ElementName": checkpoint.name,
            "InstanceID": f"Microsoft:{checkpoint.id}",
            "Parent": view.path("Msvm_VirtualSystemSettingData", InstanceID=f"Microsoft:{parent}")
            if parent
            else None,
            "VirtualSystemType": _SNAPSHOT,
        },
    )


def _row(view: View, vm: LabVm, own: dict[str, Value]) -> Instance:
    modern = vm.generation == _GENERATION_2
    identity = f"{{{str(uuid.uuid5(uuid.NAMESPACE_OID, vm.id)).upper()}}}"
    return instance(
        "Msvm_VirtualSystemSettingData",
        {
            **_FIXED,
            "BIOSGUID": identity,
            "BIOSSerialNumber": "",
            "BaseBoardSerialNumber": "",
            "BootOrder": None if modern else (1, 2, 3, 0),
            "BootSourceOrder": _boot_sources(view, vm) if modern else None,
            "Caption": view.texts["vm-settings"],
            "ChassisAssetTag": "",
            "ChassisSerialNumber": "",
            "ConfigurationDataRoot": "" if vm.folders_lost else vm.roots.config,
            "GuestStateDataRoot": vm.roots.guest_state,
            "GuestStateFile": f"Virtual Machines\\{vm.id}.vmgs" if vm.roots.guest_state else None,
            "IsSaved": vm.enabled_state == SAVED,
            "Notes": (vm.notes,),
            "LogDataRoot": "" if vm.folders_lost else vm.roots.config,
            "SecureBootEnabled": modern,
            "SnapshotDataRoot": "" if vm.folders_lost else vm.roots.checkpoints,
            "SuspendDataRoot": "" if vm.folders_lost else vm.roots.config,
            "SwapFileDataRoot": "" if vm.folders_lost else vm.roots.paging,
            "Version": vm.version,
            "VirtualSystemIdentifier": vm.id,
            "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
            **own,
        },
    )


def _boot_sources(view: View, vm: LabVm) -> tuple[str, ...] | None:
    r"""Return the boot sources: a device's InstanceID and `\B` (r4sd/terraform-provider-hyperv)."""
    holder = next(holders_of(vm))
    sources = [f"{holder.drive(disk)}\\B" for disk in vm.disks]
    sources += [f"{holder.prefix}\\{nic.id}\\B" for nic in vm.nics]
    paths = tuple(view.path("Msvm_BootSourceSettingData", InstanceID=source) for source in sources)
    return paths or None


def security_settings(view: View) -> Iterator[Instance]:
    """Yield a row for each machine (Msvm_SecuritySettingData page)."""
    for vm in (*view.host.vms(), *view.host.planned.values()):
        for holder in holders_of(vm):
            yield instance(
                "Msvm_SecuritySettingData",
                {
                    "BindToHostTpm": False,
                    "Caption": view.texts["security"],
                    "DataProtectionRequested": False,
                    "Description": view.texts["security"],
                    "ElementName": view.texts["security"],
                    "EncryptStateAndVmMigrationTraffic": vm.vtpm,
                    "InstanceID": f"{holder.prefix}\\{_SECURITY_DEVICE}",
                    "KsdEnabled": False,
                    "ShieldingRequested": False,
                    "TpmEnabled": vm.vtpm,
                    "VirtualizationBasedSecurityOptOut": False,
                },
            )

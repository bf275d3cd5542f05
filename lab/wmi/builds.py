"""What the WMI classes of older builds lack: whole classes, properties, and the shape of optimised answers.

Sources: the win32 pages ("added in Windows 10, version ..."), microsoft/wmi (trees server2019 and server23h2, made
from live hosts). What no page dates is a guess: a property that server2019 has, and no page calls new, is in 2016 too
where Windows 10 brought the feature; one that only server23h2 has is not in 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from lab.world.builds import SERVER_2016, SERVER_2019

_WINDOWS_1709 = 16299
_SERVER_23H2 = 25398

_CLASSES: Mapping[str, int] = {
    "msvm_securitysettingdata": SERVER_2016,
    "msvm_pciexpresssettingdata": SERVER_2016,
    "msvm_gpupartitionsettingdata": _WINDOWS_1709,
}
"""Class -> the build that brought it (pages of the classes; that partitions of a GPU came with 1709 is a guess)."""

_SYSTEM: Mapping[int, str] = {
    SERVER_2016: "LastSuccessfulBackupTime",
    SERVER_2019: "HwThreadsPerCoreRealized",
    _SERVER_23H2: "ManagementVtlImageFileName ManagementVtlImageVersion",
}
_PROPERTIES: Mapping[str, Mapping[int, str]] = {
    "Msvm_ComputerSystem": _SYSTEM,
    "Msvm_PlannedComputerSystem": _SYSTEM,
    "Msvm_VirtualSystemSettingData": {
        SERVER_2016: (
            "AllowFullSCSICommandSet AutomaticCriticalErrorAction AutomaticCriticalErrorActionTimeout ConsoleMode "
            "DebugChannelId DebugPort DebugPortEnabled EnableHibernation GuestControlledCacheTypes HighMmioGapBase "
            "HighMmioGapSize LockOnDisconnect LowMmioGapSize SecureBootTemplateId TurnOffOnGuestRestart "
            "UserSnapshotType"
        ),
        _WINDOWS_1709: "AutomaticSnapshotsEnabled GuestStateDataRoot GuestStateFile IsAutomaticSnapshot",
        SERVER_2019: (
            "BootPciExpress BootPciExpressInstanceFilter EnhancedSessionTransportType GuestStateIsolationEnabled"
        ),
        _SERVER_23H2: (
            "FirmwareFile GuestFeatureSet GuestStateIsolationMode GuestStateIsolationType "
            "MemoryHostingJobObjectName VMBusMessageRedirection Vtl2AddressRangeBase Vtl2AddressRangeSize "
            "Vtl2MmioAddressRangeSize WatchdogEnabled WorkerJobObjectName"
        ),
    },
    "Msvm_VirtualSystemMigrationSettingData": {
        SERVER_2016: "AvoidRemovingVHDs RemoveSourceUnmanagedVhds UnmanagedVhds",
        _WINDOWS_1709: "AllowOverwriteExistingFile CancelIfBlackoutThresholdExceeded CPUCappingMagnitude",
        SERVER_2019: "EnableVhdCompression",
        _SERVER_23H2: "AdvancedOptions",
    },
    "Msvm_StorageAllocationSettingData": {
        SERVER_2016: "IgnoreFlushes SnapshotId StorageQoSPolicyID WriteHardeningMethod",
    },
    "Msvm_MemorySettingData": {
        SERVER_2016: "HugePagesEnabled",
        SERVER_2019: "SgxEnabled SgxLaunchControlDefault SgxLaunchControlMode SgxSize",
        _SERVER_23H2: "MemoryAccessTrackingPolicy MemoryEncryptionPolicy",
    },
    "Msvm_SecuritySettingData": {SERVER_2019: "AppContainerLaunchOptOut"},
    "Msvm_SyntheticEthernetPortSettingData": {
        SERVER_2016: "AllowPacketDirect DeviceNamingEnabled InterruptModeration NumaAwarePlacement",
        SERVER_2019: "MediaType",
        _SERVER_23H2: "AllowDirectTranslatedP2P",
    },
    "Msvm_VirtualHardDiskSettingData": {
        SERVER_2019: "DataAlignment IsPmemCompatible PmemAddressAbstractionType",
    },
}
"""Class -> build -> what that build added (1703 and 1709 were no server releases: their part came with 2019)."""


def has_class(class_name: str, build: int) -> bool:
    """Say whether a host of this build has the class."""
    return build >= _CLASSES.get(class_name.casefold(), 0)


@cache
def missing(class_name: str, build: int) -> frozenset[str]:
    """Return the properties, in the schema's spelling, that the class has only in later builds."""
    return frozenset(
        name
        for brought, names in _PROPERTIES.get(class_name, {}).items()
        if brought > build
        for name in names.split()
    )


def optimises_fully(build: int) -> bool:
    """Say whether the answer to an optimised Enumerate is a full page, and not one item and a context.

    2008 R2 and 2012 give one item (captures of txwinrm). That 2012 R2 does as 2012 did, and later ones do not, is a
    guess.
    """
    return build >= SERVER_2016

"""What the classes of Windows say alike on every host of the lab: values of a plain server by the classes' pages, NULL not among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hyperv_placement.wsman import Value

INSTALLED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
_DATACENTER_SERVER, _WINDOWS_NT, _SERVER = 8, 18, 3  # OperatingSystemSKU, OSType, ProductType
_DATACENTER_SUITE = 400  # SuiteMask: terminal services, data center, one user by remote desktop
_OPT_OUT = 3  # DataExecutionPrevention_SupportPolicy
_NOT_IMPLEMENTED, _UNKNOWN, _SAFE = 3, 2, 3  # password states of the firmware, chassis states
_ENTERPRISE_SERVER, _POWER_SWITCH = 4, 6  # PCSystemType, WakeUpType
_CENTRAL, _FULL_POWER, _CPU_ENABLED, _X64_BITS, _FAMILY_XEON = 3, 3, 1, 64, 179
_MHZ = 2400

OPERATING_SYSTEM: Mapping[str, Value] = {
    "BootDevice": r"\Device\HarddiskVolume1",
    "BuildType": "Multiprocessor Free",
    "CSCreationClassName": "Win32_ComputerSystem",
    "CreationClassName": "Win32_OperatingSystem",
    "CurrentTimeZone": 0,
    "DataExecutionPrevention_32BitApplications": True,
    "DataExecutionPrevention_Available": True,
    "DataExecutionPrevention_Drivers": True,
    "DataExecutionPrevention_SupportPolicy": _OPT_OUT,
    "Debug": False,
    "Description": "",
    "Distributed": False,
    "EncryptionLevel": 256,
    "ForegroundApplicationBoost": 2,
    "FreeSpaceInPagingFiles": 0,
    "InstallDate": INSTALLED,
    "Manufacturer": "Microsoft Corporation",
    "MaxNumberOfProcesses": 4294967295,
    "MaxProcessMemorySize": 137438953344,
    "NumberOfLicensedUsers": 0,
    "NumberOfUsers": 1,
    "OSArchitecture": "64-bit",
    "OSProductSuite": _DATACENTER_SUITE,
    "OSType": _WINDOWS_NT,
    "OperatingSystemSKU": _DATACENTER_SERVER,
    "Organization": "",
    "PortableOperatingSystem": False,
    "Primary": True,
    "ProductType": _SERVER,
    "RegisteredUser": "Windows User",
    "SerialNumber": "00000-00000-00000-AALAB",
    "ServicePackMajorVersion": 0,
    "ServicePackMinorVersion": 0,
    "SizeStoredInPagingFiles": 0,
    "Status": "OK",
    "SuiteMask": _DATACENTER_SUITE,
    "SystemDevice": r"\Device\HarddiskVolume4",
    "SystemDirectory": r"C:\Windows\system32",
    "SystemDrive": "C:",
    "WindowsDirectory": r"C:\Windows",
}
COMPUTER_SYSTEM: Mapping[str, Value] = {
    "AdminPasswordStatus": _NOT_IMPLEMENTED,
    "AutomaticManagedPagefile": True,
    "AutomaticResetBootOption": True,
    "AutomaticResetCapability": True,
    "BootROMSupported": True,
    "BootupState": "Normal boot",
    "ChassisBootupState": _SAFE,
    "CreationClassName": "Win32_ComputerSystem",
    "CurrentTimeZone": 0,
    "Description": "AT/AT COMPATIBLE",
    "EnableDaylightSavingsTime": True,
    "FrontPanelResetStatus": _NOT_IMPLEMENTED,
    "InfraredSupported": False,
    "KeyboardPasswordStatus": _NOT_IMPLEMENTED,
    "NetworkServerModeEnabled": True,
    "PCSystemType": _ENTERPRISE_SERVER,
    "PCSystemTypeEx": _ENTERPRISE_SERVER,
    "PauseAfterReset": -1,
    "PowerOnPasswordStatus": _NOT_IMPLEMENTED,
    "PowerState": 0,
    "PowerSupplyState": _SAFE,
    "PrimaryOwnerName": "Windows User",
    "ResetCapability": 1,
    "ResetCount": -1,
    "ResetLimit": -1,
    "Roles": ("LM_Workstation", "LM_Server", "NT", "Server_NT"),
    "Status": "OK",
    "SystemType": "x64-based PC",
    "ThermalState": _SAFE,
    "WakeUpType": _POWER_SWITCH,
}
PROCESSOR: Mapping[str, Value] = {
    "AddressWidth": _X64_BITS,
    "Availability": _FULL_POWER,
    "CpuStatus": _CPU_ENABLED,
    "CurrentClockSpeed": _MHZ,
    "DataWidth": _X64_BITS,
    "Family": _FAMILY_XEON,
    "LoadPercentage": 0,
    "MaxClockSpeed": _MHZ,
    "PowerManagementSupported": False,
    "ProcessorType": _CENTRAL,
    "Role": "CPU",
    "SocketDesignation": "CPU 0",
    "Status": "OK",
    "StatusInfo": 3,
    "SystemCreationClassName": "Win32_ComputerSystem",
    "Version": "",
}
VOLUME: Mapping[str, Value] = {
    "Compressed": False,
    "CreationClassName": "Win32_Volume",
    "DirtyBitSet": False,
    "IndexingEnabled": True,
    "MaximumFileNameLength": 255,
    "PageFilePresent": False,
    "QuotasEnabled": False,
    "QuotasIncomplete": False,
    "QuotasRebuilding": False,
    "SupportsDiskQuotas": True,
    "SupportsFileBasedCompression": True,
    "SystemCreationClassName": "Win32_ComputerSystem",
}

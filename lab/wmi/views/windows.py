"""Classes of Windows itself, Win32_OperatingSystem and others: guesses by their reference pages until recorded."""

from __future__ import annotations

import string
import uuid
from collections.abc import Iterator, Mapping

from hyperv_placement.model.units import GIB, MIB
from hyperv_placement.wsman import CIMV2, DEVICE_GUARD, Instance, Value
from lab.wmi.view import View, instance
from lab.world import LabVolume
from lab.world.builds import release_of, version_of
from lab.world.spelling import guid_of, volume_name

from .windows_fixed import COMPUTER_SYSTEM, OPERATING_SYSTEM, PROCESSOR, VOLUME
from .windows_processes import booted, running

_ENGLISH: Mapping[str, Value] = {
    "CodeSet": "1252",
    "CountryCode": "1",
    "Locale": "0409",
    "MUILanguages": ("en-US",),
    "OSLanguage": 1033,
}
_LANGUAGE: Mapping[str, Mapping[str, Value]] = {
    "ja-jp": {
        "CodeSet": "932",
        "CountryCode": "81",
        "Locale": "0411",
        "MUILanguages": ("ja-JP",),
        "OSLanguage": 1041,
    },
    "de-de": {
        "CodeSet": "1252",
        "CountryCode": "49",
        "Locale": "0407",
        "MUILanguages": ("de-DE",),
        "OSLanguage": 1031,
    },
}
_LOCAL_DISK, _COMPACT_DISC = 3, 5  # DriveType (Win32_Volume page)
_CREDENTIAL_GUARD = 1
_MEMBER_SERVER = 3  # DomainRole (Win32_ComputerSystem page)


def operating_systems(view: View) -> Iterator[Instance]:
    """Yield the one Windows; memory in KiB."""
    host = view.host
    caption = f"Microsoft Windows Server {release_of(host.build).replace('R2', ' R2')} Datacenter"
    now = view.world.clock.now()
    free_kib = max(0, view.world.memory_free_mib(host.name)) * 1024
    yield instance(
        "Win32_OperatingSystem",
        {
            **OPERATING_SYSTEM,
            **_LANGUAGE.get(host.locale.casefold(), _ENGLISH),
            "BuildNumber": str(host.build),
            "CSName": host.computer_name,
            "Caption": caption,
            "FreePhysicalMemory": free_kib,
            "FreeVirtualMemory": free_kib,
            "LastBootUpTime": booted(host),
            "LocalDateTime": view.shown_time(now),
            "Name": rf"{caption}|C:\Windows|\Device\Harddisk0\Partition4",
            "NumberOfProcesses": len(running(view)),
            "TotalVirtualMemorySize": host.memory_mib * 1024,
            "TotalVisibleMemorySize": host.memory_mib * 1024,
            "Version": version_of(host.build),
        },
        namespace=CIMV2,
    )


def device_guard(view: View) -> Iterator[Instance]:
    """Yield what protects the system: 1 among the running services is Credential Guard (Win32_DeviceGuard page)."""
    running = (_CREDENTIAL_GUARD,) if view.host.credential_guard else (0,)
    yield instance(
        "Win32_DeviceGuard",
        {
            "InstanceIdentifier": _derived(view, "device guard"), "SecurityServicesConfigured": running,
            "SecurityServicesRunning": running, "Version": "1.0", "VirtualizationBasedSecurityStatus": 2,
        },
        namespace=DEVICE_GUARD,
    )  # fmt: skip


def computer_systems(view: View) -> Iterator[Instance]:
    """Yield the host as Windows sees it: its name in DNS and its domain."""
    host = view.host
    yield instance(
        "Win32_ComputerSystem",
        {
            **COMPUTER_SYSTEM,
            "Caption": host.claims.upper()[:15] or host.computer_name,
            "DNSHostName": host.claims or host.dns_name or host.name,
            "Domain": host.domain,
            "DomainRole": _MEMBER_SERVER,
            "HypervisorPresent": True,
            "Manufacturer": "Hyper-V placement lab",
            "Model": "Simulated host",
            "Name": host.claims.upper()[:15] or host.computer_name,
            "NumberOfLogicalProcessors": host.processors,
            "NumberOfProcessors": 1,
            "PartOfDomain": True,
            "TotalPhysicalMemory": host.memory_mib * MIB,
        },
        namespace=CIMV2,
    )


def products(view: View) -> Iterator[Instance]:
    """Yield what the firmware reports of the computer, which stays when Windows is installed anew (the class's page)."""
    yield instance(
        "Win32_ComputerSystemProduct",
        {
            "Caption": "Computer System Product",
            "Description": "Computer System Product",
            "IdentifyingNumber": f"LAB-{view.host.name}",
            "Name": "Simulated host",
            "UUID": view.host.uuid or _derived(view, "computer").upper(),
            "Vendor": "Hyper-V placement lab",
            "Version": "1.0",
        },
        namespace=CIMV2,
    )


def processors(view: View) -> Iterator[Instance]:
    """Yield the host's one processor."""
    host = view.host
    yield instance(
        "Win32_Processor",
        {
            **PROCESSOR,
            "Architecture": 9,
            "Caption": f"{host.processor_vendor} of generation {host.processor_generation}",
            "CreationClassName": "Win32_Processor",
            "Description": f"{host.processor_vendor} of generation {host.processor_generation}",
            "DeviceID": "CPU0",
            "Manufacturer": host.processor_vendor,
            "Name": f"Lab processor, generation {host.processor_generation}",
            "NumberOfCores": host.processors,
            "NumberOfEnabledCore": host.processors,
            "NumberOfLogicalProcessors": host.processors,
            "ThreadCount": host.processors,
            "SystemName": host.computer_name,
        },
        namespace=CIMV2,
    )


def volumes(view: View) -> Iterator[Instance]:
    """Yield the volumes in use, and what every server has besides: a volume without letter, an empty DVD drive."""
    for volume in view.host.volumes.values():
        yield _volume(view, volume)
    recovery = f"\\\\?\\Volume{{{_derived(view, 'recovery')}}}\\"
    yield _row(
        view,
        {
            "BlockSize": 4096,
            "Capacity": GIB,
            "DeviceID": recovery,
            "DriveType": _LOCAL_DISK,
            "FileSystem": "NTFS",
            "FreeSpace": GIB // 2,
            "Label": "Recovery",
            "Name": recovery,
        },
    )
    letter = _free_letter(view)
    if letter is None:
        return
    drive = f"\\\\?\\Volume{{{_derived(view, 'dvd')}}}\\"
    yield _row(
        view,
        {"DeviceID": drive, "DriveLetter": letter, "DriveType": _COMPACT_DISC, "Name": f"{letter}\\"},
    )


def _volume(view: View, volume: LabVolume) -> Instance:
    has_letter = len(volume.path) == len("D:\\")
    system = volume.path.casefold() == "c:\\"
    return _row(
        view,
        {
            "BlockSize": 4096,
            "BootVolume": system,
            "Capacity": volume.capacity_bytes,
            "DeviceID": volume_name(guid_of(view.host, volume)),
            "DriveLetter": volume.path[:2] if has_letter else None,
            "DriveType": _LOCAL_DISK,
            "FileSystem": "CSVFS" if volume.cluster else "NTFS",
            "FreeSpace": max(0, view.world.volume_free(view.host.name, volume.path) or 0),
            "Label": volume.label,
            "Name": volume.path,
            "SystemVolume": False,
        },
    )


def _row(view: View, values: dict[str, Value]) -> Instance:
    common: dict[str, Value] = {
        **VOLUME,
        "Automount": True,
        "BootVolume": False,
        "Caption": values["Name"],
        "SystemName": view.host.computer_name,
        "SystemVolume": False,
    }
    return instance("Win32_Volume", {**common, **values}, namespace=CIMV2)


def _free_letter(view: View) -> str | None:
    taken = {path[0].upper() for path in view.host.volumes}
    return next((f"{letter}:" for letter in reversed(string.ascii_uppercase) if letter not in taken), None)


def _derived(view: View, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{view.host.name}/{part}"))

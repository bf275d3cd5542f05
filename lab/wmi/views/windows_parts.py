"""Parts of a Windows host that other classes show too: firmware, drives by letter, the system disk, clock and time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from hyperv_placement.wsman import CIMV2, Instance
from lab.wmi.view import View, instance

from .windows_fixed import INSTALLED

_RUNNING, _UNKNOWN_SYSTEM = 3, 0  # SoftwareElementState, TargetOperatingSystem (Win32_BIOS page)
_LOCAL_DISK, _FIXED_MEDIUM = 3, 12  # DriveType, MediaType (Win32_LogicalDisk page)
_SECTOR, _SECTORS, _HEADS = 512, 63, 255


def firmware(view: View) -> Iterator[Instance]:
    """Yield the computer's firmware, with the serial number that Win32_ComputerSystemProduct shows."""
    name = "Hyper-V placement lab firmware 1.0"
    yield instance(
        "Win32_BIOS",
        {
            "BIOSVersion": ("LAB - 1", "1.0"), "BiosCharacteristics": (7, 11, 15), "Caption": name, "Description": name,
            "EmbeddedControllerMajorVersion": 255, "EmbeddedControllerMinorVersion": 255,
            "Manufacturer": "Hyper-V placement lab", "Name": name, "PrimaryBIOS": True, "ReleaseDate": INSTALLED,
            "SMBIOSBIOSVersion": "1.0", "SMBIOSMajorVersion": 3, "SMBIOSMinorVersion": 2, "SMBIOSPresent": True,
            "SerialNumber": f"LAB-{view.host.name}", "SoftwareElementID": name, "SoftwareElementState": _RUNNING,
            "Status": "OK", "SystemBiosMajorVersion": 1, "SystemBiosMinorVersion": 0,
            "TargetOperatingSystem": _UNKNOWN_SYSTEM, "Version": "LAB - 1",
        },
        namespace=CIMV2,
    )  # fmt: skip


def logical_disks(view: View) -> Iterator[Instance]:
    """Yield the volumes that have a letter, with the sizes of Win32_Volume."""
    for volume in view.host.volumes.values():
        if len(volume.path) != len("D:\\"):
            continue
        letter = volume.path[:2]
        yield instance(
            "Win32_LogicalDisk",
            {
                "Access": 0, "Caption": letter, "Compressed": False, "CreationClassName": "Win32_LogicalDisk",
                "Description": "Local Fixed Disk", "DeviceID": letter, "DriveType": _LOCAL_DISK,
                "FileSystem": "CSVFS" if volume.cluster else "NTFS",
                "FreeSpace": max(0, view.world.volume_free(view.host.name, volume.path) or 0),
                "MaximumComponentLength": 255, "MediaType": _FIXED_MEDIUM, "Name": letter, "QuotasDisabled": True,
                "Size": volume.capacity_bytes, "SupportsDiskQuotas": True, "SupportsFileBasedCompression": True,
                "SystemCreationClassName": "Win32_ComputerSystem", "SystemName": view.host.computer_name,
                "VolumeDirty": False, "VolumeName": volume.label,
            },
            namespace=CIMV2,
        )  # fmt: skip


def disk_drives(view: View) -> Iterator[Instance]:
    """Yield one disk as large as all volumes of the host together: the lab's volumes lie on nothing else."""
    size = sum(volume.capacity_bytes for volume in view.host.volumes.values() if not volume.cluster)
    sectors = size // _SECTOR
    name = r"\\.\PHYSICALDRIVE0"
    yield instance(
        "Win32_DiskDrive",
        {
            "BytesPerSector": _SECTOR, "Capabilities": (3, 4), "Caption": "Simulated disk",
            "CreationClassName": "Win32_DiskDrive", "Description": "Disk drive", "DeviceID": name, "Index": 0,
            "InterfaceType": "SCSI", "MediaLoaded": True, "MediaType": "Fixed hard disk media",
            "Model": "Simulated disk", "Name": name, "Partitions": len(view.host.volumes), "SCSIBus": 0,
            "SCSILogicalUnit": 0, "SCSIPort": 0, "SCSITargetId": 0, "SectorsPerTrack": _SECTORS,
            "SerialNumber": f"LAB-{view.host.name}-0", "Size": sectors * _SECTOR, "Status": "OK",
            "SystemCreationClassName": "Win32_ComputerSystem", "SystemName": view.host.computer_name,
            "TotalCylinders": sectors // (_SECTORS * _HEADS), "TotalHeads": _HEADS, "TotalSectors": sectors,
            "TotalTracks": sectors // _SECTORS, "TracksPerCylinder": _HEADS,
        },
        namespace=CIMV2,
    )  # fmt: skip


def local_time(view: View) -> Iterator[Instance]:
    """Yield the clock of the host, whose zone is UTC; Milliseconds is "not implemented" on its page, and NULL."""
    yield _time("Win32_LocalTime", view.shown_time(view.world.clock.now()))


def universal_time(view: View) -> Iterator[Instance]:
    """Yield the same clock in UTC."""
    yield _time("Win32_UTCTime", view.shown_time(view.world.clock.now()))


def _time(class_name: str, moment: datetime) -> Instance:
    moment = moment.astimezone(UTC)
    return instance(
        class_name,
        {
            "Day": moment.day, "DayOfWeek": moment.isoweekday() % 7, "Hour": moment.hour, "Minute": moment.minute,
            "Month": moment.month, "Quarter": (moment.month + 2) // 3, "Second": moment.second,
            "WeekInMonth": (moment.day + 6) // 7, "Year": moment.year,
        },
        namespace=CIMV2,
    )  # fmt: skip


def time_zones(view: View) -> Iterator[Instance]:
    """Yield the zone that CurrentTimeZone of other classes says."""
    del view
    name = "Coordinated Universal Time"
    switches = {
        f"{kind}{part}": 0
        for kind in ("Daylight", "Standard")
        for part in ("Bias", "Day", "DayOfWeek", "Hour", "Millisecond", "Minute", "Month", "Second", "Year")
    }
    yield instance(
        "Win32_TimeZone",
        {
            **switches, "Bias": 0, "Caption": f"(UTC) {name}", "DaylightName": name, "Description": f"(UTC) {name}",
            "StandardName": name,
        },
        namespace=CIMV2,
    )  # fmt: skip

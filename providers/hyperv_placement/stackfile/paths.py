r"""Which spellings of Windows paths a stack file may use, and what is wrong with the others."""

from __future__ import annotations

import ntpath
import re

from hyperv_placement.model import winpath

DISK_FOLDER = "Virtual Hard Disks"
"""Where Hyper-V's own layout puts disks beneath a machine's folder (Move-VM -DestinationStoragePath)."""

_DISK_FILES = (".vhdx", ".vhd", ".vhds", ".avhdx", ".avhd")
_PATH_CHARACTERS = re.compile(r"[\\/:]")
_DRIVE = re.compile(r"[A-Za-z]:")
_RESERVED = re.compile(r'[<>:"|?*\x00-\x1f]')
# Learn, "Naming Files, Paths, and Namespaces": reserved with any extension.
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9\xb9\xb2\xb3])(?:\..*)?", re.IGNORECASE)
_LONGEST_PART = 255
"""UTF-16 units in one part of a path on NTFS and ReFS (Learn, Win32_Volume.MaximumFileNameLength)."""
_EXAMPLE = r"such as 'D:\Hyper-V\VM001' or '\\server\share\VM001'"


def is_path(location: str) -> bool:
    """Say whether `location` is meant as a path; else it is the name of a storage root."""
    return _PATH_CHARACTERS.search(location) is not None


def is_disk_file(path: str) -> bool:
    """Say whether `path` names the file of a virtual hard disk rather than a folder."""
    return winpath.has_ending(path, _DISK_FILES)


def normalized(path: str) -> str:
    r"""Return an accepted path with backslashes and without a trailing one: `D:/VMs/` is `D:\VMs`."""
    return ntpath.normpath(path)


def path_problem(path: str) -> str | None:
    """Return what is wrong with `path` and what would be right, or None for a full Windows path."""
    spelled = path.replace("/", "\\")
    if spelled.startswith(("\\\\?\\", "\\\\.\\")):
        return rf"is a device path; write it without {spelled[:4]}, {_EXAMPLE}"
    if spelled.startswith("\\\\"):
        return _unc_problem(spelled[2:])
    if path.startswith("/"):
        return f"is a POSIX path; files of a virtual machine lie on Windows, {_EXAMPLE}"
    if not _DRIVE.match(spelled):
        return f"names no drive; write the full path, {_EXAMPLE}"
    if spelled[2:3] != "\\":
        return (
            rf"is relative to the current folder of drive {spelled[:2]}; write '{spelled[:2]}\{spelled[2:]}'"
        )
    return _parts_problem(spelled[3:])


def _unc_problem(rest: str) -> str | None:
    server, _, below = rest.partition("\\")
    if not server or not below.partition("\\")[0]:
        return r"names no share; write '\\server\share\folder', two backslashes in front and one between"
    return _parts_problem(rest)


def _parts_problem(rest: str) -> str | None:
    """Check the parts of a path that follow its drive."""
    parts = rest.removesuffix("\\").split("\\")
    if parts == [""]:
        return None
    return next((problem for part in parts if (problem := part_problem(part)) is not None), None)


def part_problem(part: str) -> str | None:
    """Return why no file or folder can have the name `part`, or None where it can."""
    if not part:
        return "has a doubled backslash; in single quotes or without quotes each backslash is written once"
    if part in {".", ".."}:
        return f"goes through '{part}'; write the path without it"
    if part[-1] in " .":
        return f"has a part that ends in a blank or a dot ('{part}'); Windows drops those, remove them"
    if len(part) > _LONGEST_PART:
        return f"has a part of {len(part)} characters; Windows allows {_LONGEST_PART}"
    return _reserved_problem(part)


def _reserved_problem(part: str) -> str | None:
    reserved = _RESERVED.search(part)
    if reserved is not None:
        return f"holds {reserved[0]!r} in '{part}', which Windows reserves; use another name"
    if "\x7f" in part:
        return f"holds a control character in {part!r}, which no stack file takes; use another name"
    if _DEVICE.fullmatch(part):
        return f"has a part named '{part}', which is a device of Windows; use another name"
    return None

"""CIM_DataFile: of all files of a host the one that clients read its version from."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import CIMV2, Instance
from lab.wmi.view import View, instance
from lab.world.builds import version_of

_FOLDER = "\\windows\\system32\\"


def data_files(view: View) -> Iterator[Instance]:
    """Yield vmms.exe, whose version virt-who takes for the hypervisor's; that its last part is 1 is a guess."""
    yield instance(
        "CIM_DataFile",
        {
            "CSCreationClassName": "Win32_ComputerSystem",
            "CSName": view.host.computer_name,
            "Caption": f"c:{_FOLDER}vmms.exe",
            "CreationClassName": "CIM_LogicalFile",
            "Drive": "c:",
            "Extension": "exe",
            "FSName": "NTFS",
            "FileName": "vmms",
            "FileType": "Application",
            "Manufacturer": "Microsoft Corporation",
            "Name": f"c:{_FOLDER}vmms.exe",
            "Path": _FOLDER,
            "Status": "OK",
            "Version": f"{version_of(view.host.build)}.1",
        },
        namespace=CIMV2,
    )

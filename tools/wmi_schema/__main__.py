"""`python -m tools.wmi_schema WIN32 WMI`: the lab's lists of properties anew, from clones of the two repositories.

WIN32 is a clone of MicrosoftDocs/win32, WMI one of microsoft/wmi; bare ones do. Names and types alone are taken.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.wmi_schema import pages, trees
from tools.wmi_schema.merge import Merger
from tools.workspace import PROJECT

_PLACE = PROJECT / "lab" / "wmi" / "schema"
_CIMV2 = [
    "Win32_OperatingSystem",
    "Win32_ComputerSystem",
    "Win32_Processor",
    "Win32_ComputerSystemProduct",
    "Win32_BIOS",
    "Win32_Process",
    "Win32_Service",
    "Win32_Volume",
    "Win32_LogicalDisk",
    "Win32_DiskDrive",
    "Win32_NetworkAdapter",
    "Win32_NetworkAdapterConfiguration",
    "Win32_Share",
    "Win32_PhysicalMemory",
    "Win32_QuickFixEngineering",
    "Win32_TimeZone",
    "Win32_LocalTime",
    "Win32_UTCTime",
    "CIM_DataFile",
    "Win32_ComputerSystemProcessor",
    "Win32_SystemOperatingSystem",
    "Win32_SystemServices",
    "Win32_SystemBIOS",
    "Win32_SystemProcesses",
]
_CLUSTER = [
    "MSCluster_Cluster",
    "MSCluster_Node",
    "MSCluster_Resource",
    "MSCluster_ResourceGroup",
    "MSCluster_Property",
    "MSCluster_Network",
    "MSCluster_ClusterSharedVolume",
    "MSCluster_ResourceGroupToResource",
    "MSCluster_ClusterToResourceGroup",
    "MSCluster_ClusterToResource",
]
_NAMESPACES: Mapping[str, tuple[str, str, str, Sequence[str]]] = {
    "virtualization": ("root/virtualization/v2", "desktop-src/HyperV_v2", "root/virtualization/v2", ("Msvm_*",)),
    "cimv2": ("root/cimv2", "desktop-src/CIMWin32Prov", "root/cimv2", _CIMV2),
    "cluster": ("root/MSCluster", "", "root/mscluster", _CLUSTER),
    "device_guard": (
        "root/Microsoft/Windows/DeviceGuard", "", "root/microsoft/windows/deviceguard", ("Win32_DeviceGuard",),
    ),
}  # fmt: skip
"""File -> WMI namespace, folder of its pages, folder of its lists, and the classes."""


def main(words: Sequence[str]) -> int:
    """Write the files of all namespaces."""
    if len(words) != 2:  # noqa: PLR2004 - the two clones
        sys.stderr.write("usage: python -m tools.wmi_schema WIN32 WMI\n")
        return 2
    win32, wmi = (Path(word) for word in words)
    for file, (namespace, folder, place, wanted) in _NAMESPACES.items():
        merger = Merger(
            dict(_pages(win32, folder)) if folder else {},
            dict(_tree(wmi, f"server2019/{place}")),
            dict(_tree(wmi, f"server23h2/{place}")),
            keep_unlisted=file == "cimv2",
        )
        names = [
            name
            for name in {**merger.older, **merger.newer, **merger.pages}
            if name in wanted or (wanted == ("Msvm_*",) and name.startswith("Msvm_"))
        ]
        content = {
            "namespace": namespace,
            "sources": {"MicrosoftDocs/win32": _commit(win32), "microsoft/wmi": _commit(wmi)},
            "classes": merger.classes(names),
        }
        text = json.dumps(content, indent=1, ensure_ascii=False)
        (_PLACE / f"{file}.json").write_text(f"{text}\n", encoding="utf-8")
    return 0


def _pages(clone: Path, folder: str) -> Iterator[tuple[str, tuple[str, pages.Page]]]:
    for name, text in _files(clone, folder):
        page = pages.read(text) if name.endswith(".md") else None
        if page is not None:
            yield page.name, (name, page)


def _tree(clone: Path, folder: str) -> Iterator[tuple[str, trees.TreeClass]]:
    for name, text in _files(clone, folder):
        found = trees.read(text) if name.endswith(".go") else None
        if found is not None:
            yield found.name, found


def _files(clone: Path, folder: str) -> Iterator[tuple[str, str]]:
    """Yield the files right in a folder, with their texts; none where the commit does not have it."""
    if not _git(clone, "ls-tree", "HEAD", folder):
        return
    with tarfile.open(fileobj=io.BytesIO(_git(clone, "archive", "HEAD", folder))) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None and Path(member.name).parent == Path(folder):
                yield member.name, content.read().decode("utf-8", "replace")


def _commit(clone: Path) -> str:
    return _git(clone, "rev-parse", "HEAD").decode().strip()


def _git(clone: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", str(clone), *words], check=True, capture_output=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Classes that older builds of Windows lack: a host that does not show one is held against its build."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.errors import WsmanFaultError
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import CIMV2

SERVER_2016 = 14393
"""Build of Windows Server 2016."""
_WINDOWS_1709 = 16299
_SINCE: Mapping[str, int] = {
    "Msvm_SecuritySettingData": SERVER_2016,
    "Msvm_PciExpressSettingData": SERVER_2016,
    "Msvm_GpuPartitionSettingData": _WINDOWS_1709,
}
"""Class -> the build that brought it (pages of the classes, minimum supported server; that partitions of a GPU, whose page names
Windows 10 1703, are not in Server 2016 is a guess)."""


def lacks_class(client: Client, class_name: str) -> bool:
    """Say whether the host's build is known to lack a class that it does not show; False also where the build cannot be read.

    A query of an unknown class is refused like any other that a host does not carry out (WinRb/WinRM, soap_fault_v2.xml), and its
    enumeration like one of anything that cannot be found: neither says that the class is not there.
    """
    since = _SINCE.get(class_name)
    build = None if since is None else read_build(client)
    return since is not None and build is not None and build < since


def read_build(client: Client) -> int | None:
    """Read the build of Windows; None where the host does not report it to this account. Raises the errors of transport."""
    try:
        rows = client.query("Win32_OperatingSystem", "BuildNumber", namespace=CIMV2)
    except WsmanFaultError as error:
        if error.retryable:
            raise
        return None
    # BuildNumber is a text (win32 page of the class).
    builds = [row.text("BuildNumber") for row in rows]
    return int(builds[0]) if len(builds) == 1 and builds[0].isdecimal() else None

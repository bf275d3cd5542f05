"""Who belongs to whom in root/cimv2 and root/MSCluster: pairs of references, as in `links`."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import CIMV2, MSCLUSTER
from lab.wmi.view import View

from .links import Pair


def _of_computer(view: View, class_name: str) -> Iterator[Pair]:
    for _, computer in view.all("Win32_ComputerSystem", CIMV2):
        for _, reference in view.all(class_name, CIMV2):
            yield computer, reference, {}


def processors(view: View) -> Iterator[Pair]:
    """Yield the computer and each processor (libvirt's hyperv driver counts them so)."""
    return _of_computer(view, "Win32_Processor")


def services(view: View) -> Iterator[Pair]:
    """Yield the computer and each service."""
    return _of_computer(view, "Win32_Service")


def operating_systems(view: View) -> Iterator[Pair]:
    """Yield the computer and the system that runs on it, the primary one."""
    for computer, reference, _ in _of_computer(view, "Win32_OperatingSystem"):
        yield computer, reference, {"PrimaryOS": True}


def firmware(view: View) -> Iterator[Pair]:
    """Yield the computer and its firmware."""
    return _of_computer(view, "Win32_BIOS")


def processes(view: View) -> Iterator[Pair]:
    """Yield the computer and each process."""
    return _of_computer(view, "Win32_Process")


def resources_of_groups(view: View) -> Iterator[Pair]:
    """Yield a role and each of its resources (microsoft/wmi finds a machine's so)."""
    groups = {
        row.text("Name").casefold(): reference
        for row, reference in view.all("MSCluster_ResourceGroup", MSCLUSTER)
    }
    for row, reference in view.all("MSCluster_Resource", MSCLUSTER):
        group = groups.get(row.text("OwnerGroup").casefold())
        if group is not None:
            yield group, reference, {}


def groups_of_cluster(view: View) -> Iterator[Pair]:
    """Yield the cluster and each role."""
    for _, cluster in view.all("MSCluster_Cluster", MSCLUSTER):
        for _, reference in view.all("MSCluster_ResourceGroup", MSCLUSTER):
            yield cluster, reference, {}


def resources_of_cluster(view: View) -> Iterator[Pair]:
    """Yield the cluster and each resource."""
    for _, cluster in view.all("MSCluster_Cluster", MSCLUSTER):
        for _, reference in view.all("MSCluster_Resource", MSCLUSTER):
            yield cluster, reference, {}

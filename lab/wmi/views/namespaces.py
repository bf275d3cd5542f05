"""Namespaces as the one above lists them: the class __Namespace, which every namespace has."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import CIMV2, DEVICE_GUARD, MSCLUSTER, VIRTUALIZATION, Instance
from lab.wmi import published
from lab.wmi.view import View, instance
from lab.world import LabHost
from lab.world.builds import SERVER_2016
from lab.world.objects import NO_CLUSTER_MADE

CLASS = "__NAMESPACE"
ROOT = "root"
ALL = (
    ROOT, "root/Microsoft", "root/Microsoft/Windows", DEVICE_GUARD, "root/virtualization", VIRTUALIZATION, CIMV2, MSCLUSTER,
)  # fmt: skip
"""Namespaces in which the lab serves something, and those above them."""


def namespaces(host: LabHost) -> tuple[str, ...]:
    """Return the namespaces that a host has and the lab serves, in their own spelling.

    Hosts without the feature Failover Clustering have no root/MSCluster (os-win clusterutils), those before 2016 no DeviceGuard.
    """
    clustering = host.cluster is not None or host.cluster_service == NO_CLUSTER_MADE
    there = {MSCLUSTER: clustering, DEVICE_GUARD: host.build >= SERVER_2016}
    return tuple(each for each in ALL if there.get(each, True))


def children(view: View, namespace: str) -> Iterator[Instance]:
    """Yield the namespaces right below one (win32 page of __Namespace)."""
    for name in (*namespaces(view.host), *published.NAMESPACES):
        above, _, own = name.rpartition("/")
        if above.casefold() == namespace.casefold():
            yield instance(CLASS, {"Name": own}, namespace=namespace)

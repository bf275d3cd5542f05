"""What a host's failover cluster says of its machines (root/MSCluster)."""

from __future__ import annotations

import re

from providers.errors import WsmanFaultError
from providers.wsman import MSCLUSTER, Instance

from .client import Client
from .faults import AbsentFaultError
from .rows import ClusterView

_ROLE = "Virtual Machine "
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def read_cluster(client: Client, computer_name: str) -> ClusterView:
    """Read the host's cluster: no such namespace = none. What else goes wrong leaves membership unknown."""
    try:
        clusters = client.query("MSCluster_Cluster", "Name", namespace=MSCLUSTER)
        name = next((row.text("Name") for row in clusters), None)
        if name is None:
            return ClusterView()
        resources = client.query("MSCluster_Resource", where={"Type": "Virtual Machine"}, namespace=MSCLUSTER)
    except AbsentFaultError:
        return ClusterView()
    except WsmanFaultError:
        return ClusterView(name="unknown", readable=False)
    return view_of(name, resources, computer_name)


def view_of(name: str, resources: list[Instance], computer_name: str) -> ClusterView:
    """Return what the resources of type `Virtual Machine` tell; any node answers for all nodes.

    A machine is a role by its VmID, a private property of the resource whose form over WS-Management is
    unverified, or else by the resource's name, `Virtual Machine <name>` (openstack/os-win clusterutils), which
    stays when the machine is renamed: so a name that fits no machine of its node leaves all of them in doubt.
    """
    ids: set[str] = set()
    names: set[str] = set()
    unidentified: set[str] = set()
    for row in resources:
        machine = row.text("Name").removeprefix(_ROLE).casefold()
        told = {guid.upper() for guid in _GUID.findall(row.text("PrivateProperties"))}
        ids |= told
        names.add(machine)
        if not told and _short(row.text("OwnerNode")) == _short(computer_name):
            unidentified.add(machine)
    return ClusterView(name=name, machines=frozenset(ids | names), unidentified=frozenset(unidentified))


def _short(node: str) -> str:
    return node.split(".", maxsplit=1)[0].casefold()

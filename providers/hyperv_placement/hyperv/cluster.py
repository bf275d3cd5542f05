"""What a host's failover cluster says of its machines (root/MSCluster)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from hyperv_placement.errors import ProtocolError, WsmanFaultError
from hyperv_placement.model.estate import UNKNOWN_CLUSTER
from hyperv_placement.model.names import VmId, dns, folded
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.faults import AbsentFaultError
from hyperv_placement.wsman import MSCLUSTER, Instance, objects_in

_ROLE, _VM_ID = "Virtual Machine ", "vmid"
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterView:
    """What a host's cluster says of its machines."""

    name: str | None = None
    """None: the host is in no cluster."""
    readable: bool = True
    machines: frozenset[str] = frozenset()
    """GUIDs (upper case) and names (case-folded) of clustered machines."""
    unidentified: frozenset[str] = frozenset()
    """Names, case-folded, of roles on this host that show no GUID."""

    def beside(self, names: Iterable[str]) -> ClusterView:
        """Return the view for a host with machines of these `names`: an unknown role may be any of them."""
        strange = self.unidentified - {folded(name) for name in names}
        return replace(self, readable=self.readable and not strange)

    def holds(self, vm: VmId, name: str) -> bool | None:
        """Say whether a machine is a role of the cluster; None where the cluster cannot be read."""
        if vm in self.machines or folded(name) in self.machines:
            return True
        return False if self.readable else None


def read_name_and_limit(client: Client) -> tuple[str | None, int | None]:
    """Read the name of the host's cluster, and how many migrations it lets a node run; None where it reports no limit.

    MaximumParallelMigrations came with the updates of September 2022 (Get-Cluster page).
    """
    try:
        clusters = client.query("MSCluster_Cluster", "Name", "MaximumParallelMigrations", namespace=MSCLUSTER)
    except AbsentFaultError:  # no namespace root/MSCluster: without the feature a host is no node
        return None, None
    except WsmanFaultError:
        return UNKNOWN_CLUSTER, None
    row = next(iter(clusters), None)
    return (None, None) if row is None else (row.text("Name"), row.number("MaximumParallelMigrations"))


def read_cluster(client: Client, computer_name: str) -> ClusterView:
    """Read the host's cluster. Without the namespace there is no cluster; any other fault leaves membership unknown."""
    try:
        clusters = client.query("MSCluster_Cluster", "Name", namespace=MSCLUSTER)
        name = next((row.text("Name") for row in clusters), None)
        if name is None:
            return ClusterView()
    except AbsentFaultError:
        return ClusterView()
    except WsmanFaultError:
        # The namespace is there and does not answer: the host may be a node, and roles are never moved past their cluster.
        return ClusterView(name=UNKNOWN_CLUSTER, readable=False)
    try:
        resources = client.query(
            "MSCluster_Resource", where={"Type": "Virtual Machine"}, namespace=MSCLUSTER, kept=_kept
        )
    except WsmanFaultError:
        return ClusterView(name=name, readable=False)
    return view_of(name, resources, computer_name)


def _kept(row: Instance) -> Instance:
    """Return what identifies a machine: a cluster has up to 8,000, with some fifty properties each."""
    reported = {name: row.text(name) for name in ("Name", "OwnerNode", "Type") if name in row.properties}
    return Instance("MSCluster_Resource", {**reported, "PrivateProperties": _private(row)}, MSCLUSTER)


def _private(row: Instance) -> Instance:
    """Return the private properties of a resource that hold GUIDs, with their names case-folded.

    They are an object of a class that the cluster makes at run time, as MSCluster_Property_Resource_Physical_Disk
    (dsccommunity/SqlServerDsc issue 484). Of a text that is no object, nothing says what a GUID in it is: it is the machine's.
    """
    try:
        objects = objects_in(row["PrivateProperties"], namespace=MSCLUSTER)
    except ProtocolError:
        objects = (Instance("", {_VM_ID: row.text("PrivateProperties")}),)
    found = {name.casefold(): _GUID.findall(each.text(name)) for each in objects for name in each.properties}
    return Instance("", {name: " ".join(guids) for name, guids in found.items() if guids}, MSCLUSTER)


def view_of(name: str, resources: list[Instance], computer_name: str) -> ClusterView:
    """Return what the resources of type `Virtual Machine` show; any node answers for all nodes.

    A machine is a role by its VmID, a private property of the resource (that it is called so over WS-Management is
    unverified), or else by the resource's name, `Virtual Machine <name>` (openstack/os-win clusterutils), which
    stays when the machine is renamed: so a name that fits no machine of its node leaves all of them in doubt.
    """
    ids: set[str] = set()
    names: set[str] = set()
    unidentified: set[str] = set()
    for row in resources:
        machine = folded(row.text("Name").removeprefix(_ROLE))
        private = _private(row)
        # Without a VmID, any GUID may be the machine's, and none need be: others name volumes.
        ids |= {guid.upper() for words in private.words() for guid in words.split()}
        names.add(machine)
        if not private.text(_VM_ID) and _short(row.text("OwnerNode")) == _short(computer_name):
            unidentified.add(machine)
    return ClusterView(name=name, machines=frozenset(ids | names), unidentified=frozenset(unidentified))


def _short(node: str) -> str:
    return dns(node).partition(".")[0]

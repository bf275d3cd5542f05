"""What a host's failover cluster says of its machines (root/MSCluster)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from hyperv_placement.errors import ProtocolError, WsmanFaultError
from hyperv_placement.model.estate import UNKNOWN_CLUSTER, UnreadCluster
from hyperv_placement.model.names import VmId, folded
from hyperv_placement.model.own_name import begins_alike
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import MSCLUSTER, Instance, objects_in

from .membership import read_membership

_ROLE, _VM_ID = "Virtual Machine ", "vmid"
_RENAMED = "Name these roles like their machines in Failover Cluster Manager, and run again"
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
    unread: UnreadCluster | None = None
    """Why it cannot be read, where that is known."""

    def beside(self, names: Iterable[str]) -> ClusterView:
        """Return the view for a host with machines of these `names`: an unknown role may be any of them."""
        strange = self.unidentified - {folded(name) for name in names}
        if not self.readable or not strange:
            return self
        why = f"cluster {self.name} has roles here that show no GUID and are called like no machine: {', '.join(sorted(strange))}"
        return replace(self, readable=False, unread=UnreadCluster(why=why, remedy=_RENAMED))

    def holds(self, vm: VmId, name: str) -> bool | None:
        """Say whether a machine is a role of the cluster; None where the cluster cannot be read."""
        if vm in self.machines or folded(name) in self.machines:
            return True
        return False if self.readable else None


def read_name_and_limit(client: Client) -> tuple[str | None, int | None]:
    """Read the name of the host's cluster, and how many migrations it lets a node run; None where it reports no limit.

    MaximumParallelMigrations came with the updates of September 2022 (Get-Cluster page).
    """
    found = read_membership(client, "Name", "MaximumParallelMigrations")
    if found.row is not None:
        return found.row.text("Name"), found.row.number("MaximumParallelMigrations")
    return (None if found.unread is None else UNKNOWN_CLUSTER), None


def read_cluster(client: Client, computer_name: str) -> ClusterView:
    """Read the host's cluster and which machines are its roles. What is not known of it leaves membership unknown."""
    found = read_membership(client, "Name")
    if found.unread is not None:
        # The host may be a node, and roles are never moved past their cluster.
        return ClusterView(name=UNKNOWN_CLUSTER, readable=False, unread=found.unread)
    if found.row is None:
        return ClusterView()
    name = found.row.text("Name")
    try:
        resources = client.query(
            "MSCluster_Resource", where={"Type": "Virtual Machine"}, namespace=MSCLUSTER, kept=_kept
        )
    except WsmanFaultError as error:
        why = f"the machines of cluster {name} could not be read: {error.message}"
        return ClusterView(name=name, readable=False, unread=UnreadCluster(why=why, remedy=error.remedy))
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
    found = {folded(name): _GUID.findall(each.text(name)) for each in objects for name in each.properties}
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
        owner = row.text("OwnerNode")  # one that shows none may be here
        if not private.text(_VM_ID) and (not owner or begins_alike(owner, computer_name)):
            unidentified.add(machine)
    return ClusterView(name=name, machines=frozenset(ids | names), unidentified=frozenset(unidentified))

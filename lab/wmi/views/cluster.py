"""The failover cluster as its WMI provider shows it: only hosts within a cluster have this namespace."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import MSCLUSTER, Instance, Value
from lab.wmi.view import View, instance
from lab.world import LabVm

_VM_GROUP = 111  # GroupType: virtual machine (os-win clusterutils)
_CORE_GROUP = 1
_ONLINE_GROUP, _ONLINE_RESOURCE = 0, 2


def _members(view: View) -> Iterator[tuple[str, LabVm]]:
    """Yield the clustered machines of every node, with the node's name; any node answers for all."""
    for host in view.world.hosts.values():
        if host.cluster == view.host.cluster:
            yield from ((host.computer_name, vm) for vm in host.vms() if vm.clustered)


def clusters(view: View) -> Iterator[Instance]:
    """Yield the cluster; MaximumParallelMigrations defaults to 1 since 2022-09 (Get-Cluster page)."""
    name = view.host.cluster or ""
    yield _row(
        "MSCluster_Cluster",
        {
            "Caption": name,
            "Fqdn": f"{name}.{view.host.domain}",
            "MaximumParallelMigrations": 1,
            "Name": name,
        },
    )


def resources(view: View) -> Iterator[Instance]:
    """Yield each machine's resource: `Virtual Machine <name>`, not localised (os-win clusterutils).

    PrivateProperties is an object of a class that the cluster makes at run time, as
    MSCluster_Property_Resource_Physical_Disk (dsccommunity/SqlServerDsc issue 484); that of a machine's is called alike, a guess.
    """
    for node, vm in _members(view):
        name = f"Virtual Machine {vm.name}"
        yield _row(
            "MSCluster_Resource",
            {
                "Caption": name,
                "CoreResource": False,
                "Id": vm.id.lower(),
                "Name": name,
                "OwnerGroup": vm.name,
                "OwnerNode": node,
                "PrivateProperties": Instance(
                    "MSCluster_Property_Resource_Virtual_Machine", {"VmID": vm.id.lower()}, MSCLUSTER
                ),
                "State": _ONLINE_RESOURCE,
                "Type": "Virtual Machine",
            },
        )


def groups(view: View) -> Iterator[Instance]:
    """Yield the machines' roles and the cluster's own group."""
    nodes = [h.computer_name for h in view.world.hosts.values() if h.cluster == view.host.cluster]
    yield _group("Cluster Group", nodes[0], _CORE_GROUP)
    for node, vm in _members(view):
        yield _group(vm.name, node, _VM_GROUP)


def _group(name: str, node: str, kind: int) -> Instance:
    return _row(
        "MSCluster_ResourceGroup",
        {
            "Caption": name,
            "GroupType": kind,
            "Id": name,
            "Name": name,
            "OwnerNode": node,
            "State": _ONLINE_GROUP,
            "StatusInformation": 0,
        },
    )


def _row(class_name: str, values: dict[str, Value]) -> Instance:
    return instance(class_name, values, namespace=MSCLUSTER)

"""Whether a host is a node of a failover cluster: its cluster, none, or unknown with what would settle it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hyperv_placement.errors import WsmanFaultError
from hyperv_placement.model.estate import UnreadCluster
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.faults import AccessDeniedFaultError, NoNamespaceFaultError
from hyperv_placement.winrm.namespaces import ROOT, Above, query_if_there
from hyperv_placement.wsman import MSCLUSTER, EndpointReference, Instance, resource_uri

_CLUSTER = "MSCluster_Cluster"
_NOT_INSTALLED, _NOT_CONFIGURED, _NOT_RUNNING, _RUNNING = 0, 1, 3, 19
"""ClusterState of GetNodeClusterState (its page, NODE_CLUSTER_STATE)."""
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What is known of a host's cluster."""

    row: Instance | None = None
    """MSCluster_Cluster; None: the host is in no cluster, or it is not known."""
    unread: UnreadCluster | None = None
    """Why it is not known."""


@dataclass(slots=True)
class _Doubt:
    """What stands in the way of an answer, as it is found."""

    client: Client
    why: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    """Namespaces that the account may not read."""
    state: str = ""
    """What the host says of its cluster service, where it says it."""

    def add(self, error: WsmanFaultError, namespace: str) -> None:
        if isinstance(error, AccessDeniedFaultError):
            self.denied.append(namespace)
        else:
            self.why.append(error.message)

    def unread(self) -> UnreadCluster:
        host = self.client.host.name
        if self.state or not self.denied:
            return UnreadCluster(
                why=self.state or next(iter(self.why), f"{host} does not say whether it is in a cluster"),
                remedy=f"See to the Cluster service of {host}; move what is clustered with Failover Cluster Manager",
            )
        namespaces = " and ".join(dict.fromkeys(self.denied))
        return UnreadCluster(
            why=f"the account may not read {namespaces} on {host}, and so not whether it is in a cluster",
            remedy=f"Let the account read {namespaces} there (wmimgmt.msc, Security: Enable Account and Remote Enable)",
        )


def read_membership(client: Client, *properties: str) -> Membership:
    """Read the host's cluster; `properties`: of MSCluster_Cluster. Raises the errors of transport.

    A row proves a node. A lone host is one whose answer proves that the namespace is not there, or one that says itself that
    no cluster was made on it. All else is unknown: a node whose cluster service is down may show no row, either.
    """
    doubt, above = _Doubt(client), Above(client, MSCLUSTER)
    try:
        rows = query_if_there(client, _CLUSTER, *properties, namespace=MSCLUSTER, above=above)
    except NoNamespaceFaultError:
        return Membership()
    except WsmanFaultError as error:
        rows = []
        doubt.add(error, MSCLUSTER)
    named = next((row for row in rows if row.text("Name")), None)
    if named is not None:
        return Membership(row=named)
    if above.refusal is not None:
        doubt.add(above.refusal, ROOT)
    lone = _says_lone(client, doubt) and not rows  # whatever its name, a row is a cluster's
    return Membership() if lone else Membership(unread=doubt.unread())


def _says_lone(client: Client, doubt: _Doubt) -> bool:
    """Ask the host for the state of its cluster service, by a static method, which needs no cluster."""
    host = client.host.name
    try:
        # Without selectors: a static method is called on the class (win32 WinRM page on scripting, Win32_Process.Create; that this
        # provider takes it so is unverified).
        answer = client.ask(
            EndpointReference(resource_uri(_CLUSTER, MSCLUSTER), {}), "GetNodeClusterState", {}
        )
    except WsmanFaultError as error:
        doubt.add(error, MSCLUSTER)
        return False
    reported = str(answer.outputs.get("ClusterState"))
    # The method has no return value (its page); one that is not 0 is a failure, whose outputs mean nothing.
    answered = answer.return_value in {None, 0} and _NUMBER.fullmatch(reported)
    state = int(reported) if answered else None
    if state == _NOT_RUNNING:
        doubt.state = f"the Cluster service of {host} is configured and does not run"
    elif state == _RUNNING:
        doubt.state = f"the Cluster service of {host} runs, and shows no cluster to this account"
    return state in {_NOT_INSTALLED, _NOT_CONFIGURED}

"""MSCluster_Cluster.GetNodeClusterState: a static method, which answers without a cluster too."""

from __future__ import annotations

from lab.world.objects import CLUSTER_RUNS, CLUSTER_STOPPED, NO_CLUSTER_MADE

from .call import Call, Outputs

_STATES = {NO_CLUSTER_MADE: 1, CLUSTER_STOPPED: 3, CLUSTER_RUNS: 19}
"""ClusterState (page of the method, NODE_CLUSTER_STATE)."""


def node_state(call: Call) -> Outputs:
    """Return the state of the host's cluster service; the method has no return value (its page)."""
    call.expect()
    return {"ClusterState": _STATES[call.reader.host.cluster_service]}

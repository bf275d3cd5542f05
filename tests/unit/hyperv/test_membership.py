"""Which hosts are taken to be in no cluster: those whose answers prove it, in whatever form, and never a node."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hyperv_placement.hyperv.cluster import read_cluster, read_name_and_limit
from hyperv_placement.model.estate import UNKNOWN_CLUSTER
from hyperv_placement.winrm.faults import NoNamespaceFaultError, fault_error
from hyperv_placement.wsman import Enumerate, Fault, decode_response, resource_uri
from tests.estates import guid
from tests.unit.winrm.answers import Answering, output, projected, rows

from .absent_forms import PROVEN, UNPROVEN

ALL = {**PROVEN, **UNPROVEN}
DENIED = UNPROVEN["denied"]
THERE = rows(projected(Name="MSCluster"))
CLUSTER = rows(projected(Name="CL1"))
NODE_STATE = "GetNodeClusterState"


def state(number: int | str) -> bytes:
    """Return what GetNodeClusterState answers."""
    return output("MSCluster_Cluster", NODE_STATE, "root/MSCluster", ClusterState=str(number))


def host(
    query: bytes,
    plain: bytes | None = None,
    *,
    above: bytes | None = None,
    service: bytes = UNPROVEN["not found"],
) -> Answering:
    """Be a host: its answers to queries of the cluster, to its plain enumeration, in `root`, and to the static method."""

    def answer(namespace: str, question: str) -> bytes:
        if namespace == "root":
            return rows() if above is None else above
        if question == NODE_STATE:
            return service
        return query if " " in question or plain is None else plain

    return Answering(answer)


def is_clustered(client: Answering) -> bool | None:
    """Return what is made of a machine of this host."""
    return read_cluster(client, "HV1").holds(guid(1), "web")


@pytest.mark.parametrize("plain", list(ALL))
@pytest.mark.parametrize("query", list(ALL))
def test_a_lone_host_is_lone_whichever_form_says_so(query: str, plain: str) -> None:
    """`root` lists no MSCluster; two requests at most, and one from the second reading on."""
    lone = host(ALL[query], ALL[plain])
    assert is_clustered(lone) is False
    assert len(lone.asked) <= 2
    lone.asked.clear()
    assert read_name_and_limit(lone) == (None, None)
    assert len(lone.asked) == 1


@pytest.mark.parametrize("form", list(PROVEN))
def test_a_fault_that_proves_it_is_enough(form: str) -> None:
    """Nothing else is asked: `root` may be closed to the account."""
    lone = host(PROVEN[form], above=DENIED)
    assert is_clustered(lone) is False
    assert len(lone.asked) == 1


@pytest.mark.parametrize("form", list(PROVEN))
def test_the_plain_enumeration_may_prove_it(form: str) -> None:
    """A refused query, a closed `root`, and then an answer that leaves no doubt."""
    assert is_clustered(host(UNPROVEN["wmi error, refused filter"], PROVEN[form], above=DENIED)) is False


@pytest.mark.parametrize("form", list(UNPROVEN))
def test_a_fault_that_proves_nothing_leaves_it_unknown(form: str) -> None:
    """Any refused query has 2150858778, and anything that cannot be found 2150858752; the right that would settle it is named."""
    unsure = host(UNPROVEN[form], above=DENIED)
    assert read_name_and_limit(unsure) == (UNKNOWN_CLUSTER, None)
    view = read_cluster(unsure, "HV1")
    assert view.holds(guid(1), "web") is None
    assert view.unread is not None
    assert "the account may not read root" in view.unread.why
    assert "Enable Account" in view.unread.remedy


@pytest.mark.parametrize("above", [THERE, DENIED, UNPROVEN["internal, no detail"], PROVEN["provider's code"]])
@pytest.mark.parametrize("service", [state(3), state(19), state(7), state("none"), *UNPROVEN.values()])
@pytest.mark.parametrize("answer", [rows(), *UNPROVEN.values()])
def test_a_node_is_never_lone(answer: bytes, service: bytes, above: bytes) -> None:
    """Its service may be down, its rows may be hidden, its answers may be refusals of any kind."""
    assert is_clustered(host(answer, above=above, service=service)) is None


def test_a_node_is_known_by_its_cluster() -> None:
    """One request, and nothing is asked above."""
    node = host(CLUSTER)
    assert read_name_and_limit(node) == ("CL1", None)
    assert [namespace for namespace, _ in node.asked] == ["root/MSCluster"]


def test_a_property_that_the_cluster_lacks_is_no_absence() -> None:
    """Before September 2022 there is no MaximumParallelMigrations: the query is refused just as that of a missing namespace."""

    def answer(namespace: str, question: str) -> bytes:
        if namespace == "root":
            return THERE
        return UNPROVEN["wmi error, refused filter"] if "Maximum" in question else CLUSTER

    assert read_name_and_limit(Answering(answer)) == ("CL1", None)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("answer", [rows(), *UNPROVEN.values()])
@pytest.mark.parametrize("above", [THERE, DENIED])
def test_the_feature_without_a_cluster_is_lone(answer: bytes, number: int, above: bytes) -> None:
    """The namespace is there, and the host says that no cluster was made on it."""
    assert is_clustered(host(answer, above=above, service=state(number))) is False


@pytest.mark.parametrize("answer", [rows(), DENIED])
def test_a_namespace_that_is_listed_without_its_name_is_there(answer: bytes) -> None:
    """The host was asked for the one of that name."""
    assert is_clustered(host(answer, above=rows(projected(Caption="x")))) is None


@pytest.mark.parametrize("number", [0, 1])
def test_a_row_without_a_name_is_still_that_of_a_node(number: int) -> None:
    """The host contradicts itself, and what it says against a node does not count."""
    nameless = rows(projected(Name=""))
    assert is_clustered(host(nameless, above=THERE, service=state(number))) is None


def test_a_call_that_failed_says_nothing_of_the_service() -> None:
    """The page has no return value; a provider that has one and failed leaves its outputs at 0."""
    failed = output(
        "MSCluster_Cluster", NODE_STATE, "root/MSCluster", ClusterState="0", ReturnValue="2147942405"
    )
    assert is_clustered(host(rows(), above=THERE, service=failed)) is None


def test_a_stopped_service_is_said() -> None:
    """Configured and not running: a node, whose roles nobody can see."""
    view = read_cluster(host(UNPROVEN["internal, no detail"], above=THERE, service=state(3)), "HV1")
    assert view.unread is not None
    assert view.unread.why == "the Cluster service of hv1 is configured and does not run"


def test_a_host_that_becomes_a_node_is_seen_at_the_next_reading() -> None:
    """What was absent is asked for again, above first."""
    answers: dict[str, Callable[[], bytes]] = {
        "root": rows,
        "root/MSCluster": lambda: UNPROVEN["wmi error alone"],
    }
    client = Answering(lambda namespace, _: answers[namespace]())
    assert read_name_and_limit(client) == (None, None)
    answers.update({"root": lambda: THERE, "root/MSCluster": lambda: CLUSTER})
    assert read_name_and_limit(client) == ("CL1", None)


@pytest.mark.parametrize("form", list(ALL))
def test_only_proof_is_an_error_of_its_own(form: str) -> None:
    """The kind of error decides for every namespace that may be absent."""
    response = decode_response(ALL[form])
    assert isinstance(response, Fault)
    request = Enumerate(
        resource_uri=resource_uri("*", "root/MSCluster"), query="SELECT Name FROM MSCluster_Cluster"
    )
    error = fault_error(host(b"").host.name, request, response)
    assert isinstance(error, NoNamespaceFaultError) == (form in PROVEN)

"""Which machines of a host are roles of its failover cluster."""

from __future__ import annotations

import pytest

from hyperv_placement.hyperv.cluster import ClusterView, view_of
from hyperv_placement.wsman import MSCLUSTER, Instance
from tests.estates import guid


def resource(name: str, node: str = "HV1", properties: str = "") -> Instance:
    """Return a resource of type Virtual Machine."""
    values = {"Name": f"Virtual Machine {name}", "OwnerNode": node, "PrivateProperties": properties}
    return Instance("MSCluster_Resource", values, MSCLUSTER)


def view(*resources: Instance, names: tuple[str, ...] = ("web", "db")) -> ClusterView:
    """Return the cluster as HV1 with machines of `names` sees it."""
    return view_of("CL1", list(resources), "HV1").beside(names)


@pytest.mark.parametrize(
    "properties", [f"VmID={guid(1)}", f"<VmID>{guid(1).lower()}</VmID>", f"a b {guid(1)}"]
)
def test_a_role_is_known_by_its_vmid_in_any_form(properties: str) -> None:
    """How the private property travels is unverified; the GUID in it is not localised."""
    found = view(resource("old name", properties=properties))
    assert found.holds(guid(1), "renamed") is True
    assert found.holds(guid(2), "db") is False


def test_a_role_without_a_vmid_is_known_by_its_name() -> None:
    """Names compare without case."""
    found = view(resource("WEB"))
    assert found.holds(guid(1), "web") is True
    assert found.holds(guid(2), "db") is False


def test_a_role_that_fits_no_machine_puts_all_in_doubt() -> None:
    """Its machine may have been renamed: none of them is moved then."""
    found = view(resource("former name"))
    assert found.holds(guid(1), "web") is None


def test_a_role_of_another_node_puts_nobody_in_doubt() -> None:
    """Any node answers for the whole cluster; node names may be full."""
    assert view(resource("elsewhere", node="HV2.corp.example")).holds(guid(1), "web") is False
    assert view(resource("former name", node="hv1.corp.example")).holds(guid(1), "web") is None


@pytest.mark.parametrize(
    ("node", "here"),
    [
        ("hyperv-frankfurt-01", True),
        ("HYPERV-FRANKFUR", True),
        ("hyperv-frankfurt-01.corp.example", True),
        ("hyperv-frank", False),
        ("", True),
    ],
)
def test_an_owner_may_have_a_longer_name_than_its_host_reports(node: str, *, here: bool) -> None:
    """Which of its two names a cluster shows is not known; a host reports 15 characters of itself."""
    found = view_of("CL1", [resource("former name", node=node)], "HYPERV-FRANKFUR").beside(["web"])
    assert found.holds(guid(1), "web") is (None if here else False)


def test_a_cluster_that_cannot_be_read_leaves_membership_unknown() -> None:
    """Unknown is not no."""
    assert ClusterView(name="unknown", readable=False).beside(["web"]).holds(guid(1), "web") is None
    assert ClusterView().beside(["web"]).holds(guid(1), "web") is False

"""WMI namespaces that a host does not have: each form in which it may say so, and what our client makes of it on each build."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.cluster import ClusterView, read_cluster, read_name_and_limit
from hyperv_placement.hyperv.host_facts import read_credential_guard
from hyperv_placement.hyperv.inventory import read_for_moves, read_host
from hyperv_placement.model.estate import UNKNOWN_CLUSTER
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.wsman import (
    CIMV2,
    DEVICE_GUARD,
    MSCLUSTER,
    VIRTUALIZATION,
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Fault,
    Invoke,
    InvokeResponse,
    Request,
    Response,
    catalogue,
    resource_uri,
)
from lab.directory.accounts import HOST_OPERATORS
from lab.wmi.absent import no_such_namespace
from lab.wmi.accounts import User
from lab.world.builds import BUILDS, SERVER_2016
from lab.world.objects import ABSENT_FORMS, CLUSTER_STOPPED, NO_CLUSTER_MADE
from tests.clocks import FastClock
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER, Desk

ROOT = "root"
STATE = Invoke(
    target=EndpointReference(resource_uri("MSCluster_Cluster", MSCLUSTER), {}), method="GetNodeClusterState"
)
OPERATOR = User(name="LAB\\operator", local=False, groups=frozenset({HOST_OPERATORS}))


class AtDesk(Client):
    """Our client before a service without sockets."""

    def __init__(self, desk: Desk) -> None:
        """Ask at this desk."""
        spec = HostSpec(
            name=HostName("hv1"), endpoint="https://hv1.lab.example:5986/wsman", connection=Connection()
        )
        super().__init__(spec, Logins(), FastClock())
        self._desk = desk

    def _exchange(self, request: Request) -> Response:
        return self._desk.send(request)


def as_operator(at: Desk) -> None:
    """Be a member of the two groups, and no administrator."""
    at.caller = replace(at.caller, user=OPERATOR)


def children(at: Desk, namespace: str) -> set[str]:
    """Return what a namespace lists."""
    rows = AtDesk(at).query("__NAMESPACE", "Name", namespace=namespace)
    return {row.text("Name") for row in rows}


def query(namespace: str) -> Enumerate:
    """Return a query of what is not there."""
    return Enumerate(resource_uri=resource_uri("*", namespace), query="SELECT * FROM Any_Class")


def plain(namespace: str) -> Enumerate:
    """Return an enumeration of what is not there."""
    return Enumerate(resource_uri=resource_uri("Any_Class", namespace))


@pytest.mark.parametrize("release", BUILDS)
@pytest.mark.parametrize("form", ABSENT_FORMS)
def test_a_lone_host_is_read_whole(desk: MAKER, form: str, release: str) -> None:
    """No cluster, no device, no virtual TPM and no Credential Guard: none of it in doubt, whatever form says so."""
    at = desk(estate(machine("WEB01"), build=BUILDS[release], absent_form=form))
    client = AtDesk(at)
    (vm,) = read_for_moves(client, read_host(client).vms, "HV1", [])
    assert (vm.clustered, vm.cluster_unread, vm.vtpm) == (False, None, False)
    assert vm.devices is not None
    assert not vm.devices.assigned
    assert not vm.devices.gpu_partitions
    assert read_name_and_limit(client) == (None, None)
    assert read_credential_guard(client) is False


@pytest.mark.parametrize("form", ABSENT_FORMS)
def test_a_node_is_never_lone(desk: MAKER, form: str) -> None:
    """Whatever it says where it has nothing: its cluster is there, or its service is down, or its namespaces are closed."""
    at = desk(estate(machine("WEB01"), cluster="CL1", absent_form=form))
    host = at.service.host
    assert read_name_and_limit(AtDesk(at)) == ("CL1", 1)
    host.cluster_service = CLUSTER_STOPPED
    view = read_cluster(AtDesk(at), "HV1")
    assert (view.name, view.readable) == (UNKNOWN_CLUSTER, False)
    assert view.unread is not None
    assert "configured and does not run" in view.unread.why
    host.closed_namespaces = [MSCLUSTER]
    view = read_cluster(AtDesk(at), "HV1")
    assert view.unread is not None
    assert MSCLUSTER in view.unread.why
    host.closed_namespaces = [ROOT, MSCLUSTER]
    assert read_name_and_limit(AtDesk(at)) == (UNKNOWN_CLUSTER, None)


@pytest.mark.parametrize("form", ABSENT_FORMS)
def test_a_closed_root_is_unknown_and_named(desk: MAKER, form: str) -> None:
    """Only a fault that proves it is enough then."""
    at = desk(estate(machine("WEB01"), absent_form=form, closed_namespaces=(ROOT,)))
    view = read_cluster(AtDesk(at), "HV1")
    if form in {"hresult", "provider", "selectors"}:
        assert view == ClusterView()
        return
    assert view.unread is not None
    assert "the account may not read root" in view.unread.why
    assert "Enable Account and Remote Enable" in view.unread.remedy


def test_the_feature_without_a_cluster(desk: MAKER) -> None:
    """The namespace is there and answers nothing but the state of the service."""
    at = desk(estate(machine("WEB01"), cluster_service=NO_CLUSTER_MADE))
    assert "MSCluster" in children(at, ROOT)
    answer = at.send(STATE)
    assert isinstance(answer, InvokeResponse)
    assert dict(answer.outputs) == {"ClusterState": "1"}
    assert read_name_and_limit(AtDesk(at)) == (None, None)


@pytest.mark.parametrize(
    ("cluster", "state", "number"), [("CL1", "running", 19), ("CL1", CLUSTER_STOPPED, 3)]
)
def test_the_state_of_a_node(desk: MAKER, cluster: str, state: str, number: int) -> None:
    """The static method answers while the service is down; with a selector it is called on no class."""
    at = desk(estate(cluster=cluster, cluster_service=state))
    answer = at.send(STATE)
    assert isinstance(answer, InvokeResponse)
    assert answer.outputs["ClusterState"] == str(number)
    wrong = replace(STATE, target=EndpointReference(STATE.target.resource_uri, {"Name": cluster}))
    assert at.fault(wrong).subcode == "InvalidSelectors"


def test_namespaces_are_listed_by_the_one_above(desk: MAKER) -> None:
    """Those that the lab does not serve as well: a host has them."""
    at = desk(estate())
    assert {"cimv2", "Microsoft", "virtualization", "default", "WMI"} <= children(at, ROOT)
    assert "MSCluster" not in children(at, ROOT)
    assert children(at, "root/virtualization") == {"v2"}
    assert children(at, VIRTUALIZATION) == set()
    assert "DeviceGuard" in children(at, "root/Microsoft/Windows")
    at.service.host.build = SERVER_2016 - 1
    assert "DeviceGuard" not in children(at, "root/Microsoft/Windows")


@pytest.mark.parametrize("form", ABSENT_FORMS)
def test_every_form_answers_queries_and_enumerations(desk: MAKER, form: str) -> None:
    """A namespace of nobody's, one that this build lacks, in each form its own."""
    at = desk(estate(build=BUILDS["2012R2"], absent_form=form))
    for message, by_query in ((query(DEVICE_GUARD), True), (plain(MSCLUSTER), False)):
        fault = at.fault(message)
        namespace = DEVICE_GUARD if by_query else MSCLUSTER
        expected = no_such_namespace(form, "hv1", namespace, by_query=by_query)
        assert (fault.subcode, fault.wsman_code, fault.codes) == (
            expected.subcode, expected.wsman_code, expected.codes,
        )  # fmt: skip


def test_the_default_form_is_that_of_a_client_in_production(desk: MAKER) -> None:
    """An error of CIM with the number of any refused query (virt-who, hyperv.py); a plain enumeration finds nothing."""
    at = desk(estate())
    fault = at.fault(query(MSCLUSTER))
    assert (fault.subcode, fault.codes) == (
        "CannotProcessFilter",
        frozenset({catalogue.CANNOT_PROCESS_FILTER}),
    )
    assert at.fault(plain(MSCLUSTER)).wsman_code == catalogue.DESTINATION_UNREACHABLE


def test_an_unknown_class_is_refused_as_recorded(desk: MAKER) -> None:
    """WinRb/WinRM, soap_fault_v2.xml: no code of WMI anywhere, only its words."""
    fault = desk(estate()).fault(query(VIRTUALIZATION))
    assert fault.codes == {catalogue.CANNOT_PROCESS_FILTER}
    assert fault.texts == ("The specified class does not exist in the given namespace.",)


def test_little_is_asked_of_a_lone_host(desk: MAKER) -> None:
    """One request more than before at the first reading, none later."""
    at = desk(estate())
    client, counts = AtDesk(at), at.service.counts
    read_name_and_limit(client)
    assert counts == Counter(Enumerate=2)
    read_name_and_limit(client)
    assert counts == Counter(Enumerate=3)


def test_what_members_of_the_two_groups_read(desk: MAKER) -> None:
    """root/cimv2 (virt-who README.hyperv) but its services (pywinrm issue 306); a lone host is lone for them too."""
    at = desk(estate(machine("WEB01")))
    as_operator(at)
    client = AtDesk(at)
    assert client.query("Win32_OperatingSystem", "BuildNumber", namespace=CIMV2)
    with pytest.raises(PlacementError, match="Access denied"):
        client.query("Win32_Service", "Name", namespace=CIMV2)
    with pytest.raises(PlacementError, match="Access denied"):
        read_credential_guard(client)
    assert read_name_and_limit(client) == (None, None)
    at.service.host.cluster = "CL1"
    view = read_cluster(AtDesk(at), "HV1")
    assert view.unread is not None
    assert (
        view.unread.why
        == "the account may not read root/MSCluster on hv1, and so not whether it is in a cluster"
    )
    at.caller = replace(at.caller, user=replace(OPERATOR, groups=frozenset()))
    assert isinstance(at.send(query(MSCLUSTER)), Fault)
    assert at.fault(query(ROOT)).subcode == "AccessDenied"
    assert not isinstance(at.send(query(VIRTUALIZATION)), EnumerateResponse)

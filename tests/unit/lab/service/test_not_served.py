"""What the lab does not serve: the fault says so, and so does the log; a mistake of the client is answered as ever."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    CIMV2,
    Enumerate,
    Fault,
    Get,
    Invoke,
    catalogue,
    decode_response,
    names,
    resource_uri,
)
from lab.commands.terminal import render_event
from lab.service import unserved
from lab.wmi import published
from lab.wmi.classes import CLASSES
from lab.wmi.methods import METHODS
from tests.fabric.test_lab_service.conftest import envelope, reference
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER, Desk

WORDS = "Not served by the lab: "
SERVICE = reference(
    "Msvm_VirtualSystemManagementService", CreationClassName="Msvm_VirtualSystemManagementService"
)
SYSTEMS = resource_uri("Msvm_ComputerSystem")


@pytest.fixture
def at(desk: MAKER) -> Desk:
    """A lab with a machine."""
    return desk(estate(machine("WEB01")))


def said(at: Desk, answer: object, what: str) -> Fault:
    """Return the fault that says it, here and in the log, once each."""
    assert isinstance(answer, Fault), answer
    assert answer.reason == f"{WORDS}{what}. "
    (line,) = at.logged("not-served")
    assert (line["host"], line["what"], line["by"]) == ("hv1", what, "LAB\\administrator")
    assert f" not-served host=hv1 what={what} by=LAB\\administrator " in render_event(
        line
    )  # as bin/lab log prints it
    return answer


@pytest.mark.parametrize("method", ["DefineSystem", "AddResourceSettings", "ModifyResourceSettings"])
def test_a_method_of_the_class_s_page(at: Desk, method: str) -> None:
    """What a host would do is named with its class, in the shape of an unknown action."""
    fault = said(
        at, at.send(Invoke(target=SERVICE, method=method)), f"Msvm_VirtualSystemManagementService.{method}"
    )
    assert (fault.subcode, fault.wsman_code) == ("ActionNotSupported", catalogue.ACTION_NOT_SUPPORTED)
    assert str(fault).startswith(WORDS)


@pytest.mark.parametrize("locale", ["ja-JP", "de-DE"])
def test_in_every_language_of_the_host(desk: MAKER, locale: str) -> None:
    """The words are the lab's, so they stay as they are."""
    at = desk(estate(machine("WEB01"), locale=locale))
    said(
        at,
        at.send(Invoke(target=SERVICE, method="DefineSystem")),
        "Msvm_VirtualSystemManagementService.DefineSystem",
    )


def test_a_method_without_its_body(at: Desk) -> None:
    """The action alone names it."""
    text = envelope(Invoke(target=SERVICE, method="DefineSystem"))
    text = text.replace("DefineSystem_INPUT", "Other_INPUT")
    said(at, decode_response(at.post(text.encode())), "Msvm_VirtualSystemManagementService.DefineSystem")


@pytest.mark.parametrize(
    ("uri", "what"),
    [
        ("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd", "winrs"),
        ("http://schemas.microsoft.com/powershell/Microsoft.PowerShell", "PowerShell remoting"),
        ("http://schemas.microsoft.com/wbem/wsman/1/config/service", "this part of WinRM's configuration"),
        (
            "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*",
            "definitions of classes (Get-CimClass)",
        ),
    ],
)
def test_a_resource_that_is_no_class_of_wmi(at: Desk, uri: str, what: str) -> None:
    """Whatever is done with it, and whatever headers come along."""
    text = envelope(Get(target=reference("Msvm_ComputerSystem"))).replace(SYSTEMS, uri)
    text = text.replace("</s:Header>", '<x:Odd xmlns:x="urn:x" s:mustUnderstand="true"/></s:Header>')
    said(at, decode_response(at.post(text.encode())), f"{what} ({uri})")


@pytest.mark.parametrize("action", ["Put", "Create", "Delete"])
def test_an_action_of_ws_transfer(at: Desk, action: str) -> None:
    """Put, Create and Delete: no class of the lab has them."""
    text = envelope(Get(target=reference("Msvm_ComputerSystem", Name="HV1")))
    text = text.replace("transfer/Get", f"transfer/{action}")
    said(at, decode_response(at.post(text.encode())), f"{action} of Msvm_ComputerSystem")


def test_a_part_of_an_instance(at: Desk) -> None:
    """FragmentTransfer, a mandatory header."""
    text = envelope(Get(target=at.machine("WEB01")))
    header = '<w:FragmentTransfer s:mustUnderstand="true">Name</w:FragmentTransfer></s:Header>'
    fault = said(
        at,
        decode_response(at.post(text.replace("</s:Header>", header).encode())),
        "a part of an instance (FragmentTransfer)",
    )
    assert fault.code == "MustUnderstand"


def test_a_class_that_hosts_have(at: Desk) -> None:
    """By its URI and in a query: the codes of a class that is not there, and the lab's words."""
    uri = resource_uri("Win32_Environment", CIMV2)
    said(at, at.send(Enumerate(resource_uri=uri)), "Win32_Environment of root/cimv2")
    query = Enumerate(resource_uri=resource_uri("*", CIMV2), query="SELECT * FROM win32_printer")
    fault = at.fault(query)
    assert (fault.wsman_code, fault.reason) == (
        catalogue.CANNOT_PROCESS_FILTER,
        f"{WORDS}win32_printer of root/cimv2. ",
    )


@pytest.mark.parametrize(("build", "told"), [(20348, True), (9600, False)])
def test_a_class_that_an_older_host_has_not_is_a_hosts_answer(desk: MAKER, build: int, *, told: bool) -> None:
    """Only what a host of this build has is missing in the lab."""
    at = desk(estate(machine("WEB01"), build=build))
    fault = at.fault(Enumerate(resource_uri=resource_uri("Msvm_VirtualSystemCollection")))
    assert fault.reason.startswith(WORDS) == told


def test_a_namespace_that_hosts_have(at: Desk) -> None:
    """Others are a host's own answer."""
    uri = resource_uri("MSFT_NetAdapter", "root/StandardCimv2")
    said(at, at.send(Enumerate(resource_uri=uri)), "root/StandardCimv2")


@pytest.mark.parametrize(
    "message",
    [
        Invoke(target=SERVICE, method="MakeCoffee"),
        Enumerate(resource_uri=resource_uri("Win32_Nothing", CIMV2)),
        Enumerate(resource_uri=resource_uri("*", CIMV2), query="SELECT * FROM Win32_Nothing"),
        Enumerate(resource_uri=resource_uri("Win32_Nothing", "root/nowhere")),
        Get(target=reference("Msvm_ComputerSystem", Name="NOBODY")),
        Get(target=reference("MSCluster_Cluster", Name="C")),
    ],
)
def test_a_mistake_is_answered_as_a_host_answers_it(at: Desk, message: Get | Enumerate | Invoke) -> None:
    """Nothing in the words or in the log speaks of the lab."""
    assert WORDS.strip() not in " ".join((at.fault(message).reason, *at.fault(message).texts))
    assert at.logged("not-served") == []


def test_every_class_of_the_lab_is_a_host_s() -> None:
    """Where a page exists its methods are known: served, or told to be not; none is invented."""
    described = {each.name: published.class_named(each.namespace, each.name) for each in CLASSES}
    assert sum(found is not None for found in described.values()) > len(CLASSES) / 2
    for class_name, method in METHODS:
        if class_name.startswith("MSCluster_"):
            continue  # pages of their own: "Failover Cluster WMI provider"
        assert published.method_named(names.VIRTUALIZATION, class_name, method) == method
    assert not set(unserved.ACTIONS) & {names.GET, names.ENUMERATE, names.PULL, names.RELEASE}


SUBSCRIPTION = (
    '<e:Subscribe xmlns:e="http://schemas.xmlsoap.org/ws/2004/08/eventing"><e:Delivery Mode="{mode}"/>'
    '<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">SELECT * FROM __InstanceModificationEvent '
    "WITHIN 5 WHERE TargetInstance ISA 'Msvm_ComputerSystem'</w:Filter></e:Subscribe>"
)


EVENTS = f"{names.PULL_MODE.rpartition('/')[0]}/Events"


@pytest.mark.parametrize(
    ("uri", "mode", "what"),
    [
        (resource_uri("*"), names.PULL_MODE, unserved.EVENTS),
        (resource_uri("*"), EVENTS, unserved.EVENTS),
        (names.EVENT_LOG, EVENTS, unserved.PUSHED),
    ],
)
def test_subscriptions_but_to_the_log(at: Desk, uri: str, mode: str, what: str) -> None:
    """Events of WMI in whatever mode of delivery, and the log's own in another mode than Pull."""
    text = envelope(Enumerate(resource_uri=uri)).replace(names.ENUMERATE, names.SUBSCRIBE)
    start, end = text.index("<s:Body>") + len("<s:Body>"), text.index("</s:Body>")
    text = text[:start] + SUBSCRIPTION.format(mode=mode) + text[end:]
    said(at, decode_response(at.post(text.encode())), what)


@pytest.mark.parametrize(
    "name", ["Win32_PerfFormattedData_PerfOS_Memory", "Win32_PerfRawData_HvStats_Hypervisor"]
)
def test_a_class_of_performance_counters(at: Desk, name: str) -> None:
    """Hosts have them, and monitoring asks for them, but no page lists them."""
    query = Enumerate(resource_uri=resource_uri("*", CIMV2), query=f"SELECT * FROM {name}")  # noqa: S608 - a test's own
    answer = at.fault(query)
    assert answer.texts[-1] == f"{WORDS}{name} of root/cimv2."

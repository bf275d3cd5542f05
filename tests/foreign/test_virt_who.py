"""What virt-who asks of a host, envelope by envelope, by `requests` and ElementTree alone: it finds machines, states and versions.

The order and the form of its requests are those of candlepin/virt-who, virtwho/virt/hyperv/hyperv.py, as it runs in production:
blanks around the resource URI, no limits in the headers, two of a service's four keys, a method's body in WS-Management's
namespace, and Pulls on another namespace than the one that was enumerated.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from requests_ntlm import HttpNtlmAuth

from lab.world.builds import BUILDS
from lab.world.objects import LabHost
from tests.fabric.test_lab_service.conftest import Maker, Wire, make_wire, mixed
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
__all__ = ["make_wire"]  # a fixture, found by its name
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
WSEN = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi"
V1, V2, CIMV2 = "root/virtualization", "root/virtualization/v2", "root/cimv2"
SERVICE = "Msvm_VirtualSystemManagementService"
TYPE = {"Content-Type": "application/soap+xml;charset=UTF-8", "Connection": "Keep-Alive"}


class Refused(Exception):  # noqa: N818 - an answer, named for what it is
    """An HTTP status other than 200."""


def envelope(action: str, uri: str, url: str, body: str, selectors: str = "") -> str:
    """Return a request in virt-who's form."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="{SOAP}" xmlns:wsa="{WSA}" xmlns:wsman="{WSMAN}" xmlns:wsen="{WSEN}">
    <s:Header>
        <wsa:Action s:mustUnderstand="true">{action}</wsa:Action>
        <wsa:To s:mustUnderstand="true">{url}</wsa:To>
        <wsman:ResourceURI s:mustUnderstand="true">
            {uri}
        </wsman:ResourceURI>
        <wsa:MessageID s:mustUnderstand="true">uuid:{uuid.uuid1()}</wsa:MessageID>
        <wsa:ReplyTo>
            <wsa:Address>{WSA}/role/anonymous</wsa:Address>
        </wsa:ReplyTo>{selectors}
    </s:Header>
    <s:Body>
        {body}
    </s:Body>
</s:Envelope>"""


class Reporter:
    """Asks one host as virt-who does."""

    def __init__(self, post: Callable[[str], requests.Response], url: str) -> None:
        """Ask by `post`, which logs on."""
        self._post, self._url = post, url

    def ask(self, action: str, uri: str, body: str, selectors: str = "") -> ET.Element:
        """Return what stands in the answer's body. Raises Refused."""
        answer = self._post(envelope(action, uri, self._url, body, selectors))
        if answer.status_code != 200:
            raise Refused(answer.status_code)
        root = ET.fromstring(answer.content)  # noqa: S314 - the lab's
        assert root.tag == f"{{{SOAP}}}Envelope"
        content = root.find(f"{{{SOAP}}}Body")
        assert content is not None
        return content[0]

    def enumerate(self, query: str, namespace: str) -> str:
        """Return the context of a query."""
        body = (
            f'<wsen:Enumerate><wsman:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">{query}'
            "</wsman:Filter></wsen:Enumerate>"
        )
        answer = self.ask(f"{WSEN}/Enumerate", f"{WMI}/{namespace}/*", body)
        assert answer[0].tag == f"{{{WSEN}}}EnumerationContext"
        return answer[0].text or ""

    def pull(self, context: str | None, namespace: str = V1) -> Iterator[dict[str, str | None]]:
        """Yield an instance for each Pull, until no context comes back."""
        while context is not None:
            body = f"<wsen:Pull><wsen:EnumerationContext>{context}</wsen:EnumerationContext></wsen:Pull>"
            answer = self.ask(f"{WSEN}/Pull", f"{WMI}/{namespace}/*", body)
            context = answer.findtext(f"{{{WSEN}}}EnumerationContext")
            for item in answer.findall(f"{{{WSEN}}}Items/*"):
                yield {child.tag.rpartition("}")[2]: child.text for child in item}

    def states(self, namespace: str) -> dict[str | None, str | None]:
        """Return EnabledState by Name, from GetSummaryInformation."""
        uri, summary = f"{WMI}/{namespace}/{SERVICE}", f"{WMI}/{namespace}/Msvm_SummaryInformation"
        asked = "".join(f"<p:RequestedInformation>{n}</p:RequestedInformation>" for n in (0, 1, 100))
        body = (
            f'<wsman:GetSummaryInformation_INPUT xmlns:p="{uri}">{asked}</wsman:GetSummaryInformation_INPUT>'
        )
        keys = {"CreationClassName": SERVICE, "SystemCreationClassName": "Msvm_ComputerSystem"}
        listed = "".join(f'<wsman:Selector Name="{k}">{v}</wsman:Selector>' for k, v in keys.items())
        selectors = f"<wsman:SelectorSet>{listed}</wsman:SelectorSet>"
        answer = self.ask(f"{uri}/GetSummaryInformation", uri, body, selectors)
        assert answer.tag == f"{{{uri}}}GetSummaryInformation_OUTPUT"
        found = [item for item in answer if "SummaryInformation" in item.tag]
        return {
            item.findtext(f"{{{summary}}}Name"): item.findtext(f"{{{summary}}}EnabledState") for item in found
        }


def by_basic(session: requests.Session, wire: Wire, host: LabHost) -> Callable[[str], requests.Response]:
    """An empty request first; what the 401 offers is basic, among others, and each request has it from then on."""
    first = session.post(host.url, data=None, headers={**TYPE, "Content-Length": "0"}, timeout=30)
    assert first.status_code == 401
    assert "basic" in first.headers["www-authenticate"].casefold()
    login = (wire.account.username.rpartition("\\")[2], wire.account.password)
    return lambda text: session.post(host.url, text.encode(), headers=TYPE, auth=login, timeout=30)


def by_ntlm(session: requests.Session, wire: Wire, host: LabHost) -> Callable[[str], requests.Response]:
    """As its versions before 2022 did: NTLM, once for the connection."""
    session.auth = HttpNtlmAuth(wire.account.username, wire.account.password)
    return lambda text: session.post(host.url, text.encode(), headers=TYPE, timeout=30)


@pytest.fixture
def report(make_wire: Maker) -> Iterator[Callable[..., tuple[Wire, Reporter]]]:
    """Return a maker of labs with a reporter on hv1."""
    with ExitStack() as stack:

        def make(spec: Any, login: Any = by_basic) -> tuple[Wire, Reporter]:
            wire = make_wire(spec)
            session = stack.enter_context(requests.Session())
            session.verify, session.trust_env = wire.ca, False
            host = wire.world.hosts["hv1"]
            return wire, Reporter(login(session, wire, host), host.url)

        yield make


@pytest.mark.parametrize("login", [by_basic, by_ntlm])
def test_the_whole_report(report: Callable[..., tuple[Wire, Reporter]], login: object) -> None:
    """Old namespace refused, the new one taken; then machines, states, version, host and UUID."""
    wire, reporter = report(mixed(), login)
    with pytest.raises(Refused):
        reporter.enumerate(
            "select BIOSGUID, VirtualSystemIdentifier from Msvm_VirtualSystemSettingData where SettingType = 3",
            V1,
        )
    machines = reporter.enumerate(
        "select BIOSGUID, VirtualSystemIdentifier from Msvm_VirtualSystemSettingData "
        "where VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'",
        V2,
    )
    with pytest.raises(Refused):
        reporter.states(V1)
    states = reporter.states(V2)
    files = reporter.enumerate(
        "select * from CIM_Datafile where Path = '\\\\windows\\\\system32\\\\' and FileName='vmms'", CIMV2
    )
    (vmms,) = reporter.pull(files, CIMV2)
    assert (vmms["Path"], vmms["Version"]) == ("\\windows\\system32\\", "10.0.20348.1")
    found = list(reporter.pull(machines))
    expected = {vm.id: str(vm.enabled_state) for vm in wire.world.hosts["hv1"].vms()}
    assert {each["VirtualSystemIdentifier"] for each in found} == expected.keys()
    assert all((each["BIOSGUID"] or "").startswith("{") for each in found)
    assert states == expected
    computers = reporter.enumerate("select DNSHostName, NumberOfProcessors from Win32_ComputerSystem", CIMV2)
    assert list(reporter.pull(computers, CIMV2)) == [{"DNSHostName": "hv1", "NumberOfProcessors": "1"}]
    products = reporter.enumerate("select UUID from Win32_ComputerSystemProduct", CIMV2)
    (product,) = reporter.pull(products, CIMV2)
    assert str(uuid.UUID(product["UUID"] or "")).upper() == product["UUID"]


@pytest.mark.parametrize("build", BUILDS.values())
def test_each_build_reports_its_version(report: Callable[..., tuple[Wire, Reporter]], build: int) -> None:
    """The hypervisor's, by the file of its service; states too, in another language."""
    wire, reporter = report(estate(machine("WEB01"), build=build, locale="ja-JP"))
    files = reporter.enumerate("select * from CIM_Datafile where FileName='vmms'", CIMV2)
    (vmms,) = reporter.pull(files, CIMV2)
    assert (vmms["Version"] or "").split(".")[2] == str(build)
    assert reporter.states(V2) == {wire.vm("WEB01").id: "2"}

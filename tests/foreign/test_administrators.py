"""What administrators and their tools try first, by clients of others: Identify, states of machines, a remote command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
import requests
import winrm
from pypsrp.client import Client as RemoteShell
from pypsrp.exceptions import WSManFaultError as PsrpFault
from requests_ntlm import HttpNtlmAuth
from winrm.exceptions import WSManFaultError as WinrmFault

from hyperv_placement.wsman import resource_uri
from tests.fabric.test_lab_service.conftest import TYPE, Wire, make_wire, post, wire

from .test_pypsrp import Client, client, local, only, parsed, texts

pytestmark = pytest.mark.lab
__all__ = ["client", "make_wire", "wire"]  # fixtures, found by their names
IDENTITY = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    f' xmlns:wsmid="{IDENTITY}"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>'
)
"""As Test-WSMan sends it (chef/knife-windows, FusionInventory)."""
SYSTEMS = resource_uri("Msvm_ComputerSystem")
WORDS = "Not served by the lab: "


def version_in(envelope: bytes) -> str | None:
    """Return the product's version in an answer to Identify."""
    root = ET.fromstring(envelope)  # noqa: S314 - the lab's
    found = root.find(f".//{{{IDENTITY}}}IdentifyResponse")
    assert found is not None
    assert [local(item) for item in found] == ["ProtocolVersion", "ProductVendor", "ProductVersion"]
    return found[2].text


def test_identify_without_a_login(wire: Wire) -> None:
    """By the header of Microsoft's clients and by the path of DSP0226, over TLS and without: no version of Windows."""
    host, hidden = wire.world.hosts["hv1"], "OS: 0.0.0 SP: 0.0 Stack: 3.0"
    for url in (host.url, host.http_url):
        parts = urlsplit(url)
        anonymous = f"{parts.scheme}://{parts.netloc}/wsman-anon/identify"
        for address, more in ((url, {"WSMANIDENTIFY": "unauthenticated"}), (anonymous, {})):
            answer = requests.post(
                address, IDENTIFY, headers={"Content-Type": TYPE, **more}, verify=wire.ca, timeout=30
            )
            assert answer.status_code == 200
            assert version_in(answer.content) == hidden


def test_identify_after_a_login_tells_the_version(wire: Wire) -> None:
    """NTLM, and no header but SOAP's own."""
    auth = HttpNtlmAuth(wire.account.username, wire.account.password)
    answer = requests.post(
        wire.world.hosts["hv1"].url,
        IDENTIFY,
        headers={"Content-Type": TYPE},
        auth=auth,
        verify=wire.ca,
        timeout=30,
    )
    assert version_in(answer.content) == "OS: 10.0.20348 SP: 0.0 Stack: 3.0"


def test_nothing_else_is_answered_without_a_login(wire: Wire) -> None:
    """Not by the header, not by the path; a wrong type is none of it, and a GET is not allowed."""
    connection = wire.connect()
    other = IDENTIFY.replace("wsmid:Identify/", "wsmid:Other/").encode()
    assert post(connection, other, WSMANIDENTIFY="unauthenticated")[0].status == 401
    assert post(connection, IDENTIFY.encode())[0].status == 401
    wrong = {"Content_Type": "text/plain", "WSMANIDENTIFY": "unauthenticated"}
    assert post(connection, IDENTIFY.encode(), **wrong)[0].status == 415
    port = wire.world.hosts["hv1"].http_port
    plain = HTTPConnection("127.0.0.1", port, timeout=30)
    plain.request("POST", "/wsman-anon/identify", other, {"Content-Type": TYPE})
    assert plain.getresponse().status == 401
    plain.close()
    plain.request("GET", "/wsman-anon/identify")
    assert plain.getresponse().status == 405
    plain.close()


@pytest.fixture
def shell(wire: Wire) -> Iterator[RemoteShell]:
    """pypsrp's client for commands and PowerShell."""
    port = urlsplit(wire.world.hosts["hv1"].url).port
    with ExitStack() as stack:
        yield stack.enter_context(
            RemoteShell(
                "127.0.0.1", port=port, ssl=True, auth="ntlm", username=wire.account.username,
                password=wire.account.password, cert_validation=wire.ca, no_proxy=True,
            )
        )  # fmt: skip


def test_the_services_limits_are_read(wire: Wire, client: Client) -> None:
    """pypsrp takes the size of its messages from winrm/config."""
    wire.world.hosts["hv1"].winrm.max_envelope_kb = 300
    client.wsman.update_max_payload_size()
    assert client.wsman.max_envelope_size == 300 * 1024


def not_served(wire: Wire) -> list[str]:
    """Return what the lab's log says was not served."""
    return [line for line in wire.log().splitlines() if '"event": "not-served"' in line]


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (lambda shell: shell.execute_cmd("hostname"), "winrs"),
        (lambda shell: shell.execute_ps("hostname"), "PowerShell remoting"),
    ],
    ids=["winrs", "PowerShell"],
)
def test_a_remote_command_is_refused_in_the_labs_own_words(
    wire: Wire, shell: RemoteShell, run: Callable[[RemoteShell], object], what: str
) -> None:
    """Whoever debugs a client reads it in the client's own error, and in the lab's log."""
    with pytest.raises(PsrpFault) as caught:
        run(shell)
    assert WORDS + what in str(caught.value)
    assert what in not_served(wire)[0]


def test_pywinrm_reads_the_same(wire: Wire) -> None:
    """Its Session runs commands by winrs."""
    session = winrm.Session(
        wire.world.hosts["hv1"].url, auth=(wire.account.username, wire.account.password), transport="ntlm",
        ca_trust_path=wire.ca, proxy=None,
    )  # fmt: skip
    with pytest.raises(WinrmFault) as caught:
        session.run_cmd("hostname")
    assert f"{WORDS}winrs" in str(caught.value)


def test_a_machine_is_stopped_and_its_job_followed(wire: Wire, client: Client) -> None:
    """As libvirt does it (src/hyperv/hyperv_wmi.c): a lower-case GUID, both keys, and the job by a query."""
    vm = wire.vm("WEB01")
    keys = {"Name": vm.id.lower(), "CreationClassName": "Msvm_ComputerSystem"}
    outputs = client.invoke(SYSTEMS, "RequestStateChange", "<p:RequestedState>3</p:RequestedState>", **keys)
    assert outputs["ReturnValue"].text == "4096"
    job = only(
        outputs["Job"], "wsa:ReferenceParameters/wsman:SelectorSet/wsman:Selector[@Name='InstanceID']"
    ).text
    states = []
    for _ in range(40):
        states.append(job_state(client, job or ""))
        if states[-1] not in {"2", "3", "4"}:
            break
        wire.pass_time(0.1)
    assert states[0] == "2"
    assert states[-1] == "7"
    assert texts(client.get(SYSTEMS, **keys))["EnabledState"] == "3"
    again = client.invoke(SYSTEMS, "RequestStateChange", "<p:RequestedState>3</p:RequestedState>", **keys)
    assert again["ReturnValue"].text == "32775"


def job_state(client: Client, job: str) -> str | None:
    """Return JobState by WQL on `*`, pulled on the class's own URI."""
    wql = f"select * from Msvm_ConcreteJob where InstanceID = '{job}'"  # noqa: S608
    begun = client.begin(
        resource_uri("*"),
        f'<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">{wql}</w:Filter>',
    )
    (row,) = only(client.pull(resource_uri("Msvm_ConcreteJob"), begun[0].text or ""), "wsen:Items")
    return texts(row)["JobState"]


def test_a_machine_is_renamed(wire: Wire, client: Client) -> None:
    """ModifySystemSettings by a text in CIM DTD 2.0."""
    vm = wire.vm("WEB01")
    instance = (
        '<INSTANCE CLASSNAME="Msvm_VirtualSystemSettingData"><PROPERTY NAME="InstanceID" TYPE="string"><VALUE>'
        f'Microsoft:{vm.id}</VALUE></PROPERTY><PROPERTY NAME="ElementName" TYPE="string"><VALUE>WEB09</VALUE></PROPERTY></INSTANCE>'
    )
    assert parsed(instance).tag == "INSTANCE"
    uri, service = (
        resource_uri("Msvm_VirtualSystemManagementService"),
        "Msvm_VirtualSystemManagementService",
    )
    body = f"<p:SystemSettings><![CDATA[{instance}]]></p:SystemSettings>"
    outputs = client.invoke(uri, "ModifySystemSettings", body, CreationClassName=service)
    assert outputs["ReturnValue"].text == "0"
    row = client.get(SYSTEMS, CreationClassName="Msvm_ComputerSystem", Name=vm.id)
    assert texts(row)["ElementName"] == "WEB09"

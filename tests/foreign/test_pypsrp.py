"""pypsrp's WSMan, a client that others wrote, against hosts of the lab: what it asks is served, what it reads is right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import NAMESPACES, OptionSet, SelectorSet, WSMan, WSManAction

from hyperv_placement.wsman import CIMV2, WQL_DIALECT, decode_embedded, resource_uri
from tests.fabric.test_lab_service.conftest import Wire, make_wire, wire

pytestmark = pytest.mark.lab
__all__ = ["make_wire", "wire"]  # fixtures, found by their names
SYSTEMS = resource_uri("Msvm_ComputerSystem")
MIGRATION = resource_uri("Msvm_VirtualSystemMigrationService")
WSEN, WSMAN, WSA = NAMESPACES["wsen"], NAMESPACES["wsman"], NAMESPACES["wsa"]
XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Client:
    """pypsrp's WSMan with the words of these tests; elements are ElementTree's, never ours."""

    def __init__(self, wsman: WSMan) -> None:
        """Wrap a client."""
        self.wsman = wsman

    def get(self, uri: str, **keys: str) -> ET.Element:
        """Get an instance."""
        return self.wsman.get(uri, selector_set=selectors(keys))[0]

    def begin(self, uri: str, content: str = "") -> ET.Element:
        """Enumerate, with this content."""
        body = parsed(f'<n:Enumerate xmlns:n="{WSEN}" xmlns:w="{WSMAN}">{content}</n:Enumerate>')
        return only(self.wsman.enumerate(uri, body), "wsen:EnumerateResponse")

    def pull(self, uri: str, context: str, content: str = "") -> ET.Element:
        """Pull, with this content after the context."""
        body = parsed(
            f'<n:Pull xmlns:n="{WSEN}"><n:EnumerationContext>{context}</n:EnumerationContext>{content}</n:Pull>'
        )
        return only(self.wsman.pull(uri, body), "wsen:PullResponse")

    def invoke(self, uri: str, method: str, content: str, **keys: str) -> dict[str, ET.Element]:
        """Call a method and return its outputs by name."""
        body = parsed(
            f'<p:{method}_INPUT xmlns:p="{uri}" xmlns:a="{WSA}" xmlns:w="{WSMAN}" xmlns:xsi="{XSI}">{content}</p:{method}_INPUT>'
        )
        answer = self.wsman.invoke(f"{uri}/{method}", uri, body, selector_set=selectors(keys))
        output = only(answer, "s:Body")[0]
        assert output.tag == f"{{{uri}}}{method}_OUTPUT"
        return {local(item): item for item in output}


def parsed(text: str) -> ET.Element:
    """Return an element of the kind that pypsrp takes and gives."""
    return ET.fromstring(text)  # noqa: S314 - written by these tests, or by the lab


def selectors(keys: dict[str, str]) -> SelectorSet:
    """Return a set of pypsrp's own."""
    found = SelectorSet()
    for name, value in keys.items():
        found.add_option(name, value)
    return found


def only(element: ET.Element, path: str) -> ET.Element:
    """Return the element at the path, which must be there."""
    found = element.find(path, NAMESPACES)
    assert found is not None, ET.tostring(element)
    return found


def local(element: ET.Element) -> str:
    """Return an element's name without namespace."""
    return element.tag.rpartition("}")[2]


def texts(element: ET.Element) -> dict[str, str | None]:
    """Return the properties of an instance."""
    return {local(item): item.text for item in element}


def reference(class_name: str, **keys: str) -> str:
    """Return the content of a reference argument, as Microsoft's tool writes it."""
    listed = "".join(f'<w:Selector Name="{name}">{value}</w:Selector>' for name, value in keys.items())
    return (
        f"<a:Address>{WSA}/role/anonymous</a:Address><a:ReferenceParameters><w:ResourceURI>{resource_uri(class_name)}"
        f"</w:ResourceURI><w:SelectorSet>{listed}</w:SelectorSet></a:ReferenceParameters>"
    )


@pytest.fixture
def client(wire: Wire) -> Iterator[Client]:
    """pypsrp with NTLM over TLS on hv1; its certificate is verified."""
    with ExitStack() as stack:
        port = urlsplit(wire.world.hosts["hv1"].url).port
        wsman = WSMan(
            "127.0.0.1", port=port, username=wire.account.username, password=wire.account.password, ssl=True,
            auth="ntlm", no_proxy=True, cert_validation=wire.ca,  # type: ignore[arg-type]  # a path too, says its documentation
        )  # fmt: skip
        yield Client(stack.enter_context(wsman))


def test_compatibility_vectors_are_objects(client: Client) -> None:
    """Elements of Msvm_CompatibilityVector, declared as that class (win32 GetSystemCompatibilityVectors)."""
    host = reference("Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name="HV1")
    uri = resource_uri("Msvm_CompatibilityVector")
    answer = client.invoke(
        MIGRATION, "GetSystemCompatibilityVectors", f"<p:ComputerSystem>{host}</p:ComputerSystem>",
        CreationClassName="Msvm_VirtualSystemMigrationService",
    )  # fmt: skip
    vector = answer["CompatibilityVectors"]
    assert [item.tag for item in vector] == [
        f"{{{uri}}}{name}" for name in ("CompareOperation", "CompatibilityInfo", "VectorId")
    ]
    assert (vector.get(f"{{{XSI}}}type") or "").endswith(":Msvm_CompatibilityVector_Type")


def test_get_reads_an_instance(wire: Wire, client: Client) -> None:
    """By both keys; properties in the namespace of the class, NULLs as nil."""
    vm = wire.vm("WEB01")
    found = client.get(SYSTEMS, CreationClassName="Msvm_ComputerSystem", Name=vm.id)
    assert found.tag == f"{{{SYSTEMS}}}Msvm_ComputerSystem"
    assert found.get(f"{{{XSI}}}type") == "p:Msvm_ComputerSystem_Type"
    assert (texts(found)["ElementName"], texts(found)["EnabledState"]) == ("WEB01", "2")
    nil = found.find(f"{{{SYSTEMS}}}InstanceID")
    assert nil is not None
    assert nil.get(f"{{{XSI}}}nil") == "true"


def test_a_plain_enumeration_is_one_pull_for_each_item(wire: Wire, client: Client) -> None:
    """First a context alone, then one item a Pull, a new context each time, at last the end and none."""
    begun = client.begin(SYSTEMS)
    assert [local(item) for item in begun] == ["EnumerationContext"]
    contexts, names = [begun[0].text or ""], set()
    while contexts[-1]:
        page = client.pull(SYSTEMS, contexts[-1])
        (item,) = only(page, "wsen:Items")
        names.add(texts(item)["ElementName"])
        context = page.find("wsen:EnumerationContext", NAMESPACES)
        assert (context is None) == (page.find("wsen:EndOfSequence", NAMESPACES) is not None)
        contexts.append("" if context is None else context.text or "")
    assert len(set(contexts)) == len(contexts)
    assert names == {"HV1", *(vm.name for vm in wire.world.vms() if vm.host == "hv1")}


def test_a_query_in_one_answer(client: Client) -> None:
    """Optimised, in rows of a projection without class and namespace, an empty context, and the end."""
    wql = "SELECT Name, ElementName FROM Msvm_ComputerSystem WHERE ElementName = 'WEB01'"
    query = f'<w:Filter Dialect="{WQL_DIALECT}">{wql}</w:Filter>'
    begun = client.begin(
        resource_uri("*"), f"<w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements>{query}"
    )
    assert [local(item) for item in begun] == ["EnumerationContext", "Items", "EndOfSequence"]
    assert not begun[0].text
    (row,) = only(begun, "wsman:Items")
    assert row.tag == f"{{{WSMAN}}}XmlFragment"
    assert [item.tag for item in row] == ["ElementName", "Name"]


def test_pages_and_an_end_before_the_end(client: Client) -> None:
    """MaxElements is kept; after Release the context is unknown."""
    begun = client.begin(SYSTEMS)
    page = client.pull(SYSTEMS, begun[0].text or "", f'<n:MaxElements xmlns:n="{WSEN}">3</n:MaxElements>')
    assert len(only(page, "wsen:Items")) == 3
    context = only(page, "wsen:EnumerationContext").text or ""
    release = parsed(
        f'<n:Release xmlns:n="{WSEN}"><n:EnumerationContext>{context}</n:EnumerationContext></n:Release>'
    )
    answer = client.wsman.invoke(f"{WSEN}/Release", SYSTEMS, release)
    assert len(only(answer, "s:Body")) == 0
    with pytest.raises(WSManFaultError) as caught:
        client.pull(SYSTEMS, context)
    assert caught.value.code == 2150858779


@pytest.mark.parametrize(
    ("mode", "child"), [("EnumerateEPR", "EndpointReference"), ("EnumerateObjectAndEPR", "Item")]
)
def test_references_can_be_got(client: Client, mode: str, child: str) -> None:
    """Keys from the answer, back into a Get."""
    begun = client.begin(
        SYSTEMS,
        f"<w:OptimizeEnumeration/><w:MaxElements>50</w:MaxElements><w:EnumerationMode>{mode}</w:EnumerationMode>",
    )
    item = only(begun, "wsman:Items")[0]
    assert local(item) == child
    keys = {found.get("Name", ""): found.text or "" for found in item.iter(f"{{{WSMAN}}}Selector")}
    assert set(keys) == {"CreationClassName", "Name"}
    assert texts(client.get(SYSTEMS, **keys))["Name"] == keys["Name"]


def disks_of(client: Client, vm_id: str) -> str:
    """Return NewResourceSettingData: what stands in a machine's rows of disks, given back as text."""
    wql = f"SELECT * FROM Msvm_StorageAllocationSettingData WHERE InstanceID LIKE 'Microsoft:{vm_id}%'"  # noqa: S608
    page = client.begin(
        resource_uri("*"),
        f'<w:OptimizeEnumeration/><w:MaxElements>50</w:MaxElements><w:Filter Dialect="{WQL_DIALECT}">{wql}</w:Filter>',
    )
    rows = [texts(row) for row in only(page, "wsman:Items")]
    assert len(rows) == 2
    return "".join(
        '<p:NewResourceSettingData><![CDATA[<INSTANCE CLASSNAME="Msvm_StorageAllocationSettingData">'
        f'<PROPERTY NAME="InstanceID" TYPE="string"><VALUE>{row["InstanceID"]}</VALUE></PROPERTY>'
        f'<PROPERTY.ARRAY NAME="HostResource" TYPE="string"><VALUE.ARRAY><VALUE>{row["HostResource"]}</VALUE></VALUE.ARRAY>'
        "</PROPERTY.ARRAY></INSTANCE>]]></p:NewResourceSettingData>"
        for row in rows
    )


def test_a_migration_started_and_followed(wire: Wire, client: Client) -> None:
    """Reference and embedded text in, a reference to a job out, and the job read until it has ended."""
    setting = (
        '<INSTANCE CLASSNAME="Msvm_VirtualSystemMigrationSettingData"><PROPERTY NAME="MigrationType" TYPE="uint16">'
        '<VALUE>32771</VALUE></PROPERTY><PROPERTY NAME="TransportType" TYPE="uint16"><VALUE>5</VALUE></PROPERTY>'
        '<PROPERTY.ARRAY NAME="DestinationIPAddressList" TYPE="string"><VALUE.ARRAY><VALUE>'
        f"{wire.world.hosts['hv2'].addresses[0]}</VALUE></VALUE.ARRAY></PROPERTY.ARRAY></INSTANCE>"
    )
    body = (
        f"<p:ComputerSystem>{reference('Msvm_ComputerSystem', CreationClassName='Msvm_ComputerSystem', Name=wire.vm('WEB01').id)}"
        f"</p:ComputerSystem><p:DestinationHost>{wire.world.hosts['hv2'].full_name}</p:DestinationHost>"
        f"<p:MigrationSettingData><![CDATA[{setting}]]></p:MigrationSettingData>{disks_of(client, wire.vm('WEB01').id)}"
    )
    outputs = client.invoke(
        MIGRATION, "MigrateVirtualSystemToHost", body, CreationClassName="Msvm_VirtualSystemMigrationService"
    )
    assert list(outputs) == ["Job", "ReturnValue"]
    assert outputs["ReturnValue"].text == "4096"
    assert only(outputs["Job"], "wsa:Address").text == f"{WSA}/role/anonymous"
    job = only(outputs["Job"], "wsa:ReferenceParameters/wsman:ResourceURI").text or ""
    (key,) = outputs["Job"].iter(f"{{{WSMAN}}}Selector")
    assert (job, key.get("Name")) == (resource_uri("Msvm_MigrationJob"), "InstanceID")
    states = []
    for _ in range(600):
        states.append(texts(client.get(job, InstanceID=key.text or ""))["JobState"])
        if states[-1] not in {"2", "3", "4"}:
            break
        wire.pass_time(1)
    assert "4" in states
    assert states[-1] == "7"
    assert wire.vm("WEB01").host == "hv2"


def test_an_embedded_instance_comes_as_text(wire: Wire, client: Client) -> None:
    """GetVirtualHardDiskSettingData: CIM-XML within an output, read here by our own reader."""
    uri = resource_uri("Msvm_ImageManagementService")
    path = wire.vm("WEB01").disks[0].path
    outputs = client.invoke(
        uri, "GetVirtualHardDiskSettingData", f"<p:Path>{path}</p:Path>", CreationClassName="Msvm_ImageManagementService",
    )  # fmt: skip
    assert outputs["ReturnValue"].text == "0"
    text = outputs["SettingData"].text or ""
    assert parsed(text).tag == "INSTANCE"
    assert decode_embedded(text).text("Path") == path


def fault_of(client: Client, uri: str, **keys: str) -> WSManFaultError:
    """Return the fault that a Get is answered with."""
    with pytest.raises(WSManFaultError) as caught:
        client.get(uri, **keys)
    return caught.value


def test_faults_are_understood_by_others(client: Client) -> None:
    """Codes, machine and the provider's own words, as pypsrp takes them out of WSManFault."""
    absent = fault_of(client, SYSTEMS, CreationClassName="Msvm_ComputerSystem", Name="NOBODY")
    assert absent.code == 2150858752
    assert absent.machine == "127.0.0.1"
    assert absent.provider == "WMI Provider"
    assert "resource URI and selectors" in str(absent.provider_fault or absent.reason)
    assert fault_of(client, SYSTEMS, ElementName="WEB01").code == 2150858843
    assert fault_of(client, resource_uri("Win32_Nothing", CIMV2)).code == 2150858752


def test_what_is_not_understood_is_refused(client: Client) -> None:
    """A mandatory header that nobody knows, and an action that is none (SOAP 1.2 part 1, 5.4.8)."""
    options = OptionSet()
    options.add_option("Odd", "1", {"MustComply": "true"})
    with pytest.raises(WSManFaultError):
        client.wsman.invoke(
            WSManAction.PUT, SYSTEMS, None, selector_set=selectors({"Name": "HV1"}), option_set=options
        )

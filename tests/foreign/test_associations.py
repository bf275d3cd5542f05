"""pypsrp's WSMan walks associations: by WQL as libvirt writes it, by both filters that are no query, and by the references that it was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import WSMan

from hyperv_placement.wsman import WQL_DIALECT, resource_uri
from tests.fabric.test_lab_service.conftest import Wire, make_wire, wire

from .test_pypsrp import WSA, WSMAN, XSI, Client, local, only, parsed, reference, texts

pytestmark = pytest.mark.lab
__all__ = ["make_wire", "wire"]  # fixtures, found by their names
BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
ASSOCIATION = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
SELECTOR = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
SETTINGS, DISKS = "Msvm_VirtualSystemSettingData", "Msvm_StorageAllocationSettingData"
ANY = resource_uri("*")


class Nested:
    """A selector set with references in it, written by hand: pypsrp's own knows texts alone."""

    def __init__(self, selectors: list[tuple[str, str]]) -> None:
        """Take names, and the content of each reference."""
        self.selectors = selectors

    def pack(self) -> ET.Element:
        """Return the element, as pypsrp's class does."""
        listed = "".join(
            f'<w:Selector Name="{name}"><a:EndpointReference>{content}</a:EndpointReference></w:Selector>'
            for name, content in self.selectors
        )
        return parsed(f'<w:SelectorSet xmlns:w="{WSMAN}" xmlns:a="{WSA}">{listed}</w:SelectorSet>')


@pytest.fixture
def client(wire: Wire) -> Iterator[Client]:
    """pypsrp with NTLM over TLS on hv1."""
    with WSMan(
        "127.0.0.1", port=urlsplit(wire.world.hosts["hv1"].url).port, username=wire.account.username, password=wire.account.password,
        ssl=True, auth="ntlm", no_proxy=True, cert_validation=cast("Any", wire.ca),
    ) as wsman:  # fmt: skip
        yield Client(wsman)


def enumerated(client: Client, uri: str, dialect: str, content: str) -> list[ET.Element]:
    """Return what an optimised enumeration with a filter yields."""
    answer = client.begin(
        uri,
        "<w:OptimizeEnumeration/><w:MaxElements>200</w:MaxElements>"
        f'<w:Filter Dialect="{dialect}" xmlns:b="{BINDING}" xmlns:a="{WSA}">{content}</w:Filter>',
    )
    return list(only(answer, "wsman:Items"))


def source(wire: Wire, name: str) -> str:
    """Return a machine as the object of an association filter."""
    keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": wire.vm(name).id}
    return f"<b:Object>{reference('Msvm_ComputerSystem', **keys)}</b:Object>"


def test_the_walk_of_libvirt(wire: Wire, client: Client) -> None:
    """Its own spelling: ASSOCIATORS OF in WQL, with AssocClass and ResultClass."""
    uuid = wire.vm("WEB01").id
    (settings,) = enumerated(
        client, ANY, WQL_DIALECT,
        f"ASSOCIATORS OF {{Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='{uuid}'}} "
        f"WHERE AssocClass = Msvm_SettingsDefineState ResultClass = {SETTINGS}",
    )  # fmt: skip
    assert settings.get(f"{{{XSI}}}type") == f"p:{SETTINGS}_Type"
    disks = enumerated(
        client, ANY, WQL_DIALECT,
        f"ASSOCIATORS OF {{{SETTINGS}.InstanceID='{texts(settings)['InstanceID']}'}} "
        f"WHERE AssocClass = Msvm_VirtualSystemSettingDataComponent ResultClass = {DISKS}",
    )  # fmt: skip
    assert {texts(row)["HostResource"] for row in disks} == {disk.path for disk in wire.vm("WEB01").disks}


@pytest.mark.parametrize("empty", ["", "<b:ResultRole/><b:IncludeResultProperty/>"])
def test_associated_instances(wire: Wire, client: Client, empty: str) -> None:
    """In the order of DSP0227, elements that say nothing left out or empty."""
    (settings,) = enumerated(
        client, ANY, ASSOCIATION,
        f"<b:AssociatedInstances>{source(wire, 'WEB01')}<b:AssociationClassName>Msvm_SettingsDefineState</b:AssociationClassName>"
        f"<b:Role>ManagedElement</b:Role><b:ResultClassName>{SETTINGS}</b:ResultClassName>{empty}</b:AssociatedInstances>",
    )  # fmt: skip
    assert texts(settings)["ElementName"] == "WEB01"


def test_parts_of_associated_instances(wire: Wire, client: Client) -> None:
    """IncludeResultProperty: rows of these properties alone."""
    rows = enumerated(
        client, ANY, ASSOCIATION,
        f"<b:AssociatedInstances>{source(wire, 'WEB01')}<b:ResultClassName>{SETTINGS}</b:ResultClassName>"
        "<b:IncludeResultProperty>ElementName</b:IncludeResultProperty><b:IncludeResultProperty>InstanceID</b:IncludeResultProperty>"
        "</b:AssociatedInstances>",
    )  # fmt: skip
    assert {row.tag for row in rows} == {f"{{{WSMAN}}}XmlFragment"}
    assert [item.tag for item in rows[0]] == ["ElementName", "InstanceID"]


def test_association_instances_lead_on(wire: Wire, client: Client) -> None:
    """Each end is a reference whose keys get an instance; both together get the association itself."""
    (link,) = enumerated(
        client, ANY, ASSOCIATION,
        f"<b:AssociationInstances>{source(wire, 'WEB01')}<b:ResultClassName>Msvm_SettingsDefineState</b:ResultClassName>"
        "<b:Role>ManagedElement</b:Role></b:AssociationInstances>",
    )  # fmt: skip
    ends = {local(end): end for end in link}
    assert list(ends) == ["ManagedElement", "SettingData"]
    for end in ends.values():
        assert [item.tag for item in end] == [f"{{{WSA}}}Address", f"{{{WSA}}}ReferenceParameters"]
        keys = {item.get("Name", ""): item.text or "" for item in end.iter(f"{{{WSMAN}}}Selector")}
        found = client.get(only(end, "wsa:ReferenceParameters/wsman:ResourceURI").text or "", **keys)
        assert texts(found)["ElementName"] == "WEB01"
    inner = [
        (name, "".join(ET.tostring(part, encoding="unicode") for part in end)) for name, end in ends.items()
    ]
    again = client.wsman.get(
        resource_uri("Msvm_SettingsDefineState"), selector_set=cast("Any", Nested(inner))
    )[0]
    assert ET.tostring(again) == ET.tostring(link)


def test_the_selector_filter(client: Client) -> None:
    """Properties that are no keys, on a class."""
    selectors = (
        '<w:Selector Name="ElementName">OFF01</w:Selector><w:Selector Name="EnabledState">3</w:Selector>'
    )
    uri = resource_uri("Msvm_ComputerSystem")
    (row,) = enumerated(client, uri, SELECTOR, f"<w:SelectorSet>{selectors}</w:SelectorSet>")
    assert texts(row)["ElementName"] == "OFF01"


@pytest.mark.parametrize(
    ("dialect", "content", "code"),
    [
        ("http://schemas.dmtf.org/wbem/cql/1/dsp0202.pdf", "SELECT * FROM Msvm_ComputerSystem", 2150858777),
        (WQL_DIALECT, "ASSOCIATORS OF {Msvm_ComputerSystem.Name='HV1'}", 2150858778),
        (WQL_DIALECT, "REFERENCES OF {Msvm_ComputerSystem} WHERE SchemaOnly", 2150858778),
        (ASSOCIATION, "<b:Nothing/>", 2150858817),
        (SELECTOR, "<w:SelectorSet><w:Selector Name='Name'>HV1</w:Selector></w:SelectorSet>", 2150858778),
    ],
)
def test_filters_that_are_refused(client: Client, dialect: str, content: str, code: int) -> None:
    """Each with the code of its fault."""
    with pytest.raises(WSManFaultError) as caught:
        enumerated(client, ANY, dialect, content)
    assert caught.value.code == code

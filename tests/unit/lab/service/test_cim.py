"""Requests by DMTF's resource URIs: what PowerShell's CIM cmdlets send over WS-Management."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    CIMV2,
    VIRTUALIZATION,
    AssociationFilter,
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    EnumerationMode,
    Instance,
    InstanceWithReference,
    Pull,
    PullResponse,
    Request,
    decode_response,
    encode_request,
)
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER, Desk

CLASS = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
ALL = "http://schemas.dmtf.org/wbem/wscim/1/*"
SYSTEM = "Msvm_ComputerSystem"


@pytest.fixture
def at(desk: MAKER) -> Desk:
    """A host with two machines."""
    return desk(estate(machine("WEB01"), machine("DB01")))


def of(uri: str, namespace: str = VIRTUALIZATION, **keys: str) -> EndpointReference:
    """Return a reference whose namespace is a selector."""
    return EndpointReference(uri, {"__cimnamespace": namespace.replace("/", "\\"), **keys})


def sent(at: Desk, message: Request, namespace: str = VIRTUALIZATION) -> object:
    """Send an enumeration whose namespace is a selector of the header."""
    selectors = f'<w:SelectorSet><w:Selector Name="__cimnamespace">{namespace}</w:Selector></w:SelectorSet>'
    text = encode_request(message, to="x", message_id="1").decode()
    assert "<w:SelectorSet>" not in text.partition("</s:Header>")[0]
    return decode_response(at.post(text.replace("</s:Header>", f"{selectors}</s:Header>").encode()))


def names(answer: object) -> list[str]:
    """Return the names of the systems that an enumeration yields."""
    assert isinstance(answer, EnumerateResponse), answer
    return sorted(item.text("ElementName") for item in answer.items or () if isinstance(item, Instance))


def asked(uri: str, **words: object) -> Enumerate:
    """Return an enumeration that is answered at once."""
    return Enumerate(resource_uri=uri, optimize=True, max_elements=32000, **words)  # type: ignore[arg-type]


def test_get_cim_instance_of_a_class(at: Desk) -> None:
    """Objects with their references, as the cmdlet wants them; each can be got by its reference."""
    answer = sent(at, asked(f"{CLASS}{SYSTEM}", mode=EnumerationMode.OBJECTS_AND_EPRS))
    assert isinstance(answer, EnumerateResponse)
    found = [item for item in answer.items or () if isinstance(item, InstanceWithReference)]
    assert len(found) == 3
    for item in found:
        assert at.get(item.reference) == item.instance


def test_get_cim_instance_by_a_query(at: Desk) -> None:
    """To `*`, in either spelling of the namespace."""
    query = "SELECT * FROM Msvm_ComputerSystem WHERE ElementName LIKE 'W%'"
    assert names(sent(at, asked(ALL, query=query))) == ["WEB01"]
    assert names(sent(at, asked(ALL, query=query), "root\\virtualization\\v2")) == ["WEB01"]


def test_get_cim_associated_instance(at: Desk) -> None:
    """Its object names the namespace once more."""
    source = of(f"{CLASS}{SYSTEM}", **at.machine("WEB01").selectors)  # type: ignore[arg-type]  # these are texts
    wanted = AssociationFilter(source=source, association_class="Msvm_SettingsDefineState")
    assert names(sent(at, asked(ALL, matching=wanted))) == ["WEB01"]


def test_get_by_keys(at: Desk) -> None:
    """The namespace stands beside the keys; of root/cimv2 as well."""
    keys = {"CreationClassName": SYSTEM, "Name": at.stage.vm("DB01").id}
    assert at.get(of(f"{CLASS}{SYSTEM}", **keys))["ElementName"] == "DB01"
    assert at.get(of(f"{CLASS}Win32_ComputerSystem", CIMV2, Name="HV1"))["Name"] == "HV1"


def test_invoke_cim_method(at: Desk) -> None:
    """On a machine, and with a reference among the arguments."""
    uri, keys = f"{CLASS}{SYSTEM}", {"CreationClassName": SYSTEM, "Name": at.stage.vm("DB01").id}
    assert at.call(of(uri, **keys), "RequestStateChange", RequestedState=3).return_value == 4096
    service = of(
        f"{CLASS}Msvm_VirtualSystemMigrationService", CreationClassName="Msvm_VirtualSystemMigrationService"
    )
    answer = at.call(service, "GetSystemCompatibilityVectors", ComputerSystem=of(uri, **keys))
    assert answer.return_value == 0


def test_the_pages_of_a_long_enumeration(at: Desk) -> None:
    """Pulled by the same URI."""
    begun = sent(at, Enumerate(resource_uri=f"{CLASS}{SYSTEM}"))
    assert isinstance(begun, EnumerateResponse)
    page = sent(at, Pull(resource_uri=f"{CLASS}{SYSTEM}", context=begun.context or "", max_elements=10))
    assert isinstance(page, PullResponse)
    assert len(page.items) == 3


def test_without_a_namespace_it_is_root_hardware(at: Desk) -> None:
    """MS-WSMV 3.1.4.1.1: so these classes are not there."""
    assert at.fault(asked(ALL, query="SELECT * FROM Msvm_ComputerSystem")).subcode != "ActionNotSupported"
    assert at.fault(asked(f"{CLASS}{SYSTEM}")).subcode == "DestinationUnreachable"

"""Requests as a host wants them, and what a strict host must see in those of others."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerationMode,
    Get,
    Instance,
    Invoke,
    Malformed,
    Pull,
    Release,
    Request,
    Unsupported,
    decode_embedded,
    decode_request,
    encode_request,
    names,
    resource_uri,
)

VM = EndpointReference(
    resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": "A"}
)
SERVICE = EndpointReference(resource_uri("Msvm_X"), {"CreationClassName": "Msvm_X"})


def sent(message: Request) -> bytes:
    """Return the envelope of a request."""
    return encode_request(message, to="https://hv1:5986/wsman", message_id="0", locale="en-US")


def invoke(body: str, headers: str = "") -> Request:
    """Return what a foreign client's Invoke of method M with that body decodes to."""
    text = (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}"><s:Header>'
        f"<a:Action>{resource_uri('Msvm_X')}/M</a:Action><w:ResourceURI> {resource_uri('Msvm_X')} </w:ResourceURI>"
        f'{headers}</s:Header><s:Body><q:M_INPUT xmlns:q="{resource_uri("Msvm_X")}">{body}</q:M_INPUT></s:Body>'
        "</s:Envelope>"
    )
    return decode_request(text.encode())


def test_a_get_carries_what_a_host_demands() -> None:
    """To, ReplyTo, the mandatory marks, both selectors (r4sd/go-wsman wsman/envelope.go)."""
    text = sent(Get(target=VM)).decode()
    for part in (
        "<a:To>https://hv1:5986/wsman</a:To>",
        f'<w:ResourceURI s:mustUnderstand="true">{VM.resource_uri}</w:ResourceURI>',
        '<a:ReplyTo><a:Address s:mustUnderstand="true">',
        '<w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>',
        "<a:MessageID>uuid:0</a:MessageID>",
        "<w:OperationTimeout>PT60S</w:OperationTimeout>",
        '<w:Selector Name="CreationClassName">Msvm_ComputerSystem</w:Selector><w:Selector Name="Name">A</w:Selector>',
    ):
        assert part in text
    assert '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/>' in text


@pytest.mark.parametrize(
    "message",
    [
        Get(target=VM),
        Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem")),
        Enumerate(
            resource_uri=resource_uri("*"),
            query="SELECT a FROM b WHERE c = '<&>'",
            optimize=True,
            max_elements=9,
        ),
        Enumerate(resource_uri=resource_uri("X"), mode=EnumerationMode.EPRS),
        Enumerate(resource_uri=resource_uri("X"), mode=EnumerationMode.OBJECTS_AND_EPRS),
        Pull(resource_uri=resource_uri("*"), context="uuid:1", max_elements=5),
        Pull(resource_uri=resource_uri("*"), context="uuid:1"),
        Release(resource_uri=resource_uri("*"), context="uuid:1"),
        Invoke(target=SERVICE, method="M", arguments={"A": VM, "B": "x", "C": None, "D": ("1", "2")}),
    ],
)
def test_a_request_survives_the_way(message: Request) -> None:
    """What is written is read as the same value."""
    read = decode_request(sent(message))
    assert type(read) is type(message)
    assert {f: getattr(read, f) for f in message.__slots__ if f != "header"} == {
        f: getattr(message, f) for f in message.__slots__ if f != "header"
    }


def test_an_embedded_instance_travels_as_text() -> None:
    """A tree of elements would be a SchemaValidationError (r4sd/go-wsman hyperv/embedded.go)."""
    setting = Instance(
        "Msvm_StorageAllocationSettingData", {"HostResource": ("D:\\a & b.vhdx",), "PoolID": ""}
    )
    read = decode_request(sent(Invoke(target=SERVICE, method="M", arguments={"Setting": (setting,)})))
    assert isinstance(read, Invoke)
    text = read.arguments["Setting"]
    assert isinstance(text, str)
    assert "&#38;" in text
    assert '<PROPERTY.ARRAY NAME="HostResource" TYPE="string"><VALUE.ARRAY><VALUE>' in text
    assert decode_embedded(text) == setting


def test_a_wrapped_reference_is_noticed() -> None:
    """A host answers an EndpointReference around a reference with SchemaValidationError (r4sd/go-wsman hyperv/epr.go)."""
    read = invoke("<q:A><a:EndpointReference><a:Address>x</a:Address></a:EndpointReference></q:A>")
    assert isinstance(read, Invoke)
    assert isinstance(read.arguments["A"], Malformed)


def test_an_element_tree_as_argument_is_noticed() -> None:
    """WS-CIM instead of CIM-XML text."""
    read = invoke("<q:A><q:Msvm_Setting><q:Name>x</q:Name></q:Msvm_Setting></q:A>")
    assert isinstance(read, Invoke)
    assert isinstance(read.arguments["A"], Malformed)


def test_prefixes_and_blanks_do_not_matter() -> None:
    """Blanks around a ResourceURI are tolerated (candlepin/virt-who hyperv.py)."""
    read = invoke("<q:A>1</q:A><q:A>2</q:A>")
    assert isinstance(read, Invoke)
    assert read.target.resource_uri == resource_uri("Msvm_X")
    assert read.arguments == {"A": ("1", "2")}


def test_headers_that_decide_are_kept() -> None:
    """Unknown mandatory ones, a mandatory Locale, a missing ReplyTo, a timeout that makes no sense."""
    header = invoke(
        "",
        '<z:Odd xmlns:z="urn:z" s:mustUnderstand="true"/><w:Locale xml:lang="de" s:mustUnderstand="1"/>'
        "<w:OperationTimeout>PT-1S</w:OperationTimeout><w:MaxEnvelopeSize>4096</w:MaxEnvelopeSize>",
    ).header
    assert header.unknown_mandatory == ("Odd",)
    assert header.locale_mandatory
    assert header.reply_to is None
    assert (header.operation_timeout, header.operation_timeout_text) == (None, "PT-1S")
    assert header.max_envelope_size == 4096


def test_a_timeout_is_read_in_both_forms() -> None:
    """PT60S and PT60.000S."""
    for text in ("PT60S", "PT60.000S", "PT1M"):
        header = invoke("", f"<w:OperationTimeout>{text}</w:OperationTimeout>").header
        assert header.operation_timeout == timedelta(seconds=60)


def test_an_unknown_action_is_a_value() -> None:
    """The server has a fault for it."""
    assert isinstance(
        decode_request(sent(Get(target=VM)).replace(b"transfer/Get", b"transfer/Put")), Unsupported
    )


HOSTILE = {
    "a document type": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    "an external entity": b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    "no XML": b"<html><body>Service Unavailable",
    "nothing": b"",
    "too deep": b"<x>" * 500 + b"</x>" * 500,
    "another root": b"<x/>",
    "SOAP 1.1": b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
    "no body": f'<s:Envelope xmlns:s="{names.SOAP}"/>'.encode(),
    "too large": b"<x>" + b"a" * (17 << 20) + b"</x>",
    "not UTF-8": b"<x>\xff\xfe\xff</x>",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_message_is_one_error(content: bytes) -> None:
    """A host, or what stands in its place, cannot make the reader fail in any other way."""
    with pytest.raises(ProtocolError):
        decode_request(content)


@pytest.mark.parametrize("text", ["\x00", "\x1b[31m", "\ud800", "\ufffe"])
def test_text_that_xml_cannot_carry_is_an_error(text: str) -> None:
    """Broken XML would be the host's problem, and ours to find."""
    with pytest.raises(ProtocolError):
        sent(Invoke(target=SERVICE, method="M", arguments={"A": text}))

"""Answers of other services and older hosts: shapes that published captures have, with values of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    EndpointReference,
    EnumerateResponse,
    Fragment,
    GetResponse,
    Instance,
    InstanceWithReference,
    InvokeResponse,
    PullResponse,
    Response,
    decode_response,
    encode_response,
    names,
    resource_uri,
)

PROCESS = resource_uri("Win32_Process", "root/cimv2")
PERSON = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/X_Person"
SPACES = (
    f'xmlns:s="{names.SOAP}" xmlns:a="{names.ADDRESSING}" xmlns:w="{names.WSMAN}" xmlns:n="{names.ENUMERATION}" '
    f'xmlns:cim="{names.CIM}" xmlns:xsi="{names.XSI}" xmlns:q="{PROCESS}" xmlns:o="{PERSON}"'
)


def envelope(body: str, action: str = names.PULL_RESPONSE) -> str:
    """Return an answer with that body."""
    header = f"<s:Header><a:Action>{action}</a:Action></s:Header>"
    return f"<s:Envelope {SPACES}>{header}<s:Body>{body}</s:Body></s:Envelope>"


def answer(body: str, action: str = names.PULL_RESPONSE) -> Response:
    """Return what an answer with that body decodes to."""
    return decode_response(envelope(body, action).encode())


def one(properties: str, element: str = "q:Win32_Process") -> Instance:
    """Return the only instance of a page, with those property elements."""
    read = answer(f"<n:PullResponse><n:Items><{element}>{properties}</{element}></n:Items></n:PullResponse>")
    assert isinstance(read, PullResponse)
    (found,) = read.items
    assert isinstance(found, Instance)
    return found


def again(message: Response) -> Response:
    """Return what is read of the message when it is written."""
    return decode_response(encode_response(message, relates_to="uuid:1", message_id="2"))


def test_an_unknown_class_is_text_and_arrays_by_repetition() -> None:
    """Indented, with a NULL and a time of the host's own zone (WinRb/WinRM spec/mock/enumerate_1.xml, 2008 R2)."""
    row = one(
        "\n  <q:Caption>System</q:Caption>\n  <q:CreationDate>\n    <cim:Datetime>2026-04-29T11:43:11.203125-07:00"
        '</cim:Datetime>\n  </q:CreationDate>\n  <q:Data>1</q:Data>\n  <q:Data>2</q:Data>\n  <q:Status xsi:nil="true"/>\n'
    )
    assert (row.class_name, row.namespace, row.resource_uri) == ("Win32_Process", "root/cimv2", PROCESS)
    assert row.properties == {
        "Caption": "System",
        "CreationDate": datetime(2026, 4, 29, 18, 43, 11, 203125, tzinfo=UTC),
        "Data": ("1", "2"),
        "Status": None,
    }


def test_a_time_keeps_its_zone() -> None:
    """2008 R2 wrote its own offset: the same moment, and written again the same text."""
    row = one("<q:CreationDate><cim:Datetime>2026-04-29T11:43:11.5-07:00</cim:Datetime></q:CreationDate>")
    written = encode_response(GetResponse(instance=row), relates_to="", message_id="1")
    assert b"<cim:Datetime>2026-04-29T11:43:11.5-07:00</cim:Datetime>" in written


def test_declared_types_are_taken_where_no_schema_knows_better() -> None:
    """`xsi:type` on properties, as MSFT_WmiError has them (WinRb/WinRM wmi_error_v2.xml) and OMI's errors."""
    row = one(
        '<q:Count xsi:type="cim:cimUnsignedInt">7</q:Count><q:Share xsi:type="cim:cimDouble">0.5</q:Share>'
        '<q:On xsi:type="cim:cimBoolean">true</q:On><q:Odd xsi:type="cim:cimUnsignedInt">many</q:Odd>'
        '<q:None xsi:nil="true" xsi:type="cim:cimString"/><q:Own xsi:type="q:Thing_Type">x</q:Own>'
        '<q:For xsi:type="cim:cimInterval"><cim:Interval>P0DT0H5M0S</cim:Interval></q:For>'
    )
    assert row.properties == {
        "Count": 7, "Share": 0.5, "On": True, "Odd": "many", "None": None, "Own": "x", "For": timedelta(minutes=5),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["<cim:Datetime>20261008******.******+***</cim:Datetime>", "<cim:CIM_DateTime>P1Y</cim:CIM_DateTime>"],
)
def test_a_time_that_is_none_stays_text_where_nothing_says_it_is_one(text: str) -> None:
    """DSP0004 allows asterisks in times: one such value must not cost the page it stands in."""
    assert isinstance(one(f"<q:ReleaseDate>{text}</q:ReleaseDate>")["ReleaseDate"], str)


def test_all_forms_of_a_time_are_read() -> None:
    """DSP0230 7.2 (cimDateTime): Datetime, Interval, CIM_DateTime, Date; the old namespace is MS-WSMV's of 2005."""
    row = one(
        "<q:A><cim:CIM_DateTime>20261008151536.000000+000</cim:CIM_DateTime></q:A>"
        "<q:B><cim:Date>2026-10-08Z</cim:Date></q:B>"
        '<q:C><old:Datetime xmlns:old="http://schemas.dmtf.org/wsman/2005/06/base">2026-10-08T15:15:36Z</old:Datetime></q:C>'
    )
    moment = datetime(2026, 10, 8, 15, 15, 36, tzinfo=UTC)
    assert row.properties == {"A": moment, "B": "2026-10-08Z", "C": moment}


def test_a_class_by_another_name_for_its_namespace() -> None:
    """OMI and DMTF services name classes by the DMTF's URI: the class is known, no WMI namespace is."""
    row = one("<o:Key>8</o:Key>", "o:X_Person")
    assert (row.class_name, row.namespace, row.resource_uri) == ("X_Person", "", PERSON)
    read = again(GetResponse(instance=row))
    assert isinstance(read, GetResponse)
    assert read.instance == row


def test_a_uri_keeps_its_case() -> None:
    """Whoever asked for `ROOT/cimv2/win32_process` finds just that in the answer, and so it is written again."""
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wmi/ROOT/cimv2/win32_process"
    read = answer(
        f'<z:Win32_Process xmlns:z="{uri}"><z:Name>a</z:Name></z:Win32_Process>', names.GET_RESPONSE
    )
    assert isinstance(read, GetResponse)
    assert (read.instance.class_name, read.instance.resource_uri) == ("Win32_Process", uri)
    assert f'xmlns:p="{uri}"'.encode() in encode_response(read, relates_to="", message_id="1")


def test_settings_of_the_service_are_an_instance_with_others_inside() -> None:
    """The answer to a Get of winrm/config (jborean93/pypsrp test_wsman_update_envelope_size_*.yml)."""
    uri = "http://schemas.microsoft.com/wbem/wsman/1/config"
    read = answer(
        f'<cfg:Config xmlns:cfg="{uri}"><cfg:MaxEnvelopeSizekb>500</cfg:MaxEnvelopeSizekb><cfg:Service><cfg:Auth>'
        "<cfg:Basic>false</cfg:Basic></cfg:Auth><cfg:MaxConnections>300</cfg:MaxConnections></cfg:Service></cfg:Config>",
        names.GET_RESPONSE,
    )
    assert isinstance(read, GetResponse)
    assert read.instance["MaxEnvelopeSizekb"] == "500"
    service = read.instance["Service"]
    assert isinstance(service, Instance)
    auth = service["Auth"]
    assert isinstance(auth, Instance)
    assert (auth["Basic"], service["MaxConnections"]) == ("false", "300")


REFERENCE = (
    "<a:Address>x</a:Address><a:ReferenceParameters><w:ResourceURI>u</w:ResourceURI><w:SelectorSet>"
    '<w:Selector Name="Name">1</w:Selector></w:SelectorSet></a:ReferenceParameters>'
)
WRAPPED = f"<a:EndpointReference>{REFERENCE}</a:EndpointReference>"
FOUND = EndpointReference("u", {"Name": "1"})


@pytest.mark.parametrize("content", [REFERENCE, WRAPPED], ids=["bare", "wrapped"])
def test_a_reference_is_one_with_and_without_its_wrapper(content: str) -> None:
    """Windows writes none; a client loses nothing by reading one, while a server must refuse it."""
    assert one(f"<q:Antecedent>{content}</q:Antecedent>")["Antecedent"] == FOUND
    read = answer(f"<q:M_OUTPUT><q:Job>{content}</q:Job></q:M_OUTPUT>", f"{PROCESS}/MResponse")
    assert isinstance(read, InvokeResponse)
    assert read.outputs == {"Job": FOUND}


def test_keys_of_an_association_are_references() -> None:
    """A selector may hold an EPR (DSP0226 5.1.2.2): so are the instances of an association told apart."""
    link = (
        "<a:EndpointReference><a:ReferenceParameters><w:ResourceURI>l</w:ResourceURI><w:SelectorSet>"
        f'<w:Selector Name="Antecedent">{WRAPPED}</w:Selector><w:Selector Name="Role">x</w:Selector>'
        "</w:SelectorSet></a:ReferenceParameters></a:EndpointReference>"
    )
    page = answer(f"<n:PullResponse><n:Items>{link}</n:Items></n:PullResponse>")
    assert isinstance(page, PullResponse)
    assert page.items == (EndpointReference("l", {"Antecedent": FOUND, "Role": "x"}),)
    read = again(page)
    assert isinstance(read, PullResponse)
    assert read.items == page.items


ITEM = "<q:Win32_Process><q:Name>a</q:Name></q:Win32_Process>"
ROW = Instance("Win32_Process", {"Name": "a"}, "root/cimv2")


@pytest.mark.parametrize("prefix", ["n", "w"])
def test_items_and_the_end_are_found_in_either_namespace(prefix: str) -> None:
    """Windows has w: in an optimised EnumerateResponse and n: in a PullResponse (DSP0226 8.2.3, 8.4)."""
    content = f"<n:EnumerationContext/><{prefix}:Items>{ITEM}</{prefix}:Items><{prefix}:EndOfSequence/>"
    for name, kind in (("EnumerateResponse", EnumerateResponse), ("PullResponse", PullResponse)):
        read = answer(f"<n:{name}>{content}</n:{name}>")
        assert isinstance(read, kind)
        assert (read.items, read.end, read.context) == ((ROW,), True, None)


def test_items_come_as_objects_references_rows_and_pairs() -> None:
    """DSP0226 8.7 (EnumerationMode) and 8.6 (fragments), in one page."""
    row = "<w:XmlFragment><Name>a</Name></w:XmlFragment>"
    pairs = f"<w:Item>{ITEM}{WRAPPED}</w:Item><w:Item>{WRAPPED}{row}</w:Item>"
    page = answer(f"<n:PullResponse><n:Items>{ITEM}{WRAPPED}{row}{pairs}</n:Items></n:PullResponse>")
    assert isinstance(page, PullResponse)
    fragment = Fragment({"Name": "a"})
    assert page.items == (
        ROW, FOUND, fragment, InstanceWithReference(ROW, FOUND), InstanceWithReference(fragment, FOUND),
    )  # fmt: skip
    read = again(page)
    assert isinstance(read, PullResponse)
    assert read.items == page.items


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: ('<?xml version="1.0" encoding="UTF-8"?>\r\n' + text).encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: ('<?xml version="1.0" encoding="utf-16"?>' + text).encode("utf-16-le"),
    ],
    ids=["plain", "BOM", "declared", "UTF-16 BOM", "UTF-16LE", "UTF-16BE", "UTF-16LE declared"],
)
def test_the_encodings_of_the_protocol(encode: object) -> None:
    """UTF-8 and UTF-16 are both the protocol's (DSP0226 13); a charset says UTF-16 where no mark does."""
    assert callable(encode)
    text = envelope(
        f"<n:PullResponse><n:Items>{ITEM.replace('>a<', '>仮想マシン 🖥<')}</n:Items></n:PullResponse>"
    )
    read = decode_response(encode(text))
    assert isinstance(read, PullResponse)
    assert read.items == (Instance("Win32_Process", {"Name": "仮想マシン 🖥"}, "root/cimv2"),)


def test_an_answer_to_another_kind_of_request_is_named() -> None:
    """A shell's CreateResponse (WinRb/WinRM open_shell_v2.xml) is no answer to anything asked here."""
    created = f'<x:ResourceCreated xmlns:x="{names.TRANSFER}">{REFERENCE}</x:ResourceCreated>'
    with pytest.raises(ProtocolError, match="CreateResponse"):
        answer(created, f"{names.TRANSFER}/CreateResponse")

"""Published examples of the specifications through the codec: their form, indented as printed, with values of our own."""

from __future__ import annotations

from textwrap import indent

import pytest

from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    EnumerationMode,
    Fault,
    Fragment,
    Get,
    GetResponse,
    Instance,
    InstanceWithReference,
    Invoke,
    InvokeResponse,
    Pull,
    PullResponse,
    Release,
    ReleaseResponse,
    Request,
    Response,
    Unsupported,
    decode_request,
    decode_response,
    names,
)

THING = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/things/Thing"
PROCESS = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Process"
DISK = "http://schemas.example.org/2026/disk"
CONTEXT = "uuid:00000000-0000-4000-8000-000000000007"


def printed(header: str, body: str) -> bytes:
    """Return a message as specifications print it: prefixes of their own, each text on a line by itself."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xml:lang="en-US"
    xmlns:s="{names.SOAP}"
    xmlns:wsa="{names.ADDRESSING}"
    xmlns:wsen="{names.ENUMERATION}"
    xmlns:wxf="{names.TRANSFER}"
    xmlns:wsman="{names.WSMAN}">
  <s:Header>
{indent(header, "    ")}
  </s:Header>
  <s:Body>
{indent(body, "    ")}
  </s:Body>
</s:Envelope>
""".encode()


def request(action: str, body: str = "", *, uri: str = THING, more: str = "") -> Request:
    """Return what a printed request decodes to."""
    header = f"""<wsa:To>http://server:80/wsman</wsa:To>
<wsman:ResourceURI s:mustUnderstand="true">
  {uri}
</wsman:ResourceURI>
<wsa:ReplyTo>
  <wsa:Address s:mustUnderstand="true">
    {names.ANONYMOUS}
  </wsa:Address>
</wsa:ReplyTo>
<wsa:Action s:mustUnderstand="true">
  {action}
</wsa:Action>
<wsman:MaxEnvelopeSize s:mustUnderstand="true">
  51200
</wsman:MaxEnvelopeSize>
<wsa:MessageID>
  uuid:00000000-0000-4000-8000-000000000001
</wsa:MessageID>
{more}
<wsman:OperationTimeout>PT60.000S</wsman:OperationTimeout>"""
    read = decode_request(printed(header, body))
    assert (read.header.reply_to, read.header.max_envelope_size) == (names.ANONYMOUS, 51200)
    assert read.header.message_id == "uuid:00000000-0000-4000-8000-000000000001"
    assert read.header.unknown_mandatory == ()
    return read


def response(action: str, body: str) -> Response:
    """Return what a printed answer decodes to."""
    header = f"""<wsa:Action s:mustUnderstand="true">
  {action}
</wsa:Action>
<wsa:MessageID s:mustUnderstand="true">
  uuid:00000000-0000-4000-8000-000000000002
</wsa:MessageID>
<wsa:To>
  {names.ANONYMOUS}
</wsa:To>
<wsa:RelatesTo s:mustUnderstand="true">
  uuid:00000000-0000-4000-8000-000000000001
</wsa:RelatesTo>"""
    read = decode_response(printed(header, body))
    assert (read.header.action, read.header.lang) == (action, "en-US")
    assert read.header.relates_to == "uuid:00000000-0000-4000-8000-000000000001"
    return read


def thing(number: int) -> str:
    """Return an instance as MS-WSMV prints it: without xsi:type, with its own place in it (cim:Location)."""
    return f"""<p:Thing
    xmlns:p="{THING}"
  >
  <p:Data>text {number}</p:Data>
  <p:id>{number}</p:id>
  <cim:Location
      xmlns:cim="{names.CIM}"
      xmlns:wsa="{names.ADDRESSING}"
      xmlns:wsman="{names.WSMAN}">
    <wsa:Address>
      {names.ANONYMOUS}
    </wsa:Address>
    <wsa:ReferenceParameters>
      <wsman:ResourceURI>
        {THING}
      </wsman:ResourceURI>
      <wsman:SelectorSet>
        <wsman:Selector Name="id">{number}</wsman:Selector>
      </wsman:SelectorSet>
    </wsa:ReferenceParameters>
  </cim:Location>
</p:Thing>"""


def read_thing(number: int) -> Instance:
    """Return the instance in it: what it has, not where it stands."""
    return Instance("Thing", {"Data": f"text {number}", "id": str(number)}, "root/things")


def test_ms_wsmv_4_1_1_retrieving_an_instance() -> None:
    """MS-WSMV 4.1.1: Get by its key, and the answer."""
    selectors = '<wsman:SelectorSet>\n  <wsman:Selector Name="id">1</wsman:Selector>\n</wsman:SelectorSet>'
    asked = request(names.GET, more=selectors)
    assert isinstance(asked, Get)
    assert asked.target == EndpointReference(THING, {"id": "1"})
    answered = response(names.GET_RESPONSE, thing(1))
    assert isinstance(answered, GetResponse)
    assert answered.instance == read_thing(1)


def test_ms_wsmv_4_1_2_enumeration() -> None:
    """MS-WSMV 4.1.2.1 to 4.1.2.6: a context, a page with a new one, the last page with none."""
    asked = request(names.ENUMERATE, "<wsen:Enumerate/>")
    assert isinstance(asked, Enumerate)
    assert (asked.resource_uri, asked.query, asked.optimize) == (THING, None, False)
    context = f"<wsen:EnumerationContext>\n  {CONTEXT}\n</wsen:EnumerationContext>"
    begun = response(
        names.ENUMERATE_RESPONSE, f"<wsen:EnumerateResponse>\n  {context}\n</wsen:EnumerateResponse>"
    )
    assert isinstance(begun, EnumerateResponse)
    assert (begun.context, begun.items, begun.end) == (CONTEXT, None, False)
    pull = request(
        names.PULL, f"<wsen:Pull>\n  {context}\n  <wsen:MaxElements>1</wsen:MaxElements>\n</wsen:Pull>"
    )
    assert isinstance(pull, Pull)
    assert (pull.context, pull.max_elements) == (CONTEXT, 1)
    first = response(
        names.PULL_RESPONSE,
        f"<wsen:PullResponse>{context}<wsen:Items>\n{thing(1)}\n</wsen:Items></wsen:PullResponse>",
    )
    last = response(
        names.PULL_RESPONSE,
        f"<wsen:PullResponse>\n<wsen:Items>{thing(2)}</wsen:Items>\n<wsen:EndOfSequence/>\n</wsen:PullResponse>",
    )
    assert isinstance(first, PullResponse)
    assert isinstance(last, PullResponse)
    assert (first.items, first.context, first.end) == ((read_thing(1),), CONTEXT, False)
    assert (last.items, last.context, last.end) == ((read_thing(2),), None, True)


def test_ms_wsmv_4_1_4_invoking_a_method() -> None:
    """MS-WSMV 4.1.4: its body names `root/cim` where the header has `root/cimv2`: the class decides."""
    body = (
        f'<p:Create_INPUT\n  xmlns:p="{PROCESS.replace("cimv2", "cim")}"\n  >\n  <p:CommandLine>a.exe</p:CommandLine>\n'
        "  <p:CurrentDirectory>C:\\</p:CurrentDirectory>\n</p:Create_INPUT>"
    )
    asked = request(f"{PROCESS}/Create", body, uri=PROCESS)
    assert isinstance(asked, Invoke)
    assert asked.arguments == {"CommandLine": "a.exe", "CurrentDirectory": "C:\\"}
    answered = response(
        f"{PROCESS}/CreateResponse",
        f'<p:Create_OUTPUT xmlns:p="{PROCESS}">\n  <p:ProcessId>7</p:ProcessId>\n'
        "  <p:ReturnValue>0</p:ReturnValue>\n</p:Create_OUTPUT>",
    )
    assert isinstance(answered, InvokeResponse)
    assert (answered.method, answered.outputs) == ("Create", {"ProcessId": "7", "ReturnValue": 0})


@pytest.mark.parametrize("action", ["Put", "Create", "Delete"])
def test_ms_wsmv_4_2_3_what_is_not_served_is_named(action: str) -> None:
    """MS-WSMV 4.2.3: certificate mappings are written and removed; such requests are known as what they are not."""
    issuer = '<wsman:Selector Name="Issuer">\n  0123456789abcdef\n</wsman:Selector>'
    uri = "http://schemas.microsoft.com/wbem/wsman/1/config/service/certmapping"
    asked = request(
        f"{names.TRANSFER}/{action}",
        f'<cert:certmapping xmlns:cert="{uri}"/>',
        uri=uri,
        more=f'<wsman:Locale xml:lang="en-US" s:mustUnderstand="false" />\n<wsman:SelectorSet>{issuer}</wsman:SelectorSet>',
    )
    assert isinstance(asked, Unsupported)
    assert (asked.header.action, asked.header.selectors) == (
        f"{names.TRANSFER}/{action}",
        {"Issuer": "0123456789abcdef"},
    )


def test_ms_wsmv_4_2_3_optimised_enumeration() -> None:
    """MS-WSMV 4.2.3: one item and a context in the first answer, of a resource that is not WMI's."""
    asked = request(
        names.ENUMERATE,
        "<wsen:Enumerate>\n<wsman:OptimizeEnumeration/>\n<wsman:MaxElements>1</wsman:MaxElements>\n</wsen:Enumerate>",
    )
    assert isinstance(asked, Enumerate)
    assert (asked.optimize, asked.max_elements) == (True, 1)
    uri = "http://schemas.microsoft.com/wbem/wsman/1/config/service/certmapping"
    answered = response(
        names.ENUMERATE_RESPONSE,
        f"<wsen:EnumerateResponse>\n<wsen:EnumerationContext>{CONTEXT}</wsen:EnumerationContext>\n<wsman:Items>\n"
        f'<cert:CertMapping\nxmlns:cert="{uri}">\n<cert:Subject>*.example.org</cert:Subject>\n<cert:Enabled>true</cert:Enabled>'
        "\n<cert:Password />\n</cert:CertMapping>\n</wsman:Items>\n</wsen:EnumerateResponse>",
    )
    assert isinstance(answered, EnumerateResponse)
    assert (answered.context, answered.end) == (CONTEXT, False)
    assert answered.items == (
        Instance(
            "CertMapping", {"Subject": "*.example.org", "Enabled": "true", "Password": ""}, "", uri
        ),
    )  # fmt: skip


EPR = f"""<wsa:EndpointReference>
  <wsa:Address>
    http://server/wsman
  </wsa:Address>
  <wsa:ReferenceParameters>
    <wsman:ResourceURI>
      {DISK}
    </wsman:ResourceURI>
    <wsman:SelectorSet>
      <wsman:Selector Name="LUN">2</wsman:Selector>
    </wsman:SelectorSet>
  </wsa:ReferenceParameters>
</wsa:EndpointReference>"""
FOUND = EndpointReference(DISK, {"LUN": "2"})


def test_dsp0226_5_1_2_2_selectors() -> None:
    """DSP0226 5.1.2.2: several keys, one of them a reference."""
    more = (
        f'<wsman:SelectorSet>\n<wsman:Selector Name="LUN">2</wsman:Selector>\n<wsman:Selector Name="Peer">\n{EPR}\n'
        "</wsman:Selector>\n</wsman:SelectorSet>"
    )
    asked = request(names.GET, uri=DISK, more=more)
    assert isinstance(asked, Get)
    assert asked.target == EndpointReference(DISK, {"LUN": "2", "Peer": FOUND})


@pytest.mark.parametrize("dialect", ["http://www.w3.org/TR/1999/REC-xpath-19991116", names.WQL_DIALECT])
def test_dsp0226_8_2_and_8_3_a_filter_with_its_dialect(dialect: str) -> None:
    """DSP0226 8.2.1 and 8.3: wsman:Filter, after an expiry and a limit that a service may take or leave."""
    asked = request(
        names.ENUMERATE,
        "<wsen:Enumerate>\n<wsen:Expires>PT10M</wsen:Expires>\n"
        f'<wsman:Filter Dialect="{dialect}">\n  /a/b[c="1"]\n</wsman:Filter>\n</wsen:Enumerate>',
        more="<wsman:RequestTotalItemsCountEstimate/>",
    )
    assert isinstance(asked, Enumerate)
    assert (asked.query, asked.dialect) == ('/a/b[c="1"]', dialect)


def test_dsp0226_8_2_2_and_8_2_3_estimate_and_first_items() -> None:
    """DSP0226 8.2.2 and 8.2.3: an estimate is skipped; all items at once, and the end in WS-Management's namespace."""
    answered = response(
        names.ENUMERATE_RESPONSE,
        "<wsen:EnumerateResponse>\n<wsen:Expires>PT1M</wsen:Expires>\n<wsen:EnumerationContext/>\n<wsman:Items>\n"
        f'<d:Disk xmlns:d="{DISK}"><d:LUN>2</d:LUN></d:Disk>\n</wsman:Items>\n<wsman:EndOfSequence/>\n'
        "</wsen:EnumerateResponse>",
    )
    assert isinstance(answered, EnumerateResponse)
    assert answered.items == (Instance("Disk", {"LUN": "2"}, "", DISK),)
    assert (answered.context, answered.end) == (None, True)


def test_dsp0226_8_4_and_8_5_pull_and_release() -> None:
    """DSP0226 8.4 and 8.5: limits that are not served are skipped; the answer to Release has no body."""
    context = f"<wsen:EnumerationContext>{CONTEXT}</wsen:EnumerationContext>"
    pull = request(
        names.PULL,
        f"<wsen:Pull>\n{context}\n<wsen:MaxTime>PT30S</wsen:MaxTime>\n<wsen:MaxElements>10</wsen:MaxElements>\n"
        "<wsen:MaxCharacters>64000</wsen:MaxCharacters>\n</wsen:Pull>",
    )
    assert isinstance(pull, Pull)
    assert (pull.context, pull.max_elements) == (CONTEXT, 10)
    release = request(names.RELEASE, f"<wsen:Release>\n{context}\n</wsen:Release>")
    assert isinstance(release, Release)
    assert release.context == CONTEXT
    assert isinstance(response(names.RELEASE_RESPONSE, ""), ReleaseResponse)


def test_dsp0226_8_6_fragments() -> None:
    """DSP0226 8.6: a query for parts answers in XmlFragment."""
    row = "<wsman:XmlFragment>\n  <Name>a</Name>\n  <Size>5</Size>\n</wsman:XmlFragment>"
    page = response(
        names.PULL_RESPONSE, f"<wsen:PullResponse>\n<wsen:Items>\n{row}\n</wsen:Items>\n</wsen:PullResponse>"
    )
    assert isinstance(page, PullResponse)
    assert page.items == (Fragment({"Name": "a", "Size": "5"}),)


@pytest.mark.parametrize("mode", [EnumerationMode.EPRS, EnumerationMode.OBJECTS_AND_EPRS])
def test_dsp0226_8_7_references(mode: EnumerationMode) -> None:
    """DSP0226 8.7: references alone, or in a wsman:Item beside their objects."""
    asked = request(
        names.ENUMERATE,
        f"<wsen:Enumerate>\n<wsman:EnumerationMode>\n  {mode}\n</wsman:EnumerationMode>\n</wsen:Enumerate>",
    )
    assert isinstance(asked, Enumerate)
    assert asked.mode == mode
    disk = f'<d:Disk xmlns:d="{DISK}"><d:LUN>2</d:LUN></d:Disk>'
    both = mode == EnumerationMode.OBJECTS_AND_EPRS
    item = f"<wsman:Item>\n{disk}\n{EPR}\n</wsman:Item>" if both else EPR
    page = response(
        names.PULL_RESPONSE,
        f"<wsen:PullResponse>\n<wsen:Items>\n{item}\n</wsen:Items>\n<wsen:EndOfSequence/>\n</wsen:PullResponse>",
    )
    assert isinstance(page, PullResponse)
    instance = Instance("Disk", {"LUN": "2"}, "", DISK)
    assert page.items == ((InstanceWithReference(instance, FOUND) if both else FOUND),)


def test_dsp0226_14_2_a_fault() -> None:
    """DSP0226 14.2 to 14.6: code, subcode, reasons in two languages, and a detail of the specification."""
    fault = response(
        names.WSMAN_FAULT,
        "<s:Fault>\n<s:Code>\n<s:Value>\n  s:Sender\n</s:Value>\n<s:Subcode>\n<s:Value>\n  wsman:QuotaLimit\n</s:Value>\n"
        '</s:Subcode>\n</s:Code>\n<s:Reason>\n<s:Text xml:lang="en">\n  Too much.\n</s:Text>\n'
        '<s:Text xml:lang="de">Zu viel.</s:Text>\n</s:Reason>\n<s:Detail>\n<wsman:FaultDetail>\n'
        "  http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/MaxEnvelopeSize\n</wsman:FaultDetail>\n</s:Detail>\n</s:Fault>",
    )
    assert isinstance(fault, Fault)
    assert (fault.code, fault.subcode, fault.subcode_namespace) == ("Sender", "QuotaLimit", names.WSMAN)
    assert fault.detail_uri.endswith("/MaxEnvelopeSize")
    assert (str(fault), fault.lang) == ("Too much", "en")

"""The shapes of published faults, with words of our own: read for what decides, and written again byte for byte."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    Fault,
    Instance,
    ProviderFault,
    WsmanFault,
    decode_response,
    encode_response,
    names,
)

DECLARED = (
    f'xmlns:s="{names.SOAP}" xmlns:a="{names.ADDRESSING}" xmlns:x="{names.TRANSFER}" xmlns:e="{names.EVENTING}" '
    f'xmlns:n="{names.ENUMERATION}" xmlns:w="{names.WSMAN}" xmlns:p="{names.MICROSOFT}"'
)
F = f'xmlns:f="{names.FAULT}"'
PATH = r"%systemroot%\system32\WsmWmiPl.dll"
STATUS = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/__ExtendedStatus"
WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"


def fault(
    subcode: str, detail: str, action: str, *, code: str = "s:Sender", relates: str = "uuid:9"
) -> bytes:
    """Return the envelope of a fault as Windows sends it."""
    related = f"<a:RelatesTo>{relates}</a:RelatesTo>" if relates else ""
    return (
        f'<s:Envelope xml:lang="ja-JP" {DECLARED}><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:8</a:MessageID>'
        f"<a:To>{names.ANONYMOUS}</a:To>{related}</s:Header><s:Body><s:Fault><s:Code><s:Value>{code}</s:Value>"
        f"<s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code><s:Reason>"
        f'<s:Text xml:lang="ja-JP">だめです。  </s:Text></s:Reason>{detail}</s:Fault></s:Body></s:Envelope>'
    ).encode()


PUBLISHED = {
    # jborean93/pypsrp tests/tests_pypsrp/responses/test_winrs_fail_poll_process.yml: the provider's text stands by itself
    "text of a provider": fault(
        "w:InvalidParameter",
        "<s:Detail><w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidValue</w:FaultDetail>"
        f'<f:WSManFault {F} Code="87" Machine="hv1"><f:Message><f:ProviderFault provider="Shell cmd plugin" '
        f'path="{PATH}">いけません。 </f:ProviderFault></f:Message></f:WSManFault></s:Detail>',
        names.WSMAN_FAULT,
    ),
    # WinRb/WinRM spec/stubs/responses/soap_fault_v2.xml: a nested fault of another machine, and WMI's extended status
    "nested fault of a provider": fault(
        "n:CannotProcessFilter",
        f'<s:Detail><f:WSManFault {F} Code="2150858778" Machine="10.0.0.1"><f:Message>'
        f'<f:ProviderFault provider="WMI Provider" path="{PATH}">'
        f'<f:WSManFault {F} Code="2147749904" Machine="HV1"><f:Message>ありません。 </f:Message></f:WSManFault>'
        f'<f:ExtendedError><p:__ExtendedStatus xmlns:xsi="{names.XSI}" xmlns:p="{STATUS}" xmlns:cim="{names.CIM}" '
        'xsi:type="p:__ExtendedStatus_Type"><p:Description xsi:nil="true"/><p:Operation>ExecQuery</p:Operation>'
        "<p:ParameterInfo>associators of {X.Name='d'}</p:ParameterInfo></p:__ExtendedStatus></f:ExtendedError>"
        "</f:ProviderFault></f:Message></f:WSManFault></s:Detail>",
        names.ENUMERATION_FAULT,
    ),
    # zenoss/txwinrm test/data_error: the service itself, without a provider
    "fault of the service": fault(
        "w:InternalError",
        f'<s:Detail><f:WSManFault {F} Code="2150859174" Machine="hv1"><f:Message>多すぎます。 </f:Message></f:WSManFault></s:Detail>',
        names.WSMAN_FAULT,
        code="s:Receiver",
    ),
    # WinRb/WinRM tests/spec/stubs/responses/soap_fault_omi.xml: no detail at all
    "no detail": fault("w:InternalError", "", names.WSMAN_FAULT, code="s:Receiver"),
    # WinRb/WinRM spec/stubs/responses/wmi_error_v2.xml: typed properties, nil ones too, and no RelatesTo
    "error of WMI": fault(
        "w:QuotaLimit",
        f'<s:Detail><p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="{names.XSI}" xmlns:b="{names.CIMBINDING}" '
        f'xmlns:p="{WMI_ERROR}" xmlns:cim="{names.CIM}" xsi:type="p:MSFT_WmiError_Type">'
        '<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">27</p:CIMStatusCode>'
        '<p:ErrorSource xsi:nil="true" xsi:type="cim:cimString"/>'
        '<p:ErrorType xsi:type="cim:cimUnsignedShort">0</p:ErrorType>'
        '<p:Message xsi:type="cim:cimString">多すぎます。 </p:Message>'
        '<p:MessageID xsi:type="cim:cimString">HRESULT 0x803381a5</p:MessageID>'
        '<p:error_Code xsi:type="cim:cimUnsignedInt">2150859173</p:error_Code></p:MSFT_WmiError></s:Detail>',
        names.WSMAN_FAULT,
        relates="",
    ),
}  # fmt: skip


def read(name: str) -> Fault:
    """Return one of the published shapes as a value."""
    found = decode_response(PUBLISHED[name])
    assert isinstance(found, Fault)
    return found


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_shape_is_written_again(name: str) -> None:
    """Texts with their blanks, machines, providers, types and language."""
    found = read(name)
    written = encode_response(
        found, relates_to=found.header.relates_to, message_id="8", lang=found.header.lang
    )
    assert written == PUBLISHED[name]


def test_the_provider_and_its_own_fault_are_kept() -> None:
    """The inner code and machine are the host's own; outside stands the name that was dialled."""
    found = read("nested fault of a provider")
    assert isinstance(found.detail, WsmanFault)
    assert found.detail.provider is not None
    assert (found.wsman_code, found.machine, found.provider) == (2150858778, "10.0.0.1", "WMI Provider")
    assert found.detail.provider.inner == WsmanFault(code=2147749904, machine="HV1", text="ありません。 ")
    assert found.detail.provider.extended is not None
    assert found.detail.provider.extended["Operation"] == "ExecQuery"
    assert str(found) == "ありません。 (0x8033801A)"


def test_a_providers_own_text_is_the_line() -> None:
    """Without a fault around it."""
    found = read("text of a provider")
    assert isinstance(found.detail, WsmanFault)
    assert found.detail.provider == ProviderFault(
        provider="Shell cmd plugin", path=PATH, text="いけません。 "
    )
    assert (found.texts, str(found)) == (("いけません。",), "いけません。 (87)")


def test_an_error_of_wmi_is_typed() -> None:
    """Number in error_Code, and no RelatesTo: what was asked is known by the connection alone."""
    found = read("error of WMI")
    assert isinstance(found.detail, Instance)
    assert found.detail["CIMStatusCode"] == 27
    assert (found.wsman_code, found.header.relates_to, found.subcode) == (2150859173, "", "QuotaLimit")


def test_the_number_may_stand_in_the_message_id_alone() -> None:
    """`HRESULT 0x...`, where error_Code is missing."""
    text = PUBLISHED["error of WMI"].replace(b"error_Code", b"error_Other")
    found = decode_response(text)
    assert isinstance(found, Fault)
    assert found.wsman_code == 0x803381A5


def test_an_error_of_another_service_is_read_alike() -> None:
    """OMI_Error, marked as a CIM error (microsoft/omi Unix/tests/wsman/test_wsmanparser.cpp)."""
    detail = (
        f'<s:Detail>\n<q:OMI_Error b:IsCIM_Error="true" xmlns:b="{names.CIMBINDING}" xmlns:xsi="{names.XSI}" '
        f'xmlns:q="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/OMI_Error" xmlns:cim="{names.CIM}">'
        '<q:ErrorType xsi:nil="true"/>\n<q:MessageID xsi:type="cim:cimString">OMI:MI_Result:12</q:MessageID>'
        '<q:Message xsi:type="cim:cimString">No such thing.</q:Message></q:OMI_Error></s:Detail>'
    )
    found = decode_response(fault("w:InternalError", detail, names.WSMAN_FAULT))
    assert isinstance(found, Fault)
    assert (str(found), found.wsman_code) == ("No such thing", None)


def test_details_that_nobody_knows_do_not_hide_the_fault() -> None:
    """Elements without a namespace, of another vendor, or an inner object that is none."""
    for detail in ("<Odd/>", '<o:Odd xmlns:o="urn:o"><o:A/></o:Odd>', "words"):
        found = decode_response(fault("w:InternalError", f"<s:Detail>{detail}</s:Detail>", names.WSMAN_FAULT))
        assert isinstance(found, Fault)
        assert (found.subcode, found.detail, str(found)) == ("InternalError", None, "だめです。")

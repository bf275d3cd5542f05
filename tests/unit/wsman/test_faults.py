"""Faults as hosts send them."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import Fault, catalogue, decode_response, encode_response, names

FAULTS = [
    catalogue.destination_unreachable("hv1"),
    catalogue.invalid_selectors("hv1"),
    catalogue.cannot_process_filter("hv1", "Invalid query "),
    catalogue.invalid_enumeration_context("hv1"),
    catalogue.schema_validation_error("hv1"),
    catalogue.access_denied("hv1"),
    catalogue.internal_error("hv1", 0x8004102F, "Invalid method Parameter(s) "),
    catalogue.timed_out("hv1"),
    catalogue.must_understand("Odd"),
    catalogue.missing_header("ReplyTo"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.subcode or fault.code)
def test_a_fault_survives_the_way(fault: Fault) -> None:
    """Code, subcode by namespace, decimal code, machine and texts."""
    read = decode_response(encode_response(fault, relates_to="uuid:1", message_id="2"))
    assert isinstance(read, Fault)
    for name in ("code", "subcode", "wsman_code", "detail_uri", "machine", "provider", "not_understood"):
        assert getattr(read, name) == getattr(fault, name), name
    if fault.subcode:
        assert read.subcode_namespace == fault.subcode_namespace
    assert read.action == fault.action


def test_the_action_is_of_the_subcodes_family() -> None:
    """Addressing, enumeration or WS-Management (recorded by pypsrp and WinRb/WinRM)."""
    assert catalogue.destination_unreachable("h").action == names.ADDRESSING_FAULT
    assert catalogue.cannot_process_filter("h", "x").action == names.ENUMERATION_FAULT
    assert catalogue.invalid_selectors("h").action == names.WSMAN_FAULT


def test_the_innermost_text_and_the_code_are_the_line() -> None:
    """What the provider says is nearer to the cause than what the service says about it."""
    assert str(catalogue.internal_error("h", 0x80041010, "Invalid class  ")) == "Invalid class (0x80041010)"
    assert str(catalogue.access_denied("h")) == "Access is denied (5)"


def test_a_wmi_error_is_a_fault_as_well() -> None:
    """MSFT_WmiError instead of WSManFault, as WinRb/WinRM recorded it (wmi_error_v2.xml): number in error_Code."""
    text = (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:w="{names.WSMAN}"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value>'
        "<s:Subcode><s:Value>w:QuotaLimit</s:Value></s:Subcode></s:Code><s:Reason><s:Text>x</s:Text></s:Reason>"
        '<s:Detail><p:MSFT_WmiError xmlns:p="urn:p"><p:error_Code>2150859173</p:error_Code><p:Message>too many</p:Message>'
        "</p:MSFT_WmiError></s:Detail></s:Fault></s:Body></s:Envelope>"
    )
    fault = decode_response(text.encode())
    assert isinstance(fault, Fault)
    assert (fault.subcode, fault.wsman_code) == ("QuotaLimit", 2150859173)
    assert fault.wsman_code in catalogue.QUOTA_CODES


def test_the_texts_of_a_wmi_error_are_both_kept() -> None:
    """Windows' own words stand beside those of WMI (WinRb/WinRM wmi_error_v2.xml; such a fault may lack RelatesTo)."""
    error = (
        f'<p:MSFT_WmiError xmlns:p="urn:p" xmlns:xsi="{names.XSI}"><p:ErrorSource xsi:nil="true"/>'
        "<p:Message>Too much. </p:Message><p:MessageID>HRESULT 0x803381a6</p:MessageID>"
        "<p:error_Code>2150859174</p:error_Code>"
        "<p:error_WindowsErrorMessage>Too many shells. </p:error_WindowsErrorMessage></p:MSFT_WmiError>"
    )
    text = f'<s:Envelope xmlns:s="{names.SOAP}"><s:Body><s:Fault><s:Detail>{error}</s:Detail></s:Fault></s:Body></s:Envelope>'
    fault = decode_response(text.encode())
    assert isinstance(fault, Fault)
    assert fault.texts == ("Too much.", "Too many shells.")
    assert str(fault) == "Too many shells (0x803381A6)"


def test_blanks_and_line_ends_in_a_fault_do_not_matter() -> None:
    """Some services indent (zenoss/txwinrm test/data_error; WinRb/WinRM soap_fault_v1.xml): codes and words are the same."""
    text = (
        f'<s:Envelope xmlns:s="{names.SOAP}" xmlns:w="{names.WSMAN}"><s:Body><s:Fault><s:Code>\n<s:Value>\n s:Receiver\n'
        "</s:Value><s:Subcode><s:Value>\n\tw:InternalError </s:Value></s:Subcode></s:Code><s:Detail>"
        f'<f:WSManFault xmlns:f="{names.FAULT}" Code="2150859174" Machine="hv1"><f:Message>\n  Too many\n  operations.\n'
        "</f:Message></f:WSManFault></s:Detail></s:Fault></s:Body></s:Envelope>"
    )
    fault = decode_response(text.encode())
    assert isinstance(fault, Fault)
    assert (fault.code, fault.subcode, fault.wsman_code) == (
        "Receiver",
        "InternalError",
        catalogue.MAX_OPERATIONS,
    )
    assert str(fault) == "Too many operations (0x803381A6)"

"""Requests whose headers or envelopes a host refuses."""

from __future__ import annotations

import re

import pytest

from hyperv_placement.wsman import EndpointReference, Fault, Get, GetResponse, catalogue, resource_uri

from .conftest import Wire, a_get, basic, envelope, keys, post, reference


def without(name: str) -> str:
    """Return an envelope that lacks a header."""
    text = envelope(a_get())
    spoilt = re.sub(rf"<a:{name}[ >].*?</a:{name}>", "", text)
    assert spoilt != text
    return spoilt


def fault_of(wire: Wire, text: str) -> Fault:
    """Send an envelope and expect a fault with HTTP 500."""
    answer, body = post(wire.connect(), text.encode(), Authorization=basic(wire))
    assert answer.status == 500
    assert answer.headers.get_content_type() == "application/soap+xml"
    found = wire.dial().post(text.encode())
    assert isinstance(found, Fault)
    assert body.startswith(b"<s:Envelope")
    return found


@pytest.mark.parametrize("name", ["ReplyTo", "MessageID", "Action", "To"])
def test_a_missing_header_is_named(wire: Wire, name: str) -> None:
    """Each of the addressing headers is required."""
    assert fault_of(wire, without(name)).subcode == "MessageInformationHeaderRequired"


def test_an_unknown_mandatory_header_is_not_understood(wire: Wire) -> None:
    """mustUnderstand on a header that the service does not know: s:MustUnderstand, naming it."""
    extra = '<z:Odd xmlns:z="urn:z" s:mustUnderstand="true"/></s:Header>'
    fault = fault_of(wire, envelope(a_get()).replace("</s:Header>", extra))
    assert (fault.code, fault.not_understood) == ("MustUnderstand", "Odd")


def test_an_unknown_optional_header_is_skipped(wire: Wire) -> None:
    """Without mustUnderstand nobody minds."""
    extra = '<z:Odd xmlns:z="urn:z" s:mustUnderstand="false"/></s:Header>'
    text = envelope(a_get()).replace("</s:Header>", extra)
    assert isinstance(wire.dial().post(text.encode()), GetResponse)


def test_a_mandatory_locale_is_an_unsupported_feature(wire: Wire) -> None:
    """The service's language cannot be demanded (MS-WSMV 3.1.4)."""
    text = envelope(a_get(), locale="de-DE")
    assert isinstance(wire.dial().post(text.encode()), GetResponse)
    spoilt = re.sub(r'(<w:Locale [^>]*mustUnderstand=")false', r"\1true", text)
    assert fault_of(wire, spoilt).subcode == "UnsupportedFeature"


def test_a_small_envelope_is_an_encoding_limit(wire: Wire) -> None:
    """MaxEnvelopeSize below 8192 (MS-WSMV 3.1.4.1.7)."""
    assert fault_of(wire, envelope(a_get(), max_envelope_size=8191)).subcode == "EncodingLimit"


@pytest.mark.parametrize("timeout", ["PT-1S", "-PT60S", "PT0S", "soon"])
def test_an_impossible_timeout_is_an_invalid_header(wire: Wire, timeout: str) -> None:
    """OperationTimeout PT-1S was recorded; the others go the same way."""
    fault = fault_of(wire, envelope(a_get()).replace("PT60S", timeout))
    assert (fault.subcode, fault.wsman_code) == ("InvalidMessageInformationHeader", catalogue.INVALID_HEADER)


def test_a_wrong_to_is_tolerated(wire: Wire) -> None:
    """Hosts are dialled by many names."""
    text = envelope(a_get()).replace("https://hv1/wsman", "http://elsewhere:5985/wsman")
    assert isinstance(wire.dial().post(text.encode()), GetResponse)


def test_reply_to_elsewhere_is_refused(wire: Wire) -> None:
    """Answers go back on the connection or nowhere."""
    text = envelope(a_get()).replace("/role/anonymous</a:Address></a:ReplyTo>", "/x</a:Address></a:ReplyTo>")
    assert fault_of(wire, text).subcode == "UnsupportedFeature"


@pytest.mark.parametrize(
    "body", ["garbage", "<x/>", "<a><b></a>", "<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>"]
)
def test_what_is_no_envelope_is_a_schema_error(wire: Wire, body: str) -> None:
    """Rubbish, other XML, broken XML and document types."""
    assert fault_of(wire, body).subcode == "SchemaValidationError"


def test_soap_1_1_is_another_version(wire: Wire) -> None:
    """An envelope of SOAP 1.1 is a VersionMismatch."""
    text = envelope(a_get()).replace(
        "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"
    )
    assert fault_of(wire, text).code == "VersionMismatch"


def test_an_unknown_action_is_not_supported(wire: Wire) -> None:
    """Put and Delete are none of the lab's actions."""
    text = envelope(a_get()).replace("transfer/Get<", "transfer/Put<")
    assert fault_of(wire, text).subcode == "ActionNotSupported"


def test_an_answer_relates_to_its_request(wire: Wire) -> None:
    """RelatesTo repeats the MessageID as sent; the language of the answer is the host's."""
    text = envelope(a_get())
    answer = wire.dial().post(text.encode())
    assert isinstance(answer, GetResponse)
    assert f"<a:MessageID>{answer.header.relates_to}</a:MessageID>" in text
    assert answer.header.lang == "en-US"


@pytest.mark.parametrize(
    ("selectors", "subcode"),
    [
        ({"Name": "HV1"}, "DestinationUnreachable"),
        ({"CreationClassName": "Msvm_ComputerSystem"}, "DestinationUnreachable"),
        ({}, "DestinationUnreachable"),
        (keys("NOBODY"), "DestinationUnreachable"),
        ({**keys("HV1"), "ElementName": "HV1"}, "InvalidSelectors"),
        ({**keys("HV1"), "__cimnamespace": "root/cimv2"}, "InvalidSelectors"),
    ],
)
def test_selectors_are_the_keys_and_all_of_them(wire: Wire, selectors: dict[str, str], subcode: str) -> None:
    """A computer system wants both keys, and no other selector."""
    target = EndpointReference(resource_uri("Msvm_ComputerSystem"), selectors)
    assert wire.dial().fault(Get(target=target)).subcode == subcode


def test_selectors_compare_without_case(wire: Wire) -> None:
    """Names and values of selectors have no case; __cimnamespace may agree with the URI."""
    target = reference(
        "msvm_computersystem", creationCLASSname="MSVM_COMPUTERSYSTEM", NAME="hv1",
        __cimnamespace="ROOT/virtualization/V2",
    )  # fmt: skip
    answer = wire.dial().send(Get(target=target))
    assert isinstance(answer, GetResponse)
    assert answer.instance.class_name == "Msvm_ComputerSystem"


@pytest.mark.parametrize("name", ["Msvm_Nothing", "CIM_ComputerSystem", "*"])
def test_a_class_that_is_not_there_is_unreachable(wire: Wire, name: str) -> None:
    """An unknown class in the URI, an abstract one, or none."""
    fault = wire.dial().fault(Get(target=reference(name, InstanceID="x")))
    assert (fault.subcode, fault.wsman_code) == (
        "DestinationUnreachable",
        catalogue.DESTINATION_UNREACHABLE,
    )
    assert fault.detail_uri.endswith("/InvalidResourceURI")

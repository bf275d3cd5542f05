"""Identify: who is answered what, and how little the question needs."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import Unsupported, xml
from hyperv_placement.wsman.decode import decode_request
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER

SPACE = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid="{space}" xmlns:x="urn:odd">'
    "<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)


def question(header: str = "", body: str = "<wsmid:Identify/>") -> bytes:
    """Return an Identify envelope, as `Test-WSMan` sends it unless something is put into it."""
    return IDENTIFY.format(space=SPACE, header=header, body=body).encode()


def said_in(envelope: bytes) -> dict[str, str]:
    """Return what an answer says, by the names of its elements."""
    (response,) = xml.parse(envelope).iter(f"{{{SPACE}}}IdentifyResponse")
    return {xml.local(item): item.text or "" for item in response}


@pytest.mark.parametrize(
    ("build", "version"), [(9600, "6.3.9600"), (14393, "10.0.14393"), (20348, "10.0.20348")]
)
def test_who_is_logged_on_is_told_the_version_of_windows(desk: MAKER, build: int, version: str) -> None:
    """Without addressing headers: product, protocol, and the version (win32 page on Identify)."""
    at = desk(estate(machine("WEB01"), build=build))
    answer = at.post(question())
    assert said_in(answer) == {
        "ProtocolVersion": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
        "ProductVendor": "Microsoft Corporation",
        "ProductVersion": f"OS: {version} SP: 0.0 Stack: 3.0",
    }
    assert len(next(xml.parse(answer).iter("{http://www.w3.org/2003/05/soap-envelope}Header"))) == 0
    assert at.service.counts["Identify"] == 1


def test_anybody_is_told_the_rest(desk: MAKER) -> None:
    """Zeros stand for the version of Windows (Test-WSMan page); nothing else is answered without a login."""
    at = desk(estate(machine("WEB01")))
    reply = at.service.answer_anonymous(question(), "hv1")
    assert reply is not None
    assert said_in(reply.body)["ProductVersion"] == "OS: 0.0.0 SP: 0.0 Stack: 3.0"
    assert not reply.fault
    assert at.service.answer_anonymous(question(body="<x:Other/>"), "hv1") is None
    broken = at.service.answer_anonymous(b"<s:Env", "hv1")
    assert broken is not None
    assert broken.fault


def test_headers_are_not_needed_and_not_minded(desk: MAKER) -> None:
    """An unknown header is passed over (DSP0226 R11-2), a mandatory one is not."""
    at = desk(estate(machine("WEB01")))
    assert said_in(at.post(question("<x:Odd>1</x:Odd>")))
    refused = at.post(question('<x:Odd s:mustUnderstand="true">1</x:Odd>'))
    assert b"MustUnderstand" in refused
    assert b"IdentifyResponse" not in refused


def test_only_the_body_asks() -> None:
    """The codec knows no such action: what is asked stands in the body alone."""
    assert isinstance(decode_request(question()), Unsupported)

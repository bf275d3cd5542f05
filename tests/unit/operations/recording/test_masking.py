"""What is secret is masked in a wire file, whoever repeats it and however it is written."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from urllib.parse import quote

import pytest

from hyperv_placement.operations.recording.leftover import views
from hyperv_placement.operations.recording.masking import MASKED, Mask
from hyperv_placement.winrm.credentials import Credential

PASSWORD = 'p<ss&w"rd Ünlück/4711'
CREDENTIAL = Credential("LAB\\svc-move", PASSWORD, key_password="opensesame")


@pytest.fixture
def mask() -> Mask:
    """A mask that knows one login."""
    made = Mask()
    made.learn(CREDENTIAL)
    return made


def fault(text: str) -> str:
    """Return an answer with a text in it."""
    return (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Text>{text}</s:Text></s:Envelope>'
    )


@pytest.mark.parametrize(
    "written",
    [
        html.escape,
        lambda text: html.escape(html.escape(text)),
        lambda text: quote(text, safe=""),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
        lambda text: base64.b64encode(f"LAB\\svc-move:{text}".encode()).decode(),
        lambda text: text.encode().hex(),
        lambda text: html.escape("".join(f"\\u{ord(letter):04x}" for letter in text)),
    ],
    ids=["xml", "twice", "address", "base64", "utf-16", "basic", "hex", "json"],
)
@pytest.mark.parametrize("secret", [PASSWORD, "opensesame"])
def test_a_password_is_masked_however_it_is_written(
    mask: Mask, secret: str, written: Callable[[str], str]
) -> None:
    """In an envelope, in an attribute, in what is no XML, and in an error."""
    text = written(secret)
    quoted = text.replace('"', "&quot;")
    for masked in (
        mask.envelope(fault(f"The host said {text} and more")),
        mask.envelope(f'<s:Envelope><a key="{quoted}"/></s:Envelope>'),
        mask.envelope(f"<!DOCTYPE html><pre>{text}</pre>"),
        mask.text(f"HTTP 500: {html.unescape(html.unescape(text))}"),
    ):
        assert not any(secret in view for view in views(masked)), masked
        assert MASKED in masked


def test_a_password_with_a_bracket_in_a_page_costs_the_whole_page(mask: Mask) -> None:
    """It stands across what looks like a tag, where no piece holds it whole."""
    masked = mask.envelope(f"<!DOCTYPE html>{PASSWORD}>")
    assert masked == "*** (37 characters with a secret among them)"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Negotiate TlRMTVNTUAADAAAAGAAYAHYAAAA=", MASKED),
        ("see Basic TEFCXHN2Yzpub3RvdXJz!", f"see {MASKED}!"),
        ("Cookie: a=b; c=d", MASKED),
        ("no way to http://joe:p!ss@proxy.corp:3128 now", f"no way to http://{MASKED}proxy.corp:3128 now"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", f"token {MASKED} end"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", MASKED),
        ("ticket YIIFhAYJKoZIhvcSAQICAQBuggVz", f"ticket {MASKED}"),
        ("answer oYGKMIGHoAMKAQGhCwYJKoZIgvcSAQIC", f"answer {MASKED}"),
    ],
)
def test_what_has_the_form_of_a_secret_is_masked_whoever_s_it_is(mask: Mask, text: str, masked: str) -> None:
    """Headers that a proxy prints, tokens of a login, keys."""
    assert mask.text(text) == masked
    assert masked in mask.envelope(fault(text))


@pytest.mark.parametrize(
    "page",
    [
        "<html><!-- Negotiate {} --><p>x</p></html>",
        "<html><![CDATA[Negotiate {}]]></html>",
        "<html><!-- x --><p>&lt;Negotiate {}&gt;</p></html>",
        "<html><!-- x --><meta content={}></html>",
        "<html><meta content={}></html>",
        "<?proxy Negotiate {}?><html></html>",
        "<e>&lt;PROPERTY NAME=&quot;X&quot; y=&quot;Negotiate {}&quot;&gt;</e>",
    ],
    ids=["comment", "cdata", "escaped", "unquoted, page", "unquoted", "instruction", "embedded"],
)
def test_a_token_is_masked_wherever_it_stands_in_a_page(mask: Mask, page: str) -> None:
    """Not only in texts and in quoted values of attributes."""
    token = "YIIGhgYGKwYBBQUCoIIGejCCBnagMDAuBgkqhkiC9xIBAgIGCSqG"
    masked = mask.envelope(page.format(token))
    assert token not in masked
    assert MASKED in masked


def test_a_property_that_is_called_a_secret_is_masked(mask: Mask) -> None:
    """As an element, as a selector, and in an instance that travels as text."""
    embedded = (
        "&lt;INSTANCE CLASSNAME=&quot;Msvm_X&quot;&gt;&lt;PROPERTY NAME=&quot;KeyProtector&quot;&gt;"
        "&lt;VALUE&gt;AQID&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;"
    )
    text = f'<p:ApiToken>one</p:ApiToken><w:Selector Name="Password">two</w:Selector><p:D>{embedded}</p:D>'
    masked = mask.envelope(f"<e>{text}</e>")
    assert masked.count(MASKED) == 3
    assert not any(each in masked for each in ("one", "two", "AQID"))


def test_a_user_has_one_mask_however_he_is_called(mask: Mask) -> None:
    """Ours by all names, others by their form; a number for each, so that lines can still be read together."""
    assert mask.text("LAB\\svc-move, svc-move@lab.example and SVC-MOVE") == "user-1, user-1 and user-1"
    assert mask.text("of LAB\\alice, not of LAB\\bob: LAB\\Alice") == "of user-2, not of user-3: user-2"
    assert mask.text("S-1-5-21-1-2-3-1104 and S-1-5-18") == "user-4 and S-1-5-18"
    assert mask.envelope(fault("x").replace("s:Text", "p:Owner").replace("x<", "Carol<")).count("user-5") == 1
    assert (
        mask.envelope("<e><Security UserID='S-1-5-21-1-2-3-1104'/></e>")
        == "<e><Security UserID='user-4'/></e>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "C:\\Virtual Machines\\svc\\disk.vhdx",
        "\\\\fs1\\share\\a.vhdx",
        "Microsoft:8E3A359F-559A-4B6A-98A9-1690A6100ED7\\0\\0\\D",
        '\\\\HV1\\root\\virtualization\\v2:Msvm_ComputerSystem.Name="A"',
        "select Name from Msvm_ComputerSystem where Name like '1111%'",
        "S-1-5-18",
        "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem",
    ],
)
def test_what_is_no_secret_stays_as_it_was(mask: Mask, text: str) -> None:
    """Paths, identifiers and queries are what the file is for."""
    assert mask.text(text) == text
    assert mask.envelope(fault(html.escape(text))) == fault(html.escape(text))

"""The last look finds a name in whatever spelling or encoding it is left, and takes no word of the protocol for one."""

from __future__ import annotations

import base64
import html
import json
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from hyperv_placement.operations.recording.disguise import Disguise
from hyperv_placement.operations.recording.leftover import LeftoverError, check
from hyperv_placement.wsman import EnumerateResponse, Instance, encode_response

GUID = "AAAAAAAA-0000-4000-8000-000000000001"
CLASS = "Msvm_VirtualSystemSettingData"
NAME = "Ä-Kasse & Trésor"
SPELLED: dict[str, Callable[[str], str]] = {
    "as it is": lambda name: name,
    "in capitals": str.upper,
    "in a sentence": lambda name: f"Virtual machine {name} failed",
    "composed otherwise": lambda name: unicodedata.normalize("NFD", name),
    "glued to something": lambda name: f"x{name}x",
    "escaped": lambda name: html.escape(html.escape(name)),
    "quoted for an address": quote,
    "quoted for JSON": lambda name: json.dumps(name)[1:-1],
    "in base64": lambda name: base64.b64encode(name.encode()).decode(),
    "in base64 of UTF-16": lambda name: base64.b64encode(name.encode("utf-16-le")).decode(),
    "in hexadecimal of UTF-16": lambda name: name.encode("utf-16-le").hex(),
    "quoted twice": lambda name: quote(quote(name)),
}


def looked(
    disguise: Disguise, value: str, *, property_: str = "ConfigurationDataRoot", **manifest: Any
) -> None:
    """Look through a recording of one answer with one value, as it would be written."""
    envelope = encode_response(
        EnumerateResponse(items=(Instance(CLASS, {property_: value}),), end=True),
        relates_to=GUID, message_id=GUID,
    ).decode()  # fmt: skip
    reported = {"answers": [], "unanswered": {}, "build": "10.0.20348", **manifest}
    check({f"001_{CLASS}_Pull.xml": (CLASS, envelope)}, reported, disguise)


@pytest.mark.parametrize("spelled", SPELLED.values(), ids=list(SPELLED))
def test_a_name_that_is_left_is_found(spelled: Callable[[str], str]) -> None:
    """And where it stands is said without saying it."""
    with pytest.raises(LeftoverError, match=f"001_{CLASS}_Pull.xml: {CLASS}.ConfigurationDataRoot") as caught:
        looked(Disguise([NAME]), spelled(NAME))
    assert "Kasse" not in str(caught.value)


@pytest.mark.parametrize(
    "left", ["TRADING-FLOOR-H", "trading-floor-hv01.bank.example", "trésor".encode("idna").decode(), "trésor"]
)
def test_other_names_of_a_computer_are_found(left: str) -> None:
    """NetBIOS has fifteen letters of it, DNS may have it in punycode."""
    with pytest.raises(LeftoverError):
        looked(Disguise(["trading-floor-hv01.bank.example", "trésor"]), left)


@pytest.mark.parametrize("where", [{"unanswered": {"inventory": "Payroll is away"}}, {"locale": "payroll"}])
def test_the_manifest_is_looked_through_as_well(where: dict[str, Any]) -> None:
    """What was not answered, and why, is written by hosts."""
    with pytest.raises(LeftoverError, match=r"manifest\.json"):
        looked(Disguise(["Payroll"]), "D:\\x-y-z", **where)


@pytest.mark.parametrize(
    ("name", "property_", "value"),
    [
        ("2", "AutomaticStartupAction", "2"),
        ("Realized", "VirtualSystemType", "Microsoft:Hyper-V:System:Realized"),
        ("Microsoft", "InstanceID", f"Microsoft:{GUID}\\{GUID}\\0\\0\\D"),
        ("uuid", "ElementName", "name-1"),
        ("D", "ConfigurationDataRoot", "D:\\name-1"),
        ("4000", "VirtualSystemIdentifier", GUID),
        ("10.0", "Version", "10.0"),
    ],
)
def test_what_is_the_protocols_own_is_no_name(name: str, property_: str, value: str) -> None:
    """A machine may be called so, and its host could not be recorded at all."""
    disguise = Disguise([name])
    disguise.pseudonyms.name("something")
    looked(disguise, value, property_=property_)


@pytest.mark.parametrize("name", ["en-US", "ja-JP", "zh-Hans-CN"])
def test_a_folder_called_like_the_hosts_language_keeps_no_recording_from_being_written(name: str) -> None:
    """As on media of Windows; it is replaced, and the language stays in the attribute that holds nothing else."""
    looked(Disguise([name]), "name-1", locale=name)


@pytest.mark.parametrize("reported", ["HV-PROD01", "TRADINGHV"])
def test_what_is_no_language_is_looked_for_there_too(reported: str) -> None:
    """Whatever stands where the language does."""
    with pytest.raises(LeftoverError, match="manifest"):
        looked(Disguise([reported]), "name-1", locale=reported)

"""Names and addresses are replaced, the same everywhere; what Windows itself says stays."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.errors import ProtocolError
from hyperv_placement.operations.recording import segments, vocabulary
from hyperv_placement.operations.recording.disguise import Disguise
from hyperv_placement.operations.recording.pseudonyms import Pseudonyms
from hyperv_placement.wsman import (
    EnumerateResponse,
    Instance,
    decode_response,
    encode_embedded,
    encode_response,
)
from tests import recordings

GUID = "D46FD5CD-A9CB-40B1-ACFB-5CC8C759E2D5"
OURS = re.compile(r"AAAAAAAA-0000-4000-8000-\d{12}")


@pytest.fixture
def disguise() -> Disguise:
    """A disguise that knows a host, an account and a machine."""
    return Disguise(["hv1.corp.example", "CORP\\placement", "WEB 01"])


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (GUID, OURS.pattern),
        (GUID.lower(), OURS.pattern.lower()),
        ("{" + GUID + "}", r"\{" + OURS.pattern + r"\}"),
        (f"Microsoft:{GUID}\\83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0\\1\\L",
         rf"Microsoft:{OURS.pattern}\\83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0\\1\\L"),
        (r"D:\VMs\web one\Virtual Hard Disks\web one.vhdx",
         r"D:\\name-(\d+)\\name-(\d+)\\Virtual Hard Disks\\name-\2\.vhdx"),
        (r"C:\ClusterStorage\Volume1\a b.avhdx", r"C:\\ClusterStorage\\Volume1\\name-\d+\.avhdx"),
        (r"\\sofs.corp.example\vms\x y", r"\\\\name-\d+\.name-\d+\.name-\d+\\name-\d+\\name-\d+"),
        (r'\\HV1\root\virtualization\v2:Msvm_ComputerSystem.Name="x y"',
         r'\\\\NAME-\d+\\root\\virtualization\\v2:Msvm_ComputerSystem\.Name="name-\d+"'),
        ("10.1.2.3", r"203\.0\.113\.1"), ("2001:db9::17", "2001:db8::1"), ("fe80::1c:2%4", "fe80::1"),
        ("255.255.255.0", r"255\.255\.255\.0"), ("::", "::"), ("127.0.0.1", r"127\.0\.0\.1"),
        ("00155D0A0B0C", "00155D000001"), ("a4-bb-6d-01-02-0f", "02-00-00-00-00-01"),
        ("S-1-5-21-1004336348-1177238915-682003330-512", "S-1-5-21-1000-1000-1000-1"),
        ("S-1-5-18", "S-1-5-18"), ("10.0.20348.1", r"10\.0\.20348\.1"), ("会計", r"name-\d+"),
        ("Microsoft:Hyper-V:System:Realized", "Microsoft:Hyper-V:System:Realized"),
        ("a &amp; b", r"name-\d+ &amp; name-\d+"), ("P:\\x", r"P:\\name-\d+"),
    ],
)  # fmt: skip
def test_what_takes_the_place_of_a_text(disguise: Disguise, text: str, shape: str) -> None:
    """Shape, case and structure stay; what every Windows has stays itself."""
    assert re.fullmatch(shape, disguise.words(text)), disguise.words(text)


def test_sentences_stay_but_for_the_names_in_them(disguise: Disguise) -> None:
    """Codes and words are what a recording is for; a name that was learnt is found in any case."""
    said = disguise.sentences(
        "Migration of 'Web 01' failed at source 'HV1' (Virtual machine ID D46FD5CD-A9CB-40B1-ACFB-5CC8C759E2D5)"
        " to hv1.corp.example [10.1.2.3] by CORP\\placement: No credentials (0x8009030E) 12:34:56"
    )
    assert re.fullmatch(
        r"Migration of 'NAME-\d+|Migration of 'name-\d+' failed at source 'NAME-\d+' \(Virtual machine ID "
        + OURS.pattern
        + r"\) to name-\d+\.name-\d+\.name-\d+ \[203\.0\.113\.1\] by NAME-\d+\\name-\d+:"
        r" No credentials \(0x8009030E\) 12:34:56",
        said,
    ), said


@given(st.lists(st.text(min_size=1, max_size=30), max_size=20))
def test_equal_names_have_equal_pseudonyms_and_others_have_others(names: list[str]) -> None:
    """Case aside: Windows does not tell names apart by it."""
    table = Pseudonyms()
    made = [table.name(name).casefold() for name in names]
    for one, its in zip(names, made, strict=True):
        for other, others in zip(names, made, strict=True):
            assert (its == others) == (one.casefold() == other.casefold())


@given(st.from_regex(r"[A-Za-z]{3,12}( [A-Za-z]{2,8})?", fullmatch=True))
def test_a_name_in_a_path_never_comes_through(name: str) -> None:
    """Whatever a folder is called: only Hyper-V's own words stay."""
    disguised = Disguise([]).words(f"D:\\zz{name}\\{name}qq.vhdx")
    assert name.casefold() not in disguised.casefold().replace("name", "")


def test_embedded_instances_are_disguised_within(disguise: Disguise) -> None:
    """CIM-XML that travels as text is read property by property, and stays readable."""
    inner = encode_embedded(
        Instance(
            "Msvm_VirtualSystemSettingData",
            {"ElementName": "R&D's own", "ConfigurationDataRoot": "D:\\R&D's own", "Version": "9.0"},
        )
    )
    outer = Instance(
        "Msvm_MigrationJob", {"InstanceID": GUID, "NewSystemSettingData": inner, "Owner": "CORP\\me"}
    )
    envelope = encode_response(
        EnumerateResponse(items=(outer,), end=True), relates_to="", message_id=GUID, lang="en-US"
    ).decode()
    disguise.learn(envelope, "")
    written = disguise.applied(envelope, "")
    assert "own" not in written
    assert "CORP" not in written
    answer = decode_response(written.encode())
    assert isinstance(answer, EnumerateResponse)
    assert answer.items is not None
    text = answer.items[0].text("NewSystemSettingData")  # type: ignore[union-attr]
    assert 'CLASSNAME="Msvm_VirtualSystemSettingData"' in text
    assert "9.0" in text


@pytest.mark.parametrize("content", ["<!-- hv1 -->", "<![CDATA[hv1]]>", "<!DOCTYPE a>"])
def test_what_cannot_be_cut_safely_is_refused(disguise: Disguise, content: str) -> None:
    """Names in a comment or CDATA would come through."""
    with pytest.raises(ProtocolError):
        disguise.applied(f"<a>{content}</a>", "")


@pytest.mark.parametrize("name", [n for n in recordings.names() if not n.startswith("request_")])
def test_a_recorded_answer_in_disguise_decodes_to_the_same_shape(name: str, disguise: Disguise) -> None:
    """Classes, properties, numbers and times are untouched: only names differ."""
    content = recordings.recording(name).content.decode()
    disguise.learn(content, "")
    written = disguise.applied(content, "")
    assert re.sub(r">[^<]*<", "><", written) == re.sub(r">[^<]*<", "><", content)
    assert type(decode_response(written.encode())) is type(decode_response(content.encode()))
    assert re.findall(r">(-?\d+|true|false|[\d-]+T[\d:.]+Z)<", written) == re.findall(
        r">(-?\d+|true|false|[\d-]+T[\d:.]+Z)<", content
    )
    assert "scrubbed" not in written


def answer_of(property_: str, value: str) -> str:
    """Return an envelope with one property of a machine."""
    return encode_response(
        EnumerateResponse(items=(Instance("Msvm_VirtualSystemSettingData", {property_: value}),), end=True),
        relates_to="", message_id=GUID, lang="en-US",
    ).decode()  # fmt: skip


@pytest.mark.parametrize(
    ("property_", "value"),
    [
        ("ElementName", "Payroll"), ("ElementName", "PROD-SQL01"), ("ElementName", "payroll"), ("ElementName", "WEB01"),
        ("ElementName", "PRODHV01"), ("ConfigurationDataRoot", "P:\\x"), ("Notes", "Passw0rd:hunter2"), ("Notes", "P@ssw0rd!"),
        ("ElementName", "2024-01-01Tsecret"), ("Notes", "http://schemas.microsoft.evil/secret"),
        ("ElementName", "12345678901234"), ("Notes", "secret note"), ("ElementName", "P1D"), ("Notes", "PT5M"),
        ("ElementName", "2024-01-01T00:00:00Z"), ("ElementName", "true"), ("ConfigurationDataRoot", "\\\\PROD\\Payroll"),
    ],
)  # fmt: skip
def test_what_a_site_has_called_something_does_not_stay_for_its_form(property_: str, value: str) -> None:
    """Whether it begins like a duration, a date, a number or an address of the protocol."""
    envelope, disguise = answer_of(property_, value), Disguise(["PRODHV01"])
    disguise.learn(envelope, "")
    written = disguise.applied(envelope, "").split("<s:Body>")[1]
    parts = [part for part in re.split(r"[\\:/]", value) if len(part) > 1 and part != "http"]
    assert not [part for part in parts if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", written)], written


@pytest.mark.parametrize(
    "value",
    ["20240131235959.000000+060", "20240131235959.******+***"[:25], "00000001000000.000000:000", "P1Y2M3DT4H5M6.7S", "PT60.000S", "-P3D",
     "2026-10-08T15:15:01.123Z", "2026-10-08T15:15:01+02:00"],
)  # fmt: skip
def test_times_are_told_by_their_whole_grammar(value: str) -> None:
    """And what only begins like one is none."""
    for other in ("", "x", " x"):
        assert vocabulary.is_time(value + other) is (not other and "***" not in value[-3:])


@pytest.mark.parametrize(
    "value", ["P", "PT", "-P", "P1", "PROD", "P1DT", "2024-13-01T00:00:00Z", "20241301000000.000000+000"]
)
def test_what_is_no_time_is_none(value: str) -> None:
    """Month 13, or a duration of nothing."""
    assert not vocabulary.is_time(value)


@pytest.mark.parametrize(
    ("said", "kept", "gone"),
    [
        ("The server fs-bank-07 could not be reached from LONDON-HV (0x80070035)", "The server", ("fs-bank-07", "LONDON-HV")),
        ("Failed to connect to payfiler.bank.example: timeout after 30 seconds", "timeout after 30 seconds", ("payfiler", "bank")),
        ("Die Migration von Kasse ist fehlgeschlagen", "Die", ("Kasse", "fehlgeschlagen", "von")),
        ("SWIFTGW_2 is not available", "is not available", ("SWIFTGW",)),
        ("GATEWAY failed", "failed", ("GATEWAY",)),
    ],
)  # fmt: skip
def test_unknown_names_in_sentences_go_as_well(said: str, kept: str, gone: tuple[str, ...]) -> None:
    """Words stay that Windows is known to write; of other languages none."""
    written = Disguise([]).sentences(said)
    assert kept in written or kept == "Die"
    assert not [name for name in gone if name in written], written


@pytest.mark.parametrize("text", ["<", "&lt;INSTANCE a", "&lt;VALUE &lt;", "&lt;INSTANCE"])
def test_an_answer_of_beginnings_alone_is_taken_apart_at_once(text: str) -> None:
    """Each of a hundred thousand tags looked for its end in all of the rest."""
    begun = time.process_time()
    list(segments.pieces(text * 100_000, "Msvm_ComputerSystem"))
    assert time.process_time() - begun < 2

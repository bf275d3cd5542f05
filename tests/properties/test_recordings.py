"""Recordings of made-up sites, whatever things are called there, hold no name: searched by a reader of its own.

The reader knows nothing of how a recording is disguised: it parses the written XML, and the instances that travel as texts, and
looks at every value but those of properties that can hold numbers, times and classes alone.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from hyperv_placement.operations.recording import archive
from hyperv_placement.operations.recording.answers import Answer
from hyperv_placement.operations.recording.record import Recording
from hyperv_placement.wsman import (
    CimType,
    EnumerateResponse,
    Instance,
    encode_embedded,
    encode_response,
    schema_of,
)

GUID = "D46FD5CD-A9CB-40B1-ACFB-5CC8C759E2D5"
HOSTILE = (
    "Payroll", "PROD-SQL01", "PRODHV01", "P", "PT5M", "P1D", "-P1Y2M", "PS", "2024-01-01T00:00:00Z", "2024-01-01Tsecret",
    "20240101120000.000000+000", "00000000000000.000000:000", "public", "Public", "System", "Microsoft", "Realized", "root",
    "Msvm_ComputerSystem", "Msvm_Payroll", "CIM_PAYROLL", "http://schemas.microsoft.evil/secret", "http://schemas.microsoft.com",
    "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd", "4711", "0", "2", "-1", "3.5", "true", "False", "x", "A", "12345678901234",
    "10.0", "Trading Floor 10.20.30.40", "10.20.30.40", "fe80::1", "Ä-Kasse", "ä-kasse", "A\u0308-Kasse", "before audit BaFin",
    "Müller requested", "会計 サーバー", "Straße 7", "R&D's own", "a<b", '"quoted"', "O'Neil", "name", "name-1", "serial-1", "alias1",
    "uuid", "Virtual Machines", "Snapshots", "OK", "Windows", "Definition", "SELECT", "the", "failed", "Name", "InstanceID",
    "00155D000001", "S-1-5-21-1-2-3", "S-1-5-18", GUID, "83f8638b-8dca-4152-9eda-2ca8b33039b4", "D:", "D", "os.vhdx", "a.b.c", "x%20y",
    "P@ssw0rd!", "Passw0rd:hunter2", "C:\\ClusterStorage", "\\\\srv\\share", "LONG-COMPUTER-NAME-01", "xn--kasse-5za", "aaaaaaaa",
    "203.0.113.1", "*", "$x", "(old) web", "web (old)", "k8s_node.1", "\ue0000\ue001", "µ", "ﬁnance", "İstanbul",
)  # fmt: skip
STRANGE = (
    "Payroll", "PROD-SQL01", "PRODHV01", "Tsecret", "microsoft.evil", "Trading Floor", "10.20.30.40", "Ä-Kasse", "BaFin", "Sparkasse",
    "P@ssw0rd", "hunter2", "LONG-COMPUTER", "Müller", "会計", "corp.example", "Kunden",
)  # fmt: skip
"""What must not be anywhere in a file, markup and header among it."""
NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._&'()-]{0,18}[A-Za-z0-9]", fullmatch=True),
    st.from_regex(r"-?P[0-9]{0,3}[YMDTHS]?\w{0,6}", fullmatch=True),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12),
)
KEPT = {CimType.BOOLEAN, CimType.DATETIME, CimType.INTERVAL} | {
    each for each in CimType if "int" in each or "real" in each
}
SPOKEN = {"Caption", "Description", "ErrorDescription", "JobStatus", "StatusDescriptions"}
OWN = {
    "CreationClassName",
    "SystemCreationClassName",
    "VirtualSystemType",
    "ResourceSubType",
    "Version",
    "MessageID",
    "RelatesTo",
}
"""Properties that the protocol fills in itself."""


def instances(names: Sequence[str]) -> Iterator[Instance]:
    """Yield what a host shows of machines of these names: systems, settings, disks, a switch, and a job that failed."""
    for number, name in enumerate(names):
        guid = f"{number:08d}{GUID[8:]}"
        yield Instance(
            "Msvm_ComputerSystem",
            {"Name": guid, "ElementName": name, "EnabledState": "2", "Caption": "Virtual Machine"},
        )
        setting = {
            "InstanceID": f"Microsoft:{guid}", "ElementName": name, "VirtualSystemIdentifier": guid, "Version": "9.0",
            "VirtualSystemType": "Microsoft:Hyper-V:System:Realized", "ConfigurationDataRoot": f"D:\\Kunden\\{name}",
            "Notes": f"{name} is asked by {name}",
        }  # fmt: skip
        yield Instance("Msvm_VirtualSystemSettingData", setting)
        yield Instance(
            "Msvm_StorageAllocationSettingData",
            {
                "InstanceID": f"Microsoft:{guid}\\{GUID}\\0\\0\\D", "ResourceSubType": "Microsoft:Hyper-V:Virtual Hard Disk",
                "HostResource": f"\\\\fs.corp.example\\{name}\\Virtual Hard Disks\\{name}.vhdx",
            },
        )  # fmt: skip
        said = f"Virtual machine migration operation for '{name}' failed at migration source '{name}'. {name} is not available at {name}"
        yield Instance(
            "Msvm_MigrationJob",
            {
                "InstanceID": guid, "ElementName": "Moving Virtual Machine", "ErrorDescription": said, "ErrorCode": "32768",
                "Owner": f"CORP\\{name}", "NewSystemSettingData": encode_embedded(Instance("Msvm_VirtualSystemSettingData", setting)),
            },
        )  # fmt: skip
        yield Instance("Msvm_VirtualEthernetSwitch", {"Name": guid, "ElementName": name})


def written(names: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a recording of such a host."""
    recording = Recording(build="10.0.20348", account="CORP\\placement")
    for each in instances(names):
        content = encode_response(
            EnumerateResponse(items=(each,), end=True), relates_to=GUID, message_id=GUID
        )
        recording.answers.all.append(
            Answer(
                operation="Enumerate", class_name=each.class_name, query="", options="",
                selectors={}, envelope=content.decode(),
            )
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        archive.write(Path(folder) / "a.zip", recording, [])
        content = (Path(folder) / "a.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert {each.date_time for each in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert opened.comment == b""
        return {name: opened.read(name) for name in opened.namelist()}


def values(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield property and value of all that a document says, and of the instances that travel in it as texts."""
    for element in etree.fromstring(content).iter("*"):
        name, text = etree.QName(element).localname, element.text or ""
        if name in {"PROPERTY", "PROPERTY.ARRAY"}:
            yield str(element.attrib["NAME"]), "".join(map(str, element.itertext()))
        elif text.startswith("<INSTANCE"):
            yield from values(text.encode())
        elif text.strip() and name != "VALUE":
            yield name, text


def holds_names(class_name: str, name: str) -> bool:
    """Say whether a property can hold what a site has called something."""
    schema = schema_of(class_name)
    found = schema.property(name) if schema else None
    return name not in OWN and found is not None and found.type not in KEPT


def shows(value: str, name: str, property_: str) -> bool:
    """Say whether a value has a name in it: as the whole, as a part of a path, or between the words of a sentence."""
    value, name = (unicodedata.normalize("NFC", each).casefold() for each in (value, name))
    if re.fullmatch(r"[a-z]:?", name) and property_ not in {"ElementName", "Notes"}:
        value = re.sub(r"^[a-z]:", "", value)
    if property_ == "InstanceID" and len(name) <= 2:
        return False
    pieces = [value, *re.split(r"\\", value)]
    stems = [piece.removesuffix(".vhdx") for piece in pieces]
    if name in pieces or name in stems:
        return not (property_ not in SPOKEN and name == "virtual hard disks")
    return property_ in SPOKEN and len(name) > 1 and (f"'{name}'" in value or f" {name} " in f" {value} ")


@settings(max_examples=60)
@example(list(HOSTILE[:40]))
@example(list(HOSTILE[40:]))
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_no_name_is_in_a_recording(names: list[str]) -> None:
    """Neither as it stands, nor in a folder, nor in what the host says of it."""
    files = written(names)
    for content in (*files, *(each.decode() for each in files.values())):
        assert not [each for each in STRANGE if each.casefold() in content.casefold()]
    manifest = json.loads(files.pop(archive.MANIFEST))
    for entry in manifest["answers"]:
        for property_, value in values(files[entry["file"]]):
            if holds_names(entry["class"], property_):
                left = [name for name in names if shows(value, name, property_)]
                assert not left, (entry["file"], property_, value)

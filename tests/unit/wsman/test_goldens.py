"""Messages written by hand after published ones: what the codec writes for the same values is the same text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Fault,
    Fragment,
    Get,
    Instance,
    Invoke,
    InvokeResponse,
    Request,
    Response,
    catalogue,
    decode_embedded,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
    resource_uri,
    wql,
)

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "wsman"
VM = EndpointReference(
    resource_uri("Msvm_ComputerSystem"),
    {"CreationClassName": "Msvm_ComputerSystem", "Name": "00000000-0000-4000-8000-000000000006"},
)
SERVICE = EndpointReference(
    resource_uri("Msvm_VirtualSystemMigrationService"),
    {"CreationClassName": "Msvm_VirtualSystemMigrationService"},
)
JOB = EndpointReference(
    resource_uri("Msvm_MigrationJob"), {"InstanceID": "00000000-0000-4000-8000-000000000005"}
)
SETTING = Instance(
    "Msvm_VirtualSystemMigrationSettingData",
    {"MigrationType": 32771, "EnableCompression": False, "DestinationIPAddressList": ("10.0.0.12",)},
)
DISKS = tuple(
    Instance("Msvm_StorageAllocationSettingData", {"HostResource": (path,), "PoolID": ""})
    for path in ("D:\\R & D\\os.vhdx", "E:\\data.vhdx")
)

ANSWERS: dict[str, Response] = {
    "fault-timed_out": catalogue.timed_out("hv1"),
    "fault-invalid_selectors": catalogue.invalid_selectors("hv1"),
    "fault-destination_unreachable": catalogue.destination_unreachable("hv1"),
    "fault-invalid_header": catalogue.invalid_header("hv1", "The XML contains an invalid timeout: PT-1S. "),
    "Win32_OperatingSystem-enumerate-projection": EnumerateResponse(
        items=(
            Fragment(
                {
                    "LastBootUpTime": datetime(2026, 4, 10, 16, 18, 55, 486340, tzinfo=UTC),
                    "CSName": "HV1",
                    "CSDVersion": None,
                    "Roles": ("A", "B"),
                    "Description": "",
                    "FreePhysicalMemory": 135108,
                    "Caption": "Windows of the lab",
                    "BuildNumber": "20348",
                }
            ),
        ),
        end=True,
    ),
    "Win32_Volume-enumerate-more_to_come": EnumerateResponse(
        context="uuid:00000000-0000-4000-8000-000000000003",
        items=(
            Fragment(
                {
                    "Capacity": 366997504,
                    "DriveLetter": None,
                    "Name": "\\\\?\\Volume{00000000-0000-4000-8000-000000000004}\\",
                    "SystemVolume": True,
                }
            ),
        ),
    ),
    "Msvm_VirtualSystemMigrationService-migrate-job_started": InvokeResponse(
        resource_uri=SERVICE.resource_uri,
        method="MigrateVirtualSystemToHost",
        outputs={"Job": JOB, "ReturnValue": 4096},
    ),
}
REQUESTS: dict[str, Request] = {
    "Msvm_ComputerSystem-get-request": Get(target=VM),
    "Msvm_StorageAllocationSettingData-enumerate-request": Enumerate(
        resource_uri=resource_uri("*"),
        query=wql.select(
            "Msvm_StorageAllocationSettingData", "HostResource", like={"InstanceID": "Microsoft:0000"}
        )
        + " AND Caption = "
        + wql.literal("a < b"),
        optimize=True,
        max_elements=100,
    ),
    "Msvm_VirtualSystemMigrationService-migrate-request": Invoke(
        target=SERVICE,
        method="MigrateVirtualSystemToHost",
        arguments={
            "ComputerSystem": VM,
            "DestinationHost": "hv2.lab.example",
            "MigrationSettingData": SETTING,
            "NewSystemSettingData": None,
            "NewResourceSettingData": DISKS,
        },
    ),
}


def golden(name: str) -> bytes:
    """Return the message in a file, without the comment that names its source."""
    comment, _, content = (FOLDER / f"{name}.xml").read_bytes().partition(b"-->\n")
    assert b"synthetic" in comment
    return content.rstrip(b"\n")


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_written_as_published_ones_are(name: str) -> None:
    """Prefixes, declarations, order and forms of NULL, arrays and times are those of real hosts."""
    written = encode_response(
        ANSWERS[name],
        relates_to="uuid:00000000-0000-4000-8000-000000000002",
        message_id="00000000-0000-4000-8000-000000000001",
    )
    assert written == golden(name)


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_are_written_as_accepted_ones_are(name: str) -> None:
    """What hosts were seen to accept is what is sent."""
    written = encode_request(
        REQUESTS[name], to="https://hv1:5986/wsman", message_id="00000000-0000-4000-8000-000000000001"
    )
    assert written == golden(name)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.xml")), ids=lambda path: path.stem)
def test_every_golden_file_has_its_message(path: Path) -> None:
    """A file that nothing is compared with proves nothing."""
    assert path.stem in {*ANSWERS, *REQUESTS}


def test_a_projection_is_read_with_its_class_given_back() -> None:
    """`Datetime` stands in no namespace there (txwinrm's captures); types come from the schema."""
    answer = decode_response(golden("Win32_OperatingSystem-enumerate-projection"))
    assert isinstance(answer, EnumerateResponse)
    assert answer.items is not None
    (row,) = answer.items
    assert isinstance(row, Fragment)
    assert isinstance(row.properties["LastBootUpTime"], datetime)
    system = row.typed("Win32_OperatingSystem", "root/cimv2")
    assert system["LastBootUpTime"] == datetime(2026, 4, 10, 16, 18, 55, 486340, tzinfo=UTC)
    assert system["FreePhysicalMemory"] == 135108
    assert (system["CSDVersion"], system["Description"]) == (None, "")
    assert (answer.context, answer.end) == (None, True)


def test_a_page_with_more_to_come_has_a_context() -> None:
    """Optimised, with one item and a context, as 2008 R2 and 2012 answered (txwinrm's captures)."""
    answer = decode_response(golden("Win32_Volume-enumerate-more_to_come"))
    assert isinstance(answer, EnumerateResponse)
    assert (answer.context, answer.end) == ("uuid:00000000-0000-4000-8000-000000000003", False)


def test_a_migration_is_read_as_it_was_meant() -> None:
    """Reference, text, NULL and the embedded texts, whose path keeps its ampersand through both escapings."""
    request = decode_request(golden("Msvm_VirtualSystemMigrationService-migrate-request"))
    assert isinstance(request, Invoke)
    assert request.arguments["ComputerSystem"] == VM
    assert request.arguments["NewSystemSettingData"] is None
    setting, texts = request.arguments["MigrationSettingData"], request.arguments["NewResourceSettingData"]
    assert isinstance(setting, str)
    assert isinstance(texts, tuple)
    assert decode_embedded(setting) == SETTING
    assert tuple(decode_embedded(str(text)) for text in texts) == DISKS


def test_a_fault_of_the_provider_keeps_its_text() -> None:
    """The text stands two levels down, within the provider's own fault."""
    fault = decode_response(golden("fault-destination_unreachable"))
    assert isinstance(fault, Fault)
    assert (fault.subcode, fault.wsman_code, fault.provider) == (
        "DestinationUnreachable",
        2150858752,
        "WMI Provider",
    )
    assert str(fault).endswith("resource URI and selectors (0x80338000)")

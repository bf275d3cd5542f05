"""What a real host sent decodes to typed values, and the encoder writes the same bytes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from hyperv_placement.wsman import (
    EndpointReference,
    EnumerateResponse,
    Fault,
    GetResponse,
    Instance,
    Invoke,
    InvokeResponse,
    PullResponse,
    decode_request,
    decode_response,
    encode_response,
    resource_uri,
)
from tests import recordings

ANSWERS = [name for name in recordings.names() if not name.startswith("request_")]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_recorded_answer_is_written_again_byte_for_byte(name: str) -> None:
    """Order, prefixes, nil and array forms, dates and headers are the host's own (r4sd/go-wsman testdata)."""
    recorded = recordings.recording(name)
    message = decode_response(recorded.content)
    assert not isinstance(message, Fault)
    identity = re.search(rb"MessageID>uuid:([^<]+)<", recorded.content)
    assert identity is not None
    written = encode_response(
        message,
        relates_to=message.header.relates_to,
        message_id=identity.group(1).decode(),
        lang=message.header.lang,
    )
    assert written == recorded.content


@pytest.mark.parametrize("name", ANSWERS)
def test_the_recordings_are_as_they_were_published(name: str) -> None:
    """A changed recording would prove nothing."""
    recorded = recordings.recording(name)
    assert recorded.expected_hash in {None, recorded.actual_hash}


def instance(name: str) -> Instance:
    """Return the only instance in a recorded answer."""
    message = decode_response(recordings.recording(name).content)
    found = message.instance if isinstance(message, GetResponse) else message.items[0]  # type: ignore[union-attr,index]
    assert isinstance(found, Instance)
    return found


def test_a_running_machine_is_typed() -> None:
    """Numbers, an array of one, a date, and NULLs of both kinds."""
    vm = instance("recorded_computersystem_pull_vm_running_a.xml")
    assert vm["EnabledState"] == 2
    assert vm["OperationalStatus"] == (2,)
    assert vm["OnTimeInMilliseconds"] == 6138294371
    assert vm["InstallDate"] == datetime(2025, 12, 17, 9, 55, 22, 702341, tzinfo=UTC)
    assert vm["InstanceID"] is None
    assert vm["AvailableRequestedStates"] is None
    assert "AvailableRequestedStates" not in vm.properties


def test_a_storage_job_is_typed() -> None:
    """Booleans, intervals, empty strings, an array of two."""
    job = instance("get_response_storagejob_completed.xml")
    assert job["DeleteOnCompletion"] is False
    assert job["TimeBeforeRemoval"] == timedelta(minutes=5)
    assert job["ErrorDescription"] == ""
    assert job["OperationalStatus"] == (17, 2)


def test_a_reference_property_is_a_reference() -> None:
    """It stands in its element without a wrapper."""
    row = instance("recorded_affectedjobelement_pull_created.xml")
    affecting = row["AffectingElement"]
    assert isinstance(affecting, EndpointReference)
    assert affecting.selector("instanceid")
    assert row["ElementEffects"] == (5,)


def test_pages_tell_where_they_end() -> None:
    """The last page has no context; the first answer of an enumeration nothing but one."""
    first = decode_response(recordings.recording("recorded_computersystem_enumerate.xml").content)
    last = decode_response(recordings.recording("recorded_computersystem_pull_vm_running_c_eos.xml").content)
    assert isinstance(first, EnumerateResponse)
    assert (first.items, first.end) == (None, False)
    assert first.context
    assert isinstance(last, PullResponse)
    assert (last.context, last.end) == (None, True)


def test_outputs_of_a_method_keep_their_order_and_nulls() -> None:
    """Job is NULL where the ReturnValue is 0."""
    answer = decode_response(recordings.recording("invoke_response_define_switch.xml").content)
    assert isinstance(answer, InvokeResponse)
    assert list(answer.outputs) == ["ResultingSystem", "Job", "ReturnValue"]
    assert answer.outputs["Job"] is None
    assert answer.return_value == 0


def test_a_request_of_microsofts_own_tool_is_read() -> None:
    """Optional headers are known, a reference argument is a reference (Openwsman bindings/ruby/tests/invoke_epr.rb)."""
    request = decode_request(recordings.recording("request_winrm_invoke_realizeplannedsystem.xml").content)
    assert isinstance(request, Invoke)
    assert request.method == "RealizePlannedSystem"
    assert request.target.selector("Name") == "vmms"
    assert request.header.unknown_mandatory == ()
    assert request.header.operation_timeout == timedelta(seconds=60)
    assert request.arguments["PlannedSystem"] == EndpointReference(
        resource_uri("Msvm_PlannedComputerSystem"),
        {"CreationClassName": "Msvm_PlannedComputerSystem", "Name": "8FF5E6F3-A141-465B-83ED-3BFC0F59F7EF"},
    )

"""GetSummaryInformation: which machines, which properties, and in which form."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    Enumerate,
    EnumerateResponse,
    Instance,
    Invoke,
    InvokeResponse,
    encode_request,
    names,
    resource_uri,
    xml,
)
from lab.estate.spec import EstateSpec
from lab.wmi.methods.summaries import REQUESTED
from lab.world.objects import OFF, SAVED
from tests.fabric.test_lab_service.conftest import reference
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER, Desk

SERVICE = reference(
    "Msvm_VirtualSystemManagementService", CreationClassName="Msvm_VirtualSystemManagementService"
)
METHOD = "GetSummaryInformation"
SUMMARY = resource_uri("Msvm_SummaryInformation")
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def spec() -> EstateSpec:
    """Return machines of several states, one with checkpoints."""
    return estate(
        machine("WEB01", checkpoints=("before",)),
        machine("OFF01", enabled_state=OFF),
        machine("SAVED01", enabled_state=SAVED),
        machine("MUTE01", heartbeat=False, switches=(None,)),
    )


@pytest.fixture
def at(desk: MAKER) -> Desk:
    """Their host."""
    return desk(spec())


def summaries(answer: InvokeResponse) -> list[Instance]:
    """Return the summaries of an answer."""
    assert answer.return_value == 0
    found = answer.outputs.get("SummaryInformation", ())
    listed = found if isinstance(found, tuple) else (found,)
    assert all(isinstance(each, Instance) for each in listed), listed
    return [each for each in listed if isinstance(each, Instance)]


def settings(guid: str) -> object:
    """Return a reference to the settings of a machine or a checkpoint."""
    return reference("Msvm_VirtualSystemSettingData", InstanceID=f"Microsoft:{guid}")


def test_all_machines_with_what_was_asked(at: Desk) -> None:
    """Name, ElementName and EnabledState, as virt-who asks them; all else is NULL."""
    found = summaries(at.call(SERVICE, METHOD, RequestedInformation=(0, 1, 100)))
    vms = at.stage.world.hosts["hv1"].vms()
    assert {each.text("Name"): each["EnabledState"] for each in found} == {
        vm.id: vm.enabled_state for vm in vms
    }
    assert {each.text("ElementName") for each in found} == {vm.name for vm in vms}
    assert {each["MemoryUsage"] for each in found} == {each["UpTime"] for each in found} == {None}


def test_the_form_that_production_reads(at: Desk) -> None:
    """Each property directly within the output's element, in the namespace of its own class (virt-who hyperv.py)."""
    message = Invoke(target=SERVICE, method=METHOD, arguments={"RequestedInformation": (0, 100)})
    root = xml.parse(at.post(encode_request(message, to="x", message_id="1")))
    (body,) = root.iter(
        f"{{{names.resource_uri('Msvm_VirtualSystemManagementService')}}}GetSummaryInformation_OUTPUT"
    )
    listed = [item for item in body if xml.local(item) == "SummaryInformation"]
    assert len(listed) == 4
    assert xml.local(body[-1]) == "ReturnValue"
    for item in listed:
        assert (item.get(f"{XSI}type") or "").partition(":")[2] == "Msvm_SummaryInformation_Type"
        assert xml.child_text(item, SUMMARY, "Name")
        nil = xml.child(item, SUMMARY, "MemoryUsage")
        assert nil is not None
        assert nil.get(f"{XSI}nil") == "true"


def test_it_agrees_with_the_class(at: Desk) -> None:
    """Everything asked: the same values as the rows of Msvm_SummaryInformation."""
    found = summaries(at.call(SERVICE, METHOD, RequestedInformation=tuple(REQUESTED)))
    answer = at.send(Enumerate(resource_uri=SUMMARY, optimize=True, max_elements=100))
    assert isinstance(answer, EnumerateResponse)
    rows = {each.text("Name"): each for each in answer.items or () if isinstance(each, Instance)}
    assert len(rows) == len(found) == 4
    for each in found:
        row = rows[each.text("Name")]
        assert {name: row[name] for name in each.properties if each[name] is not None} == {
            name: value for name, value in each.properties.items() if value is not None
        }
    web = next(each for each in found if each["ElementName"] == "WEB01")
    vm = at.stage.vm("WEB01")
    assert (web["Heartbeat"], web["MemoryUsage"], web["Version"]) == (2, vm.memory_mib, vm.version)
    assert web["HostComputerSystemName"] == "HV1"
    mute = next(each for each in found if each["ElementName"] == "MUTE01")
    assert (mute["Heartbeat"], mute["VirtualSwitchNames"]) == (12, None)
    off = next(each for each in found if each["ElementName"] == "OFF01")
    assert (off["Heartbeat"], off["MemoryUsage"], off["UpTime"]) == (None, 0, 0)


def test_one_entry_for_each_reference(at: Desk) -> None:
    """In their order; a checkpoint is one of its own, and settings that are not there have an empty Name."""
    vm = at.stage.vm("WEB01")
    nobody = "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"
    given = (
        settings(at.stage.vm("OFF01").id),
        settings(vm.checkpoints[0].id),
        settings(nobody),
        settings(vm.id),
    )
    found = summaries(at.call(SERVICE, METHOD, SettingData=given, RequestedInformation=(1,)))
    assert [each.text("ElementName") for each in found] == ["OFF01", "before", "", "WEB01"]
    assert [each.text("Name") for each in found] == [
        at.stage.vm("OFF01").id,
        vm.checkpoints[0].id,
        "",
        vm.id,
    ]
    one = summaries(at.call(SERVICE, METHOD, SettingData=settings(vm.id), RequestedInformation=1))
    assert [each.text("ElementName") for each in one] == ["WEB01"]


def test_names_alone_where_nothing_is_asked(at: Desk) -> None:
    """Name is there even if it was not requested."""
    (found, *_) = summaries(at.call(SERVICE, METHOD, RequestedInformation=None))
    assert found.text("Name")
    assert found["ElementName"] is None


def test_a_host_without_machines(desk: MAKER) -> None:
    """No entry, and no failure."""
    assert summaries(desk(estate()).call(SERVICE, METHOD, RequestedInformation=(0,))) == []


def test_what_is_no_number_and_no_reference_is_refused(at: Desk) -> None:
    """By ReturnValue, and as a body of the wrong shape."""
    for number in ("all", "-1", "9" * 5000):
        assert at.call(SERVICE, METHOD, RequestedInformation=number).return_value == 32773
    wrong = Invoke(target=SERVICE, method=METHOD, arguments={"SettingData": "WEB01"})
    assert at.fault(wrong).subcode == "SchemaValidationError"


def test_a_body_in_ws_managements_own_namespace(at: Desk) -> None:
    """As virt-who writes it; its parameters are the class's."""
    message = Invoke(target=SERVICE, method=METHOD, arguments={"RequestedInformation": 0})
    text = encode_request(message, to="x", message_id="1").decode()
    own = text.replace("p:GetSummaryInformation_INPUT", "w:GetSummaryInformation_INPUT")
    assert own != text
    assert b"<p:ReturnValue>0</p:ReturnValue>" in at.post(own.encode())

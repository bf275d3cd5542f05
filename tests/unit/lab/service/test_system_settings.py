"""ModifySystemSettings: a machine renamed and noted over the wire, and what is refused or not served."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import EndpointReference, InvokeResponse, decode_embedded
from lab.world.objects import OFF
from tests.fabric.test_lab_service.conftest import reference
from tests.unit.lab.conftest import estate, machine

from .conftest import MAKER, Desk

SERVICE = reference(
    "Msvm_VirtualSystemManagementService", CreationClassName="Msvm_VirtualSystemManagementService"
)
CLASS = "Msvm_VirtualSystemSettingData"


@pytest.fixture
def at(desk: MAKER) -> Desk:
    """A machine with a checkpoint, and another."""
    return desk(estate(machine("WEB01", checkpoints=("before",)), machine("SQL01")))


def text(*properties: str) -> str:
    """Return an embedded text, as others write it."""
    return f'<INSTANCE CLASSNAME="{CLASS}">{"".join(properties)}</INSTANCE>'


def prop(name: str, value: str, kind: str = "string") -> str:
    """Return one property of it."""
    return f'<PROPERTY NAME="{name}" TYPE="{kind}"><VALUE>{value}</VALUE></PROPERTY>'


def notes(*lines: str) -> str:
    """Return Notes, an array."""
    values = "".join(f"<VALUE>{line}</VALUE>" for line in lines)
    return f'<PROPERTY.ARRAY NAME="Notes" TYPE="string"><VALUE.ARRAY>{values}</VALUE.ARRAY></PROPERTY.ARRAY>'


def modify(at: Desk, *properties: str, of: str | None = None) -> InvokeResponse:
    """Modify a machine's settings, or those with this id."""
    key = prop("InstanceID", f"Microsoft:{of or at.stage.vm('WEB01').id}")
    return at.call(SERVICE, "ModifySystemSettings", SystemSettings=text(key, *properties))


def test_a_machine_is_renamed(at: Desk) -> None:
    """The name shows in all its rows, its GUID stays; the change is logged with who made it."""
    vm = at.stage.vm("WEB01")
    answer = modify(at, prop("ElementName", "WEB02"))
    assert dict(answer.outputs) == {"Job": None, "ReturnValue": 0}
    assert vm.name == "WEB02"
    settings = at.get(reference(CLASS, InstanceID=f"Microsoft:{vm.id}"))
    assert settings["ElementName"] == at.get(at.machine("WEB02"))["ElementName"] == "WEB02"
    (line,) = at.logged("configure")
    assert (line["what"], line["by"]) == ("ElementName of WEB01 modified", "LAB\\administrator")


def test_of_the_notes_the_first_is_kept(at: Desk) -> None:
    """With 0 all the same (r4sd/go-wsman), and nothing else changes."""
    assert modify(at, notes("one", "two")).return_value == 0
    vm = at.stage.vm("WEB01")
    assert vm.name == "WEB01"
    assert at.get(reference(CLASS, InstanceID=f"Microsoft:{vm.id}"))["Notes"] == ("one",)


def test_a_checkpoint_is_renamed(at: Desk) -> None:
    """Its settings are its own."""
    checkpoint = at.stage.vm("WEB01").checkpoints[0]
    assert modify(at, prop("ElementName", "after"), of=checkpoint.id).return_value == 0
    assert (checkpoint.name, at.stage.vm("WEB01").name) == ("after", "WEB01")


@pytest.mark.parametrize("name", ["Version", "BIOSGUID", "VirtualSystemType"])
def test_a_read_only_property_fails_the_job(at: Desk, name: str) -> None:
    """Exception with 32768, also where the value is the one that it has; nothing is changed."""
    vm = at.stage.vm("WEB01")
    same = at.get(reference(CLASS, InstanceID=f"Microsoft:{vm.id}")).text(name)
    answer = modify(at, prop(name, same), prop("ElementName", "WEB02"))
    assert answer.return_value == 4096
    job = answer.outputs["Job"]
    assert isinstance(job, EndpointReference)
    at.stage.pass_time(0.2)
    failed = at.get(job)
    assert (failed["JobState"], failed["ErrorCode"], failed["JobType"]) == (10, 32768, 2)
    assert name in decode_embedded(str(at.call(job, "GetError").outputs["Error"])).text("Message")
    assert vm.name == "WEB01"


@pytest.mark.parametrize(
    ("properties", "of"),
    [
        ((prop("ElementName", ""),), None),
        ((prop("ElementName", "X" * 101),), None),
        ((prop("ElementName", "X"),), "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"),
        ((prop("Colour", "red"),), None),
    ],
)
def test_a_mistake_is_an_invalid_parameter(at: Desk, properties: tuple[str, ...], of: str | None) -> None:
    """An empty name, a machine that is not there, a property that no class has."""
    assert modify(at, *properties, of=of).return_value == 32773
    assert at.logged("not-served") == []


def test_folders_are_changed_where_nothing_is_in_them(at: Desk) -> None:
    """Those of checkpoints without any, that of the paging file while the machine is off."""
    sql, web = at.stage.vm("SQL01"), at.stage.vm("WEB01")
    assert modify(at, prop("SnapshotDataRoot", "D:\\New"), of=sql.id).return_value == 0
    assert sql.roots.checkpoints == "D:\\New"
    assert modify(at, prop("SnapshotDataRoot", "D:\\New"), of=web.id).return_value == 32775
    assert modify(at, prop("SwapFileDataRoot", "D:\\New"), of=sql.id).return_value == 32775
    sql.enabled_state = OFF
    assert modify(at, prop("SwapFileDataRoot", "D:\\New"), of=sql.id).return_value == 0
    assert sql.roots.paging == "D:\\New"
    assert modify(at, prop("ConfigurationDataRoot", "D:\\New"), of=sql.id).return_value == 32770


def test_what_the_world_does_not_know_is_not_served(at: Desk) -> None:
    """Refused and logged by its name; a value as it was before is no change."""
    assert modify(at, prop("AutomaticStartupAction", "3", "uint16")).return_value == 0
    assert modify(at, prop("AutomaticStartupAction", "2", "uint16")).return_value == 32770
    (line,) = at.logged("not-served")
    assert line["what"] == "ModifySystemSettings of AutomaticStartupAction"

"""Given the world that was recorded, hosts of the lab answer with the recorded envelopes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from lxml import etree

from hyperv_placement.wsman import Enumerate, Instance, Pull, PullResponse, decode_response, resource_uri
from lab.world import LabVm
from lab.world.builds import SERVER_2025
from tests.recordings import recording
from tests.unit.lab.conftest import estate, machine

from .conftest import Maker, Wire, basic, envelope, post

_CHANGING = re.compile(r"(<(a:MessageID|a:RelatesTo|n:EnumerationContext)>)[^<]*")


def as_recorded(wire: Wire, row: Instance) -> None:
    """Make the world of hv1 the one that a recorded row tells of."""
    host, vm = wire.world.hosts["hv1"], wire.vm("THIS")
    match row.class_name:
        case "Msvm_VirtualEthernetSwitch":
            switch = host.switches[0]
            switch.name, switch.id = row.text("ElementName"), row.text("Name")
            switch.extension_id = row.many("OtherIdentifyingInfo")[0].strip("{}")
        case "Msvm_ExternalEthernetPort":
            port = host.ports[0]
            host.computer_name = row.text("SystemName")
            port.name, port.address = row.text("Name"), row.text("PermanentAddress")
            port.id, port.speed = row.text("DeviceID")[11:-1], row.number("Speed") or 0
        case _ if row["InstallDate"] is None:
            host.computer_name = row.text("Name")
        case _:
            of_machine(wire, vm, row)


def of_machine(wire: Wire, vm: LabVm, row: Instance) -> None:
    """Make a machine the recorded one."""
    host = wire.world.hosts["hv1"]
    del host.realized[vm.id]
    vm.id, vm.name = row.text("Name"), row.text("ElementName")
    vm.created = row["InstallDate"]  # type: ignore[assignment]
    vm.last_state_change = row["TimeOfLastStateChange"]  # type: ignore[assignment]
    vm.last_configuration_change = row["TimeOfLastConfigurationChange"]  # type: ignore[assignment]
    vm.enabled_state, vm.process_id = row.number("EnabledState") or 0, row.number("ProcessID")
    up_for = timedelta(milliseconds=row.number("OnTimeInMilliseconds") or 0)
    vm.up_since = wire.clock.time - up_for if up_for else None
    host.realized[vm.id] = vm


def pulled(wire: Wire, class_name: str) -> list[str]:
    """Return the envelope of each Pull of an enumeration."""
    uri, connection = resource_uri(class_name), wire.connect()
    _, body = post(connection, envelope(Enumerate(resource_uri=uri)).encode(), Authorization=basic(wire))
    context, answers = decode_response(body).context, []  # type: ignore[union-attr]
    while context:
        asked = envelope(Pull(resource_uri=uri, context=context))
        _, body = post(connection, asked.encode(), Authorization=basic(wire))
        answer = decode_response(body)
        assert isinstance(answer, PullResponse)
        answers.append(body.decode())
        context = answer.context
    return answers


def canonical(text: str) -> bytes:
    """Return canonical XML, without what is new in every message."""
    return bytes(etree.tostring(etree.fromstring(_CHANGING.sub(r"\1", text)), method="c14n"))


@pytest.mark.parametrize(
    "name",
    [
        "recorded_computersystem_pull_host.xml",
        "recorded_computersystem_pull_vm_running_a.xml",
        "recorded_computersystem_pull_vm_running_b.xml",
        "recorded_computersystem_pull_vm_running_c_eos.xml",
        "recorded_computersystem_pull_vm_off.xml",
        "recorded_pull_virtualethernetswitch.xml",
        "recorded_pull_externalethernetport.xml",
    ],
)
def test_a_pull_is_answered_as_recorded(make_wire: Maker, name: str) -> None:
    """Header fields, prefixes, language, order, nil and arrays, texts, context and end: canonical XML is equal."""
    content = recording(name).content.decode()
    answer = decode_response(content.encode())
    assert isinstance(answer, PullResponse)
    (expected,) = answer.items
    assert isinstance(expected, Instance)
    vms = ([machine("THIS")] if "_off" not in name else [machine("THIS", enabled_state=3)]) + [machine("B")]
    wire = make_wire(
        estate(*vms, machine("C"), locale="ja-JP", build=SERVER_2025, switches=("External", "Other"))
    )
    host = wire.world.hosts["hv1"]
    host.ports.append(type(host.ports[0])(id=host.ports[0].id[::-1], name="Other", address="020000000001"))
    as_recorded(wire, expected)
    shown = ""
    for _ in range(len(host.realized) + 1):  # until the row is the last one, or is not, as it was recorded
        shown = next(
            text for text in pulled(wire, expected.class_name) if f">{expected.text('Name')}</p:Name>" in text
        )
        if ("<n:EndOfSequence/>" in shown) == answer.end:
            break
        host.switches.append(host.switches.pop(0))
        host.ports.append(host.ports.pop(0))
        first = next(iter(host.realized))
        host.realized[first] = host.realized.pop(first)
    assert canonical(shown) == canonical(content)


def test_an_enumerate_is_answered_as_recorded(make_wire: Maker) -> None:
    """A context and nothing else."""
    wire = make_wire(estate(machine("THIS"), locale="ja-JP"))
    asked = envelope(Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem")))
    _, body = post(wire.connect(), asked.encode(), Authorization=basic(wire))
    content = recording("recorded_computersystem_enumerate.xml").content.decode()
    assert canonical(body.decode()) == canonical(content)

"""Hosts of different builds: what they lack, how they say so, and the limits of their WinRM services."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.wsman import (
    CIMV2,
    Enumerate,
    EnumerateResponse,
    GetResponse,
    Invoke,
    Pull,
    PullResponse,
    catalogue,
    resource_uri,
)
from lab.estate.generated import generate
from lab.estate.spec import EstateSpec
from lab.wmi.schema import missing
from lab.world.builds import BUILDS, SERVER_2012_R2, SERVER_2016, SERVER_2025
from lab.world.faults import Fault as Rule
from lab.world.limits import WinrmLimits
from tests.unit.lab.conftest import estate, machine

from .conftest import Maker, a_get, basic, envelope, post, rows
from .test_migration import METHOD, SERVICE, order

SETTINGS = "Msvm_VirtualSystemSettingData"
TEMPLATE = "Msvm_VirtualSystemMigrationSettingData"
SECURITY = "Msvm_SecuritySettingData"


def with_limits(spec: EstateSpec, **limits: int) -> EstateSpec:
    """Return the estate with other WinRM settings on every host."""
    return replace(spec, hosts=tuple(replace(host, winrm=WinrmLimits(**limits)) for host in spec.hosts))


def query(text: str, **how: Any) -> Enumerate:
    """Return a query."""
    return Enumerate(resource_uri=resource_uri("*"), query=text, optimize=True, max_elements=32000, **how)


@pytest.mark.parametrize(("release", "build"), BUILDS.items())
def test_rows_have_what_their_build_has(make_wire: Maker, release: str, build: int) -> None:
    """A property that came later is in no row; the release stands in the name of the system."""
    client = make_wire(estate(machine("WEB01"), build=build)).dial()
    (system,) = rows(client.select("SELECT * FROM Win32_OperatingSystem", CIMV2))
    assert release.replace("R2", " R2") in system.text("Caption")
    for name in (SETTINGS, TEMPLATE, "Msvm_ComputerSystem", "Msvm_MemorySettingData"):
        for row in rows(client.select(f"SELECT * FROM {name}")):  # noqa: S608 - a class of the tests' own
            assert not set(row.properties) & missing(name, build)


def test_a_property_that_a_build_lacks_is_an_invalid_query(make_wire: Maker) -> None:
    """In a projection as in a condition, and whether or not there are rows."""
    client = make_wire(estate(machine("WEB01"), build=SERVER_2016)).dial()
    for text in (
        f"SELECT InstanceID, GuestStateDataRoot FROM {SETTINGS}",  # noqa: S608 - WQL
        f"SELECT * FROM {SETTINGS} WHERE GuestStateDataRoot IS NULL",  # noqa: S608 - WQL
        f"SELECT Odd FROM {SETTINGS} WHERE InstanceID = 'nobody'",  # noqa: S608 - WQL
    ):
        fault = client.fault(query(text))
        assert (fault.subcode, fault.wsman_code) == ("CannotProcessFilter", catalogue.CANNOT_PROCESS_FILTER)


def test_a_class_that_a_build_lacks_is_not_there(make_wire: Maker) -> None:
    """Msvm_SecuritySettingData came with 2016: before it the query and the class URI are refused."""
    client = make_wire(estate(machine("WEB01"), build=SERVER_2012_R2)).dial()
    assert client.fault(query(f"SELECT * FROM {SECURITY}")).subcode == "CannotProcessFilter"  # noqa: S608
    plain = Enumerate(resource_uri=resource_uri(SECURITY))
    assert client.fault(plain).subcode == "DestinationUnreachable"


def test_a_setting_that_a_build_lacks_is_refused(make_wire: Maker) -> None:
    """A migration that sets CPUCappingMagnitude on 2016 is an invalid parameter, and goes through on 2025."""
    for build, value in ((SERVER_2016, 32773), (SERVER_2025, 4096)):
        wire = make_wire(estate(machine("WEB01"), build=build))
        arguments = order(wire, "WEB01")
        arguments["MigrationSettingData"] = arguments["MigrationSettingData"].replace(CPUCappingMagnitude=0)
        assert wire.dial().call(SERVICE, METHOD, **arguments).return_value == value


def test_old_builds_optimise_by_one_item(make_wire: Maker) -> None:
    """2012 R2 answers with one item and a context where more is to come; a current host with a full page."""
    for build, count in ((SERVER_2012_R2, 1), (SERVER_2025, 5)):
        client = make_wire(replace(estate(*(machine(f"W{n}") for n in range(8)), build=build))).dial()
        asked = Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem"), optimize=True, max_elements=5)
        answer = client.send(asked)
        assert isinstance(answer, EnumerateResponse)
        assert len(answer.items or ()) == count
        assert answer.context
        rest = client.send(
            Pull(resource_uri=asked.resource_uri, context=answer.context or "", max_elements=99)
        )
        assert isinstance(rest, PullResponse)
        assert len(rest.items) == 9 - count


def test_a_smaller_envelope_limit_makes_smaller_pages(make_wire: Maker) -> None:
    """A host of 150 KB ends its pages below 75 KiB characters, whatever the client allows, and refuses more with 413."""
    wire = make_wire(with_limits(generate(hosts=2, vms=120), max_envelope_kb=150))
    begin = Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem"), optimize=True, max_elements=32000)
    answer, body = post(wire.connect(), envelope(begin).encode(), Authorization=basic(wire))
    assert answer.status == 200
    assert 60_000 < len(body.decode()) <= 150 * 512
    refused, nothing = post(wire.connect(), b" " * (150 * 1024 + 1), Authorization=basic(wire))
    assert (refused.status, nothing) == (413, b"")


def test_max_batch_items_bounds_a_page(make_wire: Maker) -> None:
    """MaxElements above MaxBatchItems is cut."""
    client = make_wire(with_limits(generate(hosts=2, vms=50), max_batch_items=20)).dial()
    begin = Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem"), optimize=True, max_elements=32000)
    answer = client.send(begin)
    assert isinstance(answer, EnumerateResponse)
    assert len(answer.items or ()) == 20


def test_open_enumerations_use_up_the_operations_of_a_user(make_wire: Maker) -> None:
    """Past MaxConcurrentOperationsPerUser all but Pull and Release is refused, until an enumeration ends."""
    client = make_wire(with_limits(estate(machine("WEB01")), operations_per_user=2)).dial()
    begin = Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem"))
    contexts = []
    for _ in range(2):
        answer = client.send(begin)
        assert isinstance(answer, EnumerateResponse)
        contexts.append(answer.context or "")
    fault = client.fault(a_get())
    assert (fault.code, fault.subcode, fault.wsman_code) == (
        "Receiver", "InternalError", catalogue.MAX_OPERATIONS,
    )  # fmt: skip
    pull = Pull(resource_uri=begin.resource_uri, context=contexts[0], max_elements=99)
    assert isinstance(client.send(pull), PullResponse)
    assert isinstance(client.send(a_get()), GetResponse)


def test_an_operation_that_takes_too_long_times_out(make_wire: Maker) -> None:
    """OperationTimeout passed: the fault that was recorded, and a migration that was started all the same (guess)."""
    wire = make_wire(with_limits(estate(machine("WEB01")), max_timeout_ms=200))
    arguments = order(wire, "WEB01")
    client = wire.dial()
    wire.world.faults.add(Rule(id=0, kind="slow", host="hv1", seconds=30.0, left=1))
    fault = client.fault(Invoke(target=SERVICE, method=METHOD, arguments=arguments))
    assert (fault.code, fault.subcode, fault.wsman_code) == ("Receiver", "TimedOut", catalogue.TIMED_OUT)
    assert [job.vm_name for job in wire.world.jobs("hv1")] == ["WEB01"]


def test_an_unavailable_service_is_503_without_soap(make_wire: Maker) -> None:
    """Once, and then it serves again."""
    wire = make_wire(estate(machine("WEB01")))
    wire.world.faults.add(Rule(id=0, kind="unavailable", host="hv1", left=1))
    answer, body = post(wire.connect(), envelope(a_get()).encode(), Authorization=basic(wire))
    assert (answer.status, body) == (503, b"")
    assert isinstance(wire.dial().send(a_get()), GetResponse)


def test_an_enumeration_waits_as_long_as_the_host_says(make_wire: Maker) -> None:
    """After EnumerationTimeoutms without a Pull its context is invalid."""
    wire = make_wire(with_limits(estate(machine("WEB01")), enumeration_timeout_ms=5000))
    client = wire.dial()
    begin = Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem"))
    answer = client.send(begin)
    assert isinstance(answer, EnumerateResponse)
    wire.seconds.passed += 6
    fault = client.fault(Pull(resource_uri=begin.resource_uri, context=answer.context or ""))
    assert fault.subcode == "InvalidEnumerationContext"

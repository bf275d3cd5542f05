"""The lists of properties from public pages, and what the lab and our codec make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hyperv_placement.wsman import CIMV2, VIRTUALIZATION, CimType, EndpointReference, Instance
from hyperv_placement.wsman import schema_of as codec_schema
from hyperv_placement.wsman.classes import CLASSES as CODEC_CLASSES
from lab.estate.generated import generate
from lab.estate.spec import EstateSpec
from lab.wmi.classes import CLASSES
from lab.wmi.reading import Reader
from lab.wmi.schema import entry_of, has_class, missing, schema_of
from lab.wmi.view import instance
from lab.world.builds import BUILDS, SERVER_2016, SERVER_2019, SERVER_2022, SERVER_2025
from tests.unit.lab.conftest import Stage

PUBLISHED = {  # how many properties the pages list (MicrosoftDocs/win32, desktop-src/CIMWin32Prov and HyperV_v2)
    "Win32_OperatingSystem": 66, "Win32_ComputerSystem": 64, "Win32_Processor": 57, "Win32_ComputerSystemProduct": 8,
    "Win32_BIOS": 31, "Win32_Process": 45, "Win32_Service": 26, "Msvm_HeartbeatComponent": 38,
}  # fmt: skip
PLAIN: dict[CimType, type] = {
    CimType.STRING: str, CimType.BOOLEAN: bool, CimType.DATETIME: datetime, CimType.INTERVAL: timedelta,
    CimType.REFERENCE: EndpointReference,
}  # fmt: skip


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items())
def test_a_class_has_as_many_properties_as_its_page(name: str, count: int) -> None:
    """Inherited ones among them."""
    schema = schema_of(name)
    assert schema is not None
    assert len(schema.properties) == count


@pytest.mark.parametrize("name", CODEC_CLASSES)
def test_the_codec_knows_no_property_otherwise_than_the_pages(name: str) -> None:
    """What our reader takes for a property of a class is one, in this spelling and of this type."""
    own, published = codec_schema(name), schema_of(name)
    assert own is not None
    assert published is not None
    assert [each for each in own.properties if each != published.property(each.name)] == []


def test_builds_differ_as_their_pages_say() -> None:
    """By the notes of the pages, and by the two hosts that microsoft/wmi was made on."""
    settings = "Msvm_VirtualSystemSettingData"
    assert "ParentPackage" not in missing(
        settings, SERVER_2016
    )  # "Added in Windows 10; removed in version 1703"
    assert "ParentPackage" in missing(settings, SERVER_2019)
    assert "GuestStateDataRoot" in missing(settings, SERVER_2016)  # "Added in Windows 10, version 1709"
    assert "Vtl2AddressRangeBase" in missing(settings, SERVER_2022)  # in the tree server23h2 alone
    assert "Vtl2AddressRangeBase" not in missing(settings, SERVER_2025)
    assert has_class("Msvm_SecurityService", SERVER_2016)
    assert not has_class("Msvm_SecurityService", SERVER_2016 - 1)


def test_a_class_knows_where_it_comes_from() -> None:
    """Superclasses, references, what the page calls an association or a singleton; namespaces are kept apart."""
    job = entry_of("Msvm_MigrationJob")
    assert job is not None
    assert job.line[:2] == (
        "CIM_ConcreteJob",
        "CIM_Job",
    )  # a sibling of Msvm_ConcreteJob, says each one's page
    link = entry_of("msvm_settingsdefinestate")
    assert link is not None
    assert link.association
    assert link.references == {"ManagedElement": "CIM_ManagedElement", "SettingData": "CIM_SettingData"}
    system = entry_of("Win32_OperatingSystem")
    assert system is not None
    assert system.singleton
    there, here = entry_of("CIM_Service", CIMV2), entry_of("CIM_Service", VIRTUALIZATION)
    assert there is not None
    assert here is not None
    assert len(there.schema.properties) < len(here.schema.properties)
    assert entry_of("Msvm_Nothing") is None


def test_an_instance_cannot_show_what_its_class_has_not() -> None:
    """The lab's own slip, told at once; all else that the class has is there."""
    with pytest.raises(LookupError, match="Odd"):
        instance("Msvm_ComputerSystem", {"Odd": 1})
    row = instance("Msvm_HeartbeatComponent", {"Name": "x"})
    assert (row["EnabledDefault"], row["AdditionalAvailability"]) == (
        7,
        (6,),
    )  # defaults of the page's syntax


@pytest.mark.parametrize("build", BUILDS.values())
def test_every_row_is_what_the_pages_say(stage: Callable[[EstateSpec], Stage], build: int) -> None:
    """All properties that the class has in the build and no others, each of its type; NULL arrays alone are left out."""
    for found, row in rows(stage, build):
        entry = entry_of(found, row.namespace)
        assert entry is not None, found
        published = {each.name: each for each in entry.properties(build)}
        assert row.properties.keys() <= published.keys(), found
        left_out = {each.name for each in published.values() if not each.array} - row.properties.keys()
        assert not left_out, (found, left_out)
        wrong = [
            (found, name, value)
            for name, value in row.properties.items()
            if not fits(value, published[name].type, array=published[name].array)
        ]
        assert wrong == []


def rows(stage: Callable[[EstateSpec], Stage], build: int) -> Iterator[tuple[str, Instance]]:
    """Yield every row that a host of this build shows, with its class."""
    spec = generate()
    spec = replace(spec, vms=tuple(replace(vm, clustered=True) for vm in spec.vms))
    spec = replace(
        spec,
        hosts=tuple(replace(host, build=build, cluster="CL1", fibre_channel=("SAN",)) for host in spec.hosts),
    )
    world = stage(spec).world
    reader = Reader(world, world.hosts["hv1"], "hv1")
    for found in CLASSES:
        if has_class(found.name, build):
            yield from ((found.name, row) for row in reader.rows(found))


def fits(value: object, kind: CimType, *, array: bool) -> bool:
    """Say whether a value can be one of this type."""
    if value is None:
        return True
    if array:
        return isinstance(value, tuple) and all(fits(each, kind, array=False) for each in value)
    if kind in PLAIN:  # an embedded object counts as a text in the schema
        return type(value) is PLAIN[kind] or (kind is CimType.STRING and isinstance(value, Instance))
    bits = int("".join(filter(str.isdigit, kind)))
    low, high = (0, 2**bits) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
    return type(value) is int and low <= value < high

"""WQL against a host's instances."""

# ruff: noqa: S608 - WQL, and the names in it are the tests' own

from __future__ import annotations

import pytest

from hyperv_placement.wsman import Enumerate, Fragment, Instance, resource_uri, wql

from .conftest import Wire, basic, envelope, post

SYSTEM, DISK = "Msvm_ComputerSystem", "Msvm_StorageAllocationSettingData"


def names(wire: Wire, where: str, class_name: str = SYSTEM, name: str = "ElementName") -> list[str]:
    """Return a property of every row that fits."""
    found = wire.dial().select(f"SELECT {name} FROM {class_name} WHERE {where}")
    return sorted(str(item.properties[name]) for item in found)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("EnabledState = 3", ["OFF01"]),
        ("EnabledState='3'", ["OFF01"]),
        ("enabledstate <> 2", ["OFF01", "SAVED01"]),
        ("EnabledState > 2 AND EnabledState < 6", ["OFF01"]),
        ("EnabledState >= 3 and not EnabledState = 6", ["OFF01"]),
        ("ElementName = 'web01' OR ElementName = \"OFF01\"", ["OFF01", "WEB01"]),
        ("(EnabledState = 3 OR EnabledState = 6) AND ElementName LIKE 'S%'", ["SAVED01"]),
        ("ElementName LIKE 'S_A%'", ["SHARED01", "SNAP01"]),
        ("ElementName LIKE '[SO]%01' AND EnabledState = 2", ["OLD01", "SHARED01", "SNAP01"]),
        ("ElementName LIKE '[^A-V]%'", ["WEB01"]),
        ("ElementName LIKE '%[_]%'", []),
        ("InstallDate IS NULL", ["HV1"]),
        ("ProcessID IS NULL AND InstallDate IS NOT NULL", ["OFF01", "SAVED01"]),
        ("ReplicationMode = 1", ["REPL01"]),
        ("InstallDate > '20260401000000.000000+000'", []),
        ("__CLASS = 'Msvm_ComputerSystem' AND Name = 'HV1'", ["HV1"]),
    ],
)
def test_conditions(wire: Wire, where: str, expected: list[str]) -> None:
    """Each operator, by the property's type, without case."""
    assert names(wire, where) == expected


@pytest.mark.parametrize(("flag", "expected"), [("TRUE", 1), ("false", 18)])
def test_booleans(wire: Wire, flag: str, expected: int) -> None:
    """A shared disk is the only one with PersistentReservationsSupported."""
    where = f"PersistentReservationsSupported = {flag}"
    assert len(names(wire, where, DISK, "InstanceID")) == expected


def test_the_client_s_escaping_is_undone(wire: Wire) -> None:
    """Backslashes, quotes, and LIKE's signs in names come through our client's literals."""
    vm = wire.vm("WEB01")
    vm.name = "a'b\\c%d_[e"
    client = wire.dial()
    exact = wql.select(SYSTEM, "Name", where={"ElementName": vm.name})
    assert [item.properties["Name"] for item in client.select(exact)] == [vm.id]
    like = wql.select(SYSTEM, "Name", like={"ElementName": "A'b\\c%d_[e"})
    assert [item.properties["Name"] for item in client.select(like)] == [vm.id]
    disks = wql.select(DISK, "InstanceID", like={"InstanceID": f"Microsoft:{vm.id}\\"})
    assert len(client.select(disks)) == 2


def test_a_projection_is_a_fragment_in_no_namespace_sorted_by_name(wire: Wire) -> None:
    """`select a, b`: w:XmlFragment with children sorted by name, nil as usual, no class."""
    query = (
        "select Name, elementname, InstanceID, OperationalStatus from Msvm_ComputerSystem where Name='HV1'"
    )
    request = Enumerate(resource_uri=resource_uri("*"), query=query, optimize=True, max_elements=5)
    _, body = post(wire.connect(), envelope(request).encode(), Authorization=basic(wire))
    content = body.decode().partition("<w:Items>")[2].partition("</w:Items>")[0]
    assert content.startswith("<w:XmlFragment")
    inner = content.partition(">")[2]
    assert inner == (
        '<ElementName>HV1</ElementName><InstanceID xsi:nil="true"/><Name>HV1</Name>'
        "<OperationalStatus>2</OperationalStatus></w:XmlFragment>"
    )


def test_a_star_brings_whole_instances(wire: Wire) -> None:
    """`select *` keeps class and namespace."""
    found = wire.dial().select("SELECT * FROM Msvm_VirtualEthernetSwitch")
    assert [item.class_name for item in found if isinstance(item, Instance)] == ["Msvm_VirtualEthernetSwitch"]


def test_a_superclass_brings_its_subclasses(wire: Wire) -> None:
    """Queries are polymorphic."""
    found = wire.dial().select("SELECT * FROM CIM_ResourceAllocationSettingData")
    classes = {item.class_name for item in found if isinstance(item, Instance)}
    assert {DISK, "Msvm_ResourceAllocationSettingData", "Msvm_MemorySettingData"} <= classes
    own = wire.dial().select("SELECT * FROM Msvm_ResourceAllocationSettingData")
    assert {item.class_name for item in own} == {"Msvm_ResourceAllocationSettingData"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT * FROM Msvm_Nothing",
        "SELECT Nothing FROM Msvm_ComputerSystem",
        "SELECT * FROM Msvm_ComputerSystem WHERE",
        "SELECT * FROM Msvm_ComputerSystem WHERE Nothing = 1",
        "SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = 'many'",
        "SELECT * FROM Msvm_ComputerSystem WHERE OperationalStatus = 2",
        "SELECT * FROM Msvm_ComputerSystem WHERE Name = 'x",
        "SELECT * FROM Msvm_ComputerSystem WHERE (Name = 'x'",
        "SELECT * FROM Msvm_ComputerSystem WHERE Name = 'x' ORDER BY Name",
        "SELECT * FROM Msvm_ComputerSystem; DROP",
        "SELECT * FROM Win32_Volume",
        "SELECT * FROM Msvm_ComputerSystem WHERE " + "NOT " * 100 + "Name = 'x'",
    ],
)
def test_what_is_no_query_cannot_be_processed(wire: Wire, query: str) -> None:
    """Syntax, unknown classes and properties, arrays in conditions: CannotProcessFilter 2150858778."""
    request = Enumerate(resource_uri=resource_uri("*"), query=query)
    fault = wire.dial().fault(request)
    assert (fault.subcode, fault.wsman_code) == ("CannotProcessFilter", 2150858778)


def test_an_unknown_class_is_said_in_wmi_s_words(wire: Wire) -> None:
    """The text recorded by WinRb/WinRM."""
    request = Enumerate(resource_uri=resource_uri("*"), query="SELECT * FROM Msvm_Nothing")
    fault = wire.dial().fault(request)
    assert "The specified class does not exist in the given namespace." in " ".join(fault.texts)


def test_fragments_can_be_typed(wire: Wire) -> None:
    """What a projection brings can be read by the class's schema."""
    found = wire.dial().select(f"SELECT Name, EnabledState, InstallDate FROM {SYSTEM} WHERE EnabledState = 3")
    assert isinstance(found[0], Fragment)
    typed = found[0].typed(SYSTEM)
    assert typed.number("EnabledState") == 3
    assert typed["InstallDate"] == wire.vm("OFF01").created

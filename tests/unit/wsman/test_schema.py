"""Types of properties, as live hosts declare them."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import CimType, schema_of
from hyperv_placement.wsman.classes import CLASSES

DECLARED = [  # microsoft/wmi (server2019 and server23h2, generated from live hosts); each was wrong once
    ("Msvm_StorageAllocationSettingData", "IOPSAllocationUnits", CimType.STRING, False),
    ("Msvm_VirtualSystemSettingData", "DebugPort", CimType.UINT32, False),
    ("Msvm_VirtualSystemSettingData", "DebugChannelId", CimType.UINT32, False),
    ("Msvm_EthernetPortAllocationSettingData", "OtherEndpointMode", CimType.STRING, False),
    ("Msvm_VirtualHardDiskSettingData", "DataAlignment", CimType.UINT64, False),
    ("Msvm_VirtualHardDiskSettingData", "PmemAddressAbstractionType", CimType.UINT16, False),
    ("Msvm_ExternalEthernetPort", "CapabilityDescriptions", CimType.STRING, True),
    ("Msvm_ExternalEthernetPort", "MaxDataSize", CimType.UINT32, False),
    ("Msvm_StorageAllocationSettingData", "HostResource", CimType.STRING, True),
    ("Msvm_MigrationJob", "NewResourceSettingData", CimType.STRING, True),
    ("Msvm_MigrationJob", "TimeBeforeRemoval", CimType.INTERVAL, False),
    ("Msvm_VirtualSystemMigrationService", "MigrationServiceListenerIPAddressList", CimType.STRING, True),
]


@pytest.mark.parametrize(("class_name", "name", "kind", "array"), DECLARED)
def test_a_property_is_of_the_type_that_hosts_declare(
    class_name: str, name: str, kind: CimType, array: bool
) -> None:
    """A wrong type makes rows unreadable, or texts that a host refuses."""
    schema = schema_of(class_name)
    assert schema is not None
    spec = schema.property(name)
    assert spec is not None
    assert (spec.type, spec.array) == (kind, array)


@pytest.mark.parametrize("class_name", CLASSES)
def test_no_property_is_declared_twice(class_name: str) -> None:
    """The later type would win unseen."""
    schema = schema_of(class_name)
    assert schema is not None
    assert len(schema.by_name) == len(schema.properties)


def test_names_are_found_in_any_case() -> None:
    """WMI has no case."""
    schema = schema_of("MSVM_COMPUTERSYSTEM")
    assert schema is not None
    spec = schema.property("enabledSTATE")
    assert spec is not None
    assert spec.name == "EnabledState"


def test_an_unknown_class_has_no_schema() -> None:
    """Its properties are read as text."""
    assert schema_of("Msvm_Nothing") is None

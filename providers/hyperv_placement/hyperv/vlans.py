"""VLANs of adapters' ports: the class that has them, and where its ids are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hyperv_placement.wsman import Instance

VLANS = "Msvm_EthernetSwitchPortVlanSettingData"
VLAN_IDS = (
    "InstanceID", "OperationMode", "AccessVlanId", "NativeVlanId", "TrunkVlanIdArray", "PrimaryVlanId", "SecondaryVlanId",
)  # fmt: skip
_IDS_OF_MODE: Mapping[int, tuple[str, ...]] = {
    1: ("AccessVlanId",),
    2: ("NativeVlanId", "TrunkVlanIdArray"),
    3: ("PrimaryVlanId", "SecondaryVlanId"),
}
"""OperationMode -> where its ids are: access, trunk, private (win32 page of the class)."""


def vlan_ids(rows: Iterable[Instance]) -> Iterator[int]:
    """Yield the VLAN ids of ports, by the mode of each; 0 is no VLAN."""
    for row in rows:
        for name in _IDS_OF_MODE.get(row.number("OperationMode") or 0, ()):
            values = row.many(name) if name.endswith("Array") else (row.number(name),)
            yield from (int(str(value)) for value in values if value)

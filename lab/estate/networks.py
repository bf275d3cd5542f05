"""Switches of an estate file's hosts, and how adapters of its machines are connected to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.world.objects import EXTERNAL, INTERNAL, PRIVATE

from .nodes import Node, a_list, one_of, text, texts, whole, yes_or_no
from .spec import DEFAULT_SWITCH, SwitchSpec

_TYPES = {name: name for name in (EXTERNAL, INTERNAL, PRIVATE)}
_MODES = {"default": 0, "weight": 1, "absolute": 2, "none": 3}
"""BandwidthReservationMode (win32 page of Msvm_VirtualEthernetSwitchSettingData)."""
_LAST_VLAN = 4094
"""IEEE 802.1Q: 4095 is reserved."""


def read_switches(host: Node) -> dict[str, Any]:
    """Return a host's switches, and how they are made: each a name, or a mapping with `name`. Raises EstateError."""
    given = host.take("switches", a_list, [DEFAULT_SWITCH])
    found = [_switch(entry, f"{host.where}.switches[{number}]") for number, entry in enumerate(given)]
    return {"switches": tuple(name for name, _ in found), "switches_made": dict(found)}


def _switch(entry: Any, where: str) -> tuple[str, SwitchSpec]:
    node = Node(entry if isinstance(entry, Mapping) else {"name": entry}, where)
    name = node.need("name", text)
    found = SwitchSpec(
        kind=node.take("type", one_of(_TYPES), EXTERNAL),
        bandwidth=node.take("bandwidth", one_of(_MODES), 0),
        sriov=node.take("sriov", yes_or_no, default=False),
    )
    node.close()
    return name, found


def read_ports(vm: Node) -> dict[str, Any]:
    """Return VLAN ids by switch, and the switches at which the machine wants SR-IOV. Raises EstateError."""
    return {
        "vlans": vm.take("vlans", _vlans, {}),
        "sriov": frozenset(vm.take("sriov", texts, ())),
    }


def _vlans(value: Any) -> Mapping[str, int]:
    if not isinstance(value, Mapping):
        raise ValueError(f"a mapping of switch to VLAN is wanted here, not {value!r}")  # noqa: TRY004 - a finding in a file
    found = {text(name): whole(vlan) for name, vlan in value.items()}
    if wrong := [vlan for vlan in found.values() if not 1 <= vlan <= _LAST_VLAN]:
        raise ValueError(f"{wrong[0]} is no VLAN: 1 to {_LAST_VLAN}")
    return found

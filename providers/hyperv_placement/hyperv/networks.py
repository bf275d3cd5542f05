"""How the virtual switches of a host are made: what they connect to, their bandwidth mode, SR-IOV, and the VLANs in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hyperv_placement.errors import WsmanFaultError
from hyperv_placement.model.estate import SwitchKind, VirtualSwitch
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import Instance

from .inventory import read_if_allowed
from .rows import owner
from .vlans import VLAN_IDS, VLANS, vlan_ids

_PORTS = "Msvm_EthernetPortAllocationSettingData"
_SETTINGS = "Msvm_VirtualEthernetSwitchSettingData"
_PHYSICAL = frozenset({"Msvm_ExternalEthernetPort", "Msvm_WiFiPort"})
_HOST = "Msvm_ComputerSystem"


def read_networks(
    client: Client, switches: Sequence[Instance]
) -> tuple[tuple[VirtualSwitch, ...] | None, tuple[int, ...] | None]:
    """Return how a host's switches are made, and the VLAN ids that any adapter there uses; None for what is not shown.

    Three requests; three more where no switch shows a port of its own.
    """
    if not switches:
        return (), ()
    of_switches = {"InstanceID": tuple(f"Microsoft:{row.text('Name').upper()}" for row in switches)}
    with client.together() as soon:
        ports = soon(lambda: _if_shown(client, _PORTS, "InstanceID", "HostResource", like=of_switches))
        asked = soon(
            lambda: _if_shown(
                client, _SETTINGS, "VirtualSystemIdentifier", "BandwidthReservationMode", "IOVPreferred"
            )
        )
        used = soon(lambda: _if_shown(client, VLANS, *VLAN_IDS))
    settings, tags = asked(), used()
    kinds = kinds_of(switches, ports() or ()) or _kinds_by_adapters(client, switches)
    networks = None if not kinds and settings is None else tuple(_made(switches, kinds, settings or ()))
    return networks, None if tags is None else tuple(sorted(set(vlan_ids(tags))))


def kinds_of(switches: Sequence[Instance], ports: Iterable[Instance]) -> Mapping[str, SwitchKind]:
    """Return what each switch connects to, by its GUID: the HostResource of its own ports says it.

    A port to a physical adapter names that, one to the host names its Msvm_ComputerSystem (win32, "Querying networking
    objects"); a switch with neither is private. That the settings of a switch's own ports start with its GUID is unverified: where
    no switch of the host shows one, what lacks them proves nothing, and no kind is returned.
    """
    named: dict[str, set[str]] = {}
    for port in ports:
        path = next((str(each) for each in port.many("HostResource") if each), "")
        if path:
            named.setdefault(owner(port), set()).add(_class_of(path))
    if not named:
        return {}
    return {guid: _kind(named.get(guid, set())) for row in switches if (guid := row.text("Name").upper())}


def _kind(named: set[str]) -> SwitchKind:
    if named & _PHYSICAL:
        return SwitchKind.EXTERNAL
    return SwitchKind.INTERNAL if _HOST in named else SwitchKind.PRIVATE


def _class_of(path: str) -> str:
    r"""Return the class that an object path names: `\\HV1\root\virtualization\v2:CLASS.Key="..."`, or no more than `CLASS.Key=...`."""
    head = path.partition("=")[0]
    return head.rpartition(":")[2].partition(".")[0]


def _kinds_by_adapters(client: Client, switches: Sequence[Instance]) -> Mapping[str, SwitchKind]:
    physical: list[Instance] = []
    for class_name in sorted(_PHYSICAL):
        found = read_if_allowed(client, class_name, "IsBound")
        if found is None:
            return {}
        physical += found
    virtual = read_if_allowed(client, "Msvm_InternalEthernetPort", "DeviceID")
    return kinds_by_adapters(switches, physical, virtual)


def kinds_by_adapters(
    switches: Sequence[Instance], physical: Iterable[Instance], virtual: Sequence[Instance] | None
) -> Mapping[str, SwitchKind]:
    """Return what switches connect to, as far as the host's adapters prove it, `physical` and `virtual` (of the host at its switches).

    Without a physical adapter that is bound to a switch (IsBound) no switch is external; without a virtual one none is internal.
    Of several switches, which one is bound does not show.
    """
    bound = any(row.flag("IsBound") for row in physical)
    if bound:
        kind = SwitchKind.EXTERNAL if len(switches) == 1 else None
    elif virtual is None or (virtual and len(switches) > 1):
        kind = SwitchKind.WITHIN
    else:
        kind = SwitchKind.INTERNAL if virtual else SwitchKind.PRIVATE
    return {} if kind is None else {row.text("Name").upper(): kind for row in switches}


def _made(
    switches: Sequence[Instance], kinds: Mapping[str, SwitchKind], settings: Iterable[Instance]
) -> Iterator[VirtualSwitch]:
    by_guid = {row.text("VirtualSystemIdentifier").upper(): row for row in settings}
    for row in sorted(switches, key=lambda each: each.text("ElementName")):
        guid = row.text("Name").upper()
        own = by_guid.get(guid)
        yield VirtualSwitch(
            name=row.text("ElementName"),
            kind=kinds.get(guid),
            bandwidth=None if own is None else own.number("BandwidthReservationMode"),
            sriov=None if own is None else own.flag("IOVPreferred"),
        )


def _if_shown(
    client: Client, class_name: str, *properties: str, like: Mapping[str, tuple[str, ...]] | None = None
) -> list[Instance] | None:
    """Read a class; None where the host does not show it, for that proves nothing of its switches."""
    try:
        return client.query(class_name, *properties, like=like)
    except WsmanFaultError as error:
        if error.retryable:
            raise
        return None

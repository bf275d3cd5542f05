"""Settings of virtual switches, and features of adapters' ports: VLAN and offloads."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import NEVER, View, instance
from lab.world import LabNic

from .holders import holders

_SWITCH = "Msvm_VirtualEthernetSwitchSettingData"
_VLAN = "Msvm_EthernetSwitchPortVlanSettingData"
_OFFLOAD = "Msvm_EthernetSwitchPortOffloadSettingData"
_VLAN_FEATURE, _OFFLOAD_FEATURE = (
    "952C5004-4465-451C-8CB8-FA9AB382B773",
    "C885BFD1-ABB7-418F-8163-9F379C9F7166",
)
"""UUID qualifiers of the two classes (their win32 pages), the ends of their InstanceIDs; that they are is a guess."""
_ACCESS = 1


def switch_settings(view: View) -> Iterator[Instance]:
    """Yield the settings of each switch, with the values of the class's page."""
    for switch in view.host.switches:
        yield instance(
            _SWITCH,
            {
                "BandwidthReservationMode": switch.bandwidth,
                "Caption": "Virtual Ethernet Switch Settings",
                "CreationTime": NEVER,
                "Description": "Active settings for the virtual Ethernet switch",
                "ElementName": switch.name,
                "ExtensionOrder": (),
                "IOVPreferred": switch.sriov,
                "InstanceID": f"Microsoft:{switch.id}",
                "PacketDirectEnabled": False,
                "TeamingEnabled": False,
                "VirtualSystemIdentifier": switch.id,
                "VirtualSystemType": "DMTF:Virtual Ethernet Switch",
            },
        )


def vlans(view: View) -> Iterator[Instance]:
    """Yield the VLAN of each adapter that has one (values of the class's page)."""
    for prefix, nic in _ports(view):
        if nic.vlan is not None:
            yield _feature(
                _VLAN, _VLAN_FEATURE, prefix, "VLAN", "Represents the vlan setting data.",
                AccessVlanId=nic.vlan, NativeVlanId=0, OperationMode=_ACCESS, PrimaryVlanId=0, PvlanMode=0, SecondaryVlanId=0,
            )  # fmt: skip


def offloads(view: View) -> Iterator[Instance]:
    """Yield the offloads of each connected adapter (defaults of the class's page)."""
    for prefix, nic in _ports(view):
        if nic.switch is not None:
            yield _feature(
                _OFFLOAD, _OFFLOAD_FEATURE, prefix, "Offload", "Represents the port offload feature setting data.",
                IOVInterruptModeration=0, IOVOffloadWeight=100 if nic.sriov else 0, IOVQueuePairsRequested=1, IPSecOffloadLimit=512,
                VMQOffloadWeight=100, VmmqEnabled=False, VmmqQueuePairs=16, VrssEnabled=True, VrssExcludePrimaryProcessor=False,
                VrssIndependentHostSpreading=False, VrssMinQueuePairs=1, VrssQueueSchedulingMode=2, VrssVmbusChannelAffinityPolicy=3,
                PacketDirectModerationCount=0, PacketDirectModerationInterval=0, PacketDirectNumProcs=1,
            )  # fmt: skip


def _ports(view: View) -> Iterator[tuple[str, LabNic]]:
    for holder in holders(view):
        for nic in holder.vm.nics:
            yield f"{holder.prefix}\\{nic.id}\\C", nic


def _feature(
    class_name: str, feature: str, port: str, title: str, description: str, **values: Value
) -> Instance:
    return instance(
        class_name,
        {
            "Caption": f"Ethernet Switch Port {title} Settings",
            "Description": description,
            "ElementName": f"Ethernet Switch Port {title} Settings",
            "InstanceID": f"{port}\\{feature}",
            **values,
        },
    )

"""Virtual switches, the network adapters of machines, and which switch each is connected to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from hyperv_placement.wsman import Instance
from lab.wmi.view import View, instance
from lab.world import LabNic, LabSwitch
from lab.world.objects import EXTERNAL, INTERNAL

from .allocation import ETHERNET_CONNECTION, ETHERNET_PORT, allocation
from .holders import Holder, holders, templates

_ADAPTER = "Msvm_SyntheticEthernetPortSettingData"
_CONNECTION = "Msvm_EthernetPortAllocationSettingData"
_SWITCH = "Msvm_VirtualEthernetSwitch"
_TEMPLATE = "6A45335D-4C3A-44B7-B61F-C9808BBDF8ED"  # guess: the ids of these templates were not published
_PORT = "Msvm_ExternalEthernetPort"
_INTERNAL_PORT = "Msvm_InternalEthernetPort"
_ENABLED, _DISABLED = 2, 3
_MTU = 1500  # bytes of an Ethernet frame's content (IEEE 802.3)


def switches(view: View) -> Iterator[Instance]:
    """Yield the host's switches, as r4sd/go-wsman recorded one (recorded_pull_virtualethernetswitch.xml)."""
    for switch in view.host.switches:
        yield instance(
            _SWITCH,
            {
                "Caption": view.texts["switch-caption"],
                "CreationClassName": _SWITCH,
                "Dedicated": (38,),
                "Description": view.texts["switch-description"],
                "ElementName": switch.name,
                "EnabledDefault": 2,
                "EnabledState": 5,
                "HealthState": 5,
                "IdentifyingDescriptions": (view.texts["switch-identifying"],),
                "MaxIOVOffloads": 0,
                "MaxVMQOffloads": 0,
                "Name": switch.id,
                "OperationalStatus": (2,),
                "OtherIdentifyingInfo": (f"{{{switch.extension_id}}}",),
                "RequestedState": 12,
                "ResetCapability": 5,
                "Status": "OK",
                "StatusDescriptions": (view.texts["ok"],),
            },
        )


def external_ports(view: View) -> Iterator[Instance]:
    """Yield the host's own adapters, as r4sd/go-wsman recorded one (recorded_pull_externalethernetport.xml)."""
    for port in view.host.ports:
        yield instance(
            _PORT,
            {
                "ActiveMaximumTransmissionUnit": _MTU,
                "AutoSense": True,
                "Caption": view.texts["external-port-caption"],
                "CreationClassName": _PORT,
                "Description": view.texts["external-port-description"],
                "DeviceID": f"Microsoft:{{{port.id}}}",
                "ElementName": port.name,
                "EnabledDefault": _ENABLED,
                "EnabledState": _ENABLED,
                "FullDuplex": True,
                "HealthState": 5,
                "IsBound": any(switch.kind == EXTERNAL for switch in view.host.switches),
                "LinkTechnology": 2,
                "MaxDataSize": _MTU,
                "MaxSpeed": port.speed,
                "Name": port.name,
                "OperationalStatus": (2,),
                "PermanentAddress": port.address,
                "PortNumber": 0,
                "PortType": 53,
                "RequestedSpeed": port.speed,
                "RequestedState": 12,
                "Speed": port.speed,
                "Status": "OK",
                "StatusDescriptions": (view.texts["ok"],),
                "SupportedMaximumTransmissionUnit": _MTU,
                "SystemCreationClassName": "Msvm_ComputerSystem",
                "SystemName": view.host.computer_name,
                "UsageRestriction": 4,
            },
        )


def internal_ports(view: View) -> Iterator[Instance]:
    """Yield the host's virtual adapters: one at each switch that connects it (values of the class's page)."""
    for switch in view.host.switches:
        if switch.kind in {EXTERNAL, INTERNAL}:
            yield instance(
                _INTERNAL_PORT,
                {
                    "ActiveMaximumTransmissionUnit": _MTU,
                    "AutoSense": True,
                    "Caption": "Ethernet Port",
                    "CreationClassName": _INTERNAL_PORT,
                    "Description": "Microsoft Internal Ethernet Port",
                    "DeviceID": f"Microsoft:{_derived(switch.id, 'port')}",
                    "ElementName": switch.name,
                    "EnabledDefault": _ENABLED,
                    "EnabledState": 5,
                    "FullDuplex": True,
                    "HealthState": 5,
                    "LinkTechnology": 2,
                    "MaxDataSize": _MTU,
                    "Name": switch.name,
                    "OperationalStatus": (2,),
                    "RequestedState": 12,
                    "StatusDescriptions": (view.texts["ok"],),
                    "SupportedMaximumTransmissionUnit": _MTU,
                    "SystemCreationClassName": "Msvm_ComputerSystem",
                    "SystemName": view.host.computer_name,
                    "UsageRestriction": 4,
                },
            )


def adapters(view: View) -> Iterator[Instance]:
    """Yield each machine's and checkpoint's network adapters, and the templates."""
    for holder in holders(view):
        for nic in holder.vm.nics:
            yield allocation(
                _ADAPTER,
                ETHERNET_PORT,
                "Synthetic Ethernet Port",
                view.texts["network-adapter"],
                Address=_mac(nic),
                ClusterMonitored=True,
                DeviceNamingEnabled=False,
                InstanceID=f"{holder.prefix}\\{nic.id}",
                InterruptModeration=True,
                NumaAwarePlacement=False,
                StaticMacAddress=False,
                VirtualSystemIdentifiers=(f"{{{_derived(nic.id, 'adapter')}}}",),
            )
    for name in templates(_TEMPLATE):
        yield allocation(
            _ADAPTER, ETHERNET_PORT, "Synthetic Ethernet Port", view.texts["network-adapter"], InstanceID=name
        )


def connections(view: View) -> Iterator[Instance]:
    """Yield each adapter's connection, and the switches' own ports (that those stand here too is a guess)."""
    for holder in holders(view):
        for nic in holder.vm.nics:
            yield _connection(view, holder, nic)
    for switch in view.host.switches:
        yield from _own_ports(view, switch)


def _own_ports(view: View, switch: LabSwitch) -> Iterator[Instance]:
    """Yield the ports of a switch to a physical adapter and to the host (win32, "Querying networking objects": HostResource)."""
    resources = {}
    if switch.kind == EXTERNAL and view.host.ports:
        port = view.host.ports[0]
        resources["external"] = view.path(
            _PORT,
            CreationClassName=_PORT,
            DeviceID=f"Microsoft:{{{port.id}}}",
            SystemCreationClassName="Msvm_ComputerSystem",
            SystemName=view.host.computer_name,
        )
    if switch.kind in {EXTERNAL, INTERNAL}:
        resources["port"] = view.path(
            "Msvm_ComputerSystem", CreationClassName="Msvm_ComputerSystem", Name=view.host.computer_name
        )
    for part, path in resources.items():
        yield allocation(
            _CONNECTION,
            ETHERNET_CONNECTION,
            "Ethernet Connection",
            f"{switch.name}_External" if part == "external" else switch.name,
            EnabledState=_ENABLED,
            HostResource=(path,),
            InstanceID=f"Microsoft:{switch.id}\\{_derived(switch.id, part)}",
        )


def _connection(view: View, holder: Holder, nic: LabNic) -> Instance:
    r"""Return the row `..\C`; HostResource names the switch (Msvm_EthernetPortAllocationSettingData page)."""
    switch = _switch_named(view, nic.switch)
    adapter = f"{holder.prefix}\\{nic.id}"
    return allocation(
        _CONNECTION,
        ETHERNET_CONNECTION,
        "Ethernet Connection",
        view.texts["ethernet-connection"],
        EnabledState=_ENABLED if nic.switch else _DISABLED,
        HostResource=(view.path(_SWITCH, CreationClassName=_SWITCH, Name=switch.id),) if switch else None,
        InstanceID=f"{adapter}\\C",
        LastKnownSwitchName=nic.switch,
        Parent=view.path(_ADAPTER, InstanceID=adapter),
    )


def _switch_named(view: View, name: str | None) -> LabSwitch | None:
    return next((switch for switch in view.host.switches if switch.name == name), None)


def _mac(nic: LabNic) -> str:
    """Return a MAC address of Hyper-V's range, 12 digits (recorded by r4sd/go-wsman)."""
    return "00155D" + nic.id.replace("-", "")[:6]


def _derived(identity: str, part: str) -> str:
    """Return a GUID that is always the same for this part of this object."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{identity}/{part}")).upper()

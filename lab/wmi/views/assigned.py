"""Devices that are a host's own: PCI Express, partitions of a GPU, Fibre Channel."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial

from hyperv_placement.wsman import Instance
from lab.wmi.view import View, instance

from .allocation import FC_CONNECTION, FC_PORT, GPU_PARTITION, PCI_EXPRESS, allocation
from .holders import holders, templates

_PCI, _GPU = "Msvm_PciExpressSettingData", "Msvm_GpuPartitionSettingData"
_FC_PORT, _FC_CONNECTION = "Msvm_SyntheticFcPortSettingData", "Msvm_FcPortAllocationSettingData"
_FC_SWITCH = "Msvm_VirtualFcSwitch"
_TEMPLATES = {  # guesses: the ids of these templates were not published
    _PCI: "2EB2C5E4-5E2B-4B8C-8E8C-2F0D5D2B1C01",
    _GPU: "2EB2C5E4-5E2B-4B8C-8E8C-2F0D5D2B1C02",
    _FC_PORT: "2EB2C5E4-5E2B-4B8C-8E8C-2F0D5D2B1C03",
    _FC_CONNECTION: "2EB2C5E4-5E2B-4B8C-8E8C-2F0D5D2B1C04",
}


def pci_express(view: View) -> Iterator[Instance]:
    """Yield each device that a machine was assigned (Msvm_PciExpressSettingData page), and the templates."""
    row = partial(allocation, _PCI, PCI_EXPRESS, "Virtual Pci Express Port", view.texts["pci-express"])
    for holder in holders(view):
        for number in range(holder.vm.assigned_devices):
            device = _derived(holder.vm.id, f"pci {number}")
            yield row(
                HostResource=(view.path("Msvm_PciExpress", DeviceID=f"Microsoft:{device}"),),
                InstanceID=f"{holder.prefix}\\{device}",
            )
    for name in templates(_TEMPLATES[_PCI]):
        yield row(InstanceID=name)


def gpu_partitions(view: View) -> Iterator[Instance]:
    """Yield each partition of a GPU that a machine has (Msvm_GpuPartitionSettingData page), and the templates."""
    row = partial(allocation, _GPU, GPU_PARTITION, "GPU Partition", view.texts["gpu-partition"])
    for holder in holders(view):
        for number in range(holder.vm.gpu_partitions):
            yield row(
                InstanceID=f"{holder.prefix}\\{_derived(holder.vm.id, f'gpu {number}')}",
            )
    for name in templates(_TEMPLATES[_GPU]):
        yield row(InstanceID=name)


def fc_ports(view: View) -> Iterator[Instance]:
    """Yield each Fibre Channel adapter of a machine, and the templates."""
    row = partial(allocation, _FC_PORT, FC_PORT, "Synthetic FibreChannel Port", view.texts["fibre-channel"])
    for holder in holders(view):
        for number in range(len(holder.vm.fibre_channel)):
            yield row(
                InstanceID=f"{holder.prefix}\\{_derived(holder.vm.id, f'fc {number}')}",
            )
    for name in templates(_TEMPLATES[_FC_PORT]):
        yield row(InstanceID=name)


def fc_connections(view: View) -> Iterator[Instance]:
    """Yield which virtual SAN each adapter is connected to: HostResource names it, as with Ethernet (a guess)."""
    row = partial(
        allocation, _FC_CONNECTION, FC_CONNECTION, "FibreChannel Connection", view.texts["fibre-channel"]
    )
    for holder in holders(view):
        for number, san in enumerate(holder.vm.fibre_channel):
            port = _derived(holder.vm.id, f"fc {number}")
            known = san in view.host.fibre_channel
            yield row(
                HostResource=(_switch_path(view, san),) if known else None,
                InstanceID=f"{holder.prefix}\\{port}\\C",
                Parent=view.path(_FC_PORT, InstanceID=f"{holder.prefix}\\{port}"),
            )
    for name in templates(_TEMPLATES[_FC_CONNECTION]):
        yield row(
            InstanceID=name,
        )


def fc_switches(view: View) -> Iterator[Instance]:
    """Yield the host's virtual SANs (Msvm_VirtualFcSwitch page)."""
    for san in view.host.fibre_channel:
        yield instance(
            _FC_SWITCH,
            {
                "Caption": view.texts["fibre-channel"],
                "CreationClassName": _FC_SWITCH,
                "Dedicated": (38,),
                "Description": view.texts["fibre-channel"],
                "ElementName": san,
                "EnabledDefault": 2,
                "EnabledState": 5,
                "HealthState": 5,
                "Name": _derived(view.host.name, f"san {san}"),
                "OperationalStatus": (2,),
                "RequestedState": 12,
                "Status": "OK",
                "StatusDescriptions": (view.texts["ok"],),
            },
        )


def _switch_path(view: View, san: str) -> str:
    return view.path(_FC_SWITCH, CreationClassName=_FC_SWITCH, Name=_derived(view.host.name, f"san {san}"))


def _derived(identity: str, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{identity}/{part}")).upper()

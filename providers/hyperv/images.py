"""Sizes and parents of virtual hard disks: a call or two a disk, so only for machines that will move."""

from __future__ import annotations

from dataclasses import replace

from providers.errors import WsmanFaultError
from providers.model.estate import Disk, DiskKind, VirtualMachine
from providers.wsman import EndpointReference, Instance, decode_embedded, resource_uri

from .client import Client

DIFFERENCING = 4
"""Msvm_VirtualHardDiskSettingData.Type of a differencing disk (win32 page of the class)."""


def with_details(client: Client, vm: VirtualMachine) -> VirtualMachine:
    """Read size and parent of each virtual hard disk: a call or two a disk, so only for machines that will move."""
    return replace(
        vm,
        disks=tuple(_detailed(client, disk) for disk in vm.disks),
        frozen=tuple(_detailed(client, disk) for disk in vm.frozen),
    )


def read_disk(client: Client, path: str) -> Disk:
    """Read size and parent of a file that no machine need have attached; without a size it cannot be examined."""
    return _detailed(client, Disk(slot="", instance_id="", path=path))


def _detailed(client: Client, disk: Disk) -> Disk:
    if disk.kind != DiskKind.VIRTUAL_HARD_DISK:
        return disk
    state = _image(client, "GetVirtualHardDiskState", "State", disk.path)
    setting = _image(client, "GetVirtualHardDiskSettingData", "SettingData", disk.path)
    if state is None or setting is None:
        return disk  # what is not known to be whole is not moved
    differencing = setting.number("Type") == DIFFERENCING
    return replace(
        disk,
        size_bytes=state.number("FileSize"),
        parent_path=setting.text("ParentPath") or "an unknown parent" if differencing else None,
    )


def _image(client: Client, method: str, output: str, path: str) -> Instance | None:
    """Ask Msvm_ImageManagementService of a disk; None where it does not tell."""
    service = EndpointReference(
        resource_uri("Msvm_ImageManagementService"), {"CreationClassName": "Msvm_ImageManagementService"}
    )
    try:
        answer = client.ask(service, method, {"Path": path})
    except WsmanFaultError:
        return None
    text = answer.outputs.get(output) if answer.return_value == 0 else None
    return decode_embedded(text) if isinstance(text, str) and text else None

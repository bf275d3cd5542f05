"""Sizes and parents of virtual hard disks: a call or two a disk, so only for machines that will move."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial

from hyperv_placement.errors import WsmanFaultError
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, DiskKind, ParentFile, VirtualMachine
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import EndpointReference, Instance, objects_in, resource_uri

LONGEST = 64
"""Parents above one disk; a longer chain, or one that bites its tail, is not followed."""
UNKNOWN_PARENT = "an unknown parent"
_ALONE = frozenset({2, 3})
"""Msvm_VirtualHardDiskSettingData.Type of disks without a parent: fixed and dynamic (win32 page of the class)."""

_CLASSES = {"State": "Msvm_VirtualHardDiskState", "SettingData": "Msvm_VirtualHardDiskSettingData"}
"""What the out parameters hold (win32 pages of GetVirtualHardDiskState and GetVirtualHardDiskSettingData)."""


def with_details(client: Client, vm: VirtualMachine) -> VirtualMachine:
    """Read size and parent of each virtual hard disk: a call or two a disk, so only for machines that will move.

    Parents that nothing of the machine attaches are read as well: where they are copied, they take room.
    """
    with client.together() as soon:
        read = [soon(partial(_detailed, client, disk)) for disk in (*vm.disks, *vm.frozen)]
    detailed = [disk() for disk in read]
    disks, frozen = detailed[: len(vm.disks)], detailed[len(vm.disks) :]
    attached = {winpath.comparable(disk.path) for disk in (*disks, *frozen)}
    return replace(
        vm,
        disks=tuple(replace(disk, above=tuple(_above(client, disk, attached))) for disk in disks),
        frozen=tuple(replace(disk, above=tuple(_above(client, disk, attached))) for disk in frozen),
    )


def _above(client: Client, disk: Disk, attached: Collection[str]) -> Iterator[ParentFile]:
    """Yield the parents above a disk up to the first that is attached, or whose own parent is not known."""
    path = disk.parent_path
    for _ in range(LONGEST):
        if path is None or winpath.comparable(path) in attached:
            return
        if path == UNKNOWN_PARENT:
            yield ParentFile(path=path)
            return
        found = read_disk(client, path)
        yield ParentFile(path=path, size_bytes=found.size_bytes, max_bytes=found.max_bytes)
        path = found.parent_path


def read_disk(client: Client, path: str) -> Disk:
    """Read size and parent of a file that no machine need have attached; without a size it cannot be examined."""
    return _detailed(client, Disk(slot="", instance_id="", path=path))


def has_disk(client: Client, path: str) -> bool:
    """Say whether the host knows a virtual hard disk at this path. Raises PlacementError where it cannot be asked, or does not let us."""
    return _asked(client, "GetVirtualHardDiskState", "State", path) is not None


def _detailed(client: Client, disk: Disk) -> Disk:
    if disk.kind != DiskKind.VIRTUAL_HARD_DISK:
        return disk
    with client.together() as soon:
        asked = soon(lambda: _image(client, "GetVirtualHardDiskState", "State", disk.path))
        made = soon(lambda: _image(client, "GetVirtualHardDiskSettingData", "SettingData", disk.path))
    state, setting = asked(), made()
    if setting is None:
        return disk  # what is not known to be whole is not moved
    return replace(
        disk,
        size_bytes=state.number("FileSize") if state is not None else None,
        max_bytes=setting.number("MaxInternalSize"),
        parent_path=setting.text("ParentPath") or UNKNOWN_PARENT if has_parent(setting) else None,
    )


def has_parent(setting: Instance) -> bool:
    """Say whether a disk depends on another file, by its settings, or may: what has no type that stands alone counts so."""
    return setting.number("Type") not in _ALONE


def _image(client: Client, method: str, output: str, path: str) -> Instance | None:
    """Ask Msvm_ImageManagementService of a disk; None where there is no answer, for whatever reason."""
    try:
        return _asked(client, method, output, path)
    except WsmanFaultError:
        return None


def _asked(client: Client, method: str, output: str, path: str) -> Instance | None:
    """Ask the service of a disk; None where it answers with a failure. Raises PlacementError."""
    # Without any selector this service answers InternalError; CreationClassName alone is enough (r4sd/go-wsman).
    service = EndpointReference(
        resource_uri("Msvm_ImageManagementService"), {"CreationClassName": "Msvm_ImageManagementService"}
    )
    answer = client.ask(service, method, {"Path": path})
    if answer.return_value != 0:
        return None
    return next(iter(objects_in(answer.outputs.get(output), _CLASSES[output])), None)

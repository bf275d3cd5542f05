"""What MigrateVirtualSystemToHost is called with: the texts are the host's own, with new places written in."""

from __future__ import annotations

from providers.errors import PlacementError
from providers.model import winpath
from providers.model.plan import Move
from providers.wsman import Argument, EndpointReference, Instance, Value, resource_uri

from .client import Client

TCP = 5
"""Msvm_VirtualSystemMigrationSettingData.TransportType (win32 page of the class)."""
_FOLLOWERS = ("SuspendDataRoot", "LogDataRoot", "GuestStateDataRoot")
"""Roots that lie with the configuration and go where it goes (Move-VM -VirtualMachinePath moves them together)."""


def system_reference(vm_id: str) -> EndpointReference:
    """Return the reference of a virtual machine; both keys are needed (r4sd/go-wsman)."""
    return EndpointReference(
        resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": vm_id}
    )


def service_reference(service: Instance) -> EndpointReference:
    """Return the reference of the migration service by the keys that the host itself reports."""
    keys = ("SystemCreationClassName", "SystemName", "CreationClassName", "Name")
    return EndpointReference(
        service.resource_uri, {key: service.text(key) for key in keys if service.text(key)}
    )


def arguments(client: Client, move: Move, full_name: str, addresses: tuple[str, ...]) -> dict[str, Argument]:
    """Return the method's arguments, read live from the source.

    `full_name`: the destination's own full name, which Kerberos needs; `addresses`: where it listens.
    Raises PlacementError where the source no longer shows what the move was planned with.
    """
    order: dict[str, Argument] = {"ComputerSystem": system_reference(move.vm.id)}
    if move.changes_host:
        order["DestinationHost"] = full_name
    order["MigrationSettingData"] = _migration_setting(client, move, addresses)
    if move.copies_storage:
        if move.changes_host or move.roots != move.vm.roots:
            order["NewSystemSettingData"] = _system_setting(client, move)
        if disks := _disk_settings(client, move):
            order["NewResourceSettingData"] = disks
    return order


def _migration_setting(client: Client, move: Move, addresses: tuple[str, ...]) -> Instance:
    """The template of the type, as the host keeps it; a blank one where it has none (Windows-classic-samples)."""
    name = "Msvm_VirtualSystemMigrationSettingData"
    templates = client.query(name, where={"MigrationType": int(move.type)})
    template = _set_values(templates[0]) if templates else Instance(name, {})
    changes: dict[str, Value] = {"MigrationType": int(move.type)}
    if move.changes_host:
        changes |= {"TransportType": TCP, "DestinationIPAddressList": addresses}
    return template.replace(**changes)


def _system_setting(client: Client, move: Move) -> Instance:
    row = _one(client, "Msvm_VirtualSystemSettingData", f"Microsoft:{move.vm.id}")
    old, new = move.vm.roots, move.roots
    changes: dict[str, Value] = {
        "ConfigurationDataRoot": new.config,
        "SnapshotDataRoot": new.checkpoints,
        "SwapFileDataRoot": new.paging,
    }
    for name in _FOLLOWERS:
        if row.text(name) and winpath.same(row.text(name), old.config):
            changes[name] = new.config
    return _set_values(row).replace(**changes)


def _disk_settings(client: Client, move: Move) -> tuple[Instance, ...]:
    prefix = {"InstanceID": f"Microsoft:{move.vm.id}"}
    rows = client.query("Msvm_StorageAllocationSettingData", like=prefix)
    by_id = {row.text("InstanceID").casefold(): row for row in rows}
    settings = []
    for disk in move.disks:
        row = by_id.get(disk.instance_id.casefold())
        if row is None:
            raise PlacementError(
                f"Disk {disk.slot} of {move.vm.name} is no longer attached on {move.source}",
                remedy="Run again",
            )
        settings.append(_set_values(row).replace(HostResource=(disk.target,), PoolID=""))
    return tuple(settings)


def _one(client: Client, class_name: str, instance_id: str) -> Instance:
    rows = client.query(class_name, where={"InstanceID": instance_id})
    if len(rows) != 1:
        raise PlacementError(
            f"{client.host.name} shows {len(rows)} settings {instance_id}",
            remedy="Run again; the machine may be gone",
        )
    return rows[0]


def _set_values(row: Instance) -> Instance:
    """Leave NULLs out: an omitted property means "leave as it is"."""
    return Instance(
        row.class_name,
        {name: value for name, value in row.properties.items() if value is not None},
        row.namespace,
    )

"""What MigrateVirtualSystemToHost is called with: the texts are the host's own, with new places written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.errors import MoveRefusedError, ProtocolError
from providers.model import winpath
from providers.model.estate import DiskKind, HostFacts
from providers.model.plan import MigrationType, Move
from providers.wsman import Argument, EndpointReference, Instance, Value, resource_uri, schema_of

from .client import Client
from .rows import REALIZED, SNAPSHOT, path_of

TCP = 5
"""Msvm_VirtualSystemMigrationSettingData.TransportType (win32 page of the class)."""
_FOLLOWERS = ("SuspendDataRoot", "LogDataRoot", "GuestStateDataRoot")
"""Roots that lie with the configuration and go where it goes (Move-VM -VirtualMachinePath moves them together)."""
_TEMPLATE = "Msvm_VirtualSystemMigrationSettingData"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the source shows of a machine right before its move starts."""

    enabled_state: int
    settings: Instance
    """The realized Msvm_VirtualSystemSettingData."""
    disks: Mapping[str, Instance]
    """Msvm_StorageAllocationSettingData by InstanceID, case-folded."""


def system_reference(vm_id: str) -> EndpointReference:
    """Return the reference of a virtual machine; both keys are needed (r4sd/go-wsman)."""
    return EndpointReference(
        resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": vm_id}
    )


def read_standing(client: Client, move: Move) -> Standing:
    """Read the machine at its source. Raises MoveRefusedError where it is no longer as the move was planned for."""
    system = client.get(system_reference(move.vm.id))
    settings = client.query("Msvm_VirtualSystemSettingData", where={"VirtualSystemIdentifier": move.vm.id})
    rows = client.query("Msvm_StorageAllocationSettingData", like={"InstanceID": f"Microsoft:{move.vm.id}"})
    disks = {row.text("InstanceID").casefold(): row for row in rows}
    if reason := changed(move, system, settings, disks):
        raise MoveRefusedError(
            f"{move.vm.name} has changed on {move.source} since it was looked at: {reason}",
            remedy="Run again",
        )
    realized = [row for row in settings if row.text("VirtualSystemType") == REALIZED]
    if len(realized) != 1:
        raise ProtocolError(f"{move.source} shows {len(realized)} realized settings of {move.vm.name}")
    return Standing(enabled_state=system.number("EnabledState") or 0, settings=realized[0], disks=disks)


def changed(
    move: Move, system: Instance, settings: list[Instance], disks: Mapping[str, Instance]
) -> str | None:
    """Return what is no longer as the move was planned for, or None."""
    checkpoints = sum(row.text("VirtualSystemType").startswith(SNAPSHOT) for row in settings)
    if checkpoints != move.vm.checkpoints:
        return f"it has {checkpoints} checkpoints, not {move.vm.checkpoints}"
    if (system.number("ReplicationMode") or 0) != move.vm.replication_mode:
        return "its replication"
    for disk in move.vm.disks:
        row = disks.get(disk.instance_id.casefold())
        path = "" if row is None else path_of(row)
        if disk.kind != DiskKind.PASS_THROUGH and not winpath.same(path, disk.path):
            return f"disk {disk.slot} is {path or 'gone'}, not {disk.path}"
    return None


def arguments(
    move: Move, template: Instance, standing: Standing, source: HostFacts, destination: HostFacts
) -> dict[str, Argument]:
    """Return the method's arguments. DestinationHost is the full name that the destination reports of itself."""
    order: dict[str, Argument] = {"ComputerSystem": system_reference(move.vm.id)}
    if move.changes_host:
        order["DestinationHost"] = destination.full_name
    order["MigrationSettingData"] = _migration_setting(move, template, source, destination)
    if move.copies_storage:
        if move.changes_host or move.roots != move.vm.roots:
            order["NewSystemSettingData"] = _system_setting(move, standing.settings)
        if move.disks:
            order["NewResourceSettingData"] = tuple(
                _written(standing.disks[disk.instance_id.casefold()], HostResource=(disk.target,), PoolID="")
                for disk in move.disks
            )
    return order


def read_template(client: Client, kind: MigrationType) -> Instance:
    """Read the settings of a migration of `kind` as the host keeps them.

    Blank ones where it keeps none: Windows-classic-samples start from those.
    """
    templates = client.query(_TEMPLATE, where={"MigrationType": int(kind)})
    return templates[0] if templates else Instance(_TEMPLATE, {})


def _migration_setting(move: Move, template: Instance, source: HostFacts, destination: HostFacts) -> Instance:
    if not move.changes_host:
        return _written(template, MigrationType=int(move.type))
    return _written(
        template,
        MigrationType=int(move.type),
        TransportType=TCP,
        DestinationIPAddressList=destination.migration.addresses,
        EnableCompression=source.migration.compression,
    )


def _system_setting(move: Move, row: Instance) -> Instance:
    old, new = move.vm.roots, move.roots
    changes: dict[str, Value] = {
        "ConfigurationDataRoot": new.config,
        "SnapshotDataRoot": new.checkpoints,
        "SwapFileDataRoot": new.paging,
    }
    for name in _FOLLOWERS:
        if row.text(name) and winpath.same(row.text(name), old.config):
            changes[name] = new.config
    return _written(row, **changes)


def _written(row: Instance, **changes: Value) -> Instance:
    """Return `row` as an argument: without NULLs (left out means "leave"), and without what has no known type.

    A property that a newer build added would travel as text, whatever it is.
    """
    schema = schema_of(row.class_name)
    kept = {
        name: value
        for name, value in row.properties.items()
        if value is not None and (schema is None or schema.property(name) is not None)
    }
    return Instance(row.class_name, {**kept, **changes}, row.namespace)

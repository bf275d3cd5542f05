"""What MigrateVirtualSystemToHost is called with: the texts are the host's own, with new places written in."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.errors import MoveRefusedError, ProtocolError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.read_machine import system_reference
from hyperv_placement.hyperv.templates import BY_MOVES, MigrationType
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import MigrationOptions, reached_by
from hyperv_placement.model.own_name import doubt, own_name
from hyperv_placement.wsman import (
    Argument,
    Instance,
    Value,
    encode_embedded,
    schema_of,
)

from .last_reading import LastReading

_TRANSPORTS = {"tcp": 5, "smb": 32768}
"""Msvm_VirtualSystemMigrationSettingData.TransportType (win32 page of the class)."""
_ARRAYS = {"UnmanagedVhds"}
"""Properties that an instance shows only where they are not NULL (r4sd/go-wsman)."""
_WAY = {"DestinationIPAddressList", "TransportType"}
_CPU_CAPS = {"normal": 0, "low": 1, "high": 2}
"""CPUCappingMagnitude (same page)."""
_FOLLOWERS = ("SuspendDataRoot", "LogDataRoot", "GuestStateDataRoot")
"""Roots that lie with the configuration and go where it goes (Move-VM -VirtualMachinePath moves them together)."""


def type_number(move: Move) -> int:
    """Return the number by which a host's migration service, and our audit log, know what `move` takes elsewhere."""
    return int(BY_MOVES[move.moves])


def template_of(estate: Estate, move: Move) -> Instance:
    """Return the source's settings for a migration like `move`, read once a run."""
    return estate.template(move.source, BY_MOVES[move.moves])


def stage_template(estate: Estate, move: Move) -> Instance:
    """Return the source's settings for a migration that only makes a planned machine, read once a run."""
    return estate.template(move.source, MigrationType.STAGED)


def arguments(
    move: Move, template: Instance, reading: LastReading, source: HostFacts, destination: HostFacts
) -> dict[str, Argument]:
    """Return the method's arguments. DestinationHost is the destination's own name. Raises MoveRefusedError where it has none."""
    order: dict[str, Argument] = {"ComputerSystem": system_reference(move.vm.id)}
    if move.changes_host:
        order["DestinationHost"] = _own_name(move.destination, destination)
    order["MigrationSettingData"] = _migration_setting(move, template, source, destination)
    if move.copies_storage:
        if move.changes_host or move.roots != move.vm.roots:
            order["NewSystemSettingData"] = _system_setting(move, reading.settings)
        if move.all_disks:
            order["NewResourceSettingData"] = tuple(
                _written(reading.disks[disk.instance_id.casefold()], HostResource=(disk.target,), PoolID="")
                for disk in move.all_disks
            )
    return order


def _own_name(name: HostName, host: HostFacts) -> str:
    if (why := doubt(name, host)) is not None:
        raise MoveRefusedError(why.text, remedy=why.remedy)
    return own_name(host) or ""


def to_stage(order: Mapping[str, Argument], template: Instance) -> dict[str, Argument]:
    """Return the order to make a planned machine where `order` would move it, by the template of such migrations."""
    settings = order["MigrationSettingData"]
    if not isinstance(settings, Instance):
        raise ProtocolError("An order has no migration settings")
    chosen = {
        name: value
        for name, value in settings.properties.items()
        if name in _WAY or not template.properties or name in template.properties
    }
    own = {name: template[name] for name in ("InstanceID", "MigrationType") if name in template.properties}
    changed = {**chosen, **own, "MigrationType": int(MigrationType.STAGED)}
    return {**order, "MigrationSettingData": Instance(settings.class_name, changed, settings.namespace)}


def into_planned(order: Mapping[str, Argument], move: Move) -> dict[str, Argument]:
    """Return `order` for a machine whose planned twin stands ready: its folders are known there.

    As the Hyper-V module does it with a compatibility report (decompiled): the twin has the same GUID. Over
    WS-Management unverified.
    """
    settings = order["MigrationSettingData"]
    if not isinstance(settings, Instance):
        raise ProtocolError("An order has no migration settings")
    changed = settings.replace(DestinationPlannedVirtualSystemId=move.vm.id)
    kept = {name: value for name, value in order.items() if name != "NewSystemSettingData"}
    return {**kept, "MigrationSettingData": changed}


def unknown_options(move: Move, template: Instance) -> list[str]:
    """Return the properties that the chosen options need and the source's build does not have.

    An instance shows every scalar property of its class, NULL ones too; a host without templates shows none.
    """
    chosen = chosen_properties(move).keys() - _ARRAYS
    return sorted(name for name in chosen if name not in template.properties)


def chosen_properties(move: Move) -> dict[str, Value]:
    """Return the properties of a migration's settings that the stack file chooses for `move`."""
    options = move.options
    values: dict[str, Value] = {
        "RetainVhdCopiesOnSource": options.retain_vhd_copies_on_source if move.copies_storage else None,
        **_parents(move),
        "AvoidRemovingVHDs": options.avoid_removing_vhds if move.copies_storage else None,
        "AllowOverwriteExistingFile": True if _overwrites(move) else None,
    }
    if move.changes_host:
        values |= {
            "TransportType": _TRANSPORTS.get(options.transport or ""),
            "EnableCompression": options.compression,
            "CancelIfBlackoutThresholdExceeded": options.cancel_if_blackout_threshold_exceeded,
            "CPUCappingMagnitude": _CPU_CAPS.get(options.cpu_cap or ""),
        }
    return {name: value for name, value in values.items() if value is not None}


def _parents(move: Move) -> dict[str, Value]:
    """Return what takes parents along that nothing attaches: copied, and never removed, for others may need them.

    RemoveSourceUnmanagedVhds came with UnmanagedVhds (win32 page); that RetainVhdCopiesOnSource keeps parents is what
    the Move-VM page says of it. How a host links the disks to the copies is unverified.
    """
    if not move.parents:
        return {}
    embedded = tuple(
        encode_embedded(
            Instance("Msvm_MoveUnmanagedVhd", {"VhdSourcePath": p.source, "VhdDestinationPath": p.target})
        )
        for p in move.parents
    )
    return {"RemoveSourceUnmanagedVhds": False, "RetainVhdCopiesOnSource": True, "UnmanagedVhds": embedded}


def _overwrites(move: Move) -> bool:
    """Say whether every disk that is copied may overwrite: the property is one for all of them."""
    slots = {disk.slot for disk in move.disks} if move.copies_storage else set()
    return bool(slots) and slots <= move.overwrite and not (move.frozen or move.parents)


def _migration_setting(move: Move, template: Instance, source: HostFacts, destination: HostFacts) -> Instance:
    """Return the settings; what nobody chose is as the hosts are set, as Move-VM does it."""
    changes: dict[str, Value] = {"MigrationType": type_number(move)}
    if move.changes_host:
        both = source.migration.smb and destination.migration.smb
        changes["TransportType"] = _TRANSPORTS["smb" if both else "tcp"]
        changes["DestinationIPAddressList"] = _addresses(move.options, destination)
        if "EnableCompression" in template.properties:  # builds before 2012 R2 have no such property
            changes["EnableCompression"] = source.migration.compression
    return _written(template, **{**changes, **chosen_properties(move)})


def _addresses(options: MigrationOptions, destination: HostFacts) -> tuple[str, ...]:
    """Return where the destination is to be reached. Raises MoveRefusedError where that is nowhere."""
    listening = destination.migration.addresses
    found = reached_by(listening, options.networks)
    if listening and not found:
        raise MoveRefusedError(
            f"{destination.full_name} listens for migrations on {', '.join(listening)}, none of them within"
            f" {', '.join(options.networks)}",
            remedy="Correct migration.networks in the stack file, or add a migration network there",
        )
    return found


def _system_setting(move: Move, row: Instance) -> Instance:
    return _written(row, **_new_roots(move, row))


def short_system_setting(move: Move, row: Instance) -> Instance:
    """Return the short text of new settings: whose they are, and the roots that are written into the whole one."""
    return Instance(
        row.class_name, {"InstanceID": row.text("InstanceID"), **_new_roots(move, row)}, row.namespace
    )


def _new_roots(move: Move, row: Instance) -> dict[str, Value]:
    old, new = move.vm.roots, move.roots
    changes: dict[str, Value] = {
        "ConfigurationDataRoot": new.config,
        "SnapshotDataRoot": new.checkpoints,
        "SwapFileDataRoot": new.paging,
    }
    for name in _FOLLOWERS:
        if row.text(name) and winpath.same(row.text(name), old.config):
            changes[name] = new.config
    return changes


def _written(row: Instance, **changes: Value) -> Instance:
    """Return `row` as an argument: without NULLs (left out means "leave"), and without what has no known type or value.

    A property that a newer build added would travel as text, whatever it is.
    """
    schema = schema_of(row.class_name)
    kept = {
        name: value
        for name, value in row.properties.items()
        if value is not None
        and row.is_readable(name)
        and (schema is None or schema.property(name) is not None)
    }
    return Instance(row.class_name, {**kept, **changes}, row.namespace)

"""Msvm_VirtualSystemManagementService.ModifySystemSettings: of machines, planned ones and checkpoints, what the lab's world knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hyperv_placement.wsman import Instance, Value
from lab.wmi import embedded, schema
from lab.wmi.embedded import TextRefusedError
from lab.wmi.views import settings
from lab.world import LabCheckpoint, LabVm, power, texts
from lab.world.jobs import INVALID_PARAMETER, INVALID_STATE, NOT_SUPPORTED
from lab.world.objects import OFF

from .call import Call, Outputs
from .machines import started

_CLASS = "Msvm_VirtualSystemSettingData"
_KEY = "InstanceID"
_READ_ONLY = ("VirtualSystemType", "CreationTime", "Version", "BIOSGUID")
"""With one of these the job ends in Exception, whatever its value (r4sd/terraform-provider-hyperv vm_firmware_write.go)."""
_FOLDERS = {"SnapshotDataRoot": "checkpoints", "SwapFileDataRoot": "paging"}
"""What Set-VM changes with -SnapshotFileLocation and -SmartPagingFilePath (its page)."""
_WRITABLE = frozenset({"ElementName", "Notes", *_FOLDERS})
_LONGEST_NAME = 100


def modify(call: Call) -> Outputs:
    """Change name, notes and the folders of a machine's checkpoints and paging file; what is NULL, left out or as before stays.

    Of Notes the first element alone is kept (r4sd/go-wsman). Guesses: a change is done at once, without a job; an empty
    name is refused; the one folder is changed only while there are no checkpoints, the other while the machine is off.
    What the world has no place for is not served.
    """
    call.expect("SystemSettings")
    host = call.reader.host
    try:
        text = call.text("SystemSettings") or ""
        given = embedded.read(text, _CLASS, missing=schema.missing(_CLASS, host.build))
        vm, owner, row = _found(call, str(given.get(_KEY) or ""))
        changed = _changed(given, row)
        _check_folders(vm, owner, changed)
    except TextRefusedError as refused:
        return _refused(call, refused)
    for name in _READ_ONLY:
        if given.get(name) is not None:
            lines = [texts.read_only(name)]
            return started(power.begin(call.reader.world, host, vm, power.MODIFY, call.caller.name, lines))
    if lacking := sorted(changed.keys() - _WRITABLE):
        call.note_not_served(f"ModifySystemSettings of {', '.join(lacking)}")
        return {"Job": None, "ReturnValue": NOT_SUPPORTED}
    _apply(call, vm, owner, changed)
    return {"Job": None, "ReturnValue": 0}


def _changed(given: Mapping[str, Value], row: Instance) -> Mapping[str, Value]:
    """Return what is to have another value. Raises TextRefusedError."""
    changed = {n: v for n, v in given.items() if v is not None and n != _KEY and v != row[n]}
    if not 0 < len(str(changed.get("ElementName", row["ElementName"]))) <= _LONGEST_NAME:
        raise TextRefusedError(
            INVALID_PARAMETER, f"ElementName has no or more than {_LONGEST_NAME} characters"
        )
    return changed


def _check_folders(vm: LabVm, owner: LabVm | LabCheckpoint, changed: Mapping[str, Value]) -> None:
    """Raise TextRefusedError for a folder that cannot be changed now."""
    if "SnapshotDataRoot" in changed and vm.checkpoints:
        raise TextRefusedError(INVALID_STATE, "there are checkpoints in SnapshotDataRoot")
    if "SwapFileDataRoot" in changed and (vm.enabled_state != OFF or owner is not vm):
        raise TextRefusedError(INVALID_STATE, "SwapFileDataRoot is changed while the machine is off")


def _found(call: Call, instance_id: str) -> tuple[LabVm, LabVm | LabCheckpoint, Instance]:
    """Return the machine, what the settings are of, and their row. Raises TextRefusedError."""
    rows = {row.text(_KEY).casefold(): row for row in settings.system_settings(call.reader.view)}
    for vm, owner in _owners(call):
        wanted = f"Microsoft:{owner.id}".casefold()
        if instance_id.casefold() == wanted and wanted in rows:
            return vm, owner, rows[wanted]
    raise TextRefusedError(INVALID_PARAMETER, f"there are no settings {instance_id!r}")


def _owners(call: Call) -> Iterator[tuple[LabVm, LabVm | LabCheckpoint]]:
    host = call.reader.host
    for vm in (*host.vms(), *host.planned.values()):
        yield vm, vm
        yield from ((vm, checkpoint) for checkpoint in vm.checkpoints)


def _apply(call: Call, vm: LabVm, owner: LabVm | LabCheckpoint, changed: Mapping[str, Value]) -> None:
    world, before = call.reader.world, owner.name
    if "ElementName" in changed:
        owner.name = str(changed["ElementName"])
    if isinstance(owner, LabVm):
        folders = {each: str(changed[name]) for name, each in _FOLDERS.items() if name in changed}
        owner.roots = replace(owner.roots, **folders)
    notes = changed.get("Notes")
    if isinstance(notes, tuple) and isinstance(owner, LabVm):
        owner.notes = str(notes[0]) if notes else ""
    vm.last_configuration_change = world.clock.now()
    what = ", ".join(sorted(changed)) or "nothing"
    world.configured(call.reader.host.name, f"{what} of {before} modified", call.caller.name)


def _refused(call: Call, refused: TextRefusedError) -> Outputs:
    call.reader.world.violation(
        f"ModifySystemSettings refused: {refused.reason} ({refused.return_value})", call.caller.name
    )
    return {"Job": None, "ReturnValue": refused.return_value}

"""Msvm_VirtualSystemMigrationService.MigrateVirtualSystemToHost: from the texts that came to what VMMS is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hyperv_placement.wsman import EndpointReference, Value, resource_uri
from lab.wmi import embedded, schema
from lab.wmi.accounts import Caller
from lab.wmi.embedded import TextRefusedError
from lab.wmi.views.holders import Holder, holders_of
from lab.world import JOB_STARTED, LabHost, LabJob, LabRoots, LabVm, MigrationRequest, vmms
from lab.world.callers import SecondHopCaller
from lab.world.jobs import INVALID_PARAMETER, NOT_SUPPORTED, SMB, TCP, Options
from lab.world.objects import VHD

from .call import Call, Outputs

_ARGUMENTS = (
    "ComputerSystem",
    "DestinationHost",
    "MigrationSettingData",
    "NewSystemSettingData",
    "NewResourceSettingData",
)
_SETTINGS = "Msvm_VirtualSystemMigrationSettingData"
_SYSTEM = "Msvm_VirtualSystemSettingData"
_DISK = "Msvm_StorageAllocationSettingData"
_UNMANAGED = "Msvm_MoveUnmanagedVhd"
_REFUSED = ("AdvancedOptions", "EnableVhdCompression")
"""Properties that the lab does nothing with."""


def migrate_to_host(call: Call) -> Outputs:
    """Start a migration: 4096 and the job's EPR, or what VMMS refuses at once."""
    return _started(call, only_check=False)


def check_migratable(call: Call) -> Outputs:
    """Check a migration by a job that moves nothing (CheckVirtualSystemIsMigratable page: the same arguments)."""
    return _started(call, only_check=True)


def _started(call: Call, *, only_check: bool) -> Outputs:
    call.expect(*_ARGUMENTS)
    reference, destination = call.reference("ComputerSystem"), call.text("DestinationHost")
    texts = _Texts(
        settings=call.text("MigrationSettingData"),
        system=call.text("NewSystemSettingData"),
        resources=call.texts("NewResourceSettingData"),
    )
    host = call.reader.host
    vm = _machine(host, reference)
    try:
        request = replace(_request(host, vm, destination, texts, call.caller), only_check=only_check)
    except TextRefusedError as refused:
        asked = (reference.selector("Name") if reference else None) or "?"
        _note_refusal(call, vm.name if vm else asked, refused)
        return {"Job": None, "ReturnValue": refused.return_value}
    answer = vmms.migrate(call.reader.world, host.name, request)
    if not isinstance(answer, LabJob):
        return {"Job": None, "ReturnValue": answer.return_value}
    job = EndpointReference(resource_uri(answer.class_name), {"InstanceID": answer.id})
    return {"Job": job, "ReturnValue": JOB_STARTED}


class _Texts:
    """The texts that the request carries."""

    def __init__(self, *, settings: str | None, system: str | None, resources: tuple[str, ...]) -> None:
        self.settings, self.system, self.resources = settings, system, resources


def _machine(host: LabHost, reference: EndpointReference | None) -> LabVm | None:
    """Return the machine that the reference names: Name alone is enough (r4sd/go-wsman hyperv/checkpoint.go)."""
    if reference is None or reference.class_name.casefold() != "msvm_computersystem":
        return None
    known = {"name", "creationclassname", "__cimnamespace"}
    if {name.casefold() for name in reference.selectors} - known:
        return None
    return host.realized.get((reference.selector("Name") or "").upper())


def _request(
    host: LabHost, vm: LabVm | None, destination: str | None, texts: _Texts, caller: Caller
) -> MigrationRequest:
    """Return what is asked. Raises TextRefusedError."""
    if vm is None:  # 32773 is a guess: nobody published the answer for a machine that is not there
        raise TextRefusedError(INVALID_PARAMETER, "no such virtual machine here")
    if texts.settings is None:
        raise TextRefusedError(INVALID_PARAMETER, "MigrationSettingData is missing")
    settings = _read(host, texts.settings, _SETTINGS)
    kind = settings.get("MigrationType")
    if not isinstance(kind, int):
        raise TextRefusedError(INVALID_PARAMETER, "MigrationType is missing")
    disks, frozen = _disks(host, vm, texts.resources)
    system = None if texts.system is None else _read(host, texts.system, _SYSTEM)
    return MigrationRequest(
        vm_id=vm.id,
        type=kind,
        destination=destination,
        roots=None if system is None else _roots(vm, system),
        whole_settings=any(name != "InstanceID" and not name.endswith("DataRoot") for name in system or {}),
        disks=disks,
        frozen=frozen,
        unmanaged=_unmanaged(host, settings),
        planned_id=str(settings.get("DestinationPlannedVirtualSystemId") or "") or None,
        addresses=_listed(settings.get("DestinationIPAddressList")),
        options=_options(host, settings),
        caller=_second_hop(caller),
        system_text=texts.system,
        resource_texts=texts.resources,
    )


def _second_hop(caller: Caller) -> SecondHopCaller:
    user = caller.user
    return SecondHopCaller(
        name=user.name,
        scheme=user.scheme,
        local=user.local,
        principal=user.principal,
        delegated=user.delegated,
        password=user.password,
    )


def _options(host: LabHost, settings: Mapping[str, Value]) -> Options:
    """Return the options. What is missing is as the host is set. Raises TextRefusedError."""
    transport, compression = settings.get("TransportType"), settings.get("EnableCompression")
    cap = settings.get("CPUCappingMagnitude") or 0
    if transport not in (None, TCP, SMB):
        raise TextRefusedError(INVALID_PARAMETER, "TransportType is neither TCP nor SMB")
    if cap not in (0, 1, 2):
        raise TextRefusedError(INVALID_PARAMETER, f"CPUCappingMagnitude {cap} is not known")
    for name in _REFUSED:
        if settings.get(name):
            raise TextRefusedError(NOT_SUPPORTED, f"the lab has no option {name}")
    return Options(
        transport=TCP if transport is None else int(str(transport)),
        compression=host.compression if compression is None else bool(compression),
        overwrite=bool(settings.get("AllowOverwriteExistingFile")),
        avoid_removing=bool(settings.get("AvoidRemovingVHDs")),
        retain_copies=bool(settings.get("RetainVhdCopiesOnSource")),
        remove_unmanaged=bool(settings.get("RemoveSourceUnmanagedVhds")),
        cancel_if_blackout_is_long=bool(settings.get("CancelIfBlackoutThresholdExceeded")),
        cpu_cap=int(str(cap)),
    )


def _listed(value: Value) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, tuple) else ()


def _read(host: LabHost, text: str, class_name: str) -> Mapping[str, Value]:
    """Return what a text sets; a property that this build lacks is unknown. Raises TextRefusedError."""
    return embedded.read(text, class_name, missing=schema.missing(class_name, host.build))


def _roots(vm: LabVm, given: Mapping[str, Value]) -> LabRoots:
    """Return the roots in NewSystemSettingData; what is not in it stays (StorageMigration.cs sample)."""
    for name, own in (("InstanceID", f"Microsoft:{vm.id}"), ("VirtualSystemIdentifier", vm.id)):
        if given.get(name) not in (None, own):
            raise TextRefusedError(INVALID_PARAMETER, f"{name} is another system's")

    def folder(name: str, old: str) -> str:
        value = given.get(name)
        return str(value) if value else old

    guest_state = given.get("GuestStateDataRoot")
    return LabRoots(
        config=folder("ConfigurationDataRoot", vm.roots.config),
        checkpoints=folder("SnapshotDataRoot", vm.roots.checkpoints),
        paging=folder("SwapFileDataRoot", vm.roots.paging),
        guest_state=str(guest_state) if guest_state else None,
    )


def _disks(host: LabHost, vm: LabVm, texts: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the new paths in NewResourceSettingData: of the machine's disks by slot, of checkpoints' by both."""
    own, *checkpoints = holders_of(vm)
    slots = {own.medium(disk).casefold(): disk.slot for disk in own.disks}
    frozen = {
        holder.medium(disk).casefold(): f"{holder.id}/{disk.slot}"
        for holder in checkpoints
        for disk in holder.disks
        if disk.kind == VHD
    }
    disks: dict[str, str] = {}
    for text in texts:
        key, path = _disk(own, _read(host, text, _DISK), {**slots, **frozen})
        if key in disks:
            raise TextRefusedError(INVALID_PARAMETER, "a disk is named twice")
        disks[key] = path
    of_checkpoints = set(frozen.values())
    return (
        {key: path for key, path in disks.items() if key not in of_checkpoints},
        {key: path for key, path in disks.items() if key in of_checkpoints},
    )


def _disk(own: Holder, given: Mapping[str, Value], slots: Mapping[str, str]) -> tuple[str, str]:
    instance_id = str(given.get("InstanceID") or "")
    slot = slots.get(instance_id.casefold())
    if slot is None:
        raise TextRefusedError(INVALID_PARAMETER, f"{own.vm.name} has no disk {instance_id!r}")
    paths = _listed(given.get("HostResource"))
    if len(paths) != 1:
        raise TextRefusedError(INVALID_PARAMETER, "HostResource names no path")
    return slot, paths[0]


def _unmanaged(host: LabHost, settings: Mapping[str, Value]) -> dict[str, str]:
    """Return the files of UnmanagedVhds, source -> destination. Raises TextRefusedError."""
    files: dict[str, str] = {}
    for text in _listed(settings.get("UnmanagedVhds")):
        given = _read(host, text, _UNMANAGED)
        source, target = given.get("VhdSourcePath"), given.get("VhdDestinationPath")
        if not source or not target:
            raise TextRefusedError(INVALID_PARAMETER, "an unmanaged disk lacks a path")
        files[str(source)] = str(target)
    return files


def _note_refusal(call: Call, name: str, refused: TextRefusedError) -> None:
    """Leave the trace that refusals leave which the world itself decides."""
    world, host = call.reader.world, call.reader.host
    world.log.write(
        "refusal",
        vm=name,
        host=host.name,
        by=call.caller.name,
        return_value=refused.return_value,
        reason=refused.reason,
    )
    world.violation(
        f"start refused for {name} on {host.name}: {refused.reason} ({refused.return_value})",
        call.caller.name,
    )

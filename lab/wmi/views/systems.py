"""Msvm_ComputerSystem and its planned twin: the host's own row and a row for each machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hyperv_placement.wsman import Instance, Value
from lab.wmi.schema import schema_of
from lab.wmi.texts import ACTIVITIES, BEATS, STATUSES
from lab.wmi.view import NEVER, View, instance
from lab.world import LabVm
from lab.world.objects import OFF, PAUSED, RUNNING, SAVED, UP

from . import summaries as summaries_view
from .beats import beat_of
from .windows_processes import worker_process

_PLANNED = "Msvm_PlannedComputerSystem"
_OK, _IN_SERVICE, _ENABLED = 2, 11, 2
_HEARTBEAT_DEVICE = "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47"  # the heartbeat's device on every machine
_COMMON: dict[str, Value] = {"HealthState": 5, "ResetCapability": 1, "Status": "OK"}


def computer_systems(view: View) -> Iterator[Instance]:
    """Yield the host and its machines, as r4sd/go-wsman recorded both (recorded_computersystem_*.xml)."""
    yield _host(view)
    for vm in view.host.vms():
        yield _machine(view, vm)


def planned_systems(view: View) -> Iterator[Instance]:
    """Yield the planned machines; that their rows look like those of machines that are off is a guess.

    The class has nothing of replication, sessions and processors (win32 msvm-plannedcomputersystem).
    """
    schema = schema_of(_PLANNED)
    for vm in view.host.planned.values():
        row = _machine(view, vm)
        shared = {name: value for name, value in row.properties.items() if schema and schema.property(name)}
        off: dict[str, Value] = {
            "EnabledDefault": OFF,
            "EnabledState": OFF,
            "OnTimeInMilliseconds": 0,
            "ProcessID": None,
        }
        yield instance(_PLANNED, {**shared, **off, "CreationClassName": _PLANNED})


def _host(view: View) -> Instance:
    name = view.host.computer_name
    return instance(
        "Msvm_ComputerSystem",
        {
            **_COMMON,
            "Caption": view.texts["host-caption"],
            "CreationClassName": "Msvm_ComputerSystem",
            "Description": view.texts["host-description"],
            "ElementName": name,
            "EnabledDefault": _ENABLED,
            "EnabledState": _ENABLED,
            "Name": name,
            "NumberOfNumaNodes": 1,
            "OperationalStatus": (_OK,),
            "RequestedState": 12,
            "StatusDescriptions": (view.texts["ok"],),
        },
    )


def _machine(view: View, vm: LabVm) -> Instance:
    up = vm.enabled_state in UP
    changed = vm.last_state_change
    replicated = vm.replication_mode != 0
    return instance(
        "Msvm_ComputerSystem",
        {
            **_COMMON,
            "Caption": view.texts["vm-caption"],
            "CreationClassName": "Msvm_ComputerSystem",
            "Description": view.texts["vm-description"],
            "ElementName": vm.name,
            "EnabledDefault": vm.enabled_state,
            "EnabledState": vm.enabled_state,
            "EnhancedSessionModeState": 6 if up else 3,
            "FailedOverReplicationType": 0,
            "HealthState": vm.health,
            "HwThreadsPerCoreRealized": 2 if up else None,
            "InstallDate": vm.created,
            "LastApplicationConsistentReplicationTime": NEVER,
            "LastReplicationTime": NEVER,
            "LastReplicationType": 0,
            "Name": vm.id,
            "NumberOfNumaNodes": 1,
            "OnTimeInMilliseconds": _on_time(view, vm),
            "OperationalStatus": status_of(view, vm),
            "ProcessID": worker_process(vm),
            "ReplicationHealth": int(replicated),
            "ReplicationMode": vm.replication_mode,
            "ReplicationState": 3 if replicated else 0,  # 3: replicating (Msvm_ComputerSystem page)
            # "While the state change is in progress" the state that is wanted (page of RequestStateChange).
            "RequestedState": vm.requested_state or 5,
            "StatusDescriptions": descriptions_of(view, vm),
            "TimeOfLastConfigurationChange": vm.last_configuration_change or changed,
            "TimeOfLastStateChange": changed if up or vm.enabled_state == SAVED else NEVER,
        },
    )


def status_of(view: View, vm: LabVm) -> tuple[int, ...]:
    """Return OperationalStatus: one element when idle, a second while something goes on (Msvm_ComputerSystem page).

    While it is backed up, the first is In Service (scripts that look for it by both values); that it is for the other
    activities too is a guess.
    """
    busy = vm.busy_at(view.world.clock.now())
    if busy is not None:
        return (_IN_SERVICE if vm.status == _OK else vm.status, busy)
    return (vm.status,) if vm.operational_activity is None else (vm.status, vm.operational_activity)


def descriptions_of(view: View, vm: LabVm) -> tuple[str, ...]:
    """Return StatusDescriptions, which stand beside OperationalStatus."""
    first, *others = status_of(view, vm)
    keys = [STATUSES.get(first, ""), *(ACTIVITIES.get(each, "") for each in others)]
    return tuple(view.texts.get(key, "") for key in keys)


def _on_time(view: View, vm: LabVm) -> int:
    """Return the uptime; a live migration starts it anew (field notes of 2026)."""
    if vm.up_since is None:
        return 0
    return (view.world.clock.now() - vm.up_since) // timedelta(milliseconds=1)


def heartbeats(view: View) -> Iterator[Instance]:
    """Yield the heartbeat of each machine that is up (Msvm_HeartbeatComponent page); none when off is a guess."""
    for vm in view.host.vms():
        if vm.enabled_state not in (RUNNING, PAUSED):
            continue
        status = beat_of(view, vm)
        yield instance(
            "Msvm_HeartbeatComponent",
            {
                "Caption": view.texts["heartbeat"],
                "CreationClassName": "Msvm_HeartbeatComponent",
                "Description": view.texts["heartbeat"],
                "DeviceID": f"Microsoft:{vm.id}\\{_HEARTBEAT_DEVICE}",
                "ElementName": view.texts["heartbeat"],
                "EnabledDefault": _ENABLED,
                "EnabledState": _ENABLED,
                "HealthState": 5,
                "OperationalStatus": (status,),
                "RequestedState": 12,
                "Status": "OK",
                "StatusDescriptions": (view.texts.get(BEATS.get(status, ""), ""),),
                "SystemCreationClassName": "Msvm_ComputerSystem",
                "SystemName": vm.id,
            },
        )


def summaries(view: View) -> Iterator[Instance]:
    """Yield a summary of each machine (Msvm_SummaryInformation page); memory in MiB, nothing while it is off.

    That the class can be queried like any other is how clients of Hyper-V use it; nobody recorded an answer.
    """
    for vm in view.host.vms():
        yield instance(
            "Msvm_SummaryInformation",
            {
                "CreationTime": vm.created,
                "ElementName": vm.name,
                "EnabledState": vm.enabled_state,
                "HealthState": vm.health,
                "InstanceID": f"Microsoft:{vm.id}",
                "MemoryUsage": vm.memory_in_use_mib,
                "Name": vm.id,
                "OperationalStatus": status_of(view, vm),
                "StatusDescriptions": descriptions_of(view, vm),
                "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
                **summaries_view.more(view, vm),
            },
        )

"""Msvm_ComputerSystem and its planned twin: the host's own row and a row for each machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hyperv_placement.wsman import Instance, Value
from lab.wmi.schema import schema_of
from lab.wmi.texts import ACTIVITIES
from lab.wmi.view import NEVER, View, instance
from lab.world import LabVm
from lab.world.objects import OFF, RUNNING, SAVED, UP

from . import summaries as summaries_view
from .windows_processes import worker_process

_PLANNED = "Msvm_PlannedComputerSystem"
_OK, _NO_CONTACT, _ENABLED = 2, 12, 2
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
            "HwThreadsPerCoreRealized": 2 if up else None,
            "InstallDate": vm.created,
            "LastApplicationConsistentReplicationTime": NEVER,
            "LastReplicationTime": NEVER,
            "LastReplicationType": 0,
            "Name": vm.id,
            "NumberOfNumaNodes": 1,
            "OnTimeInMilliseconds": _on_time(view, vm),
            "OperationalStatus": _status(vm),
            "ProcessID": worker_process(vm),
            "ReplicationHealth": int(replicated),
            "ReplicationMode": vm.replication_mode,
            "ReplicationState": 3 if replicated else 0,  # 3: replicating (Msvm_ComputerSystem page)
            # "While the state change is in progress" the state that is wanted (page of RequestStateChange).
            "RequestedState": vm.requested_state or 5,
            "StatusDescriptions": _descriptions(view, vm),
            "TimeOfLastConfigurationChange": vm.last_configuration_change or changed,
            "TimeOfLastStateChange": changed if up or vm.enabled_state == SAVED else NEVER,
        },
    )


def _status(vm: LabVm) -> tuple[int, ...]:
    """One element when idle, a second while something goes on (Msvm_ComputerSystem page)."""
    return (_OK,) if vm.operational_activity is None else (_OK, vm.operational_activity)


def _descriptions(view: View, vm: LabVm) -> tuple[str, ...]:
    normal = view.texts["operating-normally"]
    if vm.operational_activity is None:
        return (normal,)
    return (normal, view.texts[ACTIVITIES[vm.operational_activity]])


def _on_time(view: View, vm: LabVm) -> int:
    """Return the uptime; a live migration starts it anew (field notes of 2026)."""
    if vm.up_since is None:
        return 0
    return (view.world.clock.now() - vm.up_since) // timedelta(milliseconds=1)


def heartbeats(view: View) -> Iterator[Instance]:
    """Yield the heartbeat of each running machine (Msvm_HeartbeatComponent page); none when off is a guess."""
    for vm in view.host.vms():
        if vm.enabled_state != RUNNING:
            continue
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
                "OperationalStatus": (_OK if vm.heartbeat else _NO_CONTACT,),
                "RequestedState": 12,
                "Status": "OK",
                "StatusDescriptions": (view.texts["ok" if vm.heartbeat else "no-contact"],),
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
                "HealthState": 5,
                "InstanceID": f"Microsoft:{vm.id}",
                "MemoryUsage": vm.memory_in_use_mib,
                "Name": vm.id,
                "OperationalStatus": _status(vm),
                "StatusDescriptions": _descriptions(view, vm),
                "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
                **summaries_view.more(view, vm),
            },
        )

"""What a summary says beside a machine's state, taken from the classes that say it in full."""

from __future__ import annotations

from datetime import timedelta

from hyperv_placement.wsman import Instance, Value
from lab.wmi.view import View, instance
from lab.world import LabCheckpoint, LabVm
from lab.world.objects import OFF, RUNNING, UP

from .beats import beat_of
from .processors import VIRTUAL_PROCESSORS

_HEARTBEAT = {2: 2, 3: 2, 7: 6, 12: 12, 13: 13}
"""Heartbeat (Msvm_SummaryInformation page) by what the component shows; that Degraded is OK there and an error an error is a guess."""
_CLASS = "Msvm_SummaryInformation"


def more(view: View, vm: LabVm) -> dict[str, Value]:
    """Return what Msvm_SummaryInformation shows of a machine beside its state (page of the class)."""
    replicated = vm.replication_mode != 0
    now = view.world.clock.now()
    return {
        "EnhancedSessionModeState": 6 if vm.enabled_state in UP else 3,
        "Heartbeat": _HEARTBEAT.get(beat_of(view, vm)) if vm.enabled_state == RUNNING else None,
        "HostComputerSystemName": view.host.computer_name,
        "ReplicationHealth": int(replicated),
        "ReplicationMode": vm.replication_mode,
        "ReplicationState": 3 if replicated else 0,
        "SwapFilesInUse": False,
        "UpTime": 0 if vm.up_since is None else (now - vm.up_since) // timedelta(milliseconds=1),
        "VirtualSwitchNames": tuple(nic.switch for nic in vm.nics if nic.switch is not None) or None,
        **_configured(vm),
        "Notes": vm.notes,
    }


def of_checkpoint(view: View, vm: LabVm, checkpoint: LabCheckpoint) -> Instance:
    """Return the summary of a checkpoint: most properties are not valid for one (same page); off is a guess."""
    return instance(
        _CLASS,
        {
            "CreationTime": checkpoint.created,
            "ElementName": checkpoint.name,
            "EnabledState": OFF,
            "HostComputerSystemName": view.host.computer_name,
            "InstanceID": f"Microsoft:{checkpoint.id}",
            "Name": checkpoint.id,
            "VirtualSystemSubType": f"Microsoft:Hyper-V:SubType:{vm.generation}",
            **_configured(vm),
        },
    )


def _configured(vm: LabVm) -> dict[str, Value]:
    return {"NumberOfProcessors": VIRTUAL_PROCESSORS, "Shielded": False, "Version": vm.version}


def of_nobody() -> Instance:
    """Return the entry for settings that are not there: an empty Name (GetSummaryInformation page)."""
    return instance(_CLASS, {"Name": ""})

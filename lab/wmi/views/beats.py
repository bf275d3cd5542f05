"""What the heartbeat of a machine shows."""

from __future__ import annotations

from lab.wmi.view import View
from lab.world import LabVm
from lab.world.objects import PAUSED

_NO_CONTACT, _PAUSED = 12, 15


def beat_of(view: View, vm: LabVm) -> int:
    """Return OperationalStatus[0] of a machine's Msvm_HeartbeatComponent (win32 page of the class) while it is up."""
    if vm.enabled_state == PAUSED:
        return _PAUSED
    return vm.heartbeat_status or (view.host.heartbeat_status if vm.heartbeat else _NO_CONTACT)

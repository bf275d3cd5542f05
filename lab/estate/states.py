"""What the machines of an estate file report of their state, by the words of their classes' pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .nodes import Node, one_of, whole, yes_or_no

BEATS = {"ok": 2, "degraded": 3}
"""What hosts show of guests that answer: OperationalStatus[0] of Msvm_HeartbeatComponent (win32 page of the class)."""
_HEARTBEATS = {"degraded": 3, "incompatible": 7, "no-contact": 12, "lost": 13, "paused": 15}
"""The same of one machine."""
_STATUSES = {"ok": 2, "degraded": 3, "predictive-failure": 5, "stopped": 10, "in-service": 11, "dormant": 15}
"""OperationalStatus[0] of Msvm_ComputerSystem (win32 page of the class)."""
_HEALTH = {"ok": 5, "major-failure": 20, "critical-failure": 25}
"""HealthState of the same."""
_ACTIVITIES = {
    "checkpoint": 32768, "apply-checkpoint": 32769, "delete-checkpoint": 32770, "waiting-to-start": 32771, "merge": 32772,
    "export": 32773, "backup": 32776, "modify": 32777, "critical-io-error": 32795,
}  # fmt: skip
"""OperationalStatus[1] of the same; from 32776 on of the Hyper-V module, unofficial (nforgeio/neonSDK)."""


def read_states(vm: Node) -> dict[str, Any]:
    """Return what a machine reports of its state, as fields of its specification."""
    return {
        **_heartbeat(vm),
        **_activity(vm),
        "status": vm.take("status", one_of(_STATUSES), 2),
        "health": vm.take("health", one_of(_HEALTH), 5),
        "folders_lost": vm.take("folders_lost", yes_or_no, default=False),
    }


def _heartbeat(vm: Node) -> dict[str, Any]:
    """Return whether the guest answers, or the value of a word for what its heartbeat shows."""
    given = vm.take("heartbeat", lambda value: value, default=True)
    if isinstance(given, bool):
        return {"heartbeat": given}
    node = Node({"heartbeat": given}, vm.where)
    return {"heartbeat_status": node.take("heartbeat", one_of({"true": 2, "false": 12, **_HEARTBEATS}))}


def _activity(vm: Node) -> dict[str, Any]:
    """Return what goes on: a word for what does not end, or a mapping with `kind` and `seconds`."""
    given = vm.take("activity", lambda value: value)
    if given is None:
        return {}
    node = Node(given if isinstance(given, Mapping) else {"kind": given}, f"{vm.where}.activity")
    found = {"busy": node.need("kind", one_of(_ACTIVITIES)), "busy_seconds": node.take("seconds", whole)}
    node.close()
    return found

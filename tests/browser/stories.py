"""Estates on which a page shows all that it can: hosts of every kind, and many of them."""

from __future__ import annotations

from typing import Any

from tests.unit.report.reviews import ring

SMALL: dict[str, Any] = {
    "hosts": {"hv10": {}, "hv1": {}, "hv2": {}, "hv3": {}},
    "vms": {
        "WEB01": {"at": "hv1", "memory": 8},
        "WEB02": {"at": "hv1", "state": "off"},
        "FILES": {"at": "hv1"},
        "DB01": {"at": "hv2", "memory": 16},
        "OLD": {"at": "hv10"},
        "KEPT": {"at": "hv3"},
    },
    "stack": {
        "hosts": {"hv1": {"reserve": {"memory": "6 GiB"}}},
        "maintenance": [{"host": "hv10", "until": "2099-12-01", "reason": "new memory"}],
        "hold": [
            {"host": "hv3", "until": "2099-12-01", "reason": "a new board"},
            {"vm": "KEPT", "until": "2099-12-01", "reason": "a vendor looks at it"},
        ],
        "guard": {"protected": ["DB01"]},
        "vms": {
            "WEB01": {"host": "hv2"},
            "WEB02": {"host": "hv2"},
            "FILES": {"host": "hv1", "storage": "bulk"},
            "DB01": {"host": "hv2"},
            "OLD": {"host": ["hv1", "hv2"]},
            "KEPT": {"host": "hv3"},
        },
    },
}
"""Moves of each kind, one of a machine that is off, one of files alone; a host in maintenance, one held, one with a reserve."""


def many() -> dict[str, Any]:
    """Return 40 hosts with 750 machines, of which those of two hosts move, and one host that is held."""
    story = ring(40, 750, 0)
    plain = {name: f"hv{int(name[2:])}" for name in story["hosts"]}
    story["hosts"] = {plain[name]: given for name, given in sorted(story["hosts"].items(), reverse=True)}
    onward = {"hv2": "hv3", "hv10": "hv11"}
    for vm, given in story["vms"].items():
        given["at"] = plain[given["at"]]
        story["stack"]["vms"][vm] = {"host": onward.get(given["at"], given["at"])}
    story["stack"]["hold"] = [{"host": "hv33", "reason": "new memory", "until": "2099-12-01"}]
    return story

"""Recorded inventories and stack files as text, from few numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

GIB = 1 << 30
_MIB_PER_GIB = 1024
_RECORDED = "2026-06-01T00:00:00+00:00"


def guid(number: int) -> str:
    """Return a machine's GUID."""
    return f"00000000-0000-4000-8000-{number:012d}"


def disk(number: int, slot: int, path: str, size: int) -> dict[str, Any]:
    """Return a disk of so many GiB."""
    return {
        "slot": f"scsi-0-{slot}", "path": path, "size_bytes": size * GIB,
        "instance_id": f"Microsoft:{guid(number)}\\scsi-0-{slot}\\L",
    }  # fmt: skip


def machine(
    number: int, host: str, memory: int, folder: str, disks: Iterable[Mapping[str, Any]], **more: Any
) -> dict[str, Any]:
    """Return the machine VN, running, with so many GiB of memory."""
    return {
        "id": guid(number), "name": f"V{number}", "host": host, "state": 2, "enabled_state": 2,
        "memory_mib": memory * _MIB_PER_GIB, "switches": ["external"], "version": "9.0", "clustered": False,
        "vtpm": False, "devices": {}, "roots": {"config": folder, "checkpoints": folder, "paging": folder},
        "disks": list(disks), **more,
    }  # fmt: skip


def host(
    name: str, memory: int, free: int, volumes: Mapping[str, tuple[int, int]], vms: Iterable[Mapping[str, Any]],
    *, live: int = 2, storage: int = 2, jobs: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:  # fmt: skip
    """Return a host with its memory and what of it is free (GiB), and its volumes: mount -> capacity and free bytes."""
    facts = {
        "computer_name": name.upper(), "full_name": f"{name}.lab.example", "proven": [f"{name}.lab.example"],
        "memory_mib": memory * _MIB_PER_GIB, "memory_free_mib": free * _MIB_PER_GIB, "switches": ["external"],
        "volumes": [
            {"path": path, "capacity_bytes": size, "free_bytes": left} for path, (size, left) in volumes.items()
        ],
        "migration": {
            "enabled": True, "max_live": live, "max_storage": storage, "active_live": 0, "active_storage": 0,
            "authentication": 1, "addresses": ["10.0.0.1"],
        },
        "build": 20348, "processor": "GenuineIntel", "processor_model": "Some", "versions": ["8.0", "9.0", "10.0"],
        "fibre_channel": [], "service": {},
    }  # fmt: skip
    shown: dict[str, Any] = {"name": name, "facts": facts, "vms": list(vms)}
    return {**shown, "jobs": list(jobs)} if jobs else shown


def job(number: int, destination: str) -> dict[str, Any]:
    """Return a running migration of VN to a host."""
    return {
        "class_name": "Msvm_MigrationJob", "destination": f"{destination}.lab.example", "id": f"JOB-{number}",
        "job_type": 306, "owner": "LAB\\operator", "percent": 40, "resource_uri": "", "state": 4,
        "vm_id": guid(number),
    }  # fmt: skip


def inventory_text(hosts: Iterable[Mapping[str, Any]]) -> str:
    """Return the recording of these hosts."""
    found = {"hosts": {each["name"]: each for each in hosts}, "unreachable": {}}
    return json.dumps(
        {"format": "placement inventory", "version": 1, "read": _RECORDED, "inventory": found}, indent=1
    )


class _Written(yaml.SafeDumper):
    """Writes every value out: a stack file has no anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - named by yaml
        return True


def stack_text(
    hosts: Mapping[str, Mapping[str, Any]], vms: Mapping[str, Mapping[str, Any] | None], **more: Any
) -> str:
    """Return a stack file: hosts with what is declared of them, machines, and `more` keys that say something."""
    named = {name: {"address": f"{name}.lab.example", **own} for name, own in hosts.items()}
    stack = {"hosts": named, "vms": dict(vms), **{key: value for key, value in more.items() if value}}
    return yaml.dump(stack, Dumper=_Written, sort_keys=False)

"""Small estates as values, for tests of everything that is pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hyperv_placement.model.estate import (
    Devices,
    Disk,
    Host,
    HostFacts,
    Inventory,
    MigrationJob,
    MigrationSettings,
    Roots,
    UnreachableHost,
    VirtualMachine,
    VmState,
    Volume,
)
from hyperv_placement.model.guard import Guard
from hyperv_placement.model.names import HostName, VmId, vm_id
from hyperv_placement.model.stack import Connection, HostSpec, Rule, Stack, StorageSpec, VmSpec
from hyperv_placement.model.units import GIB


def guid(number: int) -> VmId:
    """Return a GUID that a reader can tell apart."""
    return vm_id(f"00000000-0000-4000-8000-{number:012d}")


def machine(number: int, host: str = "hv1", folder: str | None = None, **more: Any) -> VirtualMachine:
    r"""Return VM00N on `host` with everything under `D:\Hyper-V\VM00N`."""
    name = f"VM{number:03d}"
    folder = folder or f"D:\\Hyper-V\\{name}"
    values: dict[str, Any] = {
        "id": guid(number),
        "name": name,
        "host": HostName(host),
        "state": VmState.RUNNING,
        "enabled_state": 2,
        "memory_mib": 2048,
        "roots": Roots(config=folder, checkpoints=folder, paging=folder),
        "disks": (disk(number, f"{folder}\\Virtual Hard Disks\\os.vhdx"),),
        "switches": ("external",),
        "version": "9.0",
        "clustered": False,
        "vtpm": False,
        "devices": Devices(),
    }
    return VirtualMachine(**{**values, **more})


def disk(number: int, path: str, slot: str = "scsi-0-0", **more: Any) -> Disk:
    """Return a virtual hard disk of VM00N."""
    return Disk(slot=slot, instance_id=f"Microsoft:{guid(number)}\\{slot}\\L", path=path, **more)


def host(name: str, *vms: VirtualMachine, jobs: tuple[MigrationJob, ...] = (), **more: Any) -> Host:
    """Return a host with 64 GiB, half of it free, and live migration enabled; `more` is about its facts."""
    return Host(name=HostName(name), vms=vms, jobs=jobs, facts=facts(name, **more))


def facts(name: str = "hv1", **more: Any) -> HostFacts:
    """Return what a host of Windows Server 2022 shows of itself for moves."""
    settings: dict[str, Any] = {
        "enabled": True, "max_live": 2, "max_storage": 2, "active_live": 0, "active_storage": 0,
        "authentication": 1, "addresses": ("10.0.0.1",),
    }  # fmt: skip
    settings.update(more.pop("migration", {}))
    values: dict[str, Any] = {
        "computer_name": name.upper(),
        "full_name": f"{name}.lab.example",
        "proven": (f"{name}.lab.example",),
        "memory_mib": 65536,
        "build": 20348,
        "processor": "GenuineIntel",
        "processor_model": "Some processor",
        "versions": ("8.0", "9.0", "10.0"),
        "fibre_channel": (),
        "memory_free_mib": 32768,
        "volumes": tuple(
            Volume(path=path, capacity_bytes=100 * GIB, free_bytes=50 * GIB) for path in ("D:\\", "E:\\")
        ),
        "switches": ("external",),
    }
    return HostFacts(**{**values, **more}, migration=MigrationSettings(**settings))


def inventory(*hosts: Host, silent: tuple[str, ...] = ()) -> Inventory:
    """Return a sweep that those hosts answered and `silent` did not."""
    return Inventory(
        hosts={h.name: h for h in hosts},
        unreachable={HostName(n): UnreachableHost(name=HostName(n), reason="timed out") for n in silent},
    )


def job(number: int, destination: str | None, *paths: str, owner: str = "LAB\\operator") -> MigrationJob:
    """Return a running migration job of VM00N."""
    return MigrationJob(
        id=f"JOB-{number}", vm_id=guid(number), class_name="Msvm_MigrationJob", resource_uri="",
        destination=destination, state=4, percent=37, owner=owner, new_paths=paths,
    )  # fmt: skip


def stack(vms: dict[str, VmSpec], *, hosts: tuple[str, ...] = ("hv1", "hv2", "hv3"), **more: Any) -> Stack:
    r"""Return a stack whose hosts have a root `fast` = `E:\Fast`."""
    rules: tuple[Rule, ...] = more.pop("rules", ())
    guard: Guard = more.pop("guard", Guard())
    specs = {
        HostName(name): HostSpec(
            name=HostName(name),
            endpoint=f"https://{name}.lab.example:5986/wsman",
            connection=Connection(),
            storage={"fast": "E:\\Fast"},
            **more,
        )
        for name in hosts
    }
    return Stack(path=Path("stacks/test.yaml"), hosts=specs, vms=vms, rules=rules, guard=guard)


def spec(
    number: int, *hosts: str, storage: StorageSpec | str | None = None, **more: Any
) -> dict[str, VmSpec]:
    """Return the declaration of VM00N, keyed by its label."""
    label = f"VM{number:03d}"
    if isinstance(storage, str):
        storage = StorageSpec(config=storage, checkpoints=storage, paging=storage, all_disks=storage)
    values: dict[str, Any] = {"label": label, "name": label, "storage": storage}
    values["hosts"] = tuple(HostName(name) for name in hosts)
    return {label: VmSpec(**{**values, **more})}

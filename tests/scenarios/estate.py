"""The estate that a scenario tells of, as values: hosts with GiB of memory and disk, machines with theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hyperv_placement.model.estate import Inventory, VirtualMachine, VmState, Volume
from hyperv_placement.model.names import HostName
from hyperv_placement.model.units import GIB
from tests.estates import disk, facts, guid, host, inventory, job, machine

MIB_IN_GIB = 1024


def estate_of(story: Mapping[str, Any]) -> Inventory:
    """Return the sweep that the hosts of a scenario would answer."""
    vms = {
        name: _machine(number, name, given or {})
        for number, (name, given) in enumerate(sorted(story["vms"].items()), start=1)
    }
    silent = tuple(name for name, given in story["hosts"].items() if given == "silent")
    hosts = [
        _host(name, given or {}, [vm for vm in vms.values() if vm.host == name], story, vms)
        for name, given in story["hosts"].items()
        if given != "silent"
    ]
    return inventory(*hosts, silent=silent)


def _machine(number: int, name: str, given: Mapping[str, Any]) -> VirtualMachine:
    folder = given.get("folder", f"D:\\Hyper-V\\{name}")
    sizes = given.get("disks", [given.get("disk", 10)])
    vm = machine(
        number, given["at"], folder,
        name=name, memory_mib=int(given.get("memory", 4) * MIB_IN_GIB),
        state=VmState[given.get("state", "running").upper()],
        disks=tuple(
            disk(number, f"{folder}\\Virtual Hard Disks\\{place}.vhdx", f"scsi-0-{place}", size_bytes=int(size * GIB))
            for place, size in enumerate(sizes)
        ),
    )  # fmt: skip
    now = {"memory_assigned_mib": given["now"] * MIB_IN_GIB} if "now" in given else {}
    return replace(vm, **now, **given.get("is", {}))


def _host(
    name: str, given: Mapping[str, Any], here: list[VirtualMachine], story: Mapping[str, Any],
    vms: Mapping[str, VirtualMachine],
) -> Any:  # fmt: skip
    memory = given.get("memory", 64)
    used = sum((vm.memory_assigned_mib or vm.memory_mib or 0) for vm in here if vm.state == VmState.RUNNING)
    volumes = []
    for path, size in given.get("volumes", {"D:\\": 1000, "E:\\": 1000}).items():
        taken = sum(d.size_bytes or 0 for vm in here for d in vm.disks if d.path.startswith(path))
        volumes.append(Volume(path=path, capacity_bytes=size * GIB, free_bytes=size * GIB - taken))
    slots = given.get("slots", 2)
    jobs = tuple(
        job(_number(moving, vms), f"{going}.lab.example")
        for moving, going in story.get("moving", {}).items()
        if vms[moving].host == name
    )
    return replace(
        host(name, *here, jobs=jobs),
        facts=facts(
            name,
            memory_mib=memory * MIB_IN_GIB,
            memory_free_mib=memory * MIB_IN_GIB - used,
            volumes=tuple(volumes),
            migration={"max_live": slots, "max_storage": slots, **given.get("migration", {})},
            **given.get("is", {}),
        ),
    )


def _number(name: str, vms: Mapping[str, VirtualMachine]) -> int:
    return next(n for n, vm in enumerate(vms.values(), start=1) if vm.name == name and vm.id == guid(n))


def shuffled(found: Inventory) -> Inventory:
    """Return the same estate, told in another order."""
    return replace(
        found,
        hosts={
            name: replace(found.hosts[name], vms=tuple(reversed(found.hosts[name].vms)))
            for name in reversed(list(found.hosts))
        },
    )


def moved(found: Inventory, ends: Mapping[str, Any]) -> Inventory:
    """Return the estate with each machine where `ends` (name -> machine as it is then) has it, and nothing under way."""
    vms = {vm.name: ends.get(vm.name, vm) for vm in found.vms()}
    hosts = {}
    for name, each in found.hosts.items():
        here = tuple(vm for vm in vms.values() if vm.host == HostName(name))
        hosts[name] = replace(each, vms=here, jobs=())
    return replace(found, hosts=hosts)

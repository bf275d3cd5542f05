"""Estates by a number: hosts with little room, several volumes and roots, machines of every kind, and what is declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hyperv_placement.model.estate import (
    Disk,
    Inventory,
    MigrationJob,
    ParentFile,
    Roots,
    VirtualMachine,
    VmState,
    Volume,
)
from hyperv_placement.model.names import HostName
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import Stack, StorageSpec, VmSpec
from hyperv_placement.model.units import GIB
from tests.estates import disk, facts, guid, host, inventory, machine, spec, stack

VOLUMES = ("D:\\", "E:\\")
SHARE = "\\\\sofs\\vms"
GIB_IN_MIB = 1024
_PLENTY = 400
CROSSING = 0.35
"""Part of the estates in which two machines change places where there is room for one of them."""
KEPT = (MigrationOptions(avoid_removing_vhds=True), MigrationOptions(retain_vhd_copies_on_source=True))
PARENTS = MigrationOptions(parents="copy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An estate, what is declared of it, and what is true of it that a reading may not show."""

    stack: Stack
    inventory: Inventory
    shown: bool
    """Whether what the hosts report as free is less already by what is on its way."""


def drawn(number: int) -> Drawn:
    """Return the estate of a number: always the same one."""
    chance = Random(number)  # noqa: S311 - an estate, no secret
    names = [f"hv{n}" for n in range(1, chance.randint(2, 3) + 1)]
    vms = [_machine(chance, n, chance.choice(names)) for n in range(1, chance.randint(2, 4) + 1)]
    declared: dict[str, VmSpec] = {}
    for n, vm in enumerate(vms, start=1):
        if chance.random() < 0.85:
            declared |= _declared(chance, n, vm, names)
    crossing = chance.random() < CROSSING
    if crossing:
        vms[:2] = [_large(chance, vm, at) for vm, at in zip(vms, ("hv1", "hv2"), strict=False)]
        declared |= _crossed(declared)
    moving = chance.random() < 0.2
    job = _job(vms, declared) if moving else None
    shown = chance.random() < 0.5
    roomy = chance.random() < 0.3 and not crossing
    hosts = [_host(chance, name, vms, job, shown=shown, roomy=roomy, aside=crossing) for name in names]
    wanted = stack(declared, hosts=tuple(names))
    return Drawn(stack=_with_roots(chance, wanted), inventory=inventory(*hosts), shown=shown)


def _large(chance: Random, vm: VirtualMachine, at: str) -> VirtualMachine:
    """Return the machine on another host, its first disk on the first volume and larger than what is free there."""
    folder = f"{VOLUMES[0]}Hyper-V\\{vm.name}"
    first = replace(vm.disks[0], path=f"{folder}\\disk0.vhdx", size_bytes=chance.randint(41, 80) * GIB)
    return replace(vm, host=HostName(at), disks=(first, *vm.disks[1:]))


def _crossed(declared: dict[str, VmSpec]) -> dict[str, VmSpec]:
    """Return declarations by which the first two machines change places; what they declare of storage stays."""
    here = {**spec(1), **spec(2), **declared}
    ends = (("VM001", "hv2"), ("VM002", "hv1"))
    return {label: replace(here[label], hosts=(HostName(at),)) for label, at in ends}


def _machine(chance: Random, number: int, at: str) -> VirtualMachine:
    shared = chance.random() < 0.1
    folder = f"{SHARE if shared else chance.choice(VOLUMES) + 'Hyper-V'}\\VM{number:03d}"
    disks = tuple(_disk(chance, number, folder, slot, shared=shared) for slot in range(chance.randint(1, 2)))
    frozen: tuple[Disk, ...] = ()
    if chance.random() < 0.15:
        path = (
            f"{folder if shared or chance.random() < 0.7 else VOLUMES[1] + 'Old'}\\VM{number:03d}-base.vhdx"
        )
        frozen = (
            replace(
                disk(number, path, size_bytes=chance.randint(1, 20) * GIB),
                instance_id=f"Microsoft:{number}-OLD",
            ),
        )
    state = chance.choice((VmState.RUNNING, VmState.RUNNING, VmState.OFF))
    guest = chance.choice((None, folder, folder if shared else f"E:\\State\\VM{number:03d}"))
    return machine(
        number, at, folder, memory_mib=chance.randint(1, 12) * GIB_IN_MIB, disks=disks, frozen=frozen,
        checkpoints=len(frozen), state=state, enabled_state=int(state),
        roots=Roots(config=folder, checkpoints=folder, paging=folder, guest_state=guest),
    )  # fmt: skip


def _disk(chance: Random, number: int, folder: str, slot: int, *, shared: bool) -> Disk:
    where = folder if shared or chance.random() < 0.8 else f"{chance.choice(VOLUMES)}Disks\\VM{number:03d}"
    more: dict[str, Any] = {"size_bytes": chance.randint(1, 80) * GIB}
    if chance.random() < 0.07:
        more = {"max_bytes": chance.choice((None, 60 * GIB))}
    elif chance.random() < 0.1 and not shared:
        base = f"D:\\Base\\VM{number:03d}-{slot}.vhdx"
        more |= {
            "parent_path": base,
            "above": (ParentFile(path=base, size_bytes=chance.randint(1, 20) * GIB),),
        }
    return disk(number, f"{where}\\disk{slot}.vhdx", f"scsi-0-{slot}", **more)


def _declared(chance: Random, number: int, vm: VirtualMachine, names: list[str]) -> dict[str, VmSpec]:
    there = chance.choice(names)
    storage: StorageSpec | str | None = None
    if chance.random() < 0.45:
        folder = chance.choice(("fast", "bulk", f"D:\\New\\VM{number:03d}", f"E:\\New\\VM{number:03d}"))
        storage = folder if chance.random() < 0.7 else StorageSpec(disks={"scsi-0-0": folder})
    options = MigrationOptions()
    if chance.random() < 0.15:
        options = chance.choice(KEPT)
    if any(each.above for each in vm.disks):
        options = PARENTS
    return spec(number, there, storage=storage, migration=options)


def _job(
    vms: list[VirtualMachine], declared: dict[str, VmSpec]
) -> tuple[VirtualMachine, MigrationJob, str] | None:
    """Return a job that takes a machine where it is declared: one whose files keep their paths."""
    for number, vm in enumerate(vms, start=1):
        own = declared.get(f"VM{number:03d}")
        fits = own is not None and own.storage is None and own.hosts[0] != vm.host
        if own is not None and fits and not vm.roots.config.startswith("\\\\"):
            there = own.hosts[0]
            return vm, MigrationJob(
                id="JOB", vm_id=guid(number), class_name="Msvm_MigrationJob", resource_uri="",
                destination=f"{there}.lab.example", state=4, percent=40, job_type=306,
            ), there  # fmt: skip
    return None


def _host(
    chance: Random, name: str, vms: list[VirtualMachine], job: tuple[VirtualMachine, MigrationJob, str] | None,
    *, shown: bool, roomy: bool, aside: bool,
) -> Any:  # fmt: skip
    """Return a host whose room is about what its machines have, some more where it is `roomy`.

    `aside`: one volume, or another host, has room for who steps aside.
    """
    here = [vm for vm in vms if vm.host == name]
    comes = job[0] if job is not None and job[2] == name else None
    memory = sum((vm.memory_mib or 0) for vm in here if vm.state == VmState.RUNNING)
    spare = (_PLENTY if roomy or (aside and chance.random() < 0.8) else chance.randint(0, 14)) * GIB_IN_MIB
    coming = (comes.memory_mib or 0) if comes is not None and comes.state == VmState.RUNNING else 0
    volumes = []
    for path in VOLUMES:
        own = sum(_on(vm, path) for vm in here)
        arriving = 0 if comes is None else _on(comes, path)
        most = 40 if aside and path == VOLUMES[0] else 110
        room = roomy or (aside and (path != VOLUMES[0] or name == "hv3"))
        free = (_PLENTY if room else chance.randint(0, most)) * GIB + arriving
        volumes.append(
            Volume(path=path, capacity_bytes=own + free, free_bytes=free - (arriving if shown else 0))
        )
    jobs = (job[1],) if job is not None and job[0].host == name else ()
    known = facts(
        name, memory_mib=memory + spare + coming, memory_free_mib=spare + coming - (coming if shown else 0),
        volumes=tuple(volumes),
    )  # fmt: skip
    return replace(host(name, *here, jobs=jobs), facts=known)


def _on(vm: VirtualMachine, volume: str) -> int:
    return sum(bytes_of(each) for each in (*vm.disks, *vm.frozen) if each.path.startswith(volume))


def bytes_of(each: Disk) -> int:
    """Return what a file takes, as far as anybody can know: its size, else the largest that it may have."""
    return each.size_bytes if each.size_bytes is not None else each.max_bytes or 0


def _with_roots(chance: Random, wanted: Stack) -> Stack:
    hosts = {
        name: replace(
            each,
            storage={"fast": chance.choice(("D:\\Fast", "E:\\Fast")), "bulk": "E:\\Bulk"},
            reserve=Reserve(memory_mib=chance.choice((0, 0, 1024)), disk_percent=chance.choice((0, 0, 5))),
        )
        for name, each in wanted.hosts.items()
    }
    return replace(wanted, hosts={HostName(name): each for name, each in hosts.items()})

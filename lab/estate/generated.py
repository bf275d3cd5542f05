"""An estate grown from a few numbers: the default one, and big ones."""

from __future__ import annotations

import random

from hyperv_placement.model import winpath
from hyperv_placement.model.units import GIB, TIB
from lab.world.objects import OFF, RUNNING

from .spec import DEFAULT_SEED, DiskSpec, EstateSpec, HostSpec, ShareSpec, VmSpec, VolumeSpec

DEFAULT_HOSTS, DEFAULT_VMS = 3, 12
SHARE = r"\\sofs.lab.example\vms"
_LEAST_MEMORY_GIB, _OWN_GIB = 64, 4
_OFF_EACH, _SHARED_EACH, _TWO_DISKS_EACH = 12, 12, 3


def generate(
    *, hosts: int = DEFAULT_HOSTS, vms: int = DEFAULT_VMS, seed: int = DEFAULT_SEED, limit: int = 2
) -> EstateSpec:
    r"""Return `hosts` alike hosts hv1.. and `vms` machines VM001.., dealt round.

    Machines live under `D:\Hyper-V\<name>`; every third has a second disk, every twelfth lies on a share, one in
    twelve is off. Each host could take half of all memory and disks there are, and 64 GiB at least.
    """
    names = [f"hv{number}" for number in range(1, hosts + 1)]
    machines = tuple(_machine(number, names[(number - 1) % hosts], seed) for number in range(1, vms + 1))
    half = sum(vm.memory_mib for vm in machines) // 2048
    memory = half if hosts > 1 else 2 * half + _OWN_GIB
    memory_gib = max(_LEAST_MEMORY_GIB, -(-memory // _LEAST_MEMORY_GIB) * _LEAST_MEMORY_GIB)
    disk = max(
        2 * TIB, sum(disk.size_bytes for vm in machines for disk in vm.disks) // (1 if hosts == 1 else 2)
    )
    shared = sum(disk.size_bytes for vm in machines for disk in vm.disks if winpath.is_unc(disk.path))
    return EstateSpec(
        seed=seed,
        hosts=tuple(_host(name, memory_gib, disk, limit) for name in names),
        shares=(ShareSpec(path=SHARE, capacity_bytes=max(10 * TIB, 2 * shared), hosts=tuple(names)),),
        vms=machines,
    )


def _host(name: str, memory_gib: int, disk: int, limit: int) -> HostSpec:
    return HostSpec(
        name=name,
        memory_mib=memory_gib * 1024,
        volumes=(
            VolumeSpec(path="C:\\", capacity_bytes=256 * GIB, used_bytes=48 * GIB),
            VolumeSpec(path="D:\\", capacity_bytes=disk),
            VolumeSpec(path="E:\\", capacity_bytes=disk),
        ),
        max_live=limit,
        max_storage=limit,
    )


def _machine(number: int, host: str, seed: int) -> VmSpec:
    name = f"VM{number:03d}"
    rng = random.Random(f"{seed}/{name}/shape")
    folder = f"{SHARE}\\{name}" if number % _SHARED_EACH == 0 else f"D:\\Hyper-V\\{name}"
    disks = [_disk(folder, name, rng.randint(8, 24))]
    if number % _TWO_DISKS_EACH == 0:
        disks.append(_disk(folder, f"{name}-data", rng.randint(10, 40)))
    return VmSpec(
        name=name,
        host=host,
        folder=folder,
        memory_mib=1024 * rng.choice((2, 4, 4, 8)),
        enabled_state=OFF if number % _OFF_EACH == _OFF_EACH - 4 else RUNNING,
        disks=tuple(disks),
    )


def _disk(folder: str, name: str, size_gib: int) -> DiskSpec:
    return DiskSpec(path=f"{folder}\\Virtual Hard Disks\\{name}.vhdx", size_bytes=size_gib * GIB)

"""Building an estate: its record and its real files, the same ones for the same seed."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hyperv_placement.model.names import vm_id
from lab.storage.files import Files
from lab.storage.vhdx import write_vhdx
from lab.world import (
    LabClock,
    LabDisk,
    LabHost,
    LabNic,
    LabPort,
    LabRoots,
    LabShare,
    LabSwitch,
    LabVm,
    LabVolume,
    World,
)
from lab.world.compatibility import default_version
from lab.world.objects import FILELESS, ISO, PAUSED, RUNNING
from lab.world.plan_files import configuration_files
from lab.world.world import Settings, State

from .checking import check
from .drives import add_checkpoint, disk_of, guid
from .spec import EstateSpec, HostSpec, VmSpec

_AGE = timedelta(days=30)
_BUILT = ("hosts", "shares", "clusters", "directory", "world.json", "world.new", "lab.log")


def build(spec: EstateSpec, home: Path, clock: LabClock, *, ports: dict[str, int]) -> World:
    """Replace what stands in `home` by the estate that `spec` describes; certificates and credentials stay.

    Raises EstateError where such an estate cannot be; nothing was touched then.
    """
    check(spec)
    clear(home)
    state = State(settings=Settings(domain=spec.domain, combined_move_takes=spec.combined_move_takes))
    state.hosts = {
        host.name: _host(spec, host, ports[host.name], number) for number, host in enumerate(spec.hosts)
    }
    state.shares = [
        LabShare(path=share.path, capacity_bytes=share.capacity_bytes, hosts=list(share.hosts))
        for share in spec.shares
    ]
    world = World(home, clock, state)
    for vm in spec.vms:
        machine = _machine(spec, vm, clock)
        host = state.hosts[vm.host]
        machine.version = vm.version or default_version(host)
        machine.processor_generation = host.processor_generation
        host.realized[machine.id] = machine
        _write_files(world.files, machine, random.Random(f"{spec.seed}/{vm.host}/{vm.name}/files"))
    world.save()
    return world


def clear(home: Path) -> None:
    """Remove the estate in `home`, and only that."""
    home.mkdir(parents=True, exist_ok=True)
    for name in _BUILT:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _host(spec: EstateSpec, host: HostSpec, port: int, number: int) -> LabHost:
    rng = random.Random(f"{spec.seed}/{host.name}")
    return LabHost(
        name=host.name,
        computer_name=host.name.upper(),
        domain=spec.domain,
        port=port,
        memory_mib=host.memory_mib,
        volumes={
            volume.path: LabVolume(
                path=volume.path,
                capacity_bytes=volume.capacity_bytes,
                used_bytes=volume.used_bytes,
                cluster=host.cluster if volume.path.casefold().startswith("c:\\clusterstorage\\") else None,
            )
            for volume in host.volumes
        },
        switches=[LabSwitch(id=guid(rng), name=name, extension_id=guid(rng)) for name in host.switches],
        ports=[_port(rng)],
        max_live=host.max_live,
        max_storage=host.max_storage,
        migration_enabled=host.migration_enabled,
        authentication=host.authentication,
        addresses=[f"10.0.{number // 200}.{11 + number % 200}"],
        cluster=host.cluster,
        guardians=list(host.guardians),
        locale=host.locale,
        processor_vendor=host.processor_vendor,
        processor_generation=host.processor_generation,
        versions=list(host.versions),
        fibre_channel=list(host.fibre_channel),
        build=host.build,
        winrm=replace(host.winrm),
    )


def _port(rng: random.Random) -> LabPort:
    """Return the host's adapter, with a locally administered address (IEEE 802)."""
    return LabPort(id=guid(rng), name="Lab Ethernet Adapter", address=f"02{rng.getrandbits(40):010X}")


def _machine(spec: EstateSpec, vm: VmSpec, clock: LabClock) -> LabVm:
    rng = random.Random(f"{spec.seed}/{vm.name}")
    made = clock.now() - _AGE
    identity = guid(rng)
    machine = LabVm(
        id=vm_id(vm.id) if vm.id else identity,
        name=vm.name,
        host=vm.host,
        enabled_state=vm.enabled_state,
        memory_mib=vm.memory_mib,
        memory_minimum_mib=vm.memory_minimum_mib,
        memory_maximum_mib=vm.memory_maximum_mib,
        memory_now_mib=vm.memory_now_mib,
        roots=LabRoots(
            config=vm.folder,
            checkpoints=vm.folder,
            paging=vm.folder,
            guest_state=vm.folder if vm.generation > 1 else None,
        ),
        nics=[LabNic(id=guid(rng), switch=switch) for switch in vm.switches],
        replication_mode=vm.replication_mode,
        clustered=vm.clustered,
        vtpm=vm.vtpm,
        guardian=vm.host if vm.vtpm else "",
        heartbeat=vm.heartbeat,
        generation=vm.generation,
        processor_limited=vm.processor_limited,
        assigned_devices=vm.assigned_devices,
        gpu_partitions=vm.gpu_partitions,
        fibre_channel=list(vm.fibre_channel),
        created=made,
        last_state_change=made,
        up_since=made if vm.enabled_state in (RUNNING, PAUSED) else None,
    )
    controllers: dict[tuple[str, int], str] = {}
    for disk in vm.disks:
        machine.disks.append(disk_of(disk, machine, controllers, rng))
    for name in vm.checkpoints:
        add_checkpoint(machine, name, rng, clock)
    return machine


def _write_files(files: Files, machine: LabVm, rng: random.Random) -> None:
    """Make the machine's real files."""
    disks = [*machine.disks, *(disk for checkpoint in machine.checkpoints for disk in checkpoint.disks)]
    for disk in (disk for disk in disks if disk.kind not in FILELESS):
        for name in (disk.path, *([disk.parent_path] if disk.parent_path else ())):
            _write_disk(files.real(machine.host, name), disk, rng)
    for name in configuration_files(machine, machine.roots):
        path = files.real(machine.host, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(4096))


def _write_disk(path: Path, disk: LabDisk, rng: random.Random) -> None:
    """Make one medium, unless it is there: a shared VHDX, a parent or an ISO that several machines have."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if disk.kind == ISO:
        path.write_bytes(rng.randbytes(64 * 1024))
    else:
        write_vhdx(path, disk_id=disk.disk_id, virtual_bytes=disk.virtual_bytes, rng=rng)

"""Building an estate: its record and its real files, the same ones for the same seed."""

from __future__ import annotations

import copy
import random
import shutil
import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from hyperv_placement.model.names import vm_id
from lab.storage.files import Files
from lab.storage.vhdx import FEW_RANDOM_BYTES, RANDOM_BYTES, write_vhdx
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
from lab.world.objects import FILELESS, FLOPPY, ISO, PAUSED, RUNNING, LabNetwork, any_network
from lab.world.plan_files import configuration_files
from lab.world.room import numa_place
from lab.world.world import Settings, State

from .checking import check
from .drives import add_checkpoint, drives, guid, idle_controllers
from .host_names import netbios_name
from .spec import EstateSpec, HostSpec, SwitchSpec, VmSpec

_AGE = timedelta(days=30)
_UPTIME = timedelta(days=12)
_MANY = 1000
"""More machines than these have smaller files."""
_CONFIGURATION_BYTES = 4096
_BUILT = ("hosts", "shares", "clusters", "directory", "world.json", "world.new", "lab.log")


def build(spec: EstateSpec, home: Path, clock: LabClock, *, ports: dict[str, int]) -> World:
    """Replace what stands in `home` by the estate that `spec` describes; certificates and credentials stay.

    Raises EstateError where such an estate cannot be; nothing was touched then.
    """
    check(spec)
    clear(home)
    state = State(
        settings=Settings(
            domain=spec.domain,
            combined_move_takes=spec.combined_move_takes,
            dynamic_memory_takes=spec.dynamic_memory_takes,
        )
    )
    state.hosts = {
        host.name: _host(spec, host, ports[host.name], number) for number, host in enumerate(spec.hosts)
    }
    for each in state.hosts.values():
        each.booted = clock.now().replace(microsecond=0) - _UPTIME
    state.shares = [
        LabShare(
            path=share.path,
            capacity_bytes=share.capacity_bytes,
            hosts=list(share.hosts),
            aliases=list(share.aliases),
        )
        for share in spec.shares
    ]
    world = World(home, clock, state)
    contents = RANDOM_BYTES if len(spec.vms) <= _MANY else FEW_RANDOM_BYTES
    namesakes: Counter[str] = Counter()
    for vm in spec.vms:
        namesakes[vm.name] += 1
        machine = _machine(spec, vm, clock, namesakes[vm.name])
        host = state.hosts[vm.host]
        machine.version = vm.version or default_version(host)
        machine.processor_generation = host.processor_generation
        machine.numa = numa_place(host, (), machine) or []
        _place(state, vm, machine)
        rng = random.Random(f"{spec.seed}/{vm.host}/{vm.name}/files")
        _write_files(world.files, machine, rng, contents)
    world.save()
    return world


def _place(state: State, vm: VmSpec, machine: LabVm) -> None:
    """Have the machine realized, or planned, at its host, and what was left of it planned at others."""
    leftovers = vm.planned_on if vm.realized else (vm.host, *vm.planned_on)
    for name in leftovers:
        state.hosts[name].planned[machine.id] = replace(copy.deepcopy(machine), host=name, staged=True)
    if vm.realized:
        state.hosts[vm.host].realized[machine.id] = machine


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
        computer_name=netbios_name(host),
        domain=host.domain or spec.domain,
        dns_name=host.computer_name or "",
        dns_suffix=host.dns_suffix or "",
        numa_nodes=host.numa_nodes,
        numa_spanning=host.numa_spanning,
        port=port,
        memory_mib=host.memory_mib,
        volumes={
            volume.path: LabVolume(
                path=volume.path,
                capacity_bytes=volume.capacity_bytes,
                used_bytes=volume.used_bytes,
                id=volume.id.upper(),
                cluster=host.cluster if volume.path.casefold().startswith("c:\\clusterstorage\\") else None,
            )
            for volume in host.volumes
        },
        switches=[
            LabSwitch(
                id=guid(rng),
                name=name,
                extension_id=guid(rng),
                kind=made.kind,
                bandwidth=made.bandwidth,
                sriov=made.sriov,
            )
            for name in host.switches
            for made in (host.switches_made.get(name, SwitchSpec()),)
        ],
        ports=[_port(rng)],
        max_live=host.max_live,
        max_storage=host.max_storage,
        migration_enabled=host.migration_enabled,
        authentication=host.authentication,
        addresses=[f"10.0.{number // 200}.{11 + number % 200}"]
        if host.addresses is None
        else list(host.addresses),
        networks=any_network() if host.migration_networks is None else _networks(host),
        cluster=host.cluster,
        guardians=list(host.guardians),
        locale=host.locale,
        processor_vendor=host.processor_vendor,
        processor_generation=host.processor_generation,
        versions=list(host.versions),
        fibre_channel=list(host.fibre_channel),
        build=host.build,
        heartbeat_status=host.heartbeat_status,
        cluster_service=host.cluster_service,
        absent_form=host.absent_form,
        closed_namespaces=list(host.closed_namespaces),
        winrm=replace(host.winrm),
        clock_skew=host.clock_skew,
        credential_guard=host.credential_guard,
        vmm_agent=host.vmm_agent,
        credssp=host.credssp,
        compression=host.compression,
        smb=host.smb,
        uuid=host.uuid.upper(),
    )


def _networks(host: HostSpec) -> list[LabNetwork]:
    found = []
    for each in host.migration_networks or ():
        subnet = ip_network(each.subnet)
        found.append(
            LabNetwork(
                id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{host.name}/{subnet}")).upper(),
                subnet=str(subnet.network_address),
                prefix=subnet.prefixlen,
                metric=each.metric,
            )
        )
    return found


def _port(rng: random.Random) -> LabPort:
    """Return the host's adapter, with a locally administered address (IEEE 802)."""
    return LabPort(id=guid(rng), name="Lab Ethernet Adapter", address=f"02{rng.getrandbits(40):010X}")


def _machine(spec: EstateSpec, vm: VmSpec, clock: LabClock, namesake: int) -> LabVm:
    """Return the machine; `namesake` counts those of one name, so that each has GUIDs of its own."""
    rng = random.Random(f"{spec.seed}/{vm.name}" + (f"/{namesake}" if namesake > 1 else ""))
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
            config=vm.roots.config or vm.folder,
            checkpoints=vm.roots.checkpoints or vm.folder,
            paging=vm.roots.paging or vm.folder,
            guest_state=vm.roots.guest_state or (vm.folder if vm.generation > 1 else None),
        ),
        nics=[
            LabNic(
                id=guid(rng),
                switch=switch,
                vlan=vm.vlans.get(switch or ""),
                sriov=switch in vm.sriov,
            )
            for switch in vm.switches
        ],
        replication_mode=vm.replication_mode,
        clustered=vm.clustered,
        vtpm=vm.vtpm,
        guardian=vm.host if vm.vtpm else "",
        heartbeat=vm.heartbeat,
        heartbeat_status=vm.heartbeat_status,
        status=vm.status,
        health=vm.health,
        folders_lost=vm.folders_lost,
        busy=vm.busy,
        busy_until=None if vm.busy_seconds is None else clock.now() + timedelta(seconds=vm.busy_seconds),
        generation=vm.generation,
        processor_limited=vm.processor_limited,
        assigned_devices=vm.assigned_devices,
        gpu_partitions=vm.gpu_partitions,
        fibre_channel=list(vm.fibre_channel),
        com_ports=list(vm.com_ports),
        created=made,
        last_state_change=made,
        up_since=made if vm.enabled_state in (RUNNING, PAUSED) else None,
    )
    machine.disks = drives(vm, rng)
    machine.idle_controllers = idle_controllers(vm, rng)
    for name in vm.checkpoints:
        add_checkpoint(machine, name, rng, clock)
    return machine


def _write_files(files: Files, machine: LabVm, rng: random.Random, contents: int) -> None:
    """Make the machine's real files, each disk with so many bytes of contents."""
    disks = [*machine.disks, *(disk for checkpoint in machine.checkpoints for disk in checkpoint.disks)]
    for disk in (disk for disk in disks if disk.kind not in FILELESS):
        for name in (disk.path, *([disk.parent_path] if disk.parent_path else ())):
            _write_disk(files.real(machine.host, name), disk, rng, contents)
    for name in configuration_files(machine, machine.roots):
        path = files.real(machine.host, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rng.randbytes(_CONFIGURATION_BYTES))


def _write_disk(path: Path, disk: LabDisk, rng: random.Random, contents: int) -> None:
    """Make one medium, unless it is there: a shared VHDX, a parent or an ISO that several machines have."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if disk.kind in (ISO, FLOPPY):
        path.write_bytes(rng.randbytes(64 * 1024))
    else:
        write_vhdx(path, disk_id=disk.disk_id, virtual_bytes=disk.virtual_bytes, rng=rng, contents=contents)

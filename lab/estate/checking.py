"""Refusing estates that cannot be: a machine without a host, more memory given than there is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network

from hyperv_placement.model import winpath
from hyperv_placement.model.names import is_guid
from hyperv_placement.model.units import GIB, MIB, TIB, format_bytes
from lab.world.builds import SERVER_2016
from lab.world.objects import CLUSTER_STOPPED, COM_PORTS, FILELESS, FLOPPY, NO_CLUSTER_MADE, OFF, SAVED
from lab.world.room import NUMA_MOST_MIB

from . import places
from .drives import SlotError, slots
from .host_names import name_findings
from .spec import EstateError, EstateSpec, HostSpec, VmSpec

_SYSTEM_MIB = 2048
_LABEL = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,13}[A-Za-z0-9])?$")
_DOMAIN = re.compile(
    r"^(?=.{1,200}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"
)
_MOST_DEVICES, _MOST_CONTROLLERS = 64, 4
_MOST_MEMORY_MIB = 1024 * TIB // MIB
_LEAST_DISK, _MOST_DISK = 3 * MIB, 64 * TIB  # what a VHDX can have (New-VHD)
_MOST_VOLUME = 1024 * 1024 * TIB


def check(spec: EstateSpec) -> None:
    """Raise EstateError with every finding, a line each."""
    findings = [*_hosts(spec), *name_findings(spec), *places.shares(spec), *_machines(spec)]
    if not findings:
        findings = [*_room(spec)]
    if findings:
        raise EstateError("\n".join(findings))


def _hosts(spec: EstateSpec) -> Iterator[str]:
    if not spec.hosts:
        yield "hosts: an estate has at least one host"
    if not _DOMAIN.match(spec.domain):
        yield f"domain: '{spec.domain}' is no domain"
    seen: set[str] = set()
    for host in spec.hosts:
        if host.name.casefold() in seen:
            yield f"hosts.{host.name}: a host of this name is there already"
        seen.add(host.name.casefold())
        if host.cluster is not None and not _LABEL.match(host.cluster):
            yield f"hosts.{host.name}.cluster: a cluster's name has 1 to 15 letters, digits and hyphens"
        if host.memory_mib > _MOST_MEMORY_MIB:
            yield f"hosts.{host.name}.memory: no host has so much"
        if host.uuid and not is_guid(host.uuid):
            yield f"hosts.{host.name}.uuid: '{host.uuid}' is no GUID"
        for key, values in (("versions", host.versions), ("fibre_channel", host.fibre_channel)):
            yield from (
                f"hosts.{host.name}.{key}: '{value}' is there twice"
                for value in dict.fromkeys(values)
                if values.count(value) > 1
            )
        yield from _cluster_service(host)
        yield from _addresses(host)
        yield from places.volumes(host)
        yield from (
            f"hosts.{host.name}.volumes.{volume.path}: no volume holds so much"
            for volume in host.volumes
            if volume.capacity_bytes > _MOST_VOLUME
        )


def _cluster_service(host: HostSpec) -> Iterator[str]:
    if host.cluster_service == (NO_CLUSTER_MADE if host.cluster else CLUSTER_STOPPED):
        yield (
            f"hosts.{host.name}.cluster_service: 'stopped' is of a host in a cluster, 'not-configured' of one in none"
        )


def _addresses(host: HostSpec) -> Iterator[str]:
    for address in host.addresses or ():
        try:
            ip_address(address)
        except ValueError:
            yield f"hosts.{host.name}.addresses: '{address}' is no IP address"
    seen = set()
    for network in host.migration_networks or ():
        try:
            subnet = ip_network(network.subnet)
        except ValueError as error:
            yield f"hosts.{host.name}.migration_networks: {error}"
            continue
        if subnet in seen:
            yield f"hosts.{host.name}.migration_networks: {subnet} is there twice"
        seen.add(subnet)


def _machines(spec: EstateSpec) -> Iterator[str]:
    hosts = {host.name: host for host in spec.hosts}
    seen: set[tuple[str, str]] = set()
    for vm in spec.vms:
        where = f"vms.{vm.name}"
        host = hosts.get(vm.host)
        if host is None:
            yield f"{where}.host: there is no host '{vm.host}'"
            continue
        yield from _identity(vm, hosts, seen)
        if vm.vtpm and host.build < SERVER_2016:
            yield f"{where}.vtpm: {vm.host} is older than Windows Server 2016, which brought the vTPM"
        if vm.clustered and host.cluster is None:
            yield f"{where}.clustered: {vm.host} is in no cluster"
        yield from _networks(host, vm)
        yield from _devices(vm)
        yield from _drives(vm)
        files = [disk.path for disk in vm.disks if disk.kind not in FILELESS]
        parents = [disk.parent for disk in vm.disks if disk.parent is not None]
        yield from places.of_machine(spec, host, vm, [*files, *parents])


def _identity(vm: VmSpec, hosts: Collection[str], seen: set[tuple[str, str]]) -> Iterator[str]:
    """Yield what is wrong with a machine's GUID, and add to `seen` which hosts have it, realized or planned."""
    where = f"vms.{vm.name}"
    if vm.id is not None and not is_guid(vm.id):
        yield f"{where}.id: '{vm.id}' is no GUID"
    elif vm.id is not None:
        for holder in (vm.host, *vm.planned_on):
            if (holder, vm.id.upper()) in seen:
                yield f"{where}.id: {holder} has this GUID already"
            seen.add((holder, vm.id.upper()))
    for name in vm.planned_on:
        if name not in hosts or name == vm.host:
            yield f"{where}.planned_on: '{name}' is no other host"


def _networks(host: HostSpec, vm: VmSpec) -> Iterator[str]:
    for switch in vm.switches:
        if switch is not None and switch not in host.switches:
            yield f"vms.{vm.name}.switches: {vm.host} has no switch '{switch}'"
    for switch in (*vm.vlans, *sorted(vm.sriov)):
        if switch not in vm.switches:
            yield f"vms.{vm.name}: it has no adapter at switch '{switch}'"
    for san in vm.fibre_channel:
        if san not in host.fibre_channel:
            yield f"vms.{vm.name}.fibre_channel: {vm.host} has no virtual SAN '{san}'"


def _devices(vm: VmSpec) -> Iterator[str]:
    where = f"vms.{vm.name}"
    for name, count in (("assigned_devices", vm.assigned_devices), ("gpu_partitions", vm.gpu_partitions)):
        if count > _MOST_DEVICES:
            yield f"{where}.{name}: {count} are more than {_MOST_DEVICES}"
    if len(vm.com_ports) > COM_PORTS:
        yield f"{where}.com_ports: a machine has {COM_PORTS}"
    if vm.scsi_controllers > _MOST_CONTROLLERS:
        yield f"{where}.scsi_controllers: a machine has {_MOST_CONTROLLERS} at most"
    sizes = (vm.memory_mib, vm.memory_minimum_mib, vm.memory_maximum_mib, vm.memory_now_mib)
    if any(size is not None and not 1 <= size <= _MOST_MEMORY_MIB for size in sizes):
        yield f"{where}.memory: a machine has 1 MiB at least, and not more than any host"


def _drives(vm: VmSpec) -> Iterator[str]:
    where = f"vms.{vm.name}.disks"
    try:
        slots(vm)
    except SlotError as error:
        yield f"{where}: {error}"
    for disk in vm.disks:
        if not _LEAST_DISK <= disk.virtual_bytes <= _MOST_DISK or disk.size_bytes > _MOST_DISK + GIB:
            yield f"{where}: '{disk.path}': a disk has {format_bytes(_LEAST_DISK)} to {format_bytes(_MOST_DISK)}"
        if disk.parent is not None and winpath.same(disk.parent, disk.path):
            yield f"{where}: '{disk.path}' is its own parent"
        if disk.kind == FLOPPY and vm.generation != 1:
            yield f"{where}: '{disk.path}': only generation 1 has a floppy drive"


def _room(spec: EstateSpec) -> Iterator[str]:
    hosts = {host.name: host for host in spec.hosts}
    needed = dict.fromkeys(hosts, _SYSTEM_MIB)
    for vm in spec.vms:
        if vm.enabled_state not in (OFF, SAVED):
            needed[vm.host] += vm.memory_now_mib or vm.memory_mib
    for host in spec.hosts:
        if needed[host.name] > host.memory_mib:
            yield f"hosts.{host.name}.memory: its running machines and itself need {needed[host.name]} MiB"
        elif not host.numa_spanning:
            running = [vm for vm in spec.vms if vm.host == host.name and vm.enabled_state not in (OFF, SAVED)]
            if homeless := _without_node(host, running):
                yield f"hosts.{host.name}.numa: without spanning no node has room for {homeless}"
    yield from _disks(spec, hosts)


def _disks(spec: EstateSpec, hosts: Mapping[str, HostSpec]) -> Iterator[str]:
    capacity = {share.path: share.capacity_bytes for share in spec.shares}
    for host in spec.hosts:
        for volume in host.volumes:
            place = str(places.place_of(spec, host, volume.path))
            capacity[place] = volume.capacity_bytes - volume.used_bytes
    used: Counter[str] = Counter()
    for vm in spec.vms:
        for disk in (disk for disk in vm.disks if disk.kind not in FILELESS):
            used[str(places.place_of(spec, hosts[vm.host], disk.path))] += disk.size_bytes
    for place, size in used.items():
        if size > capacity[place]:
            yield f"{place}: its disks need {format_bytes(size)}, it has {format_bytes(capacity[place])}"


def _without_node(host: HostSpec, running: Sequence[VmSpec]) -> str | None:
    """Return the first machine that finds no NUMA node with its memory, those before it placed where most is free."""
    free = [(host.memory_mib - _SYSTEM_MIB) // host.numa_nodes] * host.numa_nodes
    for vm in running:
        parts = 1 if vm.memory_maximum_mib is not None else max(1, -(-vm.memory_mib // NUMA_MOST_MIB))
        for _ in range(parts):
            free[free.index(max(free))] -= (vm.memory_now_mib or vm.memory_mib) // parts
        if min(free) < 0:
            return vm.name
    return None

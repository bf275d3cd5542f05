"""Refusing estates that cannot be: a machine without a host, more memory given than there is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.names import is_guid
from hyperv_placement.model.units import format_bytes
from lab.world.builds import SERVER_2016
from lab.world.objects import FILELESS, OFF, SAVED

from .spec import EstateError, EstateSpec, HostSpec, VmSpec

_SYSTEM_MIB = 2048
_SLOT = re.compile(r"^(?:ide-[01]-[01]|scsi-[0-3]-(?:\d|[1-5]\d|6[0-3]))$")
_LABEL = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,13}[A-Za-z0-9])?$")


def check(spec: EstateSpec) -> None:
    """Raise EstateError with every finding, a line each."""
    findings = [*_hosts(spec), *_machines(spec)]
    if not findings:
        findings = [*_room(spec)]
    if findings:
        raise EstateError("\n".join(findings))


def _hosts(spec: EstateSpec) -> Iterator[str]:
    names = {host.name for host in spec.hosts}
    if not names:
        yield "hosts: an estate has at least one host"
    for host in spec.hosts:
        if not _LABEL.match(host.name):
            yield f"hosts.{host.name}: a host's name has 1 to 15 letters, digits and hyphens"
        for volume in host.volumes:
            if not winpath.is_absolute(volume.path) or winpath.is_unc(volume.path):
                yield f"hosts.{host.name}.volumes: '{volume.path}' is no volume; write it as 'D:\\'"
    for share in spec.shares:
        if not winpath.is_unc(share.path):
            yield f"shares: '{share.path}' is no share; write it as '\\\\server\\share'"
        for name in share.hosts:
            if name not in names:
                yield f"shares.{share.path}.hosts: there is no host '{name}'"


def _machines(spec: EstateSpec) -> Iterator[str]:
    hosts = {host.name: host for host in spec.hosts}
    seen: Counter[str] = Counter()
    for vm in spec.vms:
        where = f"vms.{vm.name}"
        host = hosts.get(vm.host)
        if host is None:
            yield f"{where}.host: there is no host '{vm.host}'"
            continue
        if vm.id is not None and not is_guid(vm.id):
            yield f"{where}.id: '{vm.id}' is no GUID"
        elif vm.id is not None:
            seen[f"{vm.host}/{vm.id.upper()}"] += 1
            if seen[f"{vm.host}/{vm.id.upper()}"] > 1:
                yield f"{where}.id: {vm.host} has this GUID already"
        if vm.vtpm and host.build < SERVER_2016:
            yield f"{where}.vtpm: {vm.host} is older than Windows Server 2016, which brought the vTPM"
        if vm.clustered and host.cluster is None:
            yield f"{where}.clustered: {vm.host} is in no cluster"
        yield from _networks(host, vm)
        yield from _paths(spec, host, vm)


def _networks(host: HostSpec, vm: VmSpec) -> Iterator[str]:
    for switch in vm.switches:
        if switch is not None and switch not in host.switches:
            yield f"vms.{vm.name}.switches: {vm.host} has no switch '{switch}'"
    for san in vm.fibre_channel:
        if san not in host.fibre_channel:
            yield f"vms.{vm.name}.fibre_channel: {vm.host} has no virtual SAN '{san}'"


def _paths(spec: EstateSpec, host: HostSpec, vm: VmSpec) -> Iterator[str]:
    where = f"vms.{vm.name}"
    files = [disk.path for disk in vm.disks if disk.kind not in FILELESS]
    parents = [disk.parent for disk in vm.disks if disk.parent is not None]
    for path in (vm.folder, *files, *parents):
        if not winpath.is_absolute(path):
            yield f"{where}: '{path}' is no absolute Windows path"
        elif _place(spec, host, path) is None:
            yield f"{where}: {host.name} has no volume or share that holds '{path}'"
    for slot, count in Counter(disk.slot for disk in vm.disks if disk.slot is not None).items():
        if not _SLOT.match(slot) or count > 1:
            yield f"{where}.disks: slot '{slot}' is taken twice or none; write 'scsi-0-0' .. or 'ide-0-0' .."


def _place(spec: EstateSpec, host: HostSpec, path: str) -> str | None:
    """Return which volume or share of the estate holds `path`, in a form that is unique in it."""
    if winpath.is_unc(path):
        shares = (share for share in spec.shares if winpath.is_inside(share.path, path))
        return next((share.path for share in shares if host.name in share.hosts), None)
    volumes = [volume.path for volume in host.volumes if winpath.is_inside(volume.path, path)]
    if not volumes:
        return None
    volume = max(volumes, key=len)
    owner = host.cluster if volume.casefold().startswith("c:\\clusterstorage\\") else host.name
    return f"{volume} of {owner}"


def _room(spec: EstateSpec) -> Iterator[str]:
    hosts = {host.name: host for host in spec.hosts}
    for host in spec.hosts:
        running = [vm for vm in spec.vms if vm.host == host.name and vm.enabled_state not in (OFF, SAVED)]
        needed = sum(vm.memory_now_mib or vm.memory_mib for vm in running) + _SYSTEM_MIB
        if needed > host.memory_mib:
            yield f"hosts.{host.name}.memory: its running machines and itself need {needed} MiB"
    capacity = {share.path: share.capacity_bytes for share in spec.shares}
    for host in spec.hosts:
        for volume in host.volumes:
            capacity[str(_place(spec, host, volume.path))] = volume.capacity_bytes - volume.used_bytes
    used: Counter[str] = Counter()
    for vm in spec.vms:
        for disk in (disk for disk in vm.disks if disk.kind not in FILELESS):
            used[str(_place(spec, hosts[vm.host], disk.path))] += disk.size_bytes
    for place, size in used.items():
        if size > capacity[place]:
            yield f"{place}: its disks need {format_bytes(size)}, it has {format_bytes(capacity[place])}"

"""Machines of a stack file that get in each other's way: one GUID, one name, or one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hyperv_placement.model import winpath
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.stack import HostSpec, StorageSpec, VmSpec

from .findings import Findings
from .paths import DISK_FOLDER, is_disk_file, is_path, path_problem


def report_twins(vms: Mapping[str, VmSpec], findings: Findings) -> None:
    """Report machines with one GUID, and machines with one name that no GUID distinguishes."""
    by_id: dict[str, VmSpec] = {}
    by_name: dict[str, VmSpec] = {}
    for vm in vms.values():
        twin = vm if vm.id is None else by_id.setdefault(vm.id, vm)
        if twin is not vm:
            findings.add(
                "id-twice",
                vm.line,
                f"vms.{vm.label}: has the id of {twin.label} (line {twin.line}); a GUID is one machine, "
                "correct the id or remove one entry",
            )
            continue
        namesake = by_name.setdefault(folded(vm.name), vm)
        if namesake is not vm and (vm.id is None or namesake.id is None):
            without = " and ".join(one.label for one in (namesake, vm) if one.id is None)
            findings.add(
                "name-twice",
                vm.line,
                f"vms.{vm.label}: is named '{vm.name}' like {namesake.label} (line {namesake.line}); "
                f"give {without} an id (the GUID) so that they can be told apart",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """The file that a disk is to become."""

    host: HostName | None
    """None for a file on a share, which is the same from every host."""
    path: str


def report_shared_targets(
    vms: Mapping[str, VmSpec],
    hosts: Mapping[HostName, HostSpec],
    lines: Mapping[tuple[str, str], int],
    findings: Findings,
) -> None:
    """Report disks that would become one file; `lines` says where each (label, disk) stands.

    Only files whose place is certain count: on a share, or on the one host that the machine is pinned to.
    """
    first: dict[_Target, tuple[VmSpec, str]] = {}
    for vm in vms.values():
        for disk, target in _targets(vm, hosts):
            other, other_disk = first.setdefault(target, (vm, disk))
            if (other, other_disk) == (vm, disk):
                continue
            line = lines.get((other.label, other_disk), other.line)
            findings.add(
                "disks-become-one",
                lines.get((vm.label, disk), vm.line),
                f"vms.{vm.label}.storage.disks.{disk}: would become the same file as {other_disk} "
                f"of {other.label} (line {line}); give one of them another place",
            )


def _targets(vm: VmSpec, hosts: Mapping[HostName, HostSpec]) -> Iterator[tuple[str, _Target]]:
    if vm.storage is None:
        return
    pinned = hosts.get(vm.hosts[0]) if len(vm.hosts) == 1 else None
    for disk, location in vm.storage.disks.items():
        path = _target_path(vm, vm.storage, disk, location, pinned)
        if path is None:
            continue
        if winpath.is_unc(path):
            yield disk, _Target(host=None, path=winpath.comparable(path))
        elif pinned is not None:
            yield disk, _Target(host=pinned.name, path=winpath.comparable(path))


def _target_path(
    vm: VmSpec, storage: StorageSpec, disk: str, location: str, pinned: HostSpec | None
) -> str | None:
    """Return the full path declared for `disk`, or None where it depends on what the hosts report."""
    folder = location
    if not is_path(location):
        root = pinned.storage.get(location) if pinned is not None else None
        if root is None:
            return None
        folder = winpath.join(root, vm.label)
    if path_problem(folder) is not None:
        return None
    if is_path(location) and is_disk_file(location):
        return location
    if not is_disk_file(disk):
        return None
    return winpath.join(folder, disk) if storage.layout == "flat" else winpath.join(folder, DISK_FOLDER, disk)

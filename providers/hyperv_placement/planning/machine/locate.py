r"""Where each file of a machine belongs: declared locations resolved to full paths.

A declared folder F means: roots are F, disks go to `F\Virtual Hard Disks\<file>` (Hyper-V's own layout, as
Move-VM -DestinationStoragePath makes it), or right into F where the layout is flat. A file that already lies
anywhere inside its folder is in place and keeps its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.stack import HostSpec, Layout, StorageSpec, VmSpec

from .disk_keys import DISK_FILES, DiskKeys, frozen_in, hard_disks, key_findings

DISK_FOLDER = "Virtual Hard Disks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A placement, and what is wrong with the declaration for this machine."""

    placement: Placement
    findings: tuple[Finding, ...] = ()


def locate(spec: VmSpec, vm: VirtualMachine, host: HostSpec) -> Located:
    """Resolve what `spec` declares for `vm` once it is on `host`."""
    allowed = spec.hosts if len(spec.hosts) > 1 else ()
    wanted: HostName | None = host.name if spec.hosts else None
    storage = spec.storage
    if storage is None:
        return _host_alone(wanted, allowed)
    folder = _folder_on(host, spec.label)
    declared = declared_locations(storage, vm)
    findings = (
        *_missing_roots(storage, host, spec.label),
        *key_findings(storage, vm, spec.label),
        *_renamed_files(storage, vm, spec.label),
    )
    placement = Placement(
        host=wanted,
        allowed=allowed,
        config=_root(folder, storage.config, vm.roots.config),
        checkpoints=_root(folder, storage.checkpoints, vm.roots.checkpoints),
        paging=_root(folder, storage.paging, vm.roots.paging),
        disks={
            disk.slot: path
            for disk in hard_disks(vm)
            if (path := _disk(folder(declared.get(disk.slot)), storage.layout, disk, vm)) is not None
        },
    )
    return Located(placement=placement, findings=(*findings, *_collisions(placement, vm, spec.label)))


# Tens of thousands of machines are declared by their hosts alone, of which there are few.
@lru_cache(maxsize=1 << 14)
def _host_alone(wanted: HostName | None, allowed: tuple[HostName, ...]) -> Located:
    return Located(placement=Placement(host=wanted, allowed=allowed))


def _folder_on(host: HostSpec, label: str) -> Callable[[str | None], str | None]:
    def folder(location: str | None) -> str | None:
        if location is None or winpath.is_absolute(location):
            return location
        root = host.storage.get(location)
        return None if root is None else winpath.join(root, label)

    return folder


def _root(folder: Callable[[str | None], str | None], location: str | None, actual: str) -> str | None:
    if (wanted := folder(location)) is None:
        return None
    return actual if winpath.is_inside(wanted, actual) else wanted


def _disk(wanted: str | None, layout: Layout, disk: Disk, vm: VirtualMachine) -> str | None:
    if wanted is None:
        return None
    name = winpath.base_name(disk.path)
    if winpath.has_ending(wanted, DISK_FILES):
        # Only the folder of a disk with checkpoints can be declared: no file of a chain is renamed.
        if frozen_in(disk.slot, vm):
            wanted = winpath.join(winpath.parent(wanted), name)
        return disk.path if winpath.same(wanted, disk.path) else wanted
    # A disk anywhere below its folder is in place: a subfolder that somebody chose is no reason to copy it.
    if winpath.is_inside(wanted, disk.path):
        return disk.path
    return winpath.join(wanted, name) if layout == "flat" else winpath.join(wanted, DISK_FOLDER, name)


def _renamed_files(storage: StorageSpec, vm: VirtualMachine, label: str) -> Iterator[Finding]:
    """Refuse to rename the first file of a chain while checkpoints depend on it."""
    keys = DiskKeys(vm)
    for key, location in storage.disks.items():
        for disk in keys.meant(key):
            names = [winpath.base_name(frozen.path) for frozen in frozen_in(disk.slot, vm)]
            wanted = winpath.base_name(location)
            kept = any(winpath.same_name(wanted, name) for name in names)
            if names and winpath.has_ending(wanted, DISK_FILES) and not kept:
                yield Finding.refusal(
                    "disk-renamed-with-checkpoints",
                    f"{label}: disk {disk.path} is declared as {location}, and no file is renamed while checkpoints"
                    " depend on it",
                    "Name a folder instead, and keep the file's name",
                )


def declared_locations(storage: StorageSpec, vm: VirtualMachine) -> Mapping[str, str]:
    """Return the declared location of each disk by slot: its own entry by slot or unique file name, otherwise the one for all disks."""
    keys = DiskKeys(vm)
    found: dict[str, str] = {}
    for key, location in storage.disks.items():
        for disk in keys.meant(key):
            found.setdefault(disk.slot, location)
    everywhere = (
        {} if storage.all_disks is None else {disk.slot: storage.all_disks for disk in hard_disks(vm)}
    )
    return {**everywhere, **found}


def _missing_roots(storage: StorageSpec, host: HostSpec, label: str) -> Iterator[Finding]:
    for name in sorted(_roots_of(storage) - set(host.storage)):
        yield Finding.refusal(
            "storage-root-missing",
            f"{label}: host {host.name} has no storage root {name!r}",
            f"Add it under hosts.{host.name}.storage, or give a full path",
        )


def named_roots(spec: VmSpec) -> frozenset[str]:
    """Return the named roots that an entry wants of whichever host its machine is on."""
    return frozenset() if spec.storage is None else _roots_of(spec.storage)


def _roots_of(storage: StorageSpec) -> frozenset[str]:
    locations = (
        storage.config, storage.checkpoints, storage.paging, storage.all_disks, *storage.disks.values(),
    )  # fmt: skip
    return frozenset(loc for loc in locations if loc is not None and not winpath.is_absolute(loc))


def _collisions(placement: Placement, vm: VirtualMachine, label: str) -> Iterator[Finding]:
    seen: dict[str, Disk] = {}
    for disk in vm.disks:
        path = placement.disks.get(disk.slot)
        other = disk if path is None else seen.setdefault(winpath.comparable(path), disk)
        if other is not disk:
            yield Finding.refusal(
                "disks-become-one",
                f"{label}: disks {other.path} and {disk.path} would both become {path}",
                "Give one of them a place of its own under storage.disks",
            )

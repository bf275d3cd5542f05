r"""Where each file of a machine shall live: declared locations resolved to full paths.

A declared folder F means: roots are F, disks go to `F\Virtual Hard Disks\<file>` (Hyper-V's own layout, as
Move-VM -DestinationStoragePath makes it), or right into F where the layout is flat. A file that already lies
anywhere inside its folder is in place and keeps its path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from providers.model import winpath
from providers.model.estate import Disk, DiskKind, VirtualMachine
from providers.model.names import HostName
from providers.model.plan import Finding, Placement, Severity
from providers.model.stack import HostSpec, Layout, StorageSpec, VmSpec

DISK_FOLDER = "Virtual Hard Disks"
_DISK_FILES = (".vhdx", ".vhd", ".vhds", ".avhdx", ".avhd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A placement, and what is wrong with the declaration when held against the machine."""

    placement: Placement
    findings: tuple[Finding, ...] = ()


def locate(spec: VmSpec, vm: VirtualMachine, host: HostSpec) -> Located:
    """Resolve what `spec` declares for `vm` once it is on `host`."""
    allowed = spec.hosts if len(spec.hosts) > 1 else ()
    wanted: HostName | None = host.name if spec.hosts else None
    storage = spec.storage
    if storage is None:
        return Located(placement=Placement(host=wanted, allowed=allowed))
    folder = _folder_on(host, spec.label)
    findings = (
        *_missing_roots(storage, host, spec.label),
        *_unknown_disks(storage, vm, spec.label),
        *_renamed_files(storage, vm, spec.label),
    )
    placement = Placement(
        host=wanted,
        allowed=allowed,
        config=_root(folder, storage.config, vm.roots.config),
        checkpoints=_root(folder, storage.checkpoints, vm.roots.checkpoints),
        paging=_root(folder, storage.paging, vm.roots.paging),
        disks={
            disk.slot: path for disk in vm.disks if (path := _disk(folder, storage, disk, vm)) is not None
        },
    )
    return Located(placement=placement, findings=(*findings, *_collisions(placement, spec.label)))


def _folder_on(host: HostSpec, label: str) -> Callable[[str], str | None]:
    def folder(location: str) -> str | None:
        if winpath.is_absolute(location):
            return location
        root = host.storage.get(location)
        return None if root is None else winpath.join(root, label)

    return folder


def _root(folder: Callable[[str], str | None], location: str | None, actual: str) -> str | None:
    if location is None or (wanted := folder(location)) is None:
        return None
    return actual if winpath.is_inside(wanted, actual) else wanted


def _disk(
    folder: Callable[[str], str | None], storage: StorageSpec, disk: Disk, vm: VirtualMachine
) -> str | None:
    if disk.kind != DiskKind.VIRTUAL_HARD_DISK:
        return None
    location = declared_location(storage, disk, vm)
    if location is None or (wanted := folder(location)) is None:
        return None
    if wanted.casefold().endswith(_DISK_FILES):
        return _as_file(wanted, disk, vm)
    return (
        disk.path if winpath.is_inside(wanted, disk.path) else _in_folder(wanted, disk.path, storage.layout)
    )


def _as_file(wanted: str, disk: Disk, vm: VirtualMachine) -> str:
    """Return where a disk goes whose file is named: with checkpoints its folder counts, for none of the files is renamed."""
    if frozen_in(disk.slot, vm):
        wanted = winpath.join(winpath.parent(wanted), winpath.base_name(disk.path))
    return disk.path if winpath.same(wanted, disk.path) else wanted


def frozen_in(slot: str, vm: VirtualMachine) -> list[Disk]:
    """Return the disks of checkpoints in a slot."""
    return [disk for disk in vm.frozen if disk.slot == slot]


def _renamed_files(storage: StorageSpec, vm: VirtualMachine, label: str) -> Iterator[Finding]:
    """Refuse to rename the first file of a chain while checkpoints depend on it."""
    for key, location in storage.disks.items():
        for disk in matching_disks(key, vm):
            names = {winpath.base_name(frozen.path).casefold() for frozen in frozen_in(disk.slot, vm)}
            wanted = winpath.base_name(location).casefold()
            if names and wanted.endswith(_DISK_FILES) and wanted not in names:
                yield _refusal(
                    f"{label}: disk {disk.slot} shall become {location}, and no file is renamed while checkpoints"
                    " depend on it",
                    "Name a folder instead, or delete the checkpoints first",
                )


def _in_folder(folder: str, path: str, layout: Layout) -> str:
    name = winpath.base_name(path)
    return winpath.join(folder, name) if layout == "flat" else winpath.join(folder, DISK_FOLDER, name)


def declared_location(storage: StorageSpec, disk: Disk, vm: VirtualMachine) -> str | None:
    """Return what the file says of `disk`: its own entry by slot or unique base name, else that of all disks."""
    for key, location in storage.disks.items():
        if disk in matching_disks(key, vm):
            return location
    return storage.all_disks


def matching_disks(key: str, vm: VirtualMachine) -> list[Disk]:
    """Return the virtual hard disks that a key of the stack file names: a slot, else a base name.

    Checkpoints rename a disk to `.avhdx`: it is meant by the name of the file that they froze, too.
    """
    disks = [disk for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK]
    by_slot = [disk for disk in disks if disk.slot == slot_key(key)]
    return by_slot or [
        disk
        for disk in disks
        if any(
            winpath.base_name(file.path).casefold() == key.casefold()
            for file in (disk, *frozen_in(disk.slot, vm))
        )
    ]


def slot_key(key: str) -> str:
    """Return a key such as `SCSI 0:1` in the form of `Disk.slot`, `scsi-0-1`."""
    return key.strip().casefold().replace(" ", "-").replace(":", "-")


def _unknown_disks(storage: StorageSpec, vm: VirtualMachine, label: str) -> Iterator[Finding]:
    for key in storage.disks:
        found = matching_disks(key, vm)
        if len(found) == 1:
            continue
        have = ", ".join(f"{winpath.base_name(d.path)} ({d.slot})" for d in vm.disks) or "none"
        what = "has no such disk" if not found else f"has {len(found)} disks of that name"
        yield _refusal(
            f"{label}: the stack file names disk {key!r}, the machine {what}; it has {have}",
            "Name the disk by its file name, or by controller and slot as 'SCSI 0:1'",
        )


def _missing_roots(storage: StorageSpec, host: HostSpec, label: str) -> Iterator[Finding]:
    locations = (
        storage.config, storage.checkpoints, storage.paging, storage.all_disks, *storage.disks.values(),
    )  # fmt: skip
    names = {loc for loc in locations if loc is not None and not winpath.is_absolute(loc)}
    for name in sorted(names - set(host.storage)):
        yield _refusal(
            f"{label}: host {host.name} has no storage root {name!r}",
            f"Add it under hosts.{host.name}.storage, or give a full path",
        )


def _collisions(placement: Placement, label: str) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for slot, path in placement.disks.items():
        other = seen.setdefault(winpath.comparable(path), slot)
        if other != slot:
            yield _refusal(
                f"{label}: disks {other} and {slot} would both become {path}",
                "Give one of them a place of its own under storage.disks",
            )


def _refusal(text: str, remedy: str) -> Finding:
    return Finding(severity=Severity.REFUSAL, text=text, remedy=remedy)

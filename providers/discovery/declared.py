"""One machine, declared as it is: by its root, its folder, or part by part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from providers.model import winpath
from providers.model.estate import Disk, DiskKind, Inventory, VirtualMachine

from .roots import home_of, is_flat, named, root_of

_LONGEST = 100
"""Characters of a label."""


def labels_of(inventory: Inventory) -> list[tuple[str, VirtualMachine]]:
    """Return every machine with the key it gets, sorted by host, then by key: its name, where that can be one.

    Machines of one name get a part of their GUID behind it. A GUID that is seen twice is left out here: no entry could
    tell the two apart.
    """
    vms = [vm for vm in inventory.vms() if len(inventory.with_id(vm.id)) == 1]
    names = Counter(vm.name.casefold() for vm in vms)
    taken: set[str] = set()
    found = []
    for vm in sorted(vms, key=lambda vm: (vm.host, vm.name.casefold(), vm.id)):
        label = label_of(vm.name)
        if names[vm.name.casefold()] > 1 or label in taken:
            short, whole = f"{label} {vm.id[:8]}", f"{label} {vm.id}"
            label = whole if short in taken else short
        taken.add(label)
        found.append((label, vm))
    return found


def label_of(name: str) -> str:
    """Return a name as a key of a stack file: without blanks at its ends, without control characters, never empty."""
    return (
        "".join(letter if letter.isprintable() else "_" for letter in name).strip()[:_LONGEST].strip() or "_"
    )


def declaration(
    label: str, vm: VirtualMachine, inventory: Inventory, roots: Mapping[str, str], *, loosely: bool = False
) -> dict[str, Any]:
    """Return the entry of a machine. `loosely`: its host alone, where its files cannot be declared as they are."""
    entry: dict[str, Any] = {}
    if label != vm.name or len(inventory.named(vm.name)) > 1:
        entry["id"] = vm.id.upper()
    entry["host"] = vm.host
    if not loosely:
        entry["storage"] = _storage(label, vm, roots)
    return entry


def _storage(label: str, vm: VirtualMachine, roots: Mapping[str, str]) -> Any:
    home = home_of(vm)
    if home is None:
        return _parts(vm)
    root = root_of(label, vm)
    location = (named(root, roots) if root is not None else None) or home
    return {"folder": location, "layout": "flat"} if is_flat(vm, home) else location


def _parts(vm: VirtualMachine) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "config": vm.roots.config, "checkpoints": vm.roots.checkpoints, "paging": vm.roots.paging,
    }  # fmt: skip
    disks = [disk for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK]
    if disks:
        parts["disks"] = dict(_disks(disks))
    return parts


def _disks(disks: list[Disk]) -> Iterable[tuple[str, str]]:
    """Yield each disk's place, keyed by its file's name where that is its own, else by its slot."""
    names = Counter(winpath.base_name(disk.path).casefold() for disk in disks)
    for disk in disks:
        name = winpath.base_name(disk.path)
        yield (name if names[name.casefold()] == 1 else _slot(disk.slot)), disk.path


def _slot(slot: str) -> str:
    """Return a slot as people write it: `scsi-0-1` is `SCSI 0:1`."""
    kind, controller, place = slot.split("-")
    return f"{kind.upper()} {controller}:{place}"

r"""The folders of hosts under which machines live, each in a folder of its own name: `D:\Hyper-V` of `D:\Hyper-V\WEB01`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from providers.model import winpath
from providers.model.estate import DiskKind, VirtualMachine

_SEVERAL = 2
"""Machines that make a folder a root; one alone is declared by its path."""


def home_of(vm: VirtualMachine) -> str | None:
    """Return the one folder that holds all files of a machine, None where they are scattered."""
    roots = vm.roots
    folder = roots.config
    same = winpath.same(folder, roots.checkpoints) and winpath.same(folder, roots.paging)
    disks = (disk.path for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK)
    return folder if same and all(winpath.is_inside(folder, path) for path in disks) else None


def is_flat(vm: VirtualMachine, home: str) -> bool:
    """Say whether its disks lie right in its folder, not in Hyper-V's own folder for them."""
    paths = [disk.path for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK]
    return bool(paths) and all(winpath.same(winpath.parent(path), home) for path in paths)


def roots_of(machines: Iterable[tuple[str, VirtualMachine]]) -> dict[str, str]:
    """Return the named roots of one host (name -> folder), by its machines (label, machine).

    Each is called after its drive or share and, where one of those has several, after the folder as well.
    """
    count: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for label, vm in machines:
        if (root := root_of(label, vm)) is not None:
            key = winpath.comparable(root)
            count[key] += 1
            spelled.setdefault(key, root)
    folders = sorted(spelled[key] for key, machines_there in count.items() if machines_there >= _SEVERAL)
    return _named(folders)


def root_of(label: str, vm: VirtualMachine) -> str | None:
    """Return the folder above a machine's own, where that has its label; None elsewhere."""
    home = home_of(vm)
    if home is None or winpath.base_name(home).casefold() != label.casefold():
        return None
    above = winpath.parent(home)
    return above if winpath.is_absolute(above) else None


def _named(folders: list[str]) -> dict[str, str]:
    drives = Counter(_drive(folder) for folder in folders)
    named: dict[str, str] = {}
    for folder in folders:
        drive = _drive(folder)
        name = drive if drives[drive] == 1 else f"{drive}-{_word(winpath.base_name(folder))}"
        while name in named:
            name += "-2"
        named[name] = folder
    return named


def _drive(folder: str) -> str:
    if winpath.is_unc(folder):
        return "-".join(_word(part) for part in folder.strip("\\").split("\\")[:2])
    return _word(folder[0])


def _word(text: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in text.lower()).strip("-")
    return kept or "root"


def named(folder: str, roots: Mapping[str, str]) -> str | None:
    """Return the name of a root folder, None where it has none."""
    return next((name for name, path in roots.items() if winpath.same(path, folder)), None)

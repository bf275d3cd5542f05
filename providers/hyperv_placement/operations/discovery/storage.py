r"""Where a machine's files are, as a declaration that leaves each of them where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, VirtualMachine
from hyperv_placement.model.stack import Layout, StorageSpec
from hyperv_placement.planning.machine.disk_keys import hard_disks, matching_disks, place_key
from hyperv_placement.stackfile.paths import DISK_FOLDER, is_disk_file, normalized, part_problem, path_problem

_CHECKPOINT_FILES = (".avhdx", ".avhd")
Named = Callable[[str], str]
"""From a folder to how it is declared: the name of a root, or the folder itself."""


@dataclass(frozen=True, slots=True)
class _Home:
    """The folder that, declared with this layout, has a disk where it is."""

    folder: str
    layout: Layout

    @property
    def key(self) -> tuple[str, Layout]:
        return winpath.comparable(self.folder), self.layout


def folders(vm: VirtualMachine) -> Iterator[str]:
    """Yield every folder that a declaration of this machine's storage may name."""
    yield from _roots(vm)
    yield from (_home(disk).folder for disk in hard_disks(vm))


def undeclarable(vm: VirtualMachine) -> str | None:
    """Return why a stack file cannot say where a machine's files are, or None where it can."""
    if not vm.roots.config:
        return "its host does not reach the storage of its configuration, and reports no folder"
    for folder in _roots(vm):
        problem = path_problem(folder) or ("ends like a disk's file" if is_disk_file(folder) else None)
        if problem:
            return f"its folder {folder} {problem}"
    for disk in hard_disks(vm):
        if problem := path_problem(disk.path):
            return f"its disk {disk.path} {problem}"
        if is_disk_file(_home(disk).folder):
            return f"its disk {disk.path} is in a folder that ends like a disk's file"
    return None


def storage_of(vm: VirtualMachine, named: Named) -> StorageSpec:
    r"""Return what has every file of `vm` in place.

    One folder where all lies in Hyper-V's own layout (`<folder>\Virtual Hard Disks\<file>`), or flat; else each part.
    Raises nothing; a machine with `undeclarable` files is not to be asked for.
    """
    own = _roots(vm)
    together = all(winpath.same(own[0], folder) for folder in own)
    config, checkpoints, paging = (named(own[0] if together else folder) for folder in own)
    disks = hard_disks(vm)
    homes = {home.key: home for home in map(_home, disks)}
    if not homes:
        return StorageSpec(
            config=config, checkpoints=checkpoints, paging=paging, all_disks=config if together else None
        )
    if len(homes) == 1:
        (home,) = homes.values()
        return StorageSpec(
            config=config,
            checkpoints=checkpoints,
            paging=paging,
            all_disks=named(home.folder),
            layout=home.layout,
        )
    # Disks where a new one would be put need no line of their own.
    default = _Home(_roots(vm)[0], "hyper-v") if together else None
    scattered = [disk for disk in disks if default is None or _home(disk).key != default.key]
    return StorageSpec(
        config=config,
        checkpoints=checkpoints,
        paging=paging,
        all_disks=config if together else None,
        disks=dict(_declared(scattered, vm, named)),
    )


def _roots(vm: VirtualMachine) -> tuple[str, str, str]:
    return normalized(vm.roots.config), normalized(vm.roots.checkpoints), normalized(vm.roots.paging)


def _home(disk: Disk) -> _Home:
    folder = winpath.parent(disk.path)
    own = winpath.same(winpath.base_name(folder), DISK_FOLDER)
    return _Home(winpath.parent(folder), "hyper-v") if own else _Home(folder, "flat")


def _declared(scattered: Iterable[Disk], vm: VirtualMachine, named: Named) -> Iterator[tuple[str, str]]:
    """Yield how disks are named, by file where that means no other disk and can be a key, and where they are."""
    for disk in scattered:
        if winpath.has_ending(disk.path, _CHECKPOINT_FILES):
            # Checkpoints, as they come and go, rename the file: its controller and its folder last.
            home = _home(disk)
            yield place_key(disk), named(home.folder) if home.layout == "hyper-v" else home.folder
        else:
            name = winpath.base_name(disk.path)
            alone = matching_disks(name, vm) == [disk] and part_problem(name) is None
            yield name if alone else place_key(disk), normalized(disk.path)

"""One machine's entry of a stack file, edited to say where the machine is: host first, then each file that is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.stack import HostSpec, StorageSpec, VmSpec
from hyperv_placement.planning.machine.disk_keys import frozen_in, hard_disks, key_of, matching_disks
from hyperv_placement.planning.machine.locate import DISK_FOLDER, declared_locations, locate
from hyperv_placement.stackfile.editing import Editor, Value

_ROOTS = ("config", "checkpoints", "paging")


def rewrite(editor: Editor, spec: VmSpec, vm: VirtualMachine, hosts: Mapping[HostName, HostSpec]) -> None:
    """Edit the entry of `spec` to say where `vm` is. `hosts`: of the stack. A list of hosts gets one more; what fits stays as it is.

    Raises PlacementError where the entry is of no form that we write.
    """
    path = ("vms", spec.label)
    if spec.hosts and vm.host not in spec.hosts:
        # The choice stays a choice: the host is added, and none is taken away.
        if editor.is_list(*path, "host"):
            editor.append(vm.host, *path, "host")
        else:
            editor.put(vm.host, *path, "host")
    if spec.storage is not None:
        _Storage(editor, spec, spec.storage, vm, hosts).rewrite()


class _Storage:
    def __init__(
        self,
        editor: Editor,
        spec: VmSpec,
        storage: StorageSpec,
        vm: VirtualMachine,
        hosts: Mapping[HostName, HostSpec],
    ) -> None:
        self._editor, self._storage, self._vm, self._host = editor, storage, vm, hosts[vm.host]
        self._others = (
            [hosts[name] for name in spec.hosts] if editor.is_list("vms", spec.label, "host") else []
        )
        self._label = spec.label
        self._path = ("vms", spec.label, "storage")
        wanted = locate(spec, vm, self._host).placement
        self._roots = {name: at for name in _ROOTS if (at := self._root_elsewhere(name, wanted)) is not None}
        declared = declared_locations(storage, vm)
        self._managed = [disk for disk in hard_disks(vm) if disk.slot in declared]
        self._off = [
            disk
            for disk in self._managed
            if (at := wanted.disks.get(disk.slot)) is None or not winpath.same(at, disk.path)
        ]

    def _root_elsewhere(self, name: str, wanted: Placement) -> str | None:
        """Return where a folder is that is declared elsewhere, or at a named root that its host does not have."""
        actual: str = getattr(self._vm.roots, name)
        declared, at = getattr(self._storage, name), getattr(wanted, name)
        return actual if declared is not None and (at is None or not winpath.same(at, actual)) else None

    def rewrite(self) -> None:
        if not self._roots and not self._off:
            return
        everything = self._editor.scalar(*self._path)
        files = [self._vm.roots.checkpoints, self._vm.roots.paging, *(disk.path for disk in self._managed)]
        if everything is None:
            self._rewrite_parts()
        elif all(map(self._beside, files)):
            self._editor.put(self._spelled(self._vm.roots.config, everything), *self._path)
        else:
            kept: dict[str, Value] = {"folder": everything} if self._usable(everything) else {}
            disks = {self._key(disk): self._place(disk) for disk in self._off}
            self._editor.put({**kept, **self._roots, **({"disks": disks} if disks else {})}, *self._path)

    def _rewrite_parts(self) -> None:
        """Write another folder where all that it counts for is there, else each part that is elsewhere."""
        roots, disks = dict(self._roots), list(self._off)
        if (folder := self._another_folder()) is not None:
            self._editor.put(folder, *self._path, "folder")
            roots = {name: at for name, at in roots.items() if self._has(name) or not self._beside(at)}
            disks = [disk for disk in disks if self._has("disks") or not self._beside(disk.path)]
        for name, actual in roots.items():
            self._editor.put(actual, *self._path, name)
        if disks:
            self._rewrite_disks(disks)

    def _another_folder(self) -> str | None:
        """Return the new value of `folder:` where another one fits all disks without an entry of their own, or the old one means nothing here."""
        folder = self._editor.scalar(*self._path, "folder")
        if folder is None:
            return None
        covered = [getattr(self._vm.roots, name) for name in _ROOTS if not self._has(name)]
        covered += [disk.path for disk in self._managed if not self._has("disks")]
        off = {*self._roots.values(), *(disk.path for disk in self._off)}
        # One file that is in its place would be moved by another `folder:`: then each part is written by itself.
        fits = off.issuperset(covered) and all(map(self._beside, covered))
        if (covered and fits) or not self._usable(folder):
            return self._spelled(self._vm.roots.config, folder)
        return None

    def _has(self, part: str) -> bool:
        return self._editor.has(*self._path, part)

    def _beside(self, path: str) -> bool:
        return winpath.is_inside(self._vm.roots.config, path)

    def _rewrite_disks(self, off: list[Disk]) -> None:
        path = (*self._path, "disks")
        everywhere = self._editor.scalar(*path)
        if everywhere is not None:
            self._editor.put(self._all_disks(everywhere), *path)
        elif not self._editor.has(*path):
            self._editor.put({self._key(disk): self._place(disk) for disk in off}, *path)
        else:
            for disk in off:
                declared = (each for each in self._storage.disks if disk in matching_disks(each, self._vm))
                key = next(declared, None) or self._key(disk)
                detailed = self._editor.has(*path, key, "path")
                self._editor.put(self._place(disk), *path, key, *(("path",) if detailed else ()))

    def _all_disks(self, everywhere: str) -> Value:
        """Return one folder where all disks share it, else a place for each: those that fit keep theirs."""
        folders = {winpath.comparable(self._folder_of(disk)) for disk in self._managed}
        if len(folders) == 1:
            return self._folder_of(self._managed[0])
        off = {disk.slot for disk in self._off}
        return {
            self._key(disk): self._place(disk) if disk.slot in off else everywhere for disk in self._managed
        }

    def _folder_of(self, disk: Disk) -> str:
        folder = winpath.parent(disk.path)
        # Hyper-V puts disks into a folder of this name below the one that it is given, which is the one that is declared.
        own = winpath.same_name(winpath.base_name(folder), DISK_FOLDER)
        return winpath.parent(folder) if own and self._storage.layout == "hyper-v" else folder

    def _spelled(self, folder: str, before: str) -> str:
        """Return a folder by the named root that means it and every host of the entry has, where a root was named before."""
        roots: Mapping[str, str] = {} if winpath.is_absolute(before) else self._host.storage
        named = (name for name, at in roots.items() if winpath.same(winpath.join(at, self._label), folder))
        # The entry may list several hosts: a root that one of them lacks would be refused there.
        return next((name for name in named if all(name in host.storage for host in self._others)), folder)

    def _usable(self, location: str) -> bool:
        return winpath.is_absolute(location) or location in self._host.storage

    def _key(self, disk: Disk) -> str:
        return key_of(disk, self._vm)

    def _place(self, disk: Disk) -> str:
        """Return the file, or with checkpoints its folder: the file's name is that of the day."""
        return winpath.parent(disk.path) if frozen_in(disk.slot, self._vm) else disk.path

"""Names of files in a choice of hosts: a path on a host is like a seat, one machine can have it (ADR 0020).

Only names that two machines have are pools, so that an estate without such names costs nothing.
"""

from __future__ import annotations

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.checks.held_names import Key, files_of, held_now, key_of

from .rooms import Rooms


class Names:
    """The names that several machines have or are declared to have, as pools of `rooms`."""

    def __init__(self, rooms: Rooms, inventory: Inventory) -> None:
        self._rooms = rooms
        self._inventory = inventory
        self._numbers: dict[Key, int] = {}
        self._contested = self._of_several()
        self._attached_twice = self._doubly_attached()
        self._take_undeclared()

    @property
    def contested(self) -> bool:
        """Whether there are any."""
        return bool(self._contested)

    def now(self, label: str) -> tuple[int, ...]:
        """Return the pools of the names that a machine has where it is."""
        vm = self._rooms.found[label]
        host = self._inventory.hosts.get(vm.host)
        if host is None or not self._contested:
            return ()
        return tuple(sorted({self._pool(key) for key, _ in held_now(vm, host) if self._counts(key)}))

    def there(self, label: str, name: HostName) -> tuple[int, ...]:
        """Return the pools of the names that a machine would have on a host."""
        host = self._inventory.hosts.get(name)
        if host is None or not self._contested:
            return ()
        own = {disk.instance_id for disk in files_of(self._rooms.found[label])}
        keys = (
            key_of(file.path, host)
            for file in self._rooms.files(label, name)
            if file.disk is not None and file.disk.instance_id in own
        )
        return tuple(sorted({self._pool(key) for key in keys if self._counts(key)}))

    def _counts(self, key: Key) -> bool:
        return key[1] in self._contested and key not in self._attached_twice

    def _pool(self, key: Key) -> int:
        if key not in self._numbers:
            self._numbers[key] = self._rooms.add(Pool.file_name(*key), 1)
        return self._numbers[key]

    def _of_several(self) -> frozenset[str]:
        """Return the paths, in comparable form, that disks of two machines have or are declared to have, on any host."""
        owners: dict[str, set[VmId]] = {}
        for vm in self._inventory.vms():
            for disk in files_of(vm):
                owners.setdefault(winpath.comparable(disk.path), set()).add(vm.id)
        for label, vm in self._rooms.found.items():
            spec = self._rooms.stack.vms[label]
            for name in self._rooms.one_of_each_kind(spec.hosts or (vm.host,)) if spec.storage else ():
                for file in self._rooms.files(label, name):
                    owners.setdefault(winpath.comparable(file.path), set()).add(vm.id)
        return frozenset(path for path, ids in owners.items() if len(ids) > 1)

    def _doubly_attached(self) -> frozenset[Key]:
        """Return the files that two machines already have attached: no choice of hosts changes that."""
        having: dict[Key, set[VmId]] = {}
        for host in self._inventory.hosts.values() if self._contested else ():
            for vm in host.vms:
                for key, _ in held_now(vm, host):
                    if key[1] in self._contested:
                        having.setdefault(key, set()).add(vm.id)
        return frozenset(key for key, ids in having.items() if len(ids) > 1)

    def _take_undeclared(self) -> None:
        """Take the names of machines that no entry means: they do not move."""
        known = {vm.id for vm in self._rooms.found.values()}
        for host in self._inventory.hosts.values() if self._contested else ():
            for vm in host.vms:
                for key, _ in held_now(vm, host) if vm.id not in known else ():
                    if self._counts(key):
                        self._rooms.room[self._pool(key)] -= 1

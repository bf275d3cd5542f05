"""Whether a machine may go to a host: the verdict of the preflight, asked once for each class that it cannot tell apart.

A class is everything of machine, source and destination but names, room, and what is there under the machine's own GUID. Those
are looked at for each pair by themselves, and where one of them may speak against the move, the whole preflight is asked.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Disk, Host, HostFacts, Inventory, Roots, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.memory import in_memory, needed_mib
from hyperv_placement.model.names import HostName, VmId, dns, folded, vm_id
from hyperv_placement.model.stack import HostSpec, Stack
from hyperv_placement.planning.checks.move import refusals
from hyperv_placement.planning.checks.options import overwritten
from hyperv_placement.planning.checks.waiting import waited_for
from hyperv_placement.planning.machine.computers import is_one_computer, is_unnamed, keeps_out
from hyperv_placement.planning.machine.locate import locate, named_roots
from hyperv_placement.planning.machine.wanted_move import order

_NOBODY = vm_id("00000000-0000-0000-0000-000000000000")
_NOWHERE = HostName("")
_NO_ROOTS = Roots(config="", checkpoints="", paging="")


class Verdicts:
    """Says of a machine and a host whether its move there would be refused."""

    def __init__(
        self,
        stack: Stack,
        inventory: Inventory,
        found: Mapping[str, VirtualMachine],
        facts: Mapping[HostName, HostFacts | None],
    ) -> None:
        self._stack = stack
        self._inventory = inventory
        self._found = found
        self._facts = facts
        self._listened = any(each.migration.networks for each in stack.vms.values())
        self._machines: dict[str, tuple[int, int, int, frozenset[str]]] = {}
        self._hosts: dict[HostName, int] = {}
        roots = [root for spec in stack.hosts.values() for root in spec.storage.values()]
        roots += [volume.path for each in facts.values() if each for volume in each.volumes or ()]
        self._fixed = frozenset(
            folded(part.partition(".")[0]) for root in roots for part in winpath.parts(root)
        )
        """Names of folders that mean something on hosts, whatever a machine is called."""
        self._numbers: dict[Hashable, int] = {}
        self._busy: dict[HostName, frozenset[VmId]] = {}
        self._closed: dict[HostName, bool] = {}
        self._pairs: dict[tuple[HostName, HostName], bool] = {}
        self._known: dict[tuple[int, int, int], bool] = {}

    def suits(self, label: str, name: HostName) -> bool:
        """Say whether a move to that host would not be refused, as far as both ends were read."""
        vm, facts = self._found[label], self._facts.get(name)
        if label in self._stack.guard.protected and name != vm.host:
            return False
        if name == vm.host or facts is None or vm.switches is None:
            return True
        if not named_roots(self._stack.vms[label]) <= self._stack.hosts[name].storage.keys():
            return False
        if not self._is_plain(label, vm, name, facts):
            return self.asked(label, name)
        key = (self._machine(label, vm)[0], self._host(vm.host), self._host(name))
        if key not in self._known:
            self._known[key] = self.asked(label, name)
        return self._known[key]

    def against(self, label: str, name: HostName) -> str:
        """Return what keeps a machine from a host that it may be on, in the words of the check; empty where nothing does."""
        if name not in self._inventory.hosts:
            return "it does not respond"
        missing = sorted(named_roots(self._stack.vms[label]) - self._stack.hosts[name].storage.keys())
        if missing:
            return f"it has no storage {' and '.join(missing)} in the stack file"
        return next((each.text for each in self._refusals(label, name) if each.refuses), "")

    def asked(self, label: str, name: HostName) -> bool:
        """Say what the whole preflight says of that machine and that host."""
        return all(not finding.refuses for finding in self._refusals(label, name))

    def _refusals(self, label: str, name: HostName) -> tuple[Finding, ...]:
        vm, facts = self._found[label], self._facts.get(name)
        source, spec, host = self._inventory.hosts[vm.host], self._stack.vms[label], self._stack.hosts[name]
        wanted = replace(locate(spec, vm, host).placement, host=name)
        move = order(vm, wanted, source, self._inventory.hosts[name])
        if move is None:
            return ()
        caller = self._stack.hosts[vm.host].connection.auth if vm.host in self._stack.hosts else None
        move = replace(move, options=spec.migration, overwrite=overwritten(spec.storage, vm), caller=caller)
        return tuple(waited_for(refusals(move, source.facts, facts, host), self._stack.wait_for_activity))

    def _is_plain(self, label: str, vm: VirtualMachine, name: HostName, facts: HostFacts) -> bool:
        """Say whether neither names, nor room, nor anything under the machine's GUID may speak against a move."""
        source = self._facts.get(vm.host)
        if source is None or self._is_closed(name, facts) or keeps_out_any(vm.host, source):
            return False
        if vm.id in self._busy_on(name, facts) or any(job.vm_id == vm.id for job in source.jobs):
            return False
        pair = (vm.host, name)
        if pair not in self._pairs:
            self._pairs[pair] = is_one_computer(source, facts)
        return not self._pairs[pair] and self._has_room(label, vm, name, source, facts)

    def _has_room(
        self, label: str, vm: VirtualMachine, name: HostName, source: HostFacts, facts: HostFacts
    ) -> bool:
        """Say whether a host is plainly large enough, and no share of the machine is by the name of one of the two hosts."""
        _, memory, disk, servers = self._machine(label, vm)
        # A share by the name of a host is another thing there.
        if servers and servers & (_called(source) | _called(facts)):
            return False
        reserve = self._stack.hosts[name].reserve
        if memory < 0 or (facts.memory_mib is not None and memory > reserve.left_of_memory(facts.memory_mib)):
            return False
        if memory and facts.numa_spanning is False:
            return False
        # All of its disks on the smallest volume: where that fits, so does each of them on any.
        return all(disk <= volume.capacity_bytes - reserve.on(volume) for volume in facts.volumes or ())

    def _is_closed(self, name: HostName, facts: HostFacts) -> bool:
        if name not in self._closed:
            self._closed[name] = keeps_out_any(name, facts) or any(True for _ in is_unnamed(name, facts))
        return self._closed[name]

    def _busy_on(self, name: HostName, facts: HostFacts) -> frozenset[VmId]:
        """Return the machines of which a host has something: realized, planned, or on the way."""
        if name not in self._busy:
            ids = {*facts.realized, *facts.planned, *(job.vm_id for job in facts.jobs)}
            self._busy[name] = frozenset(ids)
        return self._busy[name]

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _machine(self, label: str, vm: VirtualMachine) -> tuple[int, int, int, frozenset[str]]:
        """Return the class of a machine, the MiB that it needs (-1: not known), the bytes of all its files, and the servers of their shares."""
        if label not in self._machines:
            needed = needed_mib(vm)
            memory = (-1 if needed is None else needed) if in_memory(vm) else 0
            disk = sum(each.counted_bytes for each in (*vm.disks, *vm.frozen))
            shares = (winpath.server_and_rest(path) for path in _paths(vm))
            servers = frozenset(dns(each[0]) for each in shares if each is not None)
            self._machines[label] = (self._number(self._class_of(label, vm)), memory, disk, servers)
        return self._machines[label]

    def _class_of(self, label: str, vm: VirtualMachine) -> Hashable:
        spec = self._stack.vms[label]
        marks = {folded(label): "\1", folded(vm.name): "\0"}
        marks = {name: mark for name, mark in marks.items() if name not in self._fixed}
        paths = [vm.roots.config, vm.roots.checkpoints, vm.roots.paging, vm.roots.guest_state or ""]
        paths += [disk.path for disk in (*vm.disks, *vm.frozen)]
        # A share by the name of a host is another thing there, and parents are compared by their paths: no class holds those.
        alone = any(winpath.is_unc(path) for path in paths) or any(
            disk.above for disk in (*vm.disks, *vm.frozen)
        )
        plain = replace(
            vm, id=_NOBODY, name="", host=_NOWHERE, memory_mib=None, memory_assigned_mib=None, memory_certain=True,
            roots=_NO_ROOTS, disks=(), frozen=(), cluster_unread=None,
        )  # fmt: skip
        return (
            plain,
            in_memory(vm),
            tuple(_nameless(path, marks) for path in paths),
            tuple(_disk(disk, marks) for disk in vm.disks),
            tuple(_disk(disk, marks) for disk in vm.frozen),
            repr(spec.storage),
            spec.migration,
            self._stack.hosts[vm.host].connection.auth if vm.host in self._stack.hosts else None,
            label if alone else "",
        )

    def _host(self, name: HostName) -> int:
        if name not in self._hosts:
            self._hosts[name] = self._number(
                self._host_class(self._stack.hosts.get(name), self._inventory.hosts[name])
            )
        return self._hosts[name]

    def _host_class(self, spec: HostSpec | None, host: Host) -> Hashable:
        facts = host.facts
        if facts is None:
            return host.name
        addresses: Hashable = facts.migration.addresses if self._listened else bool(facts.migration.addresses)
        settings = replace(facts.migration, addresses=(), active_live=0, active_storage=0)
        plain = replace(
            facts, full_name="", computer_name="", memory_mib=None, memory_free_mib=None, migration=settings, jobs=(),
            realized=(), planned=(), numa_free_mib=None, uuid=None, uuid_before=None, service={}, read_at=0.0, proven=None,
            declared=None, volumes=None,
        )  # fmt: skip
        volumes = None if facts.volumes is None else tuple(volume.path for volume in facts.volumes)
        storage = tuple(sorted(spec.storage.items())) if spec else ()
        return (
            *(getattr(plain, field) for field in _FIELDS), addresses, volumes, storage, spec.allow_vtpm if spec else None,
        )  # fmt: skip


_FIELDS = tuple(each for each in HostFacts.__dataclass_fields__ if each != "service")
"""What tells hosts apart; the keys of a host's service are no part of a verdict, and cannot be compared by hash."""


def keeps_out_any(name: HostName, facts: HostFacts) -> bool:
    """Say whether nothing goes from or to a host, since it is another computer."""
    return any(True for _ in keeps_out(name, facts))


def _paths(vm: VirtualMachine) -> list[str]:
    roots = [vm.roots.config, vm.roots.checkpoints, vm.roots.paging, vm.roots.guest_state or ""]
    return roots + [disk.path for disk in (*vm.disks, *vm.frozen)]


def _disk(disk: Disk, marks: Mapping[str, str]) -> Hashable:
    """Return what counts of a disk beside its room and the names in its path."""
    parent = None if disk.parent_path is None else _nameless(disk.parent_path, marks)
    return replace(disk, instance_id="", path="", size_bytes=None, max_bytes=None, parent_path=parent)


def _nameless(path: str, marks: Mapping[str, str]) -> str:
    """Return a path with a mark in place of folders and files that are called as the machine is; other names stay."""
    parts = winpath.parts(path)
    fixed = 4 if winpath.is_unc(path) else 1  # a drive, or server and share
    marked = []
    for part in parts[fixed:]:
        stem, dot, ending = part.partition(".")
        marked.append(f"{mark}{dot}{ending}" if (mark := marks.get(folded(stem))) else part)
    return "\\".join((*parts[:fixed], *marked))


def _called(facts: HostFacts) -> set[str]:
    """Return what a share's path may call a host."""
    full = dns(facts.full_name)
    return {dns(facts.computer_name), full, full.partition(".")[0]}

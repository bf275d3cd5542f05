"""What machines hold of hosts' memory, volumes and seats of rules at each place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import UNKNOWN_CLUSTER, HostFacts, Inventory, Roots, VirtualMachine
from hyperv_placement.model.memory import held_mib, in_memory, needed_mib
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.pool import SHARES, Pool
from hyperv_placement.model.stack import Rule, Stack
from hyperv_placement.model.units import MIB
from hyperv_placement.planning.checks.sizes import copied_parents, stay_behind
from hyperv_placement.planning.machine.legs import targets
from hyperv_placement.planning.machine.wanted_move import CLUSTER_STORAGE

from .problem import MEMORY, Holding, Place

_ENDLESS = 1 << 80
_ALL_BUT_GUEST_STATE = "configuration, checkpoints, paging"
_ALL = f"{_ALL_BUT_GUEST_STATE}, guest state"


class Holdings:
    """The pools of an estate, and what its machines hold of them. Only hosts whose facts are known count."""

    def __init__(self, stack: Stack, inventory: Inventory, plan: Plan) -> None:
        self._stack = stack
        self._plan = plan
        self._now = {vm.id: vm.host for vm in inventory.vms()}
        self.facts: Mapping[HostName, HostFacts] = {
            name: host.facts
            for name in sorted(stack.hosts)
            if (host := inventory.hosts.get(name)) is not None and host.facts is not None
        }
        self.names: list[Pool] = []
        self.free: list[int] = []
        self._pools: dict[Pool, int] = {}
        self._memory: dict[HostName, int] = {}
        self._mounted: dict[HostName, list[tuple[str, int]]] = {}
        """Host -> its volumes as `winpath.mounted` returns them, each with its pool."""
        self._numbers = {name: number for number, name in enumerate(self.facts)}
        self._pool(SHARES, _ENDLESS)
        for name, facts in self.facts.items():
            reserve = stack.hosts[name].reserve
            free = facts.memory_free_mib
            # What a host does not report makes nothing wait: the host itself refuses what does not fit.
            left = _ENDLESS if free is None else reserve.left_of_memory(free)
            self._memory[name] = self._pool(Pool.memory(name), left)
            self._mounted[name] = winpath.mounted(
                (volume.path, self._pool(Pool.on_volume(name, volume.path), reserve.left_on(volume)))
                for volume in facts.volumes or ()
            )
        # Of two machines that must be apart each waits for the other's seat, on the way as well as in the end.
        self._apart = [(number, rule) for number, rule in enumerate(stack.rules) if rule.kind == "apart"]
        for number, rule in self._apart:
            self._seats(number, rule)

    def _pool(self, pool: Pool, free: int) -> int:
        """Return the number of a pool; of one that several hosts report, the least that any of them sees is free."""
        number = self._pools.setdefault(pool, len(self.names))
        if number == len(self.names):
            self.names.append(pool)
            self.free.append(free)
        self.free[number] = min(self.free[number], free)
        return number

    def _seats(self, number: int, rule: Rule) -> None:
        """Make a pool for each host: room for one machine of the rule, or for as many as are there now or in the end anyway."""
        now: dict[HostName, int] = {}
        then: dict[HostName, int] = {}
        for step in (*self._plan.steps, *self._plan.outside):
            if step.label in rule.labels and step.vm is not None:
                now[step.vm.host] = now.get(step.vm.host, 0) + 1
                # Of a machine that is not moved its declared end counts, if it is known, and not where it stays: nobody may come
                # because it fails to leave.
                if step.move is not None or not step.left_out:
                    end = step.move.destination if step.move else step.vm.host
                    then[end] = then.get(end, 0) + 1
        for host in self.facts:
            # A rule that is broken already does not stop the moves that mend it.
            seats = max(1, now.get(host, 0), then.get(host, 0))
            seat = Pool.seat(host, rule=number, line=rule.line)
            self._pool(seat, seats - now.get(host, 0))

    def at_end(self, label: str, move: Move) -> Place:
        """Return what a machine holds after a move: its new place, and what it leaves behind."""
        moved = targets(move)
        there = self._held(label, move.vm, HostName(move.destination), move.roots, moved)
        left = [self._file(move.source, each.path, "disk", each.counted_bytes) for each in stay_behind(move)]
        copied = [
            self._file(move.destination, each.target, "parent", each.size_bytes)
            for each in copied_parents(move)
        ]
        more = {*left, *copied}
        return replace(there, holdings=there.holdings | more) if more else there

    def place(self, label: str, vm: VirtualMachine) -> Place:
        """Return what a machine holds where it is."""
        return self._held(label, vm, vm.host, vm.roots, {})

    def _held(
        self, label: str, vm: VirtualMachine, host: HostName, roots: Roots, moved: Mapping[str, str]
    ) -> Place:
        """Return what a machine holds on `host`; `moved`: InstanceID -> path of each disk that lies elsewhere there."""
        # Without a copy of the machine: large estates have tens of thousands of ends.
        held = []
        more: tuple[int, int] | None = None
        if in_memory(vm):
            # Where it is now it has what it has, and no more comes free when it leaves; elsewhere it counts as it arrives.
            here = self._now.get(vm.id) == host
            has, needs, pool = held_mib(vm) or 0, needed_mib(vm) or 0, self._memory[host]
            more = (pool, needs - has) if here and needs > has else None
            held.append(Holding(pool=pool, amount=has if here else needs, thing=MEMORY, transfer=has * MIB))
        for disk in (*vm.disks, *vm.frozen):
            path = moved.get(disk.instance_id, disk.path)
            held.append(self._file(host, path, "disk", disk.counted_bytes))
        for path, kinds in _folders(roots):
            held.append(self._file(host, path, kinds, 0))
        for number, rule in self._apart:
            if label in rule.labels:
                seat = self._pools[Pool.seat(host, rule=number, line=rule.line)]
                held.append(Holding(pool=seat, amount=1, thing=f"seat on {host}"))
        return Place(host=self._numbers[host], holdings=frozenset(held), on_arrival=more)

    def _file(self, host: HostName, path: str, kind: str, size: int) -> Holding:
        name = winpath.comparable(path)
        scope, pool = self._where(host, path, name)
        return Holding(
            pool=pool, amount=size if scope == host else 0,
            thing=f"{kind} {scope}|{name}", transfer=size, file=True,
        )  # fmt: skip

    def _where(self, host: HostName, path: str, name: str) -> tuple[str, int]:
        """Return the scope and the pool of a file; `name`: its path in comparable form.

        The scope makes one file of one path: empty on a share, which all hosts see.
        """
        cluster = self.facts[host].cluster
        if cluster not in {None, UNKNOWN_CLUSTER} and winpath.is_inside(CLUSTER_STORAGE, path):
            return f"cluster {cluster}", self._pools[SHARES]
        pool = None if winpath.is_unc(path) else winpath.deepest(name, self._mounted[host])
        return ("", self._pools[SHARES]) if pool is None else (host, pool)


def _folders(roots: Roots) -> Iterable[tuple[str, str]]:
    """Return each folder of a machine, and what it has there. What they hold besides disks is small, and no host reports how much."""
    folders = {
        winpath.comparable(path)
        for path in (roots.config, roots.checkpoints, roots.paging, roots.guest_state or roots.config)
    }
    if len(folders) == 1:  # mostly
        return ((folders.pop(), _ALL if roots.guest_state else _ALL_BUT_GUEST_STATE),)
    kinds: dict[str, str] = {}
    for kind, path in (
        ("configuration", roots.config),
        ("checkpoints", roots.checkpoints),
        ("paging", roots.paging),
        ("guest state", roots.guest_state),
    ):
        if path or kind != "guest state":
            # Mostly they are one folder, however it is spelled: one holding, in estates with hundreds of thousands.
            name = winpath.comparable(path or "")
            kinds[name] = f"{kinds[name]}, {kind}" if name in kinds else kind
    return kinds.items()

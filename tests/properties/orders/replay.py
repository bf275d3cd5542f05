"""A model of hosts that takes orders: who has which file and how much memory, at every instant, from bare numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from hyperv_placement.model.estate import Inventory, VirtualMachine, VmState
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import ScheduledMove, Standing
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import MIB
from hyperv_placement.planning.machine.legs import departures
from hyperv_placement.planning.standing import judge

from .drawn import Drawn, bytes_of

Pool = tuple[str, str]
"""A host, and a volume of it or `memory`."""
File = tuple[str, str]
"""A host and a path; on a share no host."""


@dataclass
class World:
    """The hosts as they are. What is wrong is gathered, not raised."""

    estate: Drawn
    at: dict[str, VirtualMachine]
    """By name."""
    files: dict[File, int] = field(default_factory=dict)
    memory: Counter[str] = field(default_factory=Counter)
    """MiB that machines hold on a host, both of its hosts for one on its way."""
    running: dict[int, Move] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    total: dict[Pool, int] = field(default_factory=dict)

    def free(self) -> dict[Pool, int]:
        """Return bytes free."""
        used: Counter[Pool] = Counter({(host, "memory"): mib * MIB for host, mib in self.memory.items()})
        for (host, path), size in self.files.items():
            if host:
                used[host, path[:3].upper()] += size
        return {pool: total - used[pool] for pool, total in self.total.items()}


def world_of(estate: Drawn) -> World:
    """Return the hosts as they are before any order: with what is on its way at its destination as well."""
    found = estate.inventory
    world = World(estate, {vm.name: vm for vm in found.vms()})
    for vm in found.vms():
        world.files |= _files(vm, vm.host)
        world.memory[vm.host] += _memory(vm)
        above = (parent for each in (*vm.disks, *vm.frozen) for parent in each.above)
        world.files |= {_file(vm.host, parent.path): 0 for parent in above}  # theirs is nobody's to free
    for name, host in found.hosts.items():
        facts = host.facts
        assert facts is not None
        world.total[name, "memory"] = (facts.memory_mib or 0) * MIB
        for volume in facts.volumes or ():
            world.total[name, volume.path] = volume.capacity_bytes
    return world


def _memory(vm: VirtualMachine) -> int:
    return (vm.memory_mib or 0) if vm.state == VmState.RUNNING else 0


def _file(host: str, path: str) -> File:
    return ("" if path.startswith("\\\\") else host, path.casefold())


def _files(vm: VirtualMachine, host: str) -> dict[File, int]:
    return {_file(host, each.path): bytes_of(each) for each in (*vm.disks, *vm.frozen)}


def ordered(world: World, each: ScheduledMove) -> Move | None:
    """Return what the plugin orders for a leg: by what the hosts show now, without sizes, as it reads them."""
    stack, vm = world.estate.stack, world.at[each.move.vm.name]
    blind = replace(
        vm,
        disks=tuple(replace(d, size_bytes=None, max_bytes=None) for d in vm.disks),
        frozen=tuple(replace(d, size_bytes=None, max_bytes=None) for d in vm.frozen),
    )
    spec = stack.vms[each.label]
    target = stack.hosts[each.placement.host or vm.host]
    step = judge(
        replace(spec, storage=None) if each.aside else spec,
        blind,
        each.placement,
        _shown(world, blind),
        target,
    )
    if step.standing != Standing.MOVE or step.move is None:
        refused = [str(finding) for finding in step.findings if finding.refuses]
        world.wrong.append(f"{each.label} is {step.standing}: {refused}")
        return None
    world.wrong += [f"{each.label} is not as booked: {apart}" for apart in departures(each.move, step.move)]
    return replace(step.move, vm=vm)


def _shown(world: World, vm: VirtualMachine) -> Inventory:
    """Return the hosts as a sweep shows them now: who is where, and the job of one that was on its way from the start."""
    vms = {**world.at, vm.name: vm}
    found = world.estate.inventory
    on_the_way = {job.vm_id for host in found.hosts.values() for job in host.jobs}
    moved = {name for name, each in world.at.items() if each.host != _first(found, name)}
    return replace(
        found,
        hosts={
            name: replace(
                host,
                vms=tuple(each for each in vms.values() if each.host == name),
                jobs=tuple(
                    job for job in host.jobs if job.vm_id in on_the_way and not _gone(job.vm_id, world, moved)
                ),
            )
            for name, host in found.hosts.items()
        },
    )


def _gone(vm_id: str, world: World, moved: set[str]) -> bool:
    return any(vm.id == vm_id and vm.name in moved for vm in world.at.values())


def _first(found: Inventory, name: str) -> str:
    return next(vm.host for vm in found.vms() if vm.name == name)


def start(world: World, number: int, each: ScheduledMove) -> None:
    """Give the order of a leg: it holds both ends from now on, and what it takes must have been free.

    What a job does already nobody has planned: it may find no room.
    """
    move = ordered(world, each)
    if move is None:
        return
    before = world.free()
    _take(world, move)
    world.running[number] = move
    after = world.free()
    runs = world.estate.inventory.job_of(move.vm.id) is not None
    for pool, left in after.items() if not runs else ():
        if left < before[pool] and left < _kept(world.estate.stack, world, pool):
            world.wrong.append(
                f"{each.label} overdraws {pool} by {_kept(world.estate.stack, world, pool) - left}"
            )


def _take(world: World, move: Move) -> None:
    if move.changes_host:
        world.memory[move.destination] += _memory(move.vm)
    if not move.copies_storage:
        return
    sizes = {each.instance_id: each for each in (*move.vm.disks, *move.vm.frozen)}
    for disk in move.all_disks:
        world.files[_file(move.destination, disk.target)] = bytes_of(sizes[disk.instance_id])
        for parent in sizes[disk.instance_id].above if move.options.parents == "copy" else ():
            folder, name = disk.target.rpartition("\\")[0], parent.path.rpartition("\\")[2]
            world.files[_file(move.destination, f"{folder}\\{name}")] = parent.size_bytes or 0


def end(world: World, number: int) -> None:
    """Let a job end: the machine is at its new place, and its old one is free, but for what its options leave there."""
    move = world.running.pop(number)
    vm = move.vm
    paths = {disk.instance_id: disk.target for disk in move.all_disks}
    there = replace(
        vm, host=HostName(move.destination), roots=move.roots,
        disks=tuple(replace(d, path=paths.get(d.instance_id, d.path)) for d in vm.disks),
        frozen=tuple(replace(d, path=paths.get(d.instance_id, d.path)) for d in vm.frozen),
    )  # fmt: skip
    if move.changes_host:
        world.memory[move.source] -= _memory(vm)
    if move.copies_storage:
        kept = set(_files(there, there.host)) | set(_left(move))
        for file in set(_files(vm, move.source)) - kept:
            del world.files[file]
    world.at[vm.name] = there


def _left(move: Move) -> dict[File, int]:
    if move.options.avoid_removing_vhds:
        return _files(move.vm, move.source)
    if move.options.retain_vhd_copies_on_source:
        return _files(replace(move.vm, disks=()), move.source)
    return {}


def _kept(stack: Stack, world: World, pool: Pool) -> int:
    """Return the bytes that the stack file wants free."""
    reserve = stack.hosts[HostName(pool[0])].reserve
    if pool[1] == "memory":
        return reserve.memory_mib * MIB
    return max(reserve.disk_bytes, int(world.total[pool] * reserve.disk_percent / 100))

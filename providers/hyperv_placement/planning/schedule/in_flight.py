"""Machines in flight: which room of their destination they take, and how much of that the readings already show.

A running job holds both ends until it ends. No public source says whether what a host reports as free is already
reduced by what arrives, so it is estimated (guess): room in use that none of the host's machines explains may be what
is arriving.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hyperv_placement.model import winpath
from hyperv_placement.model.adoption import host_named
from hyperv_placement.model.estate import Disk, Inventory, MigrationJob, VirtualMachine
from hyperv_placement.model.memory import held_mib
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.pool import Pool
from hyperv_placement.planning.checks.preflight.room import volume_of

from .holdings import Holdings
from .problem import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One machine in flight."""

    start: Place
    """Where it is, with what it holds at both ends."""
    job: MigrationJob


def coming(holdings: Holdings, inventory: Inventory, plan: Plan) -> Mapping[VmId, Coming]:
    """Return every machine with a running job, ours or not, if both its ends are known."""
    ours = {step.move.vm.id: (step.label, step.move) for step in plan.steps if step.under_way and step.move}
    # Somebody else may move a machine of the stack file: it has a seat where it goes as well.
    labels = {step.vm_id: step.label for step in plan.steps if step.vm_id is not None}
    found = {}
    running = ((host, job) for host in inventory.hosts.values() for job in host.jobs if not job.only_prepares)
    for host, job in running:
        vm = next((vm for vm in host.vms if vm.id == job.vm_id), None)
        if vm is None or vm.host not in holdings.facts:
            continue  # of a host that was not read closer nobody knows the room
        label, move = ours.get(vm.id, (labels.get(vm.id, ""), None))
        end = _end(holdings, inventory, label, vm, job, move)
        if end is not None:
            here = holdings.place(label, vm)
            start = replace(
                here, holdings=here.holdings | end.holdings, begun=end.holdings - here.holdings,
                done=min(100, max(0, job.percent)) / 100,
            )  # fmt: skip
            found[vm.id] = Coming(start=start, job=job)
    return found


def _end(
    holdings: Holdings, inventory: Inventory, label: str, vm: VirtualMachine, job: MigrationJob, move: Move | None
) -> Place | None:  # fmt: skip
    """Return where a job takes a machine: as we would order it, otherwise as far as the job reports it."""
    if move is not None:
        return holdings.at_end(label, move) if move.destination in holdings.facts else None
    target = vm.host if job.destination is None else host_named(job.destination, holdings.facts)
    if target is None or len(inventory.with_id(vm.id)) > 1:
        return None
    return holdings.place(
        label, replace(vm, host=target, disks=_reported(vm.disks, job), frozen=_reported(vm.frozen, job))
    )


def _reported(disks: tuple[Disk, ...], job: MigrationJob) -> tuple[Disk, ...]:
    """Return disks with the new paths that a job reports, matched by file name; other disks keep theirs.

    Several files of one name get the paths of that name in order.
    """
    paths: dict[str, list[str]] = {}
    for path in job.new_paths:
        if path:
            paths.setdefault(winpath.comparable_name(winpath.base_name(path)), []).append(path)
    return tuple(
        replace(disk, path=named.pop(0))
        if (named := paths.get(winpath.comparable_name(winpath.base_name(disk.path))))
        else disk
        for disk in disks
    )


def unseen(holdings: Holdings, inventory: Inventory, on_the_way: Mapping[VmId, Coming]) -> dict[int, int]:
    """Return, by pool, how much arriving machines will hold beyond what the readings show as taken."""
    wanted: dict[int, list[int]] = {}
    for each in on_the_way.values():
        amounts: dict[int, int] = {}
        for holding in each.start.begun:
            amounts[holding.pool] = amounts.get(holding.pool, 0) + holding.amount
        for pool, amount in amounts.items():
            wanted.setdefault(pool, []).append(amount)
    hidden = dict(_hidden(holdings, inventory)) if wanted else {}
    return {
        pool: _beyond(sorted(amounts, reverse=True), hidden.get(pool)) for pool, amounts in wanted.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hidden:
    """The part of a pool that is in use without a machine that explains it."""

    amount: int
    whole: bool
    """Whether an arriving machine takes its part at once, as with memory; a file may be there in part."""


def _hidden(holdings: Holdings, inventory: Inventory) -> Iterator[tuple[int, _Hidden]]:
    numbers = {name: number for number, name in enumerate(holdings.names)}
    for name, facts in holdings.facts.items():
        vms = inventory.hosts[name].vms
        if facts.memory_mib is not None and facts.memory_free_mib is not None:
            known = sum(held_mib(vm) or 0 for vm in vms)
            used = facts.memory_mib - facts.memory_free_mib - known
            yield numbers[Pool.memory(name)], _Hidden(amount=used, whole=True)
        for volume in facts.volumes or ():
            there = [
                d
                for vm in vms
                for d in (*vm.disks, *vm.frozen)
                if volume_of(d.path, facts.volumes or ()) == volume
            ]
            used = volume.capacity_bytes - volume.free_bytes - sum(disk.counted_bytes for disk in there)
            yield numbers[Pool.on_volume(name, volume.path)], _Hidden(amount=used, whole=False)


def _beyond(amounts: list[int], hidden: _Hidden | None) -> int:
    """Return how much of `amounts`, largest first, cannot be part of what is in use and unexplained."""
    left = max(0, hidden.amount) if hidden else 0
    beyond = 0
    for amount in amounts:
        # Memory is taken at once, so a part of it proves nothing; a file grows, so any part may be its beginning.
        seen = min(amount, left) if hidden and not hidden.whole else amount if amount <= left else 0
        left -= seen
        beyond += amount - seen
    return beyond

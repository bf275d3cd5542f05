"""One GUID that several hosts show: a host declared twice, a machine in flight, or two copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from hyperv_placement import quoting
from hyperv_placement.model.estate import HostFacts, Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Standing

from .computers import NAME_IT_ONCE, is_one_computer, one_host


def double(label: str, copies: Sequence[VirtualMachine], inventory: Inventory) -> tuple[Standing, Finding]:
    """Return how a machine stands that hosts show more than once, and why.

    They are called copies only if the hosts are known to be different computers, no migration of the machine runs,
    and each host showed it again: facts are read after the sweep.
    """
    vm, names = copies[0].id, dict.fromkeys(each.host for each in copies)
    shown = f"{' and '.join(names)} both show {vm}"
    facts = {name: read for name in names if (read := inventory.hosts[name].facts) is not None}
    if _moves(vm, inventory, facts.values()):
        text = f"{label} is unknown: {shown}, and a migration of it runs"
        return Standing.UNKNOWN, Finding.warning(
            "double-migrating", text, "Run again when that migration has ended"
        )
    if len(facts) < len(names):
        text = f"{label} cannot be identified: {shown}, and whether they are two computers was not read"
        return Standing.AMBIGUOUS, Finding.refusal(
            "double-unread", text, "See what they report about themselves: bin/placement doctor"
        )
    for first, second in combinations(facts, 2):
        if is_one_computer(facts[first], facts[second]):
            text = f"{label} cannot be identified: {one_host(first, second, facts[first].full_name)}"
            return Standing.AMBIGUOUS, Finding.refusal("hosts-are-one", text, NAME_IT_ONCE)
    gone = [name for name, read in facts.items() if vm not in read.realized]
    if gone:
        text = f"{label} is unknown: {shown}, and {' and '.join(gone)} did not any more when asked again"
        return Standing.UNKNOWN, Finding.warning("double-gone", text, "Run again")
    where = ", ".join(f"on {each.host} ({each.state.name.lower()}, {each.roots.config})" for each in copies)
    text = f"{label} exists more than once, with one GUID ({vm}): {where}"
    return Standing.AMBIGUOUS, Finding.refusal("machine-there-twice", text, about_copies(vm))


def is_outdated(move: Move, inventory: Inventory) -> bool:
    """Say whether facts read after the sweep show the machine at the destination or in flight: then it must be swept again."""
    if not move.changes_host:
        return False
    ends = [inventory.hosts[name] for name in (move.source, move.destination) if name in inventory.hosts]
    facts = [host.facts for host in ends if host.facts is not None]
    there = inventory.hosts[move.destination].facts if move.destination in inventory.hosts else None
    shown = there is not None and move.vm.id in {*there.realized, *there.planned}
    return shown or (_moves(move.vm.id, Inventory(), facts) and inventory.job_of(move.vm.id) is None)


def about_copies(vm: VmId) -> str:
    """Return what to do about two machines with one GUID: what to check before anything is removed, and the exact command."""
    return (
        f"Nothing is done with either. Compare them on both hosts: {quoting.powershell('Get-VM -Id {} | Format-List State, Uptime, Path, HardDrives', vm)}. Only once it is known whose disks are"
        f" current, and the others are saved elsewhere, on the host of the stale one: {quoting.powershell('Get-VM -Id {} | Remove-VM', vm)},"
        " which leaves its disk files"
    )


def _moves(vm: VmId, inventory: Inventory, facts: Iterable[HostFacts]) -> bool:
    return inventory.job_of(vm) is not None or any(job.vm_id == vm for each in facts for job in each.jobs)

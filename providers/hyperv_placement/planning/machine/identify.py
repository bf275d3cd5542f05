"""Which of the machines that the hosts report is the one a stack file means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.near_names import near_machines
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.model.units import counted
from hyperv_placement.model.unreachable import who

from .adoption import adopting
from .computers import REPLICAS
from .doubles import double


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Why no machine could be identified: the standing and one line for the operator."""

    standing: Standing
    finding: Finding


def behind_silence(known: Kept, stack: Stack, inventory: Inventory) -> Mapping[VmId, HostName]:
    """Return the machines whose last host is silent now without being declared away, with that host."""
    silent = {
        host for host in inventory.unreachable if host in stack.hosts and stack.hosts[host].away is None
    }
    return {each: host for each, host in known.places.items() if host in silent}


def identify(
    spec: VmSpec,
    inventory: Inventory,
    known: VmId | None = None,
    behind: Mapping[VmId, HostName] | None = None,
) -> VirtualMachine | NotFound:
    """Return the machine that `spec` means, or why it cannot be identified.

    `known`: a GUID from earlier (the id in Pulumi's state). A GUID decides if there is one, otherwise the name.
    Replicas are never candidates. `behind`: machines whose last host is silent; another host that shows one may have
    a copy, or may be lying.
    """
    # The line in the stack file wins over what the last run kept: it is how a person takes another machine over (ADR 0026).
    wanted = spec.id or known
    meant = inventory.with_id(wanted) if wanted is not None else inventory.named(spec.name)
    match candidates := _candidates(meant, inventory):
        case [vm]:
            last = (behind or {}).get(vm.id, vm.host)
            return vm if last == vm.host else _elsewhere(spec, vm, last)
        case []:
            return _absent(spec, inventory, wanted)
        case _:
            return _ambiguous(spec, candidates, inventory)


def _candidates(meant: tuple[VirtualMachine, ...], inventory: Inventory) -> list[VirtualMachine]:
    """Return the machines of every GUID among `meant`: a second one of it may have another name."""
    # A replica carries its primary's GUID (win32 page of Msvm_ComputerSystem) and is a copy, never the machine.
    machines = [vm for vm in meant if vm.replication_mode not in REPLICAS]
    if len(machines) == 1 and len(inventory.with_id(machines[0].id)) == 1:  # nearly always
        return machines
    ids = dict.fromkeys(vm.id for vm in machines)
    return [vm for each in ids for vm in inventory.with_id(each) if vm.replication_mode not in REPLICAS]


def _absent(spec: VmSpec, inventory: Inventory, wanted: VmId | None) -> NotFound:
    what = _what(spec, wanted)
    # Near names are for whoever mistyped one; a GUID is copied.
    beside = "" if wanted else near_machines(spec.name, inventory.vms())
    # Before "missing": a silent host may have it, and somebody would restore a second one from a backup.
    if inventory.unreachable:
        return _unknown(
            "machine-behind-silence",
            f"{spec.label} is unknown: {what} on the hosts that answer{beside}, and {who(inventory.unreachable.values())}",
            "",  # one finding for the whole estate says what that means and what to do
        )
    if _in_flight(inventory, wanted):
        return _unknown(
            "machine-in-flight",
            f"{spec.label} is unknown: {what}, but a migration under way names a machine that no host shows",
            "Run again when that migration has ended",
        )
    others = namesakes(spec, inventory) if wanted else ""
    remedy = "Correct its name in the stack file, or remove the entry"
    if spec.id:
        remedy = "Correct its id in the stack file, or remove the entry"
    elif wanted:
        remedy = "Look for it on hosts that the stack file does not name before you restore it; or remove the entry"
    if others:
        ids = {vm.id for vm in inventory.named(spec.name)}
        which = next(iter(ids)) if len(ids) == 1 else "GUID"
        remedy = f"That one is left alone. Restore the one that is meant, or take the other over: {adopting(spec.label, which)}"
    finding = Finding.refusal(
        "machine-missing",
        f"{spec.label} is missing: {what} on any of {counted(len(inventory.hosts), 'host')}{beside}{others}",
        remedy,
    )
    return NotFound(standing=Standing.MISSING, finding=finding)


def _elsewhere(spec: VmSpec, vm: VirtualMachine, last: HostName) -> NotFound:
    return _unknown(
        "machine-elsewhere",
        f"{spec.label} is unknown: {vm.host} reports it, but the last run left it on {last}, which is not read now and may"
        " still have it",
        f"Run when {last} answers; if it was moved before {last} was shut down, say so: hosts.{last}.away in the stack file",
    )


def _what(spec: VmSpec, wanted: VmId | None) -> str:
    if wanted is None:
        return f"no machine named {spec.name!r}"
    return f"no machine with id {wanted}{'' if spec.id else ' (managed under that key)'}"


def namesakes(spec: VmSpec, inventory: Inventory) -> str:
    """Return which machines have an entry's name now, as a clause to append to a sentence about the machine that is meant."""
    named = [vm for vm in inventory.named(spec.name) if vm.replication_mode not in REPLICAS]
    reported = ", ".join(f"{vm.id} on {vm.host}" for vm in named)
    return f"; {spec.name!r} is another machine now, {reported}" if reported else ""


def _in_flight(inventory: Inventory, wanted: VmId | None) -> bool:
    """A sweep is not atomic: a machine that changes hosts during it may be in neither reading."""
    seen = {vm.id for vm in inventory.vms()}
    jobs = [job for host in inventory.hosts.values() for job in host.jobs]
    return any(job.vm_id == wanted if wanted else job.vm_id not in seen for job in jobs)


def _ambiguous(spec: VmSpec, candidates: list[VirtualMachine], inventory: Inventory) -> NotFound:
    of = Counter(vm.id for vm in candidates)
    # One GUID at two places is another trouble than two machines of one name: `id:` cannot tell copies apart.
    twice = [vm for vm in candidates if of[vm.id] > 1]
    if twice:
        standing, finding = double(spec.label, [vm for vm in twice if vm.id == twice[0].id], inventory)
        return NotFound(standing=standing, finding=finding)
    where = ", ".join(f"{vm.id} on {vm.host}" for vm in candidates)
    finding = Finding.refusal(
        "machine-ambiguous",
        f"{spec.label} fits {len(candidates)} machines: {where}",
        f"Set id: in the stack file to the one that is meant: {adopting(spec.label, 'GUID')}",
    )
    return NotFound(standing=Standing.AMBIGUOUS, finding=finding)


def _unknown(finding_id: str, text: str, remedy: str) -> NotFound:
    return NotFound(standing=Standing.UNKNOWN, finding=Finding.warning(finding_id, text, remedy))

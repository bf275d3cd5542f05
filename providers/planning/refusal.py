"""The rules that protect machines: why a move is refused until it is supported, and the way to go."""

from __future__ import annotations

from collections.abc import Iterator

from providers.model.estate import DiskKind, Host, VirtualMachine, VmState
from providers.model.plan import Finding, Move, Severity
from providers.model.stack import HostSpec

from .options import option_findings
from .order import onto_itself

BACKING_UP = 32776
"""Msvm_ComputerSystem.OperationalStatus[1] while a backup runs (FailoverClusters enumeration; unofficial)."""
_CHECKPOINT_FILES = (".avhdx", ".avhd")


def refusals(move: Move, source: Host, destination: Host, target: HostSpec) -> tuple[Finding, ...]:
    """Return every reason against `move`, and warnings; `destination` equals `source` for a storage move."""
    findings = [*_machine(move.vm), *option_findings(move, destination)]
    if move.copies_storage:
        findings += _storage(move)
    if move.changes_host:
        findings += [*_hosts(source, destination), *_destination(move, destination, target)]
        findings += onto_itself(move, source, destination)
    return tuple(findings)


def _machine(vm: VirtualMachine) -> Iterator[Finding]:
    if vm.clustered is not False:
        known = (
            "is a role of a failover cluster"
            if vm.clustered
            else "may be clustered: the cluster did not answer"
        )
        yield _no(
            f"{vm.name} {known}", "Move it with Failover Cluster Manager; clustered machines come later"
        )
    if vm.replication_mode:
        yield _no(
            f"{vm.name} is replicated (ReplicationMode {vm.replication_mode})",
            "Remove the replication first, or leave the machine where it is",
        )
    if vm.state == VmState.PAUSED:
        yield Finding(
            severity=Severity.WARNING, text=f"{vm.name} is paused; nobody has seen a paused machine move"
        )
    elif vm.state == VmState.OTHER:
        yield _no(
            f"{vm.name} is between two states (EnabledState {vm.enabled_state})", "Run again when it rests"
        )
    if BACKING_UP in vm.operational_status[1:]:
        yield _no(f"{vm.name} is being backed up", "Run again when the backup has ended")


def _storage(move: Move) -> Iterator[Finding]:
    vm = move.vm
    if vm.checkpoints:
        some = "a checkpoint" if vm.checkpoints == 1 else f"{vm.checkpoints} checkpoints"
        yield _no(
            f"{vm.name} has {some}, and its storage would move", "Delete or apply the checkpoints first"
        )
    for disk in vm.disks:
        where = f"{vm.name}: disk {disk.slot} ({disk.path})"
        if disk.kind == DiskKind.PASS_THROUGH:
            yield _no(f"{where} is a pass-through disk, which cannot be moved", "Convert it to a VHDX first")
        elif disk.shared:
            yield _no(
                f"{where} is shared with other machines", "Shared VHDX cannot be moved; detach it first"
            )
        elif disk.parent_path is not None:
            yield _no(f"{where} is a differencing disk of {disk.parent_path}", "Merge it first")
        elif not vm.checkpoints and disk.path.casefold().endswith(_CHECKPOINT_FILES):
            yield _no(f"{where} is a checkpoint's file without a checkpoint", "Merge it first")


def _hosts(source: Host, destination: Host) -> Iterator[Finding]:
    for host in (source, destination):
        if not host.migration.enabled:
            yield _no(
                f"Live migration is disabled on {host.name}", f"Run Enable-VMMigration on {host.full_name}"
            )
    if not destination.migration.addresses:
        yield _no(
            f"{destination.name} listens for migrations on no address",
            "Choose migration networks there (Set-VMHost -UseAnyNetworkForMigration $true)",
        )
    if source.migration.authentication != destination.migration.authentication:
        yield Finding(
            severity=Severity.WARNING,
            text=f"{source.name} and {destination.name} use different authentication for migrations",
            remedy="Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos on both",
        )


def _destination(move: Move, destination: Host, target: HostSpec) -> Iterator[Finding]:
    vm = move.vm
    if vm.vtpm is not False and not target.allow_vtpm:
        known = (
            "has a virtual TPM"
            if vm.vtpm
            else "may have a virtual TPM: its security settings could not be read"
        )
        yield _no(
            f"{vm.name} {known}, and {destination.name} may not be able to unwrap its key protector",
            f"Set hosts.{destination.name}.allow_vtpm: true once the guardian's certificates are there",
        )
    if any(disk.kind == DiskKind.PASS_THROUGH for disk in vm.disks) and not move.copies_storage:
        yield _no(
            f"{vm.name} has a pass-through disk, which stays on {move.source}", "Convert it to a VHDX first"
        )
    have = {name.casefold() for name in destination.switches}
    for switch in dict.fromkeys(vm.switches):
        if switch.casefold() not in have:
            yield _no(
                f"{vm.name} is connected to switch {switch!r}, which {destination.name} does not have",
                f"Create the switch on {destination.name}, or connect the machine to another one",
            )
    if vm.id in destination.planned:
        yield _no(
            f"{destination.name} holds a planned system with the GUID of {vm.name}, left by an earlier attempt",
            "Wait half a minute and run again; if it stays, remove the planned virtual machine there",
        )


def _no(text: str, remedy: str) -> Finding:
    return Finding(severity=Severity.REFUSAL, text=text, remedy=remedy)

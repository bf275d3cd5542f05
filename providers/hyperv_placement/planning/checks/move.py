"""The rules that protect machines: what refuses a move, and the way out."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import DiskKind, HostFacts, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.planning.machine.computers import is_unnamed, keeps_out
from hyperv_placement.planning.machine.disk_keys import frozen_in
from hyperv_placement.planning.machine.wanted_move import onto_itself

from . import preflight
from .options import option_findings
from .state import state_findings

_CHECKPOINT_FILES = (".avhdx", ".avhd")


def refusals(
    move: Move, source: HostFacts | None, destination: HostFacts | None, target: HostSpec
) -> tuple[Finding, ...]:
    """Return every reason against `move`, and warnings; `destination` equals `source` for a storage move.

    Called for a plan, and again right before the start with the facts read then.
    """
    # Unread is refused, never taken for fine: what speaks against the move may be just what was not read.
    if source is None or destination is None:
        silent = move.source if source is None else move.destination
        return (
            Finding.refusal(
                "host-facts-unread",
                f"{silent} could not be read in full, and a move needs that",
                f"Run again; if it stays so, {quoting.own('bin/placement doctor')} says why",
            ),
        )
    findings = [*_machine(move.vm), *option_findings(move, destination), *keeps_out(move.source, source)]
    if move.copies_storage:
        findings += [*_storage(move), *preflight.disk_room(move, destination, target)]
    if move.changes_host:
        findings += preflight.between(move, source, destination, target)
        findings += onto_itself(move, source, destination)
        findings += keeps_out(move.destination, destination)
        findings += is_unnamed(move.destination, destination)
    return tuple(findings)


def _machine(vm: VirtualMachine) -> Iterator[Finding]:
    # None, where it could not be read, does not prove that the machine is outside a cluster.
    if vm.clustered:
        yield Finding.refusal(
            "machine-clustered",
            f"{vm.name} is a role of a failover cluster",
            "Move it with Failover Cluster Manager; clustered machines come later",
        )
    elif vm.clustered is None:
        unread = vm.cluster_unread
        yield Finding.refusal(
            "machine-clustered",
            f"{vm.name} may be clustered: {unread.why if unread else 'the cluster did not answer'}",
            unread.remedy
            if unread
            else "Move it with Failover Cluster Manager; clustered machines come later",
        )
    if vm.replication_mode:
        yield Finding.refusal(
            "machine-replicated",
            f"{vm.name} is replicated (ReplicationMode {vm.replication_mode})",
            f"Leave it where it is. Only where nobody relies on its replica:"
            f" {quoting.powershell('Get-VM -Id {} | Remove-VMReplication', vm.id)}; set it up again after the move",
        )
    elif vm.replication_mode is None:
        yield Finding.warning(
            "machine-state-unnamed",
            f"{vm.host} reports no ReplicationMode of {vm.name}; whether it is replicated is not known",
            f"See {quoting.powershell('Get-VM -Id {} | Get-VMReplication', vm.id)} on {vm.host} first",
        )
    yield from state_findings(vm)


def _storage(move: Move) -> Iterator[Finding]:
    vm = move.vm
    # Only where storage moves: a move of the host alone leaves every file where it is.
    if vm.special_checkpoints:
        yield Finding.refusal(
            "checkpoint-special",
            f"{vm.name} has checkpoints of a backup or a replica, or with files missing, and its storage would move",
            "Let the backup end: its checkpoint goes with it. What stays after that is cleared up by the software that took it (see"
            f" {_snapshots(vm.id)})",
        )
    yield from _meeting_files(move)
    for disk in (*vm.disks, *vm.frozen):
        where = f"{vm.name}: disk {disk.slot} ({disk.path})"
        if disk.kind == DiskKind.PASS_THROUGH:
            yield Finding.refusal(
                "disk-pass-through",
                f"{where} is a pass-through disk, which cannot be moved",
                "Convert it to a VHDX first",
            )
        elif disk.shared:
            yield Finding.refusal(
                "disk-shared",
                f"{where} is shared with other machines: a shared VHDX cannot be moved",
                "Leave its storage where it is: detached, the disk is gone from its guests' cluster",
            )
        elif disk.parent_path is not None and not _goes_along(disk.parent_path, move):
            yield Finding.refusal(
                "disk-differencing",
                f"{where} is a differencing disk of {disk.parent_path}",
                f"Choose parents: copy under migration. A merge writes into {disk.parent_path}, which other disks may have as their parent",
            )
        elif winpath.has_ending(disk.path, _CHECKPOINT_FILES) and not frozen_in(disk.slot, vm):
            yield Finding.refusal(
                "disk-of-no-checkpoint",
                f"{where} is a checkpoint's file without a checkpoint",
                "See that no backup runs and what it depends on (ParentPath of Get-VHD); a merge is made"
                " with the machine off and a copy of both files at hand",
            )


def _snapshots(vm: VmId) -> quoting.Command:
    return quoting.powershell("Get-VM -Id {} | Get-VMSnapshot", vm)


def _goes_along(parent: str, move: Move) -> bool:
    """Say whether a parent is a disk of the machine or of a checkpoint, or was chosen to be copied."""
    attached = {winpath.comparable(disk.path) for disk in (*move.vm.disks, *move.vm.frozen)}
    return winpath.comparable(parent) in attached or move.options.parents == "copy"


def _meeting_files(move: Move) -> Iterator[Finding]:
    """A file of two checkpoints, and two files that would become one: what a host does with them is not documented."""
    if len(move.vm.disks) + len(move.vm.frozen) <= 1:
        return  # the one file of most machines meets no other
    sources: set[str] = set()
    targets: dict[str, str] = {}
    for disk in (*move.vm.disks, *move.vm.frozen):
        if disk.kind == DiskKind.VIRTUAL_HARD_DISK and winpath.comparable(disk.path) in sources:
            yield Finding.refusal(
                "disk-of-two-checkpoints",
                f"{move.vm.name}: {disk.path} is a disk of more than one checkpoint",
                f"Leave its storage where it is. Where no backup runs and no state to go back to is needed, {quoting.powershell('Remove-VMSnapshot')}"
                f" merges what {_snapshots(move.vm.id)} shows",
            )
        sources.add(winpath.comparable(disk.path))
    for moved in move.all_disks:
        # Checkpoints keep the names of their files, so two from different folders may meet in one.
        other = targets.setdefault(winpath.comparable(moved.target), moved.source)
        if not winpath.same(other, moved.source):
            yield Finding.refusal(
                "disks-become-one",
                f"{move.vm.name}: {other} and {moved.source} would both become {moved.target}",
                "Give their disks folders of their own under storage.disks",
            )

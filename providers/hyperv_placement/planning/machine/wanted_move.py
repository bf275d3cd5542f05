"""The move for one machine: what of it moves, to which roots, with which disks."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import (
    UNKNOWN_CLUSTER,
    Disk,
    DiskKind,
    Host,
    HostFacts,
    Roots,
    VirtualMachine,
)
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import DiskMove, Move, Moves
from hyperv_placement.model.names import HostName, dns
from hyperv_placement.model.plan import Placement

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "0--1.ipv6-literal.net"})
CLUSTER_STORAGE = "C:\\ClusterStorage"
"""Where every node of a failover cluster mounts the cluster's shared volumes (Cluster Shared Volumes overview)."""


def order(vm: VirtualMachine, wanted: Placement, source: Host, destination: Host | None) -> Move | None:
    """Return the move that takes `vm` to `wanted`, or None where nothing is to be done.

    `destination` is the host that `wanted` names, None where the machine stays. The host moves alone only on proof:
    where every file lies on storage that both hosts see. Otherwise storage moves with it, and a disk with no
    declared place keeps its path.
    """
    if (destination is None or destination.name == vm.host) and wanted.leaves_files:
        return None  # most machines of an estate: no place of a file is declared
    roots = _roots(vm, wanted)
    disks = [
        DiskMove(
            slot=disk.slot,
            instance_id=disk.instance_id,
            source=disk.path,
            target=_kept(disk.path, wanted.disks.get(disk.slot)),
        )
        for disk in _hard_disks(vm)
    ]
    changed = [disk for disk in disks if not winpath.same(disk.source, disk.target)]
    if destination is None or destination.name == vm.host:
        if not changed and roots == vm.roots:
            return None
        frozen = [disk for disk in _frozen(vm, disks, wanted) if not winpath.same(disk.source, disk.target)]
        return _move(vm, Moves.STORAGE, vm.host, roots, changed, frozen)
    shared = all(seen_by_both(path, source.facts, destination.facts) for path in _files(vm))
    if not changed and roots == vm.roots and shared:
        return _move(vm, Moves.HOST, destination.name, roots, [], [])
    frozen = _frozen(vm, disks, wanted)
    return _move(vm, Moves.HOST_AND_STORAGE, destination.name, roots, disks, frozen)


def on_shared_storage(path: str) -> bool:
    """Say whether more than one host may see `path`: a share, or a cluster's volume."""
    return winpath.is_unc(path) or winpath.is_inside(CLUSTER_STORAGE, path)


def seen_by_both(path: str, source: HostFacts | None, destination: HostFacts | None) -> bool:
    r"""Say whether `path` is the same file from both hosts: on a share, or on a volume of their one cluster.

    `D:\Hyper-V` on both hosts proves nothing, nor does a share of one of the two, or one by a name that means
    another host on each; two clusters that did not answer are not one.
    """
    if winpath.is_unc(path):
        return _server(path) not in {*_LOOPBACK, *_names(source), *_names(destination)}
    if source is None or destination is None:
        return False
    known = source.cluster not in {None, UNKNOWN_CLUSTER}
    return known and source.cluster == destination.cluster and winpath.is_inside(CLUSTER_STORAGE, path)


def on_loopback(path: str) -> bool:
    """Say whether a share's server is a loopback name: the same path is then another file on every host."""
    return winpath.is_unc(path) and _server(path) in _LOOPBACK


def _server(path: str) -> str:
    return dns((winpath.server_and_rest(path) or ("", ""))[0])


def _names(host: HostFacts | None) -> set[str]:
    """Return what a path may call a host: its NetBIOS name of at most 15 characters, and its name in DNS, whole or short."""
    if host is None:
        return set()
    full = dns(host.full_name)
    return {dns(host.computer_name), full, full.partition(".")[0]}


def onto_itself(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield a refusal for each file that a move with storage would copy onto itself on shared storage."""
    if move.moves != Moves.HOST_AND_STORAGE:
        return
    old, new = move.vm.roots, move.roots
    pairs = [(d.source, d.target) for d in move.all_disks]
    # Folders count as well: the files in them are named by the machine's GUID, so one folder means the same files.
    pairs += [(old.config, new.config), (old.checkpoints, new.checkpoints), (old.paging, new.paging)]
    shared = {s for s, t in pairs if winpath.same(s, t) and seen_by_both(s, source, destination)}
    for path in sorted(shared):
        yield Finding.refusal(
            "file-onto-itself",
            f"{move.vm.name}: {path} lies on storage that {move.source} and {move.destination} share and"
            " would keep its path while other files are copied",
            "Move its storage first (same host), then the machine; or declare a new place for that file",
        )


def _files(vm: VirtualMachine) -> Iterator[str]:
    yield from (vm.roots.config, vm.roots.checkpoints, vm.roots.paging)
    if vm.roots.guest_state:
        yield vm.roots.guest_state
    yield from (disk.path for disk in (*_hard_disks(vm), *vm.frozen))


def _hard_disks(vm: VirtualMachine) -> Iterator[Disk]:
    return (disk for disk in vm.disks if disk.kind == DiskKind.VIRTUAL_HARD_DISK)


def _roots(vm: VirtualMachine, wanted: Placement) -> Roots:
    if wanted.leaves_files:
        return vm.roots
    config = _kept(vm.roots.config, wanted.config)
    return Roots(
        config=config,
        checkpoints=_kept(vm.roots.checkpoints, wanted.checkpoints),
        paging=_kept(vm.roots.paging, wanted.paging),
        guest_state=_guest_state(vm.roots, config, wanted.guest_state),
    )


def _kept(actual: str, wanted: str | None) -> str:
    return actual if wanted is None or winpath.same(actual, wanted) else wanted


def _guest_state(roots: Roots, config: str, wanted: str | None) -> str | None:
    """Return the guest state folder: new machines keep it with the configuration, so it follows that; otherwise it stays."""
    if roots.guest_state is not None and wanted is not None:
        return _kept(roots.guest_state, wanted)
    together = roots.guest_state is not None and winpath.same(roots.guest_state, roots.config)
    if together and not winpath.same(config, roots.config):
        return config
    return roots.guest_state


def _frozen(vm: VirtualMachine, disks: list[DiskMove], wanted: Placement) -> list[DiskMove]:
    """Return where the disks of checkpoints go: as wanted, otherwise into the folder of the disk in their slot, keeping their names.

    As the Hyper-V module does it with all disks of all checkpoints (decompiled; what VMMS makes of it is unverified).
    """
    if not vm.frozen:
        return []
    folders = {
        disk.slot: winpath.parent(disk.target)
        for disk in disks
        if not winpath.same(winpath.parent(disk.source), winpath.parent(disk.target))
    }
    beside = {
        disk.instance_id: winpath.join(folder, winpath.base_name(disk.path))
        for disk in vm.frozen
        if (folder := folders.get(disk.slot))
    }
    return [
        DiskMove(
            slot=disk.slot,
            instance_id=disk.instance_id,
            source=disk.path,
            target=_kept(disk.path, wanted.frozen.get(disk.instance_id) or beside.get(disk.instance_id)),
        )
        for disk in vm.frozen
    ]


def _move(
    vm: VirtualMachine,
    kind: Moves,
    destination: HostName,
    roots: Roots,
    disks: list[DiskMove],
    frozen: list[DiskMove],
) -> Move:
    return Move(
        vm=vm, moves=kind, source=vm.host, destination=destination, roots=roots, disks=tuple(disks),
        frozen=tuple(frozen),
    )  # fmt: skip

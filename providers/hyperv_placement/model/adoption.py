"""Whether a migration that runs already does what a move orders, so that it can be followed instead of started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from . import winpath
from .estate import MigrationJob, Roots, VirtualMachine
from .move import Move
from .names import dns
from .own_name import Identity, called, own_name

Key = TypeVar("Key")


def leads_to(job: MigrationJob, move: Move, destination: Identity) -> bool:
    """Say whether a running job does what `move` orders, so that it can be adopted."""
    # Job types 300 to 304 make a planned system or check (Msvm_MigrationJob page): followed as a move, nothing would move.
    if job.only_prepares:
        return False
    # A migration of storage alone states no DestinationHost.
    if not move.changes_host:
        return job.destination is None and _same_paths(job, move)
    return job.destination is not None and names_host(job.destination, destination) and _same_paths(job, move)


def names_host(text: str, host: Identity) -> bool:
    """Say whether a DestinationHost, as somebody wrote it, means `host`: by full or short name."""
    return dns(text) in called(host)


def host_named(text: str, hosts: Mapping[Key, Identity]) -> Key | None:
    """Return which host a DestinationHost means; one whose own name it is before any that only reports it."""
    # Any host can report any name of itself: one that has proven it is not to lose its name to another.
    meant = [key for key, host in hosts.items() if names_host(text, host)]
    return min(meant, key=lambda key: own_name(hosts[key]) is None, default=None)


def has_brought(job: MigrationJob, vm: VirtualMachine) -> bool:
    """Say whether a job of files alone has all of them where it reports to take them: it only cleans up behind itself.

    One that reports no place may take them anywhere.
    """
    reports = any(job.new_paths) or any(job.new_roots)
    there = (disk.path for disk in (*vm.disks, *vm.frozen))
    return job.destination is None and reports and _within(job, there, vm.roots)


def _same_paths(job: MigrationJob, move: Move) -> bool:
    """A job that does not report its paths is assumed to have ours."""
    moved = {disk.instance_id for disk in move.all_disks}
    # A job of files alone shows each at its new place before it ends, and what is in its place is no part of our move any more.
    there = (disk.path for disk in (*move.vm.disks, *move.vm.frozen) if disk.instance_id not in moved)
    return _within(job, (*(disk.target for disk in move.all_disks), *there), move.roots)


def _within(job: MigrationJob, paths: Iterable[str], roots: Roots) -> bool:
    theirs = {winpath.comparable(path) for path in job.new_paths if path}
    their_roots = {winpath.comparable(root) for root in job.new_roots if root}
    folders = (roots.config, roots.checkpoints, roots.paging)
    return theirs <= {*map(winpath.comparable, paths)} and their_roots <= {*map(winpath.comparable, folders)}
